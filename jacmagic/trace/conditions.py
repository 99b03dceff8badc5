"""Which conditions are worth recording, and how a whole number that was read is written as one."""

from __future__ import annotations

import math
from collections.abc import Iterator

from jacmagic.graph import Graph


def goes_without_saying(g: Graph, condition: int) -> bool:
    """Whether a condition that held is true of all real numbers: x = x, |x| ≠ ∞."""
    if g.value(condition) is not None:
        return True
    operation, operands = g.operations[condition], g.operands(condition)
    if operation == "and":
        return all(goes_without_saying(g, operand) for operand in operands)
    if operation == "or":
        return any(goes_without_saying(g, operand) for operand in operands)
    if operation in ("eq", "le", "ge") and operands[0] == operands[1]:
        return True
    return operation in ("ne", "lt", "gt") and any(
        math.isinf(value) for value in map(g.value, operands) if value is not None
    )


def conjuncts(g: Graph, condition: int) -> Iterator[int]:
    """The parts of a condition that all hold where it holds, without those true of all reals."""
    if goes_without_saying(g, condition):
        return
    if g.operations[condition] == "and":
        for operand in g.operands(condition):
            yield from conjuncts(g, operand)
    else:
        yield condition


def equality(g: Graph, node: int, value: int) -> int:
    """The condition that a whole number has this value; for a truth counted as 1, the truth."""
    if g.operations[node] == "where":
        condition, *branches = g.operands(node)
        a, b = map(g.value, branches)
        if a is not None and b is not None and a != b and value in (a, b):
            return condition if value == a else g.negate(condition)
    return g.apply("eq", node, g.number(value))
