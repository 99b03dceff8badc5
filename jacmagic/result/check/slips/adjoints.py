"""Derivatives on the function's own graph, as numbers: ∂node/∂xⱼ and ∂fᵢ/∂node.

With both, a mistake in the derivative of one node changes the entry by ∂fᵢ/∂node times the
mistake, so that each hypothesis costs one product.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from jacmagic.result.check.expressions import Expressions, Values
from jacmagic.symbolic.graph.derivatives import PARTIALS


class Adjoints:
    """The derivatives of one output fᵢ by its nodes.

    Attributes:
        order: the nodes of fᵢ in topological order.
    """

    def __init__(self, form: Expressions, values: Values, row: int) -> None:
        """Run the reverse pass at all points."""
        self.form, self.values = form, values
        self.root = form.outputs[row]
        self.order = form.graph.reach([self.root])
        self._slopes: dict[int, np.ndarray] = {self.root: np.ones(values.size)}
        with np.errstate(all="ignore"):
            for node in reversed(self.order):
                if node in self._slopes:
                    for operand, partial in self.partials(node):
                        term = self._slopes[node] * partial
                        self._slopes[operand] = self._slopes.get(operand, 0.0) + term

    def slope(self, node: int) -> np.ndarray:
        """Return ∂fᵢ/∂node, (k,)."""
        return self._slopes.get(node, np.zeros(self.values.size))

    def partials(self, node: int) -> Iterator[tuple[int, np.ndarray]]:
        """Yield each operand with the node's partial derivative by it."""
        graph, operation = self.form.graph, self.form.graph.operations[node]
        operands = graph.operands(node)
        if not operands or graph.is_condition(node):
            return
        if operation == "where":
            holds = self.values.of(operands[0]) != 0
            yield operands[1], holds.astype(float)
            yield operands[2], (~holds).astype(float)
            return
        for operand, partial in zip(
            operands, PARTIALS[operation](graph, node, *operands), strict=True
        ):
            if partial is not None:
                yield operand, self.values.of(partial)

    def tangents(self, column: int) -> dict[int, np.ndarray]:
        """Return ∂node/∂xⱼ of the nodes that depend on xⱼ, (k,) each."""
        seed = self.form.inputs[column]
        found: dict[int, np.ndarray] = {}
        with np.errstate(all="ignore"):
            for node in self.order:
                if node == seed:
                    found[node] = np.ones(self.values.size)
                    continue
                parts = [found[o] * p for o, p in self.partials(node) if o in found]
                if parts:
                    found[node] = np.sum(parts, axis=0)
        return found

    def edges(self, node: int) -> Iterator[np.ndarray]:
        """Yield ∂fᵢ/∂node by way of each operation that uses the node, if there are several."""
        users = [one for one in self.order if node in self.form.graph.operands(one)]
        if len(users) < 2:
            return
        for user in users:
            yield np.sum(
                [self.slope(user) * p for o, p in self.partials(user) if o == node], axis=0
            )
