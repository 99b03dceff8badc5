"""The Jacobian by vertex elimination: local derivatives, one intermediate node at a time.

The node goes first through which the fewest paths lead (Markowitz). Forward and reverse mode are
the orders from the inputs and from the outputs. Reference: A. Griewank and A. Walther, Evaluating
Derivatives, 2nd ed., SIAM (2008), chapter 10.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from jacmagic.symbolic.graph import ONE, ZERO, Graph, Sums
from jacmagic.symbolic.graph.differentiation import Row, contributions


def eliminate(graph: Graph, outputs: Sequence[int], inputs: Sequence[int]) -> list[Row]:
    """Return the Jacobian of some nodes by others, as `differentiate` does.

    Args:
        graph: the expression graph, to which nodes are added.
        outputs: the m nodes to differentiate.
        inputs: the n variable nodes to differentiate by.

    Raises:
        BudgetExceeded: if the graph outgrows its limit or its deadline.
    """
    elimination = _Elimination(graph, outputs, inputs)
    elimination.run()
    return [elimination.row(output) for output in outputs]


class _Elimination:
    """The local derivatives that are left, from both of their ends."""

    def __init__(self, graph: Graph, outputs: Sequence[int], inputs: Sequence[int]) -> None:
        self.graph = graph
        self.column = {node: j for j, node in enumerate(inputs)}
        self.below: dict[int, dict[int, int]] = {}  # node → operand → ∂node/∂operand
        self.above: dict[int, set[int]] = {node: set() for node in inputs}
        self._read(outputs)
        inner = self.below.keys() - set(outputs)
        self.inner = {node for node in inner if node not in self.column}

    def _read(self, outputs: Sequence[int]) -> None:
        """Write down the local derivatives of every node that depends on an input."""
        graph, sums = self.graph, Sums(self.graph)
        for node in graph.reach(outputs):
            self.below[node] = {}
            self.above.setdefault(node, set())
            if node in self.column or not graph.operands(node):
                continue
            for operand, slope in contributions(graph, sums, node, ONE):
                if operand in self.column or self.below.get(operand):
                    self._add(node, operand, slope)

    def _add(self, node: int, operand: int, slope: int) -> None:
        if slope == ZERO:
            return
        before = self.below[node].get(operand, ZERO)
        self.below[node][operand] = self.graph.add(before, slope)
        self.above[operand].add(node)

    def run(self) -> None:
        """Eliminate all nodes between inputs and outputs."""
        heap = [(self._paths(node), -node) for node in self.inner]
        heapq.heapify(heap)
        while heap:
            paths, negative = heapq.heappop(heap)
            node = -negative
            if node not in self.inner:
                continue
            if paths != self._paths(node):  # its neighbours have changed since
                heapq.heappush(heap, (self._paths(node), negative))
                continue
            self._eliminate(node)

    def _paths(self, node: int) -> int:
        return len(self.below[node]) * len(self.above[node])

    def _eliminate(self, node: int) -> None:
        """Replace paths through a node by ∂above/∂node · ∂node/∂below."""
        self.inner.discard(node)
        for above in sorted(self.above.pop(node)):
            outer = self.below[above].pop(node)
            for operand, slope in self.below[node].items():
                self._add(above, operand, self.graph.mul(outer, slope))
        for operand in self.below.pop(node):
            self.above[operand].discard(node)

    def row(self, output: int) -> Row:
        """Return an output's derivatives by column; outputs may depend on other outputs."""
        if output in self.column:
            return {self.column[output]: ONE}
        row: Row = {}
        for operand, slope in self.below[output].items():
            for j, inner in self.row(operand).items():
                term = self.graph.mul(slope, inner)
                row[j] = self.graph.add(row[j], term) if j in row else term
        return {j: row[j] for j in sorted(row) if row[j] != ZERO}
