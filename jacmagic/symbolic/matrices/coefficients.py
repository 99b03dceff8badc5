"""The numbers that multiply an array, gathered from nested products into one fraction."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import sympy

from jacmagic.symbolic.matrices.expressions import Expression
from jacmagic.symbolic.numbers import shown

_POWERS = {"reciprocal": -1, "square": 2, "cube": 3}


@dataclass
class Product:
    """A product of numbers and at most one array.

    Attributes:
        value: the product of the numbers that are known.
        exponents: the exponent of each other number.
        array: the vector or matrix; None where all are numbers.
    """

    value: float = 1.0
    exponents: dict[Expression, float] = field(default_factory=dict)
    array: Expression | None = None

    def take(self, x: Expression, exponent: float, kept: frozenset[Expression]) -> None:
        """Multiply by xⁿ; the parts that are `kept` are not taken apart."""
        if x in kept:
            self._put(x, exponent)
        elif x.operation == "number":
            self.value *= x.value**exponent
        elif x.operation == "neg":
            self.value *= -(1.0**exponent)
            self.take(x.arguments[0], exponent, kept)
        elif x.operation == "scale":
            for part in x.arguments:
                self.take(part, exponent, kept)
        elif x.operation == "inverse":
            self.take(x.arguments[0], -exponent, kept)
        elif x.operation == "power":
            self.take(x.arguments[0], exponent * x.arguments[1].value, kept)
        elif not x.shape and x.operation == "apply" and x.name in _POWERS:
            self.take(x.arguments[0], exponent * _POWERS[x.name], kept)
        else:
            self._put(x, exponent)

    def _put(self, x: Expression, exponent: float) -> None:
        if x.shape:
            self.array = x
        else:
            self.exponents[x] = self.exponents.get(x, 0.0) + exponent


def fraction_of(value: float) -> tuple[sympy.Expr, sympy.Expr] | None:
    """Return numerator and denominator of a positive constant of mathematics; None for decimals."""
    n = round(value**-2) if 1e-6 < value < 1 else 0
    if n > 1 and value in (1 / math.sqrt(n), math.sqrt(1 / n)):
        return sympy.Integer(1), sympy.sqrt(n)
    exact = shown(value)
    if exact.is_Float or (exact.is_Rational and exact.p != 1):
        return None
    above, below = sympy.fraction(exact)
    return above, below
