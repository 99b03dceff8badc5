"""Find the function, or the expressions, of a cell in its syntax tree.

Nothing is run: what an assigned call such as `net = nn.Linear(2, 3)` returns is unknown here; such
names are returned as `assigned`, to be resolved once the cell has run.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from jacmagic.errors import CellError
from jacmagic.function.syntax.bindings import (
    FunctionDef,
    bindings,
    callable_method,
    name_of,
    statements,
)
from jacmagic.notebook.cell.expressions import free_names, is_component


@dataclass(frozen=True)
class Cell:
    """The function or the expressions that a cell defines.

    Attributes:
        source: the cell as typed.
        function: the last top-level function-like name, or that of `--of`; `None` where the cell
            is made of bare expressions, or where only running it decides.
        expressions: the components of an expression cell, one text each.
        free_names: names an expression cell loads but does not bind, in order of appearance.
        candidates: all names of functions in the text, in the order of their definitions.
        assigned: names after `function` that may be callable once the cell has run: assigned from
            a call, or defined inside an `if`, `try`, `with` or `for`.
        older: names that the run of the cell has not bound: they are those of earlier cells.
    """

    source: str
    function: str | None = None
    expressions: tuple[str, ...] = ()
    free_names: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    assigned: tuple[str, ...] = ()
    older: frozenset[str] = frozenset()

    @cached_property
    def branched(self) -> list[str]:
        """Names bound by def, class and lambda within branches alone: a run binds new objects."""
        body = ast.parse(self.source).body
        top, classes = set(map(id, body)), set[str]()
        anew = Counter(
            name
            for node in statements(body)
            for name, kind in _kinds(node, classes)
            if kind is _Kind.FUNCTION and id(node) not in top
        )
        bound = Counter(
            name for statement in body for node in ast.walk(statement) for name in _bound(node)
        )
        return [name for name, count in anew.items() if bound[name] == count]


def read_cell(source: str, *, of: str | None = None) -> Cell:
    r"""Find the function of a cell.

    Args:
        source: the cell's text.
        of: the name given with `--of`.

    Returns:
        The cell: a function, assigned calls that may turn out callable, or expressions.

    Raises:
        SyntaxError: the text is not Python; positions are those of the text.
        CellError: the cell holds no function and no expression, or none of the name `of`.

    Example:
        >>> read_cell("def f(x): return x\ng = lambda x: -x").function
        'g'
    """
    body = ast.parse(source).body
    kinds = _definitions(body)
    sure = [name for name, kind in kinds.items() if kind is _Kind.FUNCTION]
    if of is not None:
        if of not in kinds:
            raise CellError(_no_such_function(of, [*kinds]))
        _refuse_async(of, kinds)
        return Cell(source, function=of, candidates=tuple(sure))
    last = next((name for name in reversed(kinds) if kinds[name] is not _Kind.UNKNOWN), None)
    if last is not None:
        _refuse_async(last, kinds)
        names = list(kinds)
        after = tuple(names[names.index(last) + 1 :])
        return Cell(source, function=last, candidates=tuple(sure), assigned=after)
    free = free_names(body)
    if any(is_component(node) for node in body) and (free or not kinds):
        components = [
            statement.value
            for statement in body
            if isinstance(statement, ast.Expr) and is_component(statement)
        ]
        texts = [ast.get_source_segment(source, component) or "" for component in components]
        return Cell(source, expressions=tuple(texts), free_names=free)
    if kinds:
        return Cell(source, assigned=tuple(kinds))
    instead = _closest_match(body) or (
        "; write for example def f(x): return x**2, or x**2 alone on a line"
    )
    raise CellError(f"expected a function or expressions in the cell; found neither{instead}")


class _Kind(Enum):
    """Kind of a name, as far as the text decides."""

    FUNCTION = "a function"
    ASYNC = "an async function"
    UNKNOWN = "result of a call, or defined in a branch"


def _definitions(body: list[ast.stmt]) -> dict[str, _Kind]:
    """Return names of possible functions, in the order of their last binding."""
    classes: set[str] = set()
    kinds: dict[str, _Kind] = {}
    top = {id(node) for node in body}
    for node in statements(body):
        for name, kind in _kinds(node, classes):
            kinds.pop(name, None)
            certain = id(node) in top or kind is _Kind.ASYNC
            kinds[name] = kind if certain else _Kind.UNKNOWN
    return kinds


def _kinds(node: ast.stmt, classes: set[str]) -> Iterator[tuple[str, _Kind]]:
    """Yield what one statement defines; callable classes are added to `classes`."""
    if isinstance(node, ast.FunctionDef):
        yield node.name, _Kind.FUNCTION
    elif isinstance(node, ast.AsyncFunctionDef):
        yield node.name, _Kind.ASYNC
    elif isinstance(node, ast.ClassDef) and callable_method(node) is not None:
        classes.add(node.name)
        yield node.name, _Kind.FUNCTION
    for name, value in bindings(node):
        instance = isinstance(value, ast.Call) and name_of(value.func) in classes
        if instance or isinstance(value, ast.Lambda):
            yield name, _Kind.FUNCTION
        elif isinstance(value, _OPAQUE):
            yield name, _Kind.UNKNOWN


def _bound(node: ast.AST) -> list[str]:
    if isinstance(node, (*FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.alias):
        return [node.asname or node.name]
    return [node.id] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else []


# Expressions that may evaluate to a function.
_OPAQUE = (ast.Call, ast.Name, ast.Attribute, ast.Subscript, ast.IfExp, ast.BoolOp)


def _refuse_async(name: str, kinds: dict[str, _Kind]) -> None:
    if kinds[name] is _Kind.ASYNC:
        others = [other for other, kind in kinds.items() if kind is _Kind.FUNCTION]
        instead = f", or --of {others[-1]}" if others else ""
        raise CellError(
            f"expected a function that returns its value; found async def {name}, which returns "
            f"a coroutine; write def {name}(…){instead}"
        )


def _closest_match(body: list[ast.stmt]) -> str:
    """Describe what resembles a function, and what to write instead; or return ""."""
    for node in statements(body):
        if isinstance(node, ast.ClassDef):
            methods = [part.name for part in node.body if isinstance(part, ast.FunctionDef)]
            if own := [name for name in methods if not name.startswith("_")]:
                listed = ", ".join(own)
                return (
                    f", but the class {node.name} with {listed}: "
                    f"write f = {node.name}(…).{own[-1]} below it"
                )
        elif any(isinstance(part, ast.Lambda) for part in ast.walk(node)):
            return (
                f", but a function on line {node.lineno} that has no name of its own: "
                "write f = … with it"
            )
    if body and isinstance(last := body[-1], ast.Assign) and isinstance(last.targets[0], ast.Name):
        name = last.targets[0].id
        return f", but {name} = {ast.unparse(last.value)}: write {name} alone on a line below it"
    return ""


def _no_such_function(of: str, names: list[str]) -> str:
    if not names:
        return f"--of {of} names no function of the cell; it defines none; write def {of}(…): …"
    listed = ", ".join(dict.fromkeys(names))
    return f"--of {of} names no function of the cell; it defines {listed}; write --of {names[-1]}"
