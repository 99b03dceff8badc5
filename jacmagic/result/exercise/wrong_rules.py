"""Derivatives by wrong rules, as expressions: what a student writes who makes one mistake.

Each is a derivative in which one rule is a wrong one throughout; for feedback in exported
questions, where no judge runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sympy

MAX_OPERATIONS = 120  # of an output whose wrong derivatives are written out
RULES = ("inner", "product", "quotient order", "power", "constant", "logarithm", "exponential")


@dataclass(frozen=True)
class Differentiation:
    """The derivative of an expression by a symbol with one rule replaced.

    Attributes:
        symbol: the variable.
        wrong: the rule that is a wrong one; one of `RULES`.
    """

    symbol: Any
    wrong: str

    def of(self, one: Any) -> Any:
        """Return the derivative of an expression."""
        if not one.has(self.symbol):
            return sympy.Integer(0)
        if one == self.symbol:
            return sympy.Integer(1)
        if one.is_Add:
            constant = [part for part in one.args if not part.has(self.symbol)]
            kept = sympy.Add(*constant) if self.wrong == "constant" else 0
            return sympy.Add(*map(self.of, one.args)) + kept
        if one.is_Mul:
            return self._product(one)
        if isinstance(one, sympy.Pow) and not one.exp.has(self.symbol):
            return self._power(one)
        return self._function(one)

    def _product(self, one: Any) -> Any:
        above, below = sympy.fraction(one)
        if below.has(self.symbol) and above.has(self.symbol):
            du, dv = self.of(above), self.of(below)
            sign = -1 if self.wrong == "quotient order" else 1
            return sign * (du * below - above * dv) / below**2
        varying = [part for part in one.args if part.has(self.symbol)]
        fixed = sympy.Mul(*(part for part in one.args if not part.has(self.symbol)))
        if len(varying) == 1:
            return fixed * self.of(varying[0])
        if self.wrong == "product":
            return fixed * sympy.Mul(*map(self.of, varying))
        u, v = varying[0], sympy.Mul(*varying[1:])
        return fixed * (self.of(u) * v + u * self.of(v))

    def _power(self, one: Any) -> Any:
        base, n = one.base, one.exp
        inner = 1 if self.wrong == "inner" else self.of(base)
        return n * (base**n if self.wrong == "power" else base ** (n - 1)) * inner

    def _function(self, one: Any) -> Any:
        u = one.args[-1]
        if len(one.args) != 1 or isinstance(one, sympy.Pow):
            return one.diff(self.symbol)
        inner = 1 if self.wrong == "inner" else self.of(u)
        if self.wrong == "logarithm" and isinstance(one, sympy.log):
            return one * inner
        if self.wrong == "exponential" and isinstance(one, sympy.exp):
            return u * sympy.exp(u - 1) * inner
        hole = sympy.Symbol("jm_hole", real=True)
        return one.func(hole).diff(hole).xreplace({hole: u}) * inner


def wrong_entries(outputs: Any, matrix: Any, symbols: Any, i: int, j: int) -> Iterator[Any]:
    """Yield what the entry (i, j) is mistaken for, the most likely first; some may be right.

    Args:
        outputs: SymPy vector of the function, (m, 1).
        matrix: its Jacobian, (m, n).
        symbols: the n symbols.
        i: the row.
        j: the column.
    """
    whole, right = outputs[i], matrix[i, j]
    if whole.count_ops() <= MAX_OPERATIONS and not whole.has(sympy.Piecewise):
        for rule in RULES:
            yield Differentiation(symbols[j], rule).of(whole)
    yield -right
    if j < matrix.rows and i < matrix.cols:
        yield matrix[j, i]
    yield from (matrix[i, k] for k in range(matrix.cols) if k != j)
    yield whole
