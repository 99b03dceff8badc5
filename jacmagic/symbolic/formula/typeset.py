"""SymPy expressions as LaTeX and as text, as they are written in mathematics.

Typed decimals print as decimals, halves and thirds as fractions; logarithms as ln, inverse
functions as arcsin. The variables' names are LaTeX already, so user text is never interpreted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import sympy
from sympy.printing.pretty.pretty import PrettyPrinter
from sympy.printing.pretty.pretty_symbology import pretty_use_unicode
from sympy.printing.pretty.stringpict import prettyForm
from sympy.printing.str import StrPrinter

from jacmagic.symbolic.formula.latex_writer import LatexWriter
from jacmagic.symbolic.formula.term_order import PositiveFirst


class Line(PositiveFirst, StrPrinter):
    """Printer of plain text on one line.

    Attributes:
        names: how some symbols are written.
    """

    names: Mapping[Any, str] = MappingProxyType({})

    def _print(self, expr: Any, **settings: Any) -> str:
        named = self.names.get(expr) if isinstance(expr, sympy.Basic) else None
        return named or str(super()._print(expr, **settings))


class _Terminal(PrettyPrinter):
    """Printer of two-dimensional Unicode whose symbols are text already."""

    def _print_Symbol(self, e: Any, bold_name: bool = False) -> Any:
        return prettyForm(e.name)


def _terminates(value: sympy.Rational) -> bool:
    """Whether a fraction is shown as a decimal: 11/10 is 1.1, but 1/2 and 8/3 stay."""
    rest = value.q
    if rest in (1, 2, 4, 8):
        return False
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


_HIGH = re.compile(r"\d\d")


def _padded(symbol: sympy.Symbol) -> sympy.Symbol:
    """Return a symbol whose numbers sort as numbers do."""
    name = re.sub(r"\d+", lambda digits: digits[0].zfill(6), symbol.name)
    return sympy.Symbol(name, **symbol.assumptions0)


_BUILT_AS_IS = (
    *(sympy.Add, sympy.Mul, sympy.Pow, sympy.Function, sympy.Max, sympy.Min),
    *(sympy.Rel, sympy.And, sympy.Or),
)


def _with_decimals(expr: Any, renamed: Mapping[Any, Any] = MappingProxyType({})) -> Any:
    """Replace terminating fractions by floats, and symbols, without re-evaluation."""
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
    """Return symbols that sort x₂ before x₁₀; none where all indices have one digit."""
    symbols: set[Any] = getattr(expression, "free_symbols", set())
    high = any(_HIGH.search(symbol.name) for symbol in symbols)
    return {symbol: _padded(symbol) for symbol in symbols} if high else {}


def tex(
    expression: Any, names: Mapping[sympy.Symbol, str], *, written: bool = False, dots: bool = False
) -> str:
    """Write an expression as LaTeX.

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
    return LatexWriter(settings).doprint(_with_decimals(expression, renamed))


def substituted(expression: Any, numbers: Mapping[sympy.Symbol, str]) -> str:
    """Write an expression as LaTeX with numbers for its symbols, not yet computed.

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


def plain(
    expression: Any, names: Mapping[sympy.Symbol, str] | None = None, *, written: bool = False
) -> str:
    """Return an expression as plain text on one line, its symbols under these names.

    Args:
        expression: a SymPy expression.
        names: text of each symbol; SymPy's own for those not named.
        written: keep the order of terms as the expression holds it.
    """
    line = Line({"order": "none"} if written else {})
    line.names = names or {}
    return str(line.doprint(expression))


def pretty(expression: Any, names: Mapping[sympy.Symbol, str]) -> str:
    """Return an expression or matrix in two dimensions of Unicode, for a terminal."""
    decimals = expression.applyfunc(_with_decimals) if expression.is_Matrix else expression
    shown = _renamed(decimals, names)
    before = pretty_use_unicode(True)  # as sympy.pretty does, which takes no printer
    try:
        return str(_Terminal({"wrap_line": False, "full_prec": False}).doprint(shown))
    finally:
        pretty_use_unicode(before)


def _renamed(expression: Any, names: Mapping[sympy.Symbol, str]) -> Any:
    return expression.xreplace({symbol: sympy.Symbol(name) for symbol, name in names.items()})
