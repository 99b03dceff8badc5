"""A float as an exact constant: 1/3, 2π, √2/2, e, ln 2, or the decimal typed.

The graph keeps integers, fractions and typed decimals exact; a float is irrational or arbitrary. A
constant is recognised only where the float is the float64 nearest to it; one that is off by one ulp
stays a decimal.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

import sympy

from jacmagic.symbolic.formula.sympy_names import RootOfTwoPi
from jacmagic.symbolic.graph.constants import Constant, known_constant

_MIN_SIZE, _MAX_SIZE = 1e-9, 1e9  # of a float that may be a constant of mathematics
_ROOT_FACTORS = ((1.0, sympy.Integer(1)), (math.pi, sympy.pi), (1 / math.pi, 1 / sympy.pi))


def _near(a: float, b: float) -> bool:
    return a == b or abs(a - b) <= math.ulp(b)


def _multiple(size: float, unit: float, symbol: sympy.Expr, largest: int) -> sympy.Expr | None:
    """Return a short fraction of a unit, or None."""
    ratio = Fraction(size / unit).limit_denominator(largest)
    if ratio and ratio.numerator <= 1000 and _near(float(ratio) * unit, size):
        return sympy.Rational(ratio) * symbol
    return None


def _root(size: float) -> sympy.Expr | None:
    """Return √q, √(q·π) or √(q/π) of a short fraction q, or None."""
    for factor, symbol in _ROOT_FACTORS:
        ratio = Fraction(size * size / factor).limit_denominator(64)
        if ratio and ratio.numerator < 1000 and _near(math.sqrt(float(ratio) * factor), size):
            return sympy.sqrt(sympy.Rational(ratio) * symbol)
    return None


def _logarithm(size: float) -> sympy.Expr | None:
    """Return ln q of a short fraction q > 1, or None."""
    if size < 20:
        ratio = Fraction(math.exp(size)).limit_denominator(64)
        if 1 < ratio < 200 and _near(math.log(ratio), size):
            return sympy.log(sympy.Rational(ratio))
    return None


@lru_cache(maxsize=65536)
def number(value: int | Fraction | float) -> sympy.Expr:
    """Return the SymPy number of a graph's number."""
    if isinstance(value, int | Fraction):
        return sympy.Rational(value)
    if not math.isfinite(value):
        return sympy.sympify(value)
    size = abs(value)
    if not _MIN_SIZE < size < _MAX_SIZE:
        return sympy.Float(value, 17)
    constant = known_constant(size)
    if constant is not None:
        return _exactly(constant) if value > 0 else -_exactly(constant)
    candidates = (
        _multiple(size, 1.0, sympy.Integer(1), 1000),
        _multiple(size, math.pi, sympy.pi, 360),
        _multiple(size, math.e, sympy.E, 12),
        _root(size),
        _multiple(size, 1 / math.pi, 1 / sympy.pi, 360),
        _logarithm(size),
        *(_multiple(size, 1 / math.log(p), 1 / sympy.log(p), 12) for p in (2, 10)),
    )
    named = next((c for c in candidates if c is not None and float(c.evalf(40)) == size), None)
    if named is None:
        return sympy.Float(value, 17)
    return named if value > 0 else -named


def _exactly(constant: Constant) -> sympy.Expr:
    """Return a constant as an expression."""
    q = sympy.Rational(constant.q)
    root = sympy.sqrt(constant.n) * sympy.pi ** sympy.Rational(constant.k, 2)
    return q * root * sympy.log(constant.p) ** constant.e


@lru_cache(maxsize=65536)
def shown(value: int | Fraction | float) -> sympy.Expr:
    """Return the number as it is displayed: multiples of √(2π) and of 1/√(2π) as such."""
    constant = known_constant(abs(value)) if isinstance(value, float) else None
    if constant is None or constant.n != 2 or abs(constant.k) != 1:
        return number(value)
    q = sympy.Rational(constant.q)
    factor = q * RootOfTwoPi() if constant.k == 1 else 2 * q / RootOfTwoPi()
    return factor if value > 0 else -factor
