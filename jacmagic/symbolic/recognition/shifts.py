"""A subtracted maximum leaves softmax and log-sum-exp.

eᵘ⁻ᵐ/Σ eᵛ⁻ᵐ = eᵘ/Σ eᵛ and m + ln Σ eᵛ⁻ᵐ = ln Σ eᵛ for any m. Every node is read as u + Σ c·m and as
w·e^(Σ c·m) with maxima and minima m; where these cancel, u or w remains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from jacmagic.symbolic.graph import ONE, ZERO, Graph
from jacmagic.symbolic.graph.passes import rebuilt

Shift = Mapping[int, int]  # the factor c of each maximum m, both nodes
_EXTREMES = ("max", "min")


@dataclass(frozen=True)
class Split:
    """A node as rest + Σ c·m, or as rest · e^(Σ c·m)."""

    rest: int
    shift: Shift


def without_maxima(graph: Graph, roots: Sequence[int]) -> list[int]:
    """Return the roots with the maxima and minima cancelled that have no influence."""
    reached = graph.reach(roots)
    operations = {graph.operations[node] for node in reached}
    if "exp" not in operations or operations.isdisjoint(_EXTREMES):
        return list(roots)
    cancelling = _Cancelling(graph)
    for node in reached:
        cancelling.read(node)
    return [cancelling.new[root] for root in roots]


class _Cancelling:
    """The sums and products read so far.

    Attributes:
        new: each node's replacement.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.new: dict[int, int] = {}
        self._sums: dict[int, Split] = {}
        self._products: dict[int, Split] = {}

    def read(self, node: int) -> None:
        """Split a node whose operands are split, and replace it."""
        graph, operands = self.graph, self.graph.operands(node)
        operation, same = graph.operations[node], rebuilt(graph, node, self.new)
        as_sum = self._as_sum(operation, operands) or Split(same, {})
        as_product = self._as_product(operation, operands) or Split(same, {})
        if operation in _EXTREMES:
            as_sum = Split(ZERO, {same: ONE})
        if not as_sum.shift and any(self._sums[operand].shift for operand in operands):
            same = as_sum.rest
        elif not as_product.shift and any(self._products[operand].shift for operand in operands):
            same = as_product.rest
        self.new[node] = same
        self._sums[node] = as_sum if as_sum.shift else Split(same, {})
        self._products[node] = as_product if as_product.shift else Split(same, {})

    def _as_sum(self, operation: str, operands: Sequence[int]) -> Split | None:
        graph = self.graph
        parts = [self._sums[operand] for operand in operands]
        if operation == "log":
            inner = self._products[operands[0]]
            return Split(graph.apply("log", inner.rest), inner.shift) if inner.shift else None
        if operation in ("add", "sub", "neg"):
            rest = getattr(graph, operation)(*(part.rest for part in parts))
            return Split(rest, self._joined(operation, parts))
        if operation == "mul" and not (parts[0].shift and parts[1].shift):
            fixed, moved = parts if parts[1].shift else reversed(parts)
            return self._scaled(moved, partial(graph.mul, fixed.rest))
        if operation == "div" and not parts[1].shift:
            return self._scaled(parts[0], lambda node: graph.div(node, parts[1].rest))
        return None

    def _as_product(self, operation: str, operands: Sequence[int]) -> Split | None:
        graph = self.graph
        if operation == "exp":
            inner = self._sums[operands[0]]
            return Split(graph.apply("exp", inner.rest), inner.shift) if inner.shift else None
        parts = [self._products[operand] for operand in operands]
        if operation in ("add", "sub", "neg") and all(p.shift == parts[0].shift for p in parts):
            rest = getattr(graph, operation)(*(part.rest for part in parts))
            return Split(rest, parts[0].shift)
        if operation in ("mul", "div"):
            rest = getattr(graph, operation)(*(part.rest for part in parts))
            return Split(rest, self._joined("add" if operation == "mul" else "sub", parts))
        power = graph.value(operands[1]) if operation == "pow" else None
        if isinstance(power, int):
            scaled = self._scaled(parts[0], partial(graph.mul, operands[1]))
            return Split(graph.pow(parts[0].rest, operands[1]), scaled.shift)
        return None

    def _joined(self, operation: str, parts: Sequence[Split]) -> Shift:
        """Return the factors of a sum or difference, without those that cancel."""
        combine = getattr(self.graph, operation)
        nodes = dict.fromkeys(node for part in parts for node in part.shift)
        shift = {node: combine(*(part.shift.get(node, ZERO) for part in parts)) for node in nodes}
        return {node: factor for node, factor in shift.items() if factor != ZERO}

    def _scaled(self, part: Split, scale: Callable[[int], int]) -> Split:
        shift = {node: scale(factor) for node, factor in part.shift.items()}
        return Split(scale(part.rest), shift)
