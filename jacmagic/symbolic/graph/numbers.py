"""The numbers of the graph: integers and fractions where meant, else floats."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

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
