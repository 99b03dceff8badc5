"""Singularities at a point: kinks, branch boundaries, first nan or infinity.

At a kink the function is continuous but has no derivative (|u| at 0, max at a tie); torch then
picks a value. A value that is not finite is traced back to the first
node whose own arguments still were.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.formula.rounding import dtype_of
from jacmagic.symbolic.graph import ZERO
from jacmagic.symbolic.graph.passes import dependent
from jacmagic.symbolic.graph.tape import write_tape_with_slots


@dataclass(frozen=True)
class Singularity:
    """A node at which the function is not smooth or not finite.

    Attributes:
        node: the node in the closed form's graph.
        line: the line of the user's code, or None.
        what: a clause that describes it.
        rows: the outputs that depend on it.
    """

    node: int
    line: int | None
    what: str
    rows: frozenset[int]

    def __str__(self) -> str:
        return self.what if self.line is None else f"{self.what} (line {self.line})"


_KINKS: dict[str, tuple[Callable[..., bool], str]] = {
    "abs": (lambda x: x == 0, "abs has no derivative at 0; torch takes 0"),
    "relu": (lambda x: x == 0, "relu has no derivative at 0; torch takes 0"),
    "max": (lambda a, b: a == b, "max has no derivative at a tie; torch shares it or picks one"),
    "min": (lambda a, b: a == b, "min has no derivative at a tie; torch shares it or picks one"),
    "clamp": (
        lambda x, low, high: x in (low, high),
        "clamp has no derivative at its bounds; torch takes 1",
    ),
    "sqrt": (lambda x: x == 0, "the square root has infinite slope at 0"),
    "pow": (lambda a, b: a == 0 and 0 < b < 1, "the root has infinite slope at 0"),
    "floor": (lambda x: math.isfinite(x) and x == math.floor(x), "floor jumps at integers"),
    "ceil": (lambda x: math.isfinite(x) and x == math.floor(x), "ceil jumps at integers"),
    "sign": (lambda x: x == 0, "sign jumps at 0"),
    "mod": (lambda a, b: b != 0 and a % b == 0, "the remainder jumps at multiples"),
    "atan2": (lambda y, x: x == 0 and y == 0, "atan2 has no derivative at (0, 0)"),
}
_STEPS = ("floor", "ceil", "sign")
_COMPARISONS = ("lt", "le", "gt", "ge")
_JOINED: dict[str, Callable[[bool, bool], bool]] = {"and": operator.and_, "or": operator.or_}
_ORIGINS = {
    "div": "division by zero",
    "log": "the logarithm of a number that is not positive",
    "sqrt": "the square root of a negative number",
    "pow": "a power that is not defined or too large",
    "exp": "exp grows beyond the largest number",
    "number": "a constant that is not finite",
}


def kinks(closed: ClosedForm, point: Sequence[float]) -> list[Singularity]:
    """Return the kinks of the function that lie exactly at a point of n numbers."""
    graph, outputs = closed.graph, closed.trace.outputs
    values = _values(closed, outputs, point)
    reasons: dict[int, str] = {}
    truths: dict[int, set[bool]] = {}
    for node in graph.reach(outputs):
        operation = graph.operations[node]
        operands = graph.operands(node)
        arguments = [values[operand] for operand in operands]
        beside = [truths.get(operand, {bool(values[operand])}) for operand in operands]
        if graph.is_condition(node):
            truths[node] = _truths(operation, values[node], arguments, beside)
        if operation == "where":
            if len(beside[0]) == 2:
                reasons[node] = "two cases meet here; torch takes the one that the condition picks"
        elif operation in _KINKS and _KINKS[operation][0](*arguments):
            reasons[node] = _KINKS[operation][1]
    moving = dependent(graph, graph.reach(outputs), closed.trace.inputs)  # others are constants
    return _singularities(closed, {node: reasons[node] for node in reasons if node in moving})


def _values(closed: ClosedForm, roots: Sequence[int], point: Sequence[float]) -> dict[int, float]:
    """Return the values at a point of all nodes that some roots depend on.

    They are rounded as torch rounded them: in float32, 0.3 − 0.3 is 0.
    """
    tape, slot = write_tape_with_slots(closed.graph, roots, closed.trace.inputs)
    numbers = tape.slots(point, dtype_of(closed.trace.dtypes).unit)
    return {node: numbers[position] for node, position in slot.items()}


def _truths(operation: str, value: float, numbers: list, beside: list[set[bool]]) -> set[bool]:
    """Return what a condition is at a point and right beside it.

    Args:
        operation: of the condition.
        value: at the point.
        numbers: its operands' values.
        beside: what its operands are there and right beside it.
    """
    if operation in _COMPARISONS and numbers[0] == numbers[1]:
        return {True, False}
    if operation == "not":
        return {not one for one in beside[0]}
    if operation in _JOINED:
        return {_JOINED[operation](one, other) for one in beside[0] for other in beside[1]}
    return {bool(value)}


def boundaries(closed: ClosedForm, point: Sequence[float]) -> list[Singularity]:
    """Return the recorded conditions on whose boundary a point lies.

    A condition between integers, as `int(x)` leaves one, has equal sides wherever it holds;
    the point lies on its boundary only where one of the steps in it jumps. That a matrix is
    symmetric or triangular is not a branch of the code.
    Which outputs a branch touches is not recorded, so all rows are named.
    """
    graph, everywhere = closed.graph, frozenset(range(closed.shape[0]))
    singularities = []
    for assumption in closed.trace.assumptions:
        node = assumption.condition
        if graph.operations[node] not in (*_COMPARISONS, "eq", "ne"):
            continue
        sides = list(graph.operands(node))
        if _is_structure(closed, sides):
            continue
        values = _values(closed, sides, point)
        if values[sides[0]] == values[sides[1]] and (
            _moves(closed, sides) or _jumps(closed, sides, point)
        ):
            reason = "the code takes another branch on the other side of this point"
            singularities.append(Singularity(node, assumption.line, reason, everywhere))
    return singularities


def _is_structure(closed: ClosedForm, sides: Sequence[int]) -> bool:
    """Whether a comparison of two nodes asks whether a matrix is symmetric or triangular.

    Then they are an entry of a matrix beside its diagonal, and the one across it or 0.
    """
    labels = dict(zip(closed.trace.inputs, closed.columns, strict=True))
    first, *other = sorted(sides, key=lambda side: side not in labels)
    if first not in labels or len(labels[first].index) < 2:
        return False
    *place, row, column = labels[first].index
    across = labels[first].name, (*place, column, row)
    beside = labels.get(other[0])
    is_zero = other[0] == ZERO
    return row != column and (is_zero or (beside and (beside.name, beside.index)) == across)


def _moves(closed: ClosedForm, nodes: Sequence[int]) -> bool:
    """Whether any node changes with the inputs other than in steps."""
    graph, waiting, seen = closed.graph, list(nodes), set[int]()
    while waiting:
        node = waiting.pop()
        operation, operands = graph.operations[node], graph.operands(node)
        if operation == "variable":
            return True
        if node not in seen and operation not in _STEPS and not graph.is_condition(node):
            seen.add(node)
            waiting += operands[1:] if operation == "where" else operands
    return False


def _jumps(closed: ClosedForm, nodes: Sequence[int], point: Sequence[float]) -> bool:
    """Whether any step that nodes depend on lies at the point."""
    graph = closed.graph
    values = _values(closed, nodes, point)
    for node in graph.reach(nodes):
        operation, operands = graph.operations[node], graph.operands(node)
        arguments = [values[operand] for operand in operands]
        is_step = operation in (*_STEPS, "mod") and _KINKS[operation][0](*arguments)
        if is_step and _moves(closed, operands):
            return True
        is_comparison = operation in (*_COMPARISONS, "eq", "ne") and operands[0] != operands[1]
        met = is_comparison and arguments[0] == arguments[1]
        if met and not _is_structure(closed, operands) and _moves(closed, operands):
            return True
    return False


def _singularities(closed: ClosedForm, reasons: dict[int, str]) -> list[Singularity]:
    rows: dict[int, set[int]] = {node: set() for node in reasons}
    if reasons:
        for i, output in enumerate(closed.trace.outputs):
            for node in reasons.keys() & set(closed.graph.reach([output])):
                rows[node].add(i)
    lines = closed.graph.lines
    return [
        Singularity(node, lines[node], reason, frozenset(rows[node]))
        for node, reason in reasons.items()
    ]


def origin_of_nonfinite(
    closed: ClosedForm, row: int, column: int, point: Sequence[float]
) -> str | None:
    """Return where an entry's nan or infinity first arises; None if it is finite."""
    graph = closed.graph
    root = closed.entries[row * closed.shape[1] + column]
    values = _values(closed, [root, closed.trace.outputs[row]], point)
    for node in graph.reach([closed.trace.outputs[row], root]):
        fine = all(math.isfinite(values[operand]) for operand in graph.operands(node))
        if fine and not math.isfinite(values[node]):
            if node in closed.trace.inputs:
                label = closed.columns[closed.trace.inputs.index(node)]
                return f"{label.unicode} is {values[node]}"
            description = _ORIGINS.get(graph.operations[node], graph.operations[node])
            line = graph.lines[node]
            return description if line is None else f"{description} (line {line})"
    return None
