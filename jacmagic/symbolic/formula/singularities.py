"""Singularities at a point: kinks, branch boundaries, first nan or infinity.

At a kink the function is continuous but has no derivative (|u| at 0, max at a tie); torch then
picks a value. A tie that is none in torch's numbers, but within the bounds on their rounding
errors, makes a kink possible: rounding hides on which side of it the point lies. A value that is
not finite is traced back to the first node whose own arguments still were.
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass

from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.formula.kinks import JUMPS, KINKS, STEPS, Values, at_tie
from jacmagic.symbolic.formula.rounding import dtype_of
from jacmagic.symbolic.graph import ZERO
from jacmagic.symbolic.graph.bounds import bounds
from jacmagic.symbolic.graph.passes import dependent
from jacmagic.symbolic.graph.precise import precise
from jacmagic.symbolic.graph.tape import write_tape, write_tape_with_slots


@dataclass(frozen=True)
class Singularity:
    """A node at which the function is not smooth or not finite.

    Attributes:
        node: the node in the closed form's graph.
        line: the line of the user's code, or None.
        what: a clause that describes it.
        rows: the outputs that depend on it.
        possible: whether rounding hides on which side of it the point lies, or whether on it.
        jumps: whether the function may jump there.
    """

    node: int
    line: int | None
    what: str
    rows: frozenset[int]
    possible: bool = False
    jumps: bool = False

    def __str__(self) -> str:
        return self.what if self.line is None else f"{self.what} (line {self.line})"

    @property
    def remark(self) -> str:
        """The clause with what kind of singularity it is."""
        kind = "possible kink at this point, within rounding" * self.possible
        return f"{kind or 'kink at this point'}: {self}"


_COMPARISONS = ("lt", "le", "gt", "ge")
_JOINED: dict[str, Callable[[bool, bool], bool]] = {"and": operator.and_, "or": operator.or_}
_ORIGINS = {
    "div": "division by zero",
    **dict.fromkeys(("log", "log1p"), "the logarithm of a number that is not positive"),
    "sqrt": "the square root of a negative number",
    "pow": "a power that is not defined or too large",
    **{name: f"{name} grows beyond the largest number" for name in ("exp", "sinh", "cosh")},
    "number": "a constant that is not finite",
}


@dataclass(frozen=True)
class _Numbers:
    """The values of some nodes at a point, and how far rounding may have moved them."""

    values: Mapping[int, float]
    errors: Mapping[int, float]

    def of(self, nodes: Sequence[int]) -> tuple[list[float], list[float]]:
        """Return values and errors of some nodes."""
        return [self.values[node] for node in nodes], [self.errors[node] for node in nodes]


def _numbers(
    closed: ClosedForm, roots: Sequence[int], point: Sequence[float]
) -> tuple[_Numbers, _Numbers]:
    """Return the values of all nodes that some roots depend on: torch's, and those within bounds.

    torch's are rounded as it rounded them: in float32, 0.3 − 0.3 is 0. Where a bound is infinite,
    nothing is known and no error is assumed.
    """
    tape, slot = write_tape_with_slots(closed.graph, roots, closed.trace.inputs)
    dtype = dtype_of(closed.trace.dtypes)
    taken = tape.slots(point, dtype.unit)
    values, errors = bounds(tape, point, dtype)
    return (
        _Numbers({node: taken[k] for node, k in slot.items()}, dict.fromkeys(slot, 0.0)),
        _Numbers(
            {node: values[k] for node, k in slot.items()},
            {node: errors[k] if math.isfinite(errors[k]) else 0.0 for node, k in slot.items()},
        ),
    )


def edges(closed: ClosedForm, point: Sequence[float]) -> list[Singularity]:
    """Return the kinks and the boundaries of branches at a point of n numbers."""
    return [*kinks(closed, point), *boundaries(closed, point)]


def kinks(closed: ClosedForm, point: Sequence[float]) -> list[Singularity]:
    """Return the kinks of the function that lie at a point of n numbers, or may lie there."""
    graph, outputs = closed.graph, closed.trace.outputs
    reached = graph.reach(outputs)
    if all(graph.operations[node] not in (*KINKS, "where") for node in reached):
        return []
    exact, possible = (
        _reasons(closed, reached, numbers) for numbers in _numbers(closed, outputs, point)
    )
    moving = dependent(graph, reached, closed.trace.inputs)  # others are constants
    reasons = {node: why for node, why in {**possible, **exact}.items() if node in moving}
    for node in _underflowed(closed, list(reasons), point):
        del reasons[node]
    return _singularities(closed, reasons, possible.keys() - exact.keys())


def _underflowed(closed: ClosedForm, nodes: Sequence[int], point: Sequence[float]) -> list[int]:
    """Return the nodes of |u|, √u … whose u is 0 in floats, being too small for them."""
    operands = [closed.graph.operands(node) for node in nodes]
    alone = [(node, u[0]) for node, u in zip(nodes, operands, strict=True) if len(u) == 1]
    tape = write_tape(closed.graph, [u for _, u in alone], closed.trace.inputs)
    exact = precise(tape, point, tape.slots(point)) if alone else []
    smallest = sys.float_info.min
    return [node for (node, _), u in zip(alone, exact, strict=True) if u and abs(u) < smallest]


def _reasons(closed: ClosedForm, nodes: Sequence[int], numbers: _Numbers) -> dict[int, str]:
    """Return which of some nodes have a kink, and what it is."""
    graph, reasons = closed.graph, dict[int, str]()
    truths: dict[int, set[bool]] = {}
    for node in nodes:
        operation, operands = graph.operations[node], graph.operands(node)
        beside = [truths.get(operand, {bool(numbers.values[operand])}) for operand in operands]
        if graph.is_condition(node):
            truths[node] = _truths(operation, numbers.values[node], numbers.of(operands), beside)
        if operation == "where":
            if len(beside[0]) == 2:
                reasons[node] = "two cases meet here; torch takes the one that the condition picks"
        elif operation in KINKS and KINKS[operation][0](*numbers.of(operands)):
            reasons[node] = KINKS[operation][1]
    return reasons


def _truths(
    operation: str, value: float, numbers: tuple[Values, Values], beside: list[set[bool]]
) -> set[bool]:
    """Return what a condition is at a point and right beside it.

    Args:
        operation: of the condition.
        value: at the point.
        numbers: its operands' values and errors.
        beside: what its operands are there and right beside it.
    """
    if operation in _COMPARISONS and at_tie(*numbers):
        return {True, False}
    if operation == "not":
        return {not truth for truth in beside[0]}
    if operation in _JOINED:
        return {_JOINED[operation](one, other) for one in beside[0] for other in beside[1]}
    return {bool(value)}


def boundaries(closed: ClosedForm, point: Sequence[float]) -> list[Singularity]:
    """Return the recorded conditions on whose boundary a point lies, or may lie.

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
        reason = "the code takes another branch on the other side of this point"
        for numbers, possible in zip(_numbers(closed, sides, point), (False, True), strict=True):
            meets = at_tie(*numbers.of(sides))
            if meets and (_moves(closed, sides) or _jumps(closed, sides, numbers)):
                edge = Singularity(node, assumption.line, reason, everywhere, possible, True)
                singularities.append(edge)
                break
    return singularities


def _is_structure(closed: ClosedForm, sides: Sequence[int]) -> bool:
    """Whether a comparison of two nodes asks whether a matrix is symmetric or triangular.

    Then they are an entry of a matrix beside its diagonal, and the one across it or 0.
    """
    labels = dict(zip(closed.trace.inputs, closed.columns, strict=True))
    first, *other = sorted(sides, key=lambda side: side not in labels)
    if first not in labels or len(labels[first].index) < 2:
        return False
    *leading, row, column = labels[first].index
    across = labels[first].name, (*leading, column, row)
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
        if node not in seen and operation not in STEPS and not graph.is_condition(node):
            seen.add(node)
            waiting += operands[1:] if operation == "where" else operands
    return False


def _jumps(closed: ClosedForm, nodes: Sequence[int], numbers: _Numbers) -> bool:
    """Whether any step that nodes depend on lies at the point."""
    graph = closed.graph
    for node in graph.reach(nodes):
        operation, operands = graph.operations[node], graph.operands(node)
        is_step = operation in (*STEPS, "mod") and KINKS[operation][0](*numbers.of(operands))
        if is_step and _moves(closed, operands):
            return True
        is_comparison = operation in (*_COMPARISONS, "eq", "ne") and operands[0] != operands[1]
        met = is_comparison and at_tie(*numbers.of(operands))
        if met and not _is_structure(closed, operands) and _moves(closed, operands):
            return True
    return False


def _singularities(
    closed: ClosedForm, reasons: Mapping[int, str], possible: Container[int]
) -> list[Singularity]:
    rows: dict[int, set[int]] = {node: set() for node in reasons}
    if reasons:
        for i, output in enumerate(closed.trace.outputs):
            for node in reasons.keys() & set(closed.graph.reach([output])):
                rows[node].add(i)
    return [
        Singularity(
            node,
            closed.graph.lines[node],
            reason.partition(";")[0] if node in possible else reason,
            frozenset(rows[node]),
            node in possible,
            closed.graph.operations[node] in JUMPS,
        )
        for node, reason in reasons.items()
    ]


def origin_of_nonfinite(
    closed: ClosedForm, row: int, column: int, point: Sequence[float]
) -> str | None:
    """Return where an entry's nan or infinity first arises; None if it is finite."""
    graph = closed.graph
    root = closed.entries[row * closed.shape[1] + column]
    values = _numbers(closed, [root, closed.trace.outputs[row]], point)[0].values
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
