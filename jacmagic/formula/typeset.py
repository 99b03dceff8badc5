"""SymPy expressions as LaTeX, the way a lecturer writes them on a board.

Typed decimals print as decimals, halves and thirds as fractions; logarithms as ln, inverse
functions as arcsin. The variables' names arrive ready-made, so user text is never interpreted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import sympy
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter


def _terminates(value: sympy.Rational) -> bool:
    """Whether a fraction reads better as a decimal: 11/10 is 1.1, but 1/2 and 8/3 stay."""
    rest = value.q
    if rest in (1, 2, 4, 8):
        return False
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


_HIGH = re.compile(r"\d\d")


def _padded(symbol: sympy.Symbol) -> sympy.Symbol:
    """A symbol whose numbers sort as numbers do."""
    name = re.sub(r"\d+", lambda found: found[0].zfill(6), symbol.name)
    return sympy.Symbol(name, **symbol.assumptions0)


class _Ordered:
    """The order of terms on a board: a positive term first."""

    def _as_ordered_terms(self, expr: Any, order: Any = None) -> Any:
        """The terms of a sum."""
        if self.order == "none":  # type: ignore[attr-defined]  # the printer's
            return super()._as_ordered_terms(expr, order)  # type: ignore[misc]
        terms = list(super()._as_ordered_terms(expr, order))  # type: ignore[misc]
        for place, term in enumerate(terms):
            if not term.could_extract_minus_sign():
                return [term, *terms[:place], *terms[place + 1 :]]
        return terms


class _Line(_Ordered, StrPrinter):
    """Plain text on one line."""


class _Board(_Ordered, LatexPrinter):
    """LaTeX with decimals as they are typed."""

    def _needs_function_brackets(self, expr: Any) -> bool:
        return not expr.is_Atom

    def _print_log(self, expr: Any, exp: Any = None) -> str:
        inner = self._print(expr.args[0])
        if self._needs_function_brackets(expr.args[0]):
            inner = rf"\left({inner} \right)"
        return rf"\ln{{{inner}}}" if exp is None else rf"\ln^{{{exp}}}{{{inner}}}"

    def _print_Float(self, expr: sympy.Float) -> str:
        mantissa, _, exponent = f"{float(expr):.6g}".partition("e")
        return mantissa if not exponent else rf"{mantissa} \cdot 10^{{{int(exponent)}}}"

    def _print_Derivative(self, expr: sympy.Derivative) -> str:
        (variable, _) = expr.variable_count[0]
        inner = self._print(expr.expr)
        below = self._print(variable)
        if isinstance(expr.expr, sympy.Symbol):
            return rf"\frac{{\partial {inner}}}{{\partial {below}}}"
        return rf"\frac{{\partial}}{{\partial {below}}} \left({inner}\right)"

    def _print_Piecewise(self, expr: sympy.Piecewise, exp: str | None = None) -> str:
        cases = super()._print_Piecewise(expr)
        return cases if exp is None else rf"\left({cases}\right)^{{{exp}}}"

    def _print_Heaviside(self, expr: Any, exp: Any = None) -> str:
        condition = self._print(expr.args[0])
        return rf"\left[{condition} > 0\right]"


_BUILT_AS_IS = (
    *(sympy.Add, sympy.Mul, sympy.Pow, sympy.Function, sympy.Max, sympy.Min),
    *(sympy.Rel, sympy.And, sympy.Or),
)


def _with_decimals(expr: Any, renamed: Mapping[Any, Any] = MappingProxyType({})) -> Any:
    """Replace terminating fractions by floats, and symbols, without re-evaluating anything."""
    if expr in renamed:
        return renamed[expr]
    if isinstance(expr, sympy.Rational) and _terminates(expr):
        return sympy.Float(float(expr), 15)
    if not getattr(expr, "args", ()):
        return expr
    arguments = [_with_decimals(argument, renamed) for argument in expr.args]
    if all(new is old for new, old in zip(arguments, expr.args, strict=True)):
        return expr
    if isinstance(expr, _BUILT_AS_IS):
        return expr.func(*arguments, evaluate=False)
    return expr.func(*arguments)


def _in_order(expression: Any) -> dict[Any, Any]:
    """Symbols under which x₂ comes before x₁₀; none where all indices have one digit."""
    symbols: set[Any] = getattr(expression, "free_symbols", set())
    high = any(_HIGH.search(symbol.name) for symbol in symbols)
    return {symbol: _padded(symbol) for symbol in symbols} if high else {}


def tex(
    expression: Any, names: Mapping[sympy.Symbol, str], *, written: bool = False, dots: bool = False
) -> str:
    """LaTeX of an expression.

    Args:
        expression: a SymPy expression.
        names: LaTeX of each symbol.
        written: keep the order of terms as the expression holds it.
        dots: put a dot between the factors of a product.

    Returns:
        LaTeX without delimiters.
    """
    settings = {
        "ln_notation": True,
        "inv_trig_style": "full",
        "fold_func_brackets": True,
        "mul_symbol": "dot" if dots else None,
        "order": "none" if written else None,
    }
    renamed = {} if written else _in_order(expression)
    shown = dict(names)
    shown.update({padded: names.get(s, s.name) for s, padded in renamed.items()})
    settings["symbol_names"] = shown
    return _Board(settings).doprint(_with_decimals(expression, renamed))


def substituted(expression: Any, numbers: Mapping[sympy.Symbol, str]) -> str:
    """LaTeX of an expression with numbers in the places of its symbols, not yet computed.

    Args:
        expression: a SymPy expression.
        numbers: LaTeX of each symbol's number; negative ones get brackets inside products.
    """
    if isinstance(expression, sympy.Symbol):
        return numbers[expression]
    shown = {
        symbol: rf"\left({text}\right)" if text.startswith("-") or r"\cdot" in text else text
        for symbol, text in numbers.items()
    }
    return tex(expression, shown, dots=True)


def plain(expression: Any) -> str:
    """An expression as plain text on one line."""
    return str(_Line().doprint(expression))


def pretty(expression: Any, names: Mapping[sympy.Symbol, str]) -> str:
    """An expression or matrix in two dimensions of Unicode, for a terminal."""
    renamed = {symbol: sympy.Symbol(name) for symbol, name in names.items()}
    decimals = expression.applyfunc(_with_decimals) if expression.is_Matrix else expression
    return str(
        sympy.pretty(decimals.xreplace(renamed), use_unicode=True, wrap_line=False, full_prec=False)
    )
