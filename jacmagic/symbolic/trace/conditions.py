"""Path conditions of a trace: which are recorded, and when.

A truth value that Python reads is assumed at once. An index that an order found (argmax, the second
result of max) costs nothing until it is used; then the order is assumed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from jacmagic.symbolic.graph import ONE, ZERO, Graph


def is_tautology(g: Graph, condition: int) -> bool:
    """Whether a condition that held is true of all real numbers: x = x, |x| ≠ ∞."""
    if g.value(condition) is not None:
        return True
    operation, operands = g.operations[condition], g.operands(condition)
    if operation == "and":
        return all(is_tautology(g, operand) for operand in operands)
    if operation == "or":
        return any(is_tautology(g, operand) for operand in operands)
    if operation in ("eq", "le", "ge") and operands[0] == operands[1]:
        return True
    if operation in ("le", "ge"):  # of truths that are counted, as min() of them compares them
        low, high = operands if operation == "le" else operands[::-1]
        if _is_one(g, high) and (_is_counted(g, low) or g.value(low) in (0, 1)):
            return True
    return operation in ("ne", "lt", "gt") and any(
        math.isinf(value) for value in map(g.value, operands) if value is not None
    )


def _is_counted(g: Graph, node: int) -> bool:
    """Whether a node is a truth counted as 1 or 0."""
    return g.operations[node] == "where" and g.arguments[node][1:] == (ONE, ZERO)


def _is_one(g: Graph, node: int) -> bool:
    if _is_counted(g, node):
        return is_tautology(g, g.arguments[node][0])
    return g.value(node) == 1


def conjuncts(g: Graph, condition: int) -> Iterator[int]:
    """Yield the conjuncts of a condition, without those true of all real numbers."""
    if is_tautology(g, condition):
        return
    operation, operands = g.operations[condition], g.operands(condition)
    if operation == "and":
        for operand in operands:
            yield from conjuncts(g, operand)
    elif operation == "not" and g.operations[operands[0]] == "or":  # neither of the two
        for operand in g.operands(operands[0]):
            yield from conjuncts(g, g.negate(operand))
    else:
        yield condition


def equality(g: Graph, node: int, value: int) -> int:
    """Return the condition that an integer, or a truth counted as 1, has this value."""
    if g.operations[node] == "where":
        condition, *branches = g.operands(node)
        a, b = map(g.value, branches)
        if a is not None and b is not None and a != b and value in (a, b):
            return condition if value == a else g.negate(condition)
    return g.apply("eq", node, g.number(value))


@dataclass(frozen=True)
class Assumption:
    """A condition that held while tracing; the formula is valid while it holds.

    Attributes:
        condition: the condition's node.
        line: line of the user's code that asked, or None.
    """

    condition: int
    line: int | None


class Conditions:
    """What a trace has assumed so far.

    Attributes:
        met: the assumptions, in the order met.
    """

    def __init__(self, graph: Graph) -> None:
        """Nothing is assumed yet."""
        self.met: list[Assumption] = []
        self._graph = graph
        self._pending: dict[int, tuple[Any, list[int]]] = {}

    def assume(self, node: int, truth: bool) -> None:
        """Record that a condition had this truth value on the path taken."""
        condition = node if truth else self._graph.negate(node)
        for part in conjuncts(self._graph, condition):
            self.met.append(Assumption(part, self._graph.line))

    def assume_numbers(self, nodes: Iterable[int], numbers: Sequence[int | bool]) -> None:
        """Record the truths or integers that were read or used as indices."""
        for node, number in zip(nodes, numbers, strict=True):
            if isinstance(number, bool):
                self.assume(node, number)
            elif self._graph.value(node) is None:
                self.assume(equality(self._graph, node, number), True)

    def postpone(self, memory: int, owner: Any, conditions: list[int]) -> None:
        """Record conditions that are assumed once some memory is read: the indices in it.

        Args:
            memory: what tensors on this memory have in common.
            owner: a tensor that keeps the memory from being reused.
            conditions: what holds as long as the indices stay the same.
        """
        self._pending[memory] = owner, conditions

    def use(self, memories: Iterable[int]) -> None:
        """Assume what was postponed until some memory is read."""
        for memory in memories:
            _, conditions = self._pending.pop(memory, (None, ()))
            for condition in conditions:
                self.assume(condition, True)

    @property
    def waiting(self) -> bool:
        """Whether any indices have not been used yet."""
        return bool(self._pending)
