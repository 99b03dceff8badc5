"""Determinants, inverses and systems of complex matrices, by the real rules.

`matrices` needs no more of a graph than sums, products and quotients. `PairGraph` offers these for
complex numbers: its nodes stand for pairs of real nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any, cast

import numpy as np

from jacmagic.symbolic.graph import ONE, ZERO, Graph
from jacmagic.symbolic.trace.rules.arrays import Rule
from jacmagic.symbolic.trace.rules.matrices import batched, determinant, inverse, solution
from jacmagic.symbolic.trace.rules.pairs import ComplexNodes, minus, over, pair_of, plus, times


class PairGraph:
    """Complex numbers as nodes, as far as the formulas of linear algebra need them.

    Attributes:
        graph: where the real and imaginary parts are made.
        parts: for each node its real and its imaginary part.
    """

    def __init__(self, graph: Graph) -> None:
        """Begin with the nodes ZERO and ONE for 0 and 1, as every graph."""
        self.graph = graph
        self.parts: list[tuple[int, int]] = [(ZERO, ZERO), (ONE, ZERO)]
        self._known = {part: node for node, part in enumerate(self.parts)}

    def node(self, re: int, im: int) -> int:
        """Return the node of a pair."""
        if (re, im) not in self._known:
            self._known[re, im] = len(self.parts)
            self.parts.append((re, im))
        return self._known[re, im]

    def nodes(self, value: ComplexNodes) -> np.ndarray:
        """Return an array of pairs as an array of nodes."""
        flat = zip(value.re.reshape(-1).tolist(), value.im.reshape(-1).tolist(), strict=True)
        result = [self.node(re, im) for re, im in flat]
        return np.array(result, dtype=np.int64).reshape(value.shape)

    def pairs(self, nodes: np.ndarray) -> ComplexNodes:
        """Return the way back."""
        result = np.array(self.parts, dtype=np.int64)[nodes]
        return ComplexNodes(result[..., 0], result[..., 1])

    def _combined(
        self, rule: Callable[[Graph, ComplexNodes, ComplexNodes], ComplexNodes], a: int, b: int
    ) -> int:
        first, second = (ComplexNodes(*map(np.asarray, self.parts[node])) for node in (a, b))
        result = rule(self.graph, first, second)
        return self.node(int(result.re), int(result.im))

    def add(self, a: int, b: int) -> int:
        """Return a + b."""
        return self._combined(plus, a, b)

    def sub(self, a: int, b: int) -> int:
        """Return a − b."""
        return self._combined(minus, a, b)

    def mul(self, a: int, b: int) -> int:
        """a·b."""
        return self._combined(times, a, b)

    def div(self, a: int, b: int) -> int:
        """a/b."""
        return self._combined(over, a, b)

    def neg(self, a: int) -> int:
        """Return −a."""
        return self.sub(ZERO, a)

    def value(self, node: int) -> None:
        """No node is known to be a number."""

    def total(self, nodes: Iterable[int]) -> int:
        """Return the sum."""
        return reduce(self.add, nodes, ZERO)

    def product(self, nodes: Iterable[int]) -> int:
        """Return the product."""
        return reduce(self.mul, nodes, ONE)


def _over_pairs(kernel: Callable[..., np.ndarray]) -> Callable[..., ComplexNodes]:
    """Return a function of complex matrices, from one that is written for a graph."""

    def rule(g: Graph, *arguments: Any) -> ComplexNodes:
        field = PairGraph(g)
        arrays = [field.nodes(pair_of(g, argument)) for argument in arguments]
        return field.pairs(batched(lambda *m: kernel(cast(Graph, field), *m), *arrays))

    return rule


_whole = _over_pairs(lambda g, m: np.array(determinant(g, m)))
_inverse = _over_pairs(inverse)
_solution = _over_pairs(solution)


def _solve(g: Graph, a: Any, b: Any, *, left: bool = True, **_: Any) -> tuple:
    a, b = pair_of(g, a), pair_of(g, b)
    vector = b.ndim == a.ndim - 1
    if vector:
        b = ComplexNodes(b.re[..., None], b.im[..., None])
    if not left:
        a, b = _turned(a), _turned(b)
    result = _solution(g, a, b)
    if not left:
        result = _turned(result)
    if vector:
        result = ComplexNodes(result.re[..., 0], result.im[..., 0])
    return result, None, None, np.array(ZERO)


def _turned(a: ComplexNodes) -> ComplexNodes:
    return ComplexNodes(a.re.swapaxes(-1, -2), a.im.swapaxes(-1, -2))


COMPLEX_MATRICES: dict[str, Rule] = {
    "_linalg_det": lambda g, a: (_whole(g, a), None, None),
    "linalg_inv_ex": lambda g, a, **_: (_inverse(g, a), np.array(ZERO)),
    "_linalg_solve_ex": _solve,
}
