"""Small readings of syntax trees that the readers of cells share: which names a statement binds."""

from __future__ import annotations

import ast
from collections.abc import Iterator

# the letters of a name behind its first: the marks on letters of θ̇ and x̂ are no \w to `re`
WORD = r"\w\u0300-\u036f\u20d0-\u20ff"
_METHODS = ("forward", "__call__")


def names_bound(node: ast.stmt) -> Iterator[str]:
    """The single names a top-level definition or assignment binds."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id


def name_of(node: ast.expr) -> str | None:
    """The name, where the expression is a plain name."""
    return node.id if isinstance(node, ast.Name) else None


def callable_method(node: ast.ClassDef) -> ast.FunctionDef | None:
    """The method that makes instances of the class callable."""
    methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
    return next((part for name in _METHODS for part in methods if part.name == name), None)
