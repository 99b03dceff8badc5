"""Names that statements of a cell bind."""

from __future__ import annotations

import ast
import unicodedata
from collections.abc import Iterator

FunctionDef = (ast.FunctionDef, ast.AsyncFunctionDef)
_METHODS = ("forward", "__call__")
_BLOCKS = ("body", "orelse", "finalbody")


def normal(name: str) -> str:
    """Return a name as Python reads identifiers (NFKC): θ̇, ẋ have several spellings."""
    return unicodedata.normalize("NFKC", name)


def is_name(text: str) -> bool:
    """Whether a text is an identifier, or one after dots as in `0.weight`."""
    *front, last = normal(text).split(".")
    return last.isidentifier() and all(part.isdigit() or part.isidentifier() for part in front)


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of the cell's own scope, inside `if`, `try`, `for` too.

    The bodies of functions and classes are scopes of their own and are left out.
    """
    for node in body:
        yield node
        if not isinstance(node, (*FunctionDef, ast.ClassDef)):
            yield from statements(inner_statements(node))


def inner_statements(node: ast.stmt) -> list[ast.stmt]:
    """Return the statements in the blocks of a compound statement, if it is one."""
    inner: list[ast.stmt] = []
    for field in _BLOCKS:
        inner += getattr(node, field, [])
    for part in (*getattr(node, "handlers", []), *getattr(node, "cases", [])):
        inner += part.body
    return inner


def bindings(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """Each name that an assignment binds, with the expression it is bound to.

    `f, g = a, b` binds f to a and g to b; where the right side cannot be taken apart, every name
    comes with the whole of it. `(f := a)` binds f to a.
    """
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _pairs(target, node.value)
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        yield from _pairs(node.target, node.value)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.NamedExpr):
        yield from _pairs(node.value.target, node.value.value)


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, (ast.Tuple, ast.List)):
        parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
        alike = len(parts) == len(target.elts)
        for position, part in enumerate(target.elts):
            yield from _pairs(part, parts[position] if alike else value)


def name_of(node: ast.expr) -> str | None:
    """Return the name, where the expression is a plain name."""
    return node.id if isinstance(node, ast.Name) else None


def callable_method(node: ast.ClassDef) -> ast.FunctionDef | None:
    """Return the method that makes instances of the class callable."""
    methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
    return next((part for name in _METHODS for part in methods if part.name == name), None)
