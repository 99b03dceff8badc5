"""Complex numbers as pairs of real expressions, and a graph whose nodes are such pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.symbolic.graph import ONE, ZERO, Graph
from jacmagic.symbolic.trace.rules.arrays import each, nodes_of

_MAX_EXPONENT = 16  # of a whole exponent that is repeated products


@dataclass(frozen=True)
class ComplexNodes:
    """An array of complex numbers.

    Attributes:
        re: nodes of the real parts.
        im: nodes of the imaginary parts, in the same shape.
    """

    re: np.ndarray
    im: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        return self.re.shape


def pair_of(g: Graph, value: Any) -> ComplexNodes:
    """Return an argument as complex nodes; those of real ones have imaginary parts 0."""
    if isinstance(value, ComplexNodes):
        return value
    if isinstance(value, complex):
        return ComplexNodes(nodes_of(g, value.real), nodes_of(g, value.imag))
    real = nodes_of(g, value)
    return ComplexNodes(real, np.full_like(real, ZERO))


def conjugate(g: Graph, a: ComplexNodes) -> ComplexNodes:
    """Return the conjugate."""
    return ComplexNodes(a.re, each(g, g.neg, a.im))


class PairGraph:
    """Complex numbers as nodes, for rules that are written for the nodes of a graph.

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
        return each(self.graph, self.node, value.re, value.im)

    def pairs(self, nodes: np.ndarray) -> ComplexNodes:
        """Return the way back."""
        result = np.array(self.parts, dtype=np.int64)[nodes]
        return ComplexNodes(result[..., 0], result[..., 1])

    def number(self, value: complex) -> int:
        """Return the node of a number."""
        return self.node(self.graph.number(value.real), self.graph.number(value.imag))

    def value(self, node: int) -> None:
        """No node is known to be a number."""

    def add(self, x: int, y: int) -> int:
        """Return (a + bi) + (c + di)."""
        return self.node(*map(self.graph.add, self.parts[x], self.parts[y]))

    def sub(self, x: int, y: int) -> int:
        """Return (a + bi) − (c + di)."""
        return self.node(*map(self.graph.sub, self.parts[x], self.parts[y]))

    def neg(self, x: int) -> int:
        """Return −a − bi."""
        return self.node(*map(self.graph.neg, self.parts[x]))

    def mul(self, x: int, y: int) -> int:
        """Return (a + bi)(c + di) = (ac − bd) + (ad + bc)i."""
        g, (a, b), (c, d) = self.graph, self.parts[x], self.parts[y]
        return self.node(g.sub(g.mul(a, c), g.mul(b, d)), g.add(g.mul(a, d), g.mul(b, c)))

    def div(self, x: int, y: int) -> int:
        """x/y = x ȳ / |y|², and part by part where y is real."""
        g, (a, b), (c, d) = self.graph, self.parts[x], self.parts[y]
        if d != ZERO:
            a, b = self.parts[self.mul(x, self.node(c, g.neg(d)))]
            c = g.add(g.square(c), g.square(d))
        return self.node(g.div(a, c), g.div(b, c))

    def pow(self, x: int, y: int) -> int:
        """Repeated products for small whole exponents, else e^(y ln x)."""
        re, im = self.parts[y]
        whole = self.graph.value(re) if im == ZERO else None
        if not isinstance(whole, int) or abs(whole) > _MAX_EXPONENT:
            return self.apply("exp", self.mul(y, self.apply("log", x)))
        result = self.product([x] * abs(whole))
        return result if whole >= 0 else self.div(ONE, result)

    def total(self, nodes: Iterable[int]) -> int:
        """Return the sum."""
        return reduce(self.add, nodes, ZERO)

    def product(self, nodes: Iterable[int]) -> int:
        """Return the product of complex numbers; 1 for none."""
        return reduce(self.mul, nodes, ONE)

    def apply(self, name: str, x: int) -> int:
        """Return a function of a complex number."""
        if name in _RATIOS:
            return self.div(*(self.apply(function, x) for function in _RATIOS[name]))
        if name not in _FUNCTIONS:
            raise Unsupported(name, "of complex values has no rule")
        return self.node(*_FUNCTIONS[name](self.graph, *self.parts[x]))


def modulus(g: Graph, a: int, b: int) -> int:
    """Return |a + bi| = √(a² + b²)."""
    return g.apply("sqrt", g.add(g.square(a), g.square(b)))


def _turned(g: Graph, size: int, angle: int) -> tuple[int, int]:
    """r (cos φ + i sin φ)."""
    return g.mul(size, g.apply("cos", angle)), g.mul(size, g.apply("sin", angle))


def _root(g: Graph, a: int, b: int) -> tuple[int, int]:
    """√|z| (cos φ/2 + i sin φ/2)."""
    half = g.div(g.apply("atan2", b, a), g.number(2))
    return _turned(g, g.apply("sqrt", modulus(g, a, b)), half)


def _theorem(first: tuple[str, str], second: tuple[str, str], sign: int) -> Callable[..., Any]:
    """f(a)·g(b) ± i·h(a)·k(b), the addition theorems of sin, cos, sinh and cosh."""

    def formula(g: Graph, a: int, b: int) -> tuple[int, int]:
        re, im = (g.mul(g.apply(one, a), g.apply(other, b)) for one, other in (first, second))
        return re, im if sign > 0 else g.neg(im)

    return formula


_RATIOS = {"tan": ("sin", "cos"), "tanh": ("sinh", "cosh")}
_FUNCTIONS: dict[str, Callable[[Graph, int, int], tuple[int, int]]] = {
    "exp": lambda g, a, b: _turned(g, g.apply("exp", a), b),
    "log": lambda g, a, b: (g.apply("log", modulus(g, a, b)), g.apply("atan2", b, a)),
    "sqrt": _root,
    "sin": _theorem(("sin", "cosh"), ("cos", "sinh"), 1),
    "cos": _theorem(("cos", "cosh"), ("sin", "sinh"), -1),
    "sinh": _theorem(("sinh", "cos"), ("cosh", "sin"), 1),
    "cosh": _theorem(("cosh", "cos"), ("sinh", "sin"), 1),
}
