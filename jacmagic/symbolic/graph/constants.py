"""Constants of mathematics among floats: q·√n·π^(k/2)·(ln p)^e, multiplied exactly.

1/√2, 2/√π and 1/ln 10 are products and quotients of rounded numbers; rounded once more they are no
longer the float64 nearest to the constant. A factor that is in the table is taken for what it
stands for, and the product is rounded once.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from fractions import Fraction
from functools import cache

from jacmagic.symbolic.graph.numbers import Number

_DIGITS = Context(prec=60)
_PI = Fraction("3.14159265358979323846264338327950288419716939937510582097494459")
_RADICANDS = (1, 2, 3, 5, 6, 10)  # the square-free numbers up to ten but 7
_BASES = (2, 10)  # of logarithms
_FACTORS = sorted({Fraction(a, b) for a in range(1, 11) for b in (1, 2, 3, 4, 6, 8, 180)})


@dataclass(frozen=True)
class Constant:
    """The number q·√n·π^(k/2)·(ln p)^e.

    Attributes:
        q: a positive fraction.
        n: a square-free integer.
        k: twice the power of π.
        p: the base of the logarithm; 1 for none.
        e: its power.
    """

    q: Fraction
    n: int = 1
    k: int = 0
    p: int = 1
    e: int = 0

    def __mul__(self, other: Constant) -> Constant | None:
        """Return the product; None where it has logarithms of two bases."""
        if self.e and other.e and self.p != other.p:
            return None
        common = math.gcd(self.n, other.n)
        e = self.e + other.e
        return Constant(
            self.q * other.q * common,
            self.n * other.n // common**2,
            self.k + other.k,
            (self.p if self.e else other.p) if e else 1,
            e,
        )

    @property
    def reciprocal(self) -> Constant:
        """1 over the number."""
        return Constant(1 / (self.q * self.n), self.n, -self.k, self.p, -self.e)

    def __float__(self) -> float:
        """Return the nearest float64."""
        square = self.q**2 * self.n * _PI**self.k
        if self.e:
            square *= Fraction(_DIGITS.ln(Decimal(self.p))) ** (2 * self.e)
        above = _DIGITS.divide(Decimal(square.numerator), Decimal(square.denominator))
        return float(_DIGITS.sqrt(above))


@cache
def _table() -> dict[float, Constant]:
    """Return the constants that are recognised, by their float64.

    One that is computed in steps, as `1 / math.sqrt(2)` or `math.sqrt(2 * math.pi)`, may be off by
    one ulp: what these steps give exactly is in the table too.
    """
    roots = [
        Constant(q, n, k)
        for q, n, k in itertools.product(_FACTORS, _RADICANDS, range(-2, 3))
        if n > 1 or k
    ]
    logarithms = [Constant(q, p=p, e=e) for q in _FACTORS for p in _BASES for e in (1, -1)]
    table = dict(_computed())
    table.update((float(constant), constant) for constant in reversed([*roots, *logarithms]))
    return table


def _computed() -> Iterator[tuple[float, Constant]]:
    """Yield q·c and q/c as Python computes them, for a rounded constant c."""
    constants = [Constant(Fraction(1), n, k) for n in _RADICANDS for k in (0, 1, 2) if n > 1 or k]
    constants += [Constant(Fraction(1), p=p, e=1) for p in _BASES]
    rounded = [(float(constant), constant) for constant in constants]
    rounded += [(math.sqrt(n * math.pi), Constant(Fraction(1), n, 1)) for n in _RADICANDS]
    for (number, constant), q in itertools.product(rounded, _FACTORS):
        yield float(q) * number, _times(q, constant)
        yield q.numerator * number / q.denominator, _times(q, constant)
        yield float(q) / number, _times(q, constant.reciprocal)


def _times(q: Fraction, constant: Constant) -> Constant:
    return replace(constant, q=q * constant.q)


def known_constant(value: float) -> Constant | None:
    """Return the constant that a positive float is, as it is computed; None for others."""
    return _table().get(value)


def multiplied(x: Number, y: Number) -> Number:
    """Return x·y; of floats that are constants, rounded once."""
    if not (isinstance(x, float) or isinstance(y, float)):
        return x * y
    return _rounded(x, y, float(x) * float(y), divide=False)


def divided(x: Number, y: Number) -> Number:
    """Return x/y with y ≠ 0; of floats that are constants, rounded once."""
    if not (isinstance(x, float) or isinstance(y, float)):
        return Fraction(x) / Fraction(y)
    return _rounded(x, y, float(x) / float(y), divide=True)


def _rounded(x: Number, y: Number, plain: float, *, divide: bool) -> float:
    """Return a product or quotient of constants; the plain one of other numbers."""
    a = _constant(x)
    b = None if a is None else _constant(y)
    if a is None or b is None or not plain:
        return plain
    exact = a * (b.reciprocal if divide else b)
    return plain if exact is None else math.copysign(float(exact), plain)


def _constant(value: Number) -> Constant | None:
    """Return the size of a number as a constant, or None."""
    if isinstance(value, float):
        return known_constant(abs(value))
    return Constant(abs(Fraction(value))) if value else None
