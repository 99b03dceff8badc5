"""Products taken apart: a factor, an exponential, and powers of sums of exponentials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from jacmagic.symbolic.graph.nodes import ZERO, Graph
from jacmagic.symbolic.graph.numbers import Number


@dataclass(frozen=True)
class Monomial:
    """A product as factor · e^exponent · Π Sᵏ.

    Attributes:
        factor: a rewritten node.
        exponent: a rewritten node.
        sums: the power of each sum of exponentials.
    """

    factor: int
    exponent: int = ZERO
    sums: Mapping[int, Fraction] = field(default_factory=dict)

    @property
    def is_plain(self) -> bool:
        """Whether there is no exponential in it."""
        return self.exponent == ZERO and not self.sums


def raised(graph: Graph, a: Monomial, power: Number) -> Monomial:
    """Return aᵏ, for an integer k or a factor of 1."""
    return Monomial(
        graph.pow(a.factor, graph.number(power)),
        graph.mul(graph.number(power), a.exponent),
        {total: Fraction(power) * k for total, k in a.sums.items()},
    )


def joined(graph: Graph, a: Monomial, b: Monomial, sign: int) -> Monomial:
    """Return a·b or a/b."""
    sums = dict(a.sums)
    for total, power in b.sums.items():
        sums[total] = sums.get(total, Fraction(0)) + sign * power
    return Monomial(
        graph.mul(a.factor, b.factor) if sign > 0 else graph.div(a.factor, b.factor),
        graph.add(a.exponent, b.exponent) if sign > 0 else graph.sub(a.exponent, b.exponent),
        {total: power for total, power in sums.items() if power},
    )
