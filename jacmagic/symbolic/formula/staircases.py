"""Inputs that act on outputs in steps only: through floor, a cast to integers, a comparison.

Such a function is constant between its jumps. Its derivative there is 0, which is right and may
still surprise a reader, so that it is said.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import and_, or_

from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.graph import Graph

MAX_NODES_TIMES_INPUTS = 10**7  # nodes × inputs that are looked through
_ROUNDING = "rounding to integers"
_STEPS = {"floor": _ROUNDING, "ceil": _ROUNDING, "sign": "the sign"}


def staircases(closed: ClosedForm) -> list[str]:
    """Return a sentence for each step through which alone some inputs act."""
    graph, outputs = closed.graph, closed.trace.outputs
    whole = [leak for leak in closed.trace.leaks if leak.habit == "int()"]
    roots = [*outputs, *(node for leak in whole for node in leak.nodes)]
    order = graph.reach(roots)
    if len(order) * len(closed.columns) > MAX_NODES_TIMES_INPUTS:
        return []
    reached, smooth = _inputs_below(graph, order, closed.trace.inputs)
    stairs: dict[tuple[str, int | None], int] = {}
    for output in outputs:
        columns = reached[output] & ~smooth[output]
        if columns:
            step = _step_on(graph, output, columns, reached)
            stairs[step] = stairs.get(step, 0) | columns
    constant = reduce(or_, (~reached[output] for output in outputs), 0)
    for leak in whole:
        columns = reduce(and_, (reached[node] for node in leak.nodes), constant)
        if columns:
            stairs[("int()", leak.line)] = columns
    elsewhere = reduce(or_, (smooth[output] for output in outputs), 0)
    return [_sentence(closed, *step, columns, elsewhere) for step, columns in stairs.items()]


def _inputs_below(
    graph: Graph, order: Iterable[int], inputs: Iterable[int]
) -> tuple[dict[int, int], dict[int, int]]:
    """Return the inputs below each node as bits: by any way, and by ways without a step."""
    reached = {node: 1 << j for j, node in enumerate(inputs)}
    smooth = dict(reached)
    for node in order:
        operands = graph.operands(node)
        if node not in reached:
            reached[node] = smooth[node] = 0
            if graph.operations[node] == "ne" and operands[0] == operands[1]:
                continue  # asks whether a number is nan
            is_step = graph.operations[node] in _STEPS or graph.is_condition(node)
            for operand in operands:
                reached[node] |= reached[operand]
                smooth[node] |= 0 if is_step else smooth[operand]
    return reached, smooth


def _step_on(
    graph: Graph, output: int, columns: int, reached: dict[int, int]
) -> tuple[str, int | None]:
    """Return the last step on the way from some inputs to an output, and its line."""
    for node in reversed(graph.reach([output])):
        is_condition = graph.is_condition(node)
        if (graph.operations[node] in _STEPS or is_condition) and reached[node] & columns:
            description = "a comparison" if is_condition else _STEPS[graph.operations[node]]
            return description, graph.lines[node]
    return "steps", None


def _sentence(closed: ClosedForm, step: str, line: int | None, columns: int, elsewhere: int) -> str:
    names = [column.unicode for j, column in enumerate(closed.columns) if columns >> j & 1]
    shown = ", ".join(names[:3]) + (" and others" if len(names) > 3 else "")
    where = "" if line is None else f" (line {line})"
    verb = "acts" if len(names) == 1 else "act"
    on = " on some outputs" if columns & elsewhere else ""
    how = f"through {step} only{where}, with derivative 0"
    return f"constant between jumps: {shown} {verb}{on} {how}"
