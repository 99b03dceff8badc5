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
from sympy.printing.pretty.pretty import PrettyPrinter
from sympy.printing.pretty.pretty_symbology import pretty_use_unicode
from sympy.printing.pretty.stringpict import prettyForm
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
    """Return a symbol whose numbers sort as numbers do."""
    name = re.sub(r"\d+", lambda found: found[0].zfill(6), symbol.name)
    return sympy.Symbol(name, **symbol.assumptions0)


class _Ordered:
    """The order of terms on a board: a positive term first."""

    def _as_ordered_terms(self, expr: Any, order: Any = None) -> Any:
        """Return the terms of a sum."""
        if self.order == "none":  # type: ignore[attr-defined]  # the printer's
            return super()._as_ordered_terms(expr, order)  # type: ignore[misc]
        terms = list(super()._as_ordered_terms(expr, order))  # type: ignore[misc]
        for place, term in enumerate(terms):
            if not term.could_extract_minus_sign():
                return [term, *terms[:place], *terms[place + 1 :]]
        return terms


class Line(_Ordered, StrPrinter):
    """Plain text on one line.

    Attributes:
        names: how some symbols are written.
    """

    names: Mapping[Any, str] = MappingProxyType({})

    def _print(self, expr: Any, **settings: Any) -> str:
        named = self.names.get(expr) if isinstance(expr, sympy.Basic) else None
        return named or str(super()._print(expr, **settings))


class _Terminal(PrettyPrinter):
    """Two dimensions of Unicode, with symbols that are written already."""

    def _print_Symbol(self, e: Any, bold_name: bool = False) -> Any:
        return prettyForm(e.name)


_WORD = re.compile(r"\\(?:mathrm|text){\w\w")
_WITHOUT_BRACKETS = tuple(
    getattr(sympy, name)
    for name in ("sin cos tan cot sec csc asin acos atan sinh cosh tanh log").split()
)


def _is_applied(factor: Any) -> bool:
    """Whether a factor is a function of one symbol or a power of it, as sin x or ln² x."""
    if factor.is_Pow and not factor.exp.could_extract_minus_sign():
        factor = factor.base
    return isinstance(factor, _WITHOUT_BRACKETS)


class _LatexWriter(_Ordered, LatexPrinter):
    """LaTeX with decimals as they are typed."""

    _bracket_all = False  # whether arguments get brackets even where they are one symbol

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self._taken = set(self._settings["symbol_names"].values())

    # ── products: no factor is ever read as a part of a function's argument ────────────────────

    def _print_Mul(self, expr: Any) -> str:
        """A sign, a fraction bar, and factors; those of functions without brackets come last."""
        if expr.could_extract_minus_sign():
            rest = -expr
            inner = self._print(rest)
            return rf"- \left({inner}\right)" if rest.is_Add else f"- {inner}"
        above, below = sympy.fraction(expr, exact=True)
        if below == 1:
            return self._factors(above)
        return rf"\frac{{{self._factors(above)}}}{{{self._factors(below)}}}"

    def _factors(self, product: Any) -> str:
        if not product.is_Mul:
            return str(self._print(product))
        if self.order == "none":
            factors = list(product.args)
        else:
            factors = sorted(product.as_ordered_factors(), key=_is_applied)
        made, before = "", ""
        for place, factor in enumerate(factors):
            last = place == len(factors) - 1
            shown = self._factor(factor, place == 0, last or _is_applied(factors[place + 1]))
            made += self._sign_between(before, shown) + shown if made else shown
            before = shown
        return made

    def _factor(self, factor: Any, first: bool, may_stay_open: bool) -> str:
        """One factor; a function's argument has brackets where a factor follows."""
        before, self._bracket_all = self._bracket_all, _is_applied(factor) and not may_stay_open
        shown = str(self._print(factor))
        self._bracket_all = before
        if self._needs_mul_brackets(factor, first=first, last=may_stay_open):
            return rf"\left({shown}\right)"
        return shown

    def _sign_between(self, left: str, right: str) -> str:
        """Return a dot between numbers and around words; else what the printer is set to."""
        if right[0].isdigit() or _WORD.match(right) or _WORD.match(left):
            return r" \cdot "
        return str(self._settings["mul_symbol_latex"])

    # ── functions ─────────────────────────────────────────────────────────────────────────────

    def _needs_function_brackets(self, expr: Any) -> bool:
        return self._bracket_all or not expr.is_Atom or (expr.is_number and expr.is_negative)

    def _print_Function(self, expr: Any, exp: Any = None) -> str:
        """Return a function; by its name in full where a variable has its letter."""
        before = self._bracket_all
        self._bracket_all |= not isinstance(expr, _WITHOUT_BRACKETS)
        shown = str(super()._print_Function(expr, exp))
        self._bracket_all = before
        head = shown.partition(r"\left(")[0].partition("^")[0].strip(" {")
        if head not in self._taken:
            return shown
        inner = ", ".join(map(self._print, expr.args))
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"\operatorname{{{expr.func.__name__}}}{power}\left({inner}\right)"

    def _print_exp(self, expr: Any, exp: Any = None) -> str:
        if "e" not in self._taken:
            return str(super()._print_ExpBase(expr, exp))
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"\exp{power}\left({self._print(expr.args[0])}\right)"

    def _print_Exp1(self, expr: Any) -> str:
        return r"\mathrm{e}" if "e" in self._taken else "e"

    def _print(self, expr: Any, **settings: Any) -> str:
        if expr is sympy.pi and r"\pi" in self._taken:
            return r"\operatorname{pi}"
        return str(super()._print(expr, **settings))

    def _print_sigmoid(self, expr: Any, exp: Any = None) -> str:
        name = r"\operatorname{sigmoid}" if r"\sigma" in self._taken else r"\sigma"
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"{name}{power}\left({self._print(expr.args[0])}\right)"

    def _print_atan2(self, expr: Any, exp: Any = None) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        inner = ", ".join(map(self._print, expr.args))
        return rf"\operatorname{{atan2}}{power}\left({inner}\right)"

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
    return _LatexWriter(settings).doprint(_with_decimals(expression, renamed))


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
