"""Complex numbers as pairs of real expressions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from jacmagic.symbolic.graph import ZERO, Graph
from jacmagic.symbolic.trace.rules.arrays import each, nodes_of


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

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.re.ndim


def pair_of(g: Graph, value: Any) -> ComplexNodes:
    """Return an argument as complex nodes; those of real ones have imaginary parts 0."""
    if isinstance(value, ComplexNodes):
        return value
    if isinstance(value, complex):
        return ComplexNodes(nodes_of(g, value.real), nodes_of(g, value.imag))
    real = nodes_of(g, value)
    return ComplexNodes(real, np.full_like(real, ZERO))


def plus(g: Graph, a: ComplexNodes, b: ComplexNodes) -> ComplexNodes:
    """Return (a + bi) + (c + di)."""
    return ComplexNodes(each(g, g.add, a.re, b.re), each(g, g.add, a.im, b.im))


def minus(g: Graph, a: ComplexNodes, b: ComplexNodes) -> ComplexNodes:
    """Return (a + bi) − (c + di)."""
    return ComplexNodes(each(g, g.sub, a.re, b.re), each(g, g.sub, a.im, b.im))


def times(g: Graph, a: ComplexNodes, b: ComplexNodes) -> ComplexNodes:
    """Return (a + bi)(c + di) = (ac − bd) + (ad + bc)i."""

    def real(p: int, q: int, r: int, s: int) -> int:
        return g.sub(g.mul(p, r), g.mul(q, s))

    def imaginary(p: int, q: int, r: int, s: int) -> int:
        return g.add(g.mul(p, s), g.mul(q, r))

    parts = (a.re, a.im, b.re, b.im)
    return ComplexNodes(each(g, real, *parts), each(g, imaginary, *parts))


def over(g: Graph, a: ComplexNodes, b: ComplexNodes) -> ComplexNodes:
    """a/b = a b̄ / |b|², and part by part where b is real."""
    if not b.im.any():
        return ComplexNodes(each(g, g.div, a.re, b.re), each(g, g.div, a.im, b.re))
    top = times(g, a, conjugate(g, b))
    size = each(g, lambda p, q: g.add(g.square(p), g.square(q)), b.re, b.im)
    return ComplexNodes(each(g, g.div, top.re, size), each(g, g.div, top.im, size))


def conjugate(g: Graph, a: ComplexNodes) -> ComplexNodes:
    """Return the conjugate."""
    return ComplexNodes(a.re, each(g, g.neg, a.im))


def modulus(g: Graph, a: ComplexNodes) -> np.ndarray:
    """Return |a + bi| = √(a² + b²)."""
    return each(g, lambda p, q: g.apply("sqrt", g.add(g.square(p), g.square(q))), a.re, a.im)


def argument(g: Graph, a: ComplexNodes) -> np.ndarray:
    """Return the angle of a + bi, atan2(b, a)."""
    return each(g, lambda p, q: g.apply("atan2", q, p), a.re, a.im)


def turned(g: Graph, size: np.ndarray, angle: np.ndarray) -> ComplexNodes:
    """r (cos φ + i sin φ)."""
    return ComplexNodes(
        each(g, lambda r, t: g.mul(r, g.apply("cos", t)), size, angle),
        each(g, lambda r, t: g.mul(r, g.apply("sin", t)), size, angle),
    )
