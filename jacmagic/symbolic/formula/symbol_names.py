"""Texts of symbols with the order in which they are printed, and expressions arranged for it.

SymPy's printers sort symbols by name, so that a + b of the code may come out as b + a. For print,
symbols are replaced by others whose names sort as wanted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import sympy

from jacmagic.symbolic.formula.sympy_names import NamedNumber, RootOfTwoPi

Sums = Mapping[Any, tuple[Any, ...]]
_NO_SUMS: Sums = MappingProxyType({})
_HIGH = re.compile(r"\d\d")
_BUILT_AS_IS = (
    *(sympy.Add, sympy.Mul, sympy.Pow, sympy.Function, sympy.Max, sympy.Min),
    *(sympy.Rel, sympy.And, sympy.Or),
)


class SymbolNames(dict[Any, str]):
    """The text of each symbol; the order of the keys is the order of symbols in print.

    Attributes:
        sums: the terms of the code's sums in its order, by the sum in SymPy's order.
    """

    sums: Sums = _NO_SUMS

    def __init__(self, names: Mapping[Any, str], sums: Sums) -> None:
        super().__init__(names)
        self.sums = sums


def with_texts(names: Mapping[Any, str], texts: Mapping[Any, str]) -> Mapping[Any, str]:
    """Return other texts of the same symbols, in the same order."""
    return SymbolNames(texts, names.sums) if isinstance(names, SymbolNames) else texts


class Arranged:
    """An expression whose symbols sort as they are to be printed.

    Attributes:
        expression: the expression, with decimals for fractions that terminate.
        names: the text of each symbol in it.
        sums: the sums whose terms are printed as they stand.
    """

    def __init__(
        self, expression: Any, names: Mapping[Any, str], *, written: bool, decimals: bool
    ) -> None:
        """Arrange an expression; one that is `written` keeps its order as it is."""
        self._decimals, self.sums = decimals, set[Any]()
        self._known = names.sums if isinstance(names, SymbolNames) and not written else _NO_SUMS
        self._renamed = {} if written else _sorted_symbols(expression, names)
        self.names = dict(names)
        self.names.update({new: names.get(s, s.name) for s, new in self._renamed.items()})
        self.expression = self._of(expression)

    def _of(self, expr: Any) -> Any:
        """Return a part rebuilt without evaluation; itself where nothing changes."""
        if expr in self._renamed:
            return self._renamed[expr]
        if self._decimals and isinstance(expr, sympy.Rational) and terminates(expr):
            return sympy.Float(float(expr), 15)
        parts = getattr(expr, "args", ())
        if not parts or isinstance(expr, NamedNumber):
            return expr
        if (terms := self._known.get(expr)) is not None:
            rebuilt = sympy.Add(*map(self._of, terms), evaluate=False)
            self.sums.add(rebuilt)
            return rebuilt
        arguments = [self._of(part) for part in parts]
        if all(new is old for new, old in zip(arguments, parts, strict=True)):
            return expr
        if isinstance(expr, _BUILT_AS_IS):
            return expr.func(*arguments, evaluate=False)
        return expr.func(*arguments)


def terminates(value: sympy.Rational) -> bool:
    """Whether a fraction is shown as a decimal: 11/10 is 1.1, but 1/2 and 8/3 stay."""
    q = int(value.q)
    return q not in (1, 2, 4, 8) and pow(10, q.bit_length(), q) == 0  # no prime but 2 and 5


def _sorted_symbols(expression: Any, names: Mapping[Any, str]) -> dict[Any, Any]:
    """Return symbols that sort as the names do; without an order, x₂ before x₁₀."""
    symbols: set[Any] = getattr(expression, "free_symbols", set())
    if not isinstance(names, SymbolNames):
        high = any(_HIGH.search(symbol.name) for symbol in symbols)
        return {symbol: _padded(symbol) for symbol in symbols} if high else {}
    constants = expression.atoms(NamedNumber) - expression.atoms(RootOfTwoPi)  # its own notation
    symbols = symbols | constants
    ranked: dict[Any, Any] = {
        symbol: sympy.Symbol(f"a{rank:06d}", real=True)
        for rank, symbol in enumerate(names)
        if symbol in symbols
    }
    return ranked | {symbol: _padded(symbol) for symbol in symbols if symbol not in ranked}


def _padded(symbol: sympy.Symbol) -> sympy.Symbol:
    """Return a symbol whose numbers sort as numbers do, after those that have a rank."""
    name = re.sub(r"\d+", lambda digits: digits[0].zfill(6), symbol.name)
    return sympy.Symbol(f"b{name}", real=True)
