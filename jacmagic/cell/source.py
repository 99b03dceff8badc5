"""The cell's text: which of its functions is meant, or which expressions it consists of.

Pure `ast`: nothing is run here, so what an assigned call such as `net = nn.Linear(2, 3)` yields is
not known; such names are reported as `assigned` and settled once the cell has run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from jacmagic.cell.expressions import free_names, is_component, is_import
from jacmagic.cell.names import callable_method, name_of, names_bound
from jacmagic.errors import CellError


@dataclass(frozen=True)
class Cell:
    """What a cell defines.

    Attributes:
        source: the cell as typed.
        function: the last top-level function-like name, or that of `--of`; `None` where the cell
            is made of bare expressions, or of assigned calls only.
        expressions: the components of an expression cell, one text each.
        statements: the statements of an expression cell before and between its components.
        free_names: names an expression cell loads but does not bind, in order of appearance.
        candidates: all names the text shows to be functions, in the order of their definitions.
        assigned: names assigned from a call after `function`: perhaps callable, once run.
    """

    source: str
    function: str | None = None
    expressions: tuple[str, ...] = ()
    statements: str = ""
    free_names: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    assigned: tuple[str, ...] = ()


def read_cell(source: str, *, of: str | None = None) -> Cell:
    r"""Find the function of a cell.

    Args:
        source: the cell's text.
        of: the name given with `--of`.

    Returns:
        The cell, read: a function, assigned calls that may prove callable, or expressions.

    Raises:
        SyntaxError: the text is no Python; positions are those of the text.
        CellError: the cell holds no function and no expression, or none of the name `of`.

    Example:
        >>> read_cell("def f(x): return x\ng = lambda x: -x").function
        'g'
    """
    body = ast.parse(source).body
    sure = _functions(body)
    assigned = [name for node in body for name in _assigned_calls(node)]
    if of is not None:
        if of not in sure and of not in assigned:
            raise CellError(_no_such_function(of, [*sure, *assigned]))
        return Cell(source, function=of, candidates=tuple(sure))
    order = [name for node in body for name in names_bound(node)]
    if sure:
        later = order[len(order) - order[::-1].index(sure[-1]) :]
        after = tuple(name for name in later if name in assigned)
        return Cell(source, function=sure[-1], candidates=tuple(sure), assigned=after)
    if any(is_component(node) for node in body):
        return _expression_cell(source, body)
    if assigned:
        return Cell(source, assigned=tuple(assigned))
    raise CellError(
        "expected a function or expressions in the cell; found neither; "
        "write for example def f(x): return x**2, or x**2 alone on a line"
    )


def _functions(body: list[ast.stmt]) -> list[str]:
    """Names of functions, lambdas, callable classes and their instances; the last one stays."""
    classes: set[str] = set()
    found: dict[str, None] = {}
    for node in body:
        names: list[str] = []
        if isinstance(node, ast.FunctionDef):
            names = [node.name]
        elif isinstance(node, ast.ClassDef):
            if callable_method(node) is not None:
                classes.add(node.name)
                names = [node.name]
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            value = node.value
            instance = isinstance(value, ast.Call) and name_of(value.func) in classes
            names = list(names_bound(node)) if instance or isinstance(value, ast.Lambda) else []
        for name in names:
            found.pop(name, None)
            found[name] = None
    return list(found)


def _assigned_calls(node: ast.stmt) -> Iterator[str]:
    """Names bound to what the text cannot tell: a call, an alias, an attribute."""
    if not isinstance(node, (ast.Assign, ast.AnnAssign)):
        return
    if isinstance(node.value, (ast.Call, ast.Name, ast.Attribute)):
        yield from names_bound(node)


def _no_such_function(of: str, names: list[str]) -> str:
    if not names:
        return f"--of {of} names no function of the cell; it defines none; write def {of}(…): …"
    listed = ", ".join(dict.fromkeys(names))
    return f"--of {of} names no function of the cell; it defines {listed}; write --of {names[-1]}"


def _expression_cell(source: str, body: list[ast.stmt]) -> Cell:
    def text(node: ast.AST) -> str:
        return ast.get_source_segment(source, node) or ""

    components = [node for node in body if is_component(node)]
    others = [node for node in body if node not in components and not isinstance(node, ast.Expr)]
    return Cell(
        source,
        expressions=tuple(text(node.value) for node in components if isinstance(node, ast.Expr)),
        statements="\n".join(text(node) for node in others if not is_import(node)),
        free_names=free_names(body),
    )
