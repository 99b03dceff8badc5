"""Find the target of a magic: the expression on its line or its cell's function."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from jacmagic.notebook.cell import Line
from jacmagic.notebook.execution import resolve_name, run_cell

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jacmagic.function.target import Target


def target_on_line(typed: Line, namespace: Mapping[str, Any]) -> Target:
    """Return the target of `%jacobian TARGET`, evaluated in the user's namespace.

    Raises:
        UsageError: there is none, or its expression raises.
    """
    __tracebackhide__ = True
    from torch import Tensor

    from jacmagic.function.targets import target_of

    if typed.target is None:
        raise UsageError(
            f"{typed.head}needs a target: a function, a module or a SymPy matrix; "
            f"write {typed.head}f x=1, or %{typed.head}above a cell"
        )
    expression = typed.target
    value = value_on_line(expression, typed, namespace)
    call = re.fullmatch(r"([\w.]+)\(.*\)", expression)
    if call and isinstance(value, (list, tuple, float, int, Tensor)):
        raise UsageError(
            f"expected a function; found {call[1]}(…), its value; write {typed.head}{call[1]} x=…"
            + typed.mark_text(expression)
        )
    return target_of(value, expression)


def value_on_line(expression: str, typed: Line, namespace: Mapping[str, Any]) -> Any:
    """Return the value of an expression on the line.

    Raises:
        UsageError: it raises.
    """
    __tracebackhide__ = True
    from jacmagic.function.values import evaluate

    try:
        return evaluate(expression, namespace)
    except Exception as error:  # the user's expression may raise anything
        call = re.fullmatch(r"([\w.]+)\(.*\)", expression)
        names = [coordinate.name for coordinate in typed.point]
        instead = f"{typed.head}{call[1]} x=…" if call else "the name of a function that exists"
        if isinstance(error, NameError) and error.name in names and not call:
            instead = f"{typed.head}lambda {', '.join(names)}: {expression} {names[0]}=…"
        raise UsageError(
            f"the target {expression} does not evaluate: {type(error).__name__}: {error}; "
            f"write {instead}" + typed.mark_text(expression)
        ) from error


def target_in_cell(shell: InteractiveShell, typed: Line, cell: str, *, of: str | None) -> Target:
    """Run a cell in the user's namespace and return its function, or the one named.

    Raises:
        CellError: the cell defines no such function.
    """
    __tracebackhide__ = True
    read, filename = run_cell(shell, typed, cell, of=of)
    from jacmagic.function.targets import target_of
    from jacmagic.notebook.expressions_target import expressions_target

    if read.expressions:
        named = frozenset(assignment.name for assignment in typed.point)
        return expressions_target(read, shell.user_ns, named, filename)
    name = resolve_name(read, shell.user_ns, of=of)
    return target_of(shell.user_ns[name], name)
