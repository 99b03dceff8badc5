"""The numbers of the graph: integers, fractions and constants where meant, else floats.

A constant is q·√n·π^(k/2)·(ln p)^e. 1/√2, 2/√π and 1/ln 10 are products and quotients of rounded
numbers; rounded once more they are no longer the float64 nearest to the constant. A factor that is
in the table is taken for what it stands for, and the product is rounded once.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from fractions import Fraction
from functools import cache, lru_cache

import numpy as np

Number = int | Fraction | float

_MAX_EXACT = 10**15  # all integers below are float64 numbers
_MAX_DENOMINATOR = 10**12  # of an exact fraction: few that are longer were meant
_MAX_DIGITS = 11  # of a typed decimal; a float that is not meant has 15 and more


def exact(value: Number) -> Number:
    """Return the number meant by a float: integer, fraction, decimal, or itself.

    0.5 → 1/2, 0.1 → 1/10, 1/3 → 1/3; π and other irrational values stay floats. The result always
    converts back to the same float64.
    """
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | Fraction):
        return value
    return _exact(float(value))


@lru_cache(maxsize=2**12)
def _exact(value: float) -> Number:
    if not math.isfinite(value):
        return value
    if value.is_integer() and abs(value) < _MAX_EXACT:
        return int(value)
    simple = Fraction(value).limit_denominator(1000)
    if float(simple) == value:
        return simple
    digits = repr(abs(value)).partition("e")[0].replace(".", "").strip("0")
    return Fraction(repr(value)) if len(digits) <= _MAX_DIGITS else value


_MAX_FLOAT32_DIGITS = 7  # digits of a float32, the most that it prints: too many to have been typed
_MULTIPLES_OF_PI = {
    float(np.float32(k * math.pi / m)): k * math.pi / m
    for m in (180, 12, 6, 4, 3, 2, 1)
    for k in range(1, 13)
}


def meant(value: float) -> float:
    """Return the float64 meant by a float32: a typed decimal, a short fraction, or π.

    Args:
        value: a number that float32 holds exactly.
    """
    typed = float(str(np.float32(value)))
    if (
        not math.isfinite(value)
        or len(str(abs(typed)).replace(".", "").strip("0")) < _MAX_FLOAT32_DIGITS
    ):
        return typed
    if abs(value) in _MULTIPLES_OF_PI:
        return math.copysign(_MULTIPLES_OF_PI[abs(value)], value)
    simple = float(Fraction(typed).limit_denominator(100))
    return simple if simple and float(np.float32(simple)) == value else typed


def short(value: Number) -> Number:
    """Return a number, as a float where its exact digits are too many to be of use."""
    if isinstance(value, float):
        return exact(value)
    if isinstance(value, Fraction):
        if value.denominator == 1:
            value = int(value)
        elif value.denominator > _MAX_DENOMINATOR or abs(value.numerator) > _MAX_EXACT:
            return _nearest(value)
    return value if not isinstance(value, int) or abs(value) < _MAX_EXACT else _nearest(value)


def _nearest(value: int | Fraction) -> float:
    """Return the nearest float64; infinite beyond the largest, as IEEE 754 has it."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


# ── constants of mathematics ──────────────────────────────────────────────────────────────────────


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
    table.update((float(one), one) for one in reversed([*roots, *logarithms]))
    return table


def _computed() -> Iterator[tuple[float, Constant]]:
    """Yield q·c and q/c as Python computes them, for a rounded constant c."""
    constants = [Constant(Fraction(1), n, k) for n in _RADICANDS for k in (0, 1, 2) if n > 1 or k]
    constants += [Constant(Fraction(1), p=p, e=1) for p in _BASES]
    rounded = [(float(one), one) for one in constants]
    rounded += [(math.sqrt(n * math.pi), Constant(Fraction(1), n, 1)) for n in _RADICANDS]
    for (number, one), q in itertools.product(rounded, _FACTORS):
        yield float(q) * number, _times(q, one)
        yield q.numerator * number / q.denominator, _times(q, one)
        yield float(q) / number, _times(q, one.reciprocal)


def _times(q: Fraction, one: Constant) -> Constant:
    return replace(one, q=q * one.q)


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
