"""SymPy's LaTeX printer, adapted to formulas as they are written in mathematics.

Decimals print as typed; no factor can be read as part of a function's argument; where a variable
is called e, π or σ, the constant or function of that name is written out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from types import MappingProxyType
from typing import Any

import sympy
from sympy.printing.latex import LatexPrinter

from jacmagic.render.latex import number

DECIMALS = 6  # significant digits of a decimal number within an expression
_WORD = re.compile(r"\\(?:mathrm|text){\w\w")
_BRACKETED = re.compile(r"\\left\(((?:(?!\\left|\\right).)*)\\right\)")
_FUNCTION = 3  # the rank of sin x: it stands last in a product
_HALF = sympy.Rational(1, 2)
_WITHOUT_BRACKETS = tuple(
    getattr(sympy, name)
    for name in ("sin cos tan cot sec csc asin acos atan sinh cosh tanh log").split()
)


def _is_applied(factor: Any) -> bool:
    """Whether a factor is written without brackets around its argument: sin x, ln² x."""
    if factor.is_Pow and not factor.exp.could_extract_minus_sign():
        factor = factor.base
    return isinstance(factor, _WITHOUT_BRACKETS)


def rank(factor: Any) -> int:
    """Rank a factor's kind in a product: n xⁿ⁻¹ (x + 1) sin x."""
    if _is_applied(factor):
        return _FUNCTION
    base, exponent = factor.as_base_exp()
    if not (base.is_Symbol or base.is_number) or base is sympy.E:
        return 2
    return int(bool(exponent.free_symbols))


def _root_below(above: Any, below: Any) -> tuple[Any, Any]:
    """Return a fraction with x/√2 for √2 x/2; a number alone, such as √2/2, stays."""
    factors = sympy.Mul.make_args(above)
    root = next((f for f in factors if f.is_Pow and f.exp == _HALF and f.base.is_Integer), None)
    if root is None or all(factor.is_number for factor in factors):
        return above, below
    count, rest = below.as_coeff_Mul()
    if not count.is_Integer or count % root.base:
        return above, below
    others = [factor for factor in factors if factor is not root]
    divisors = [divisor for divisor in (count / root.base, root, rest) if divisor != 1]
    return sympy.Mul(*others, evaluate=False), sympy.Mul(*divisors, evaluate=False)


def ranks_of(symbols: Iterable[Any]) -> dict[Any, int]:
    """Return the position of each symbol."""
    return {symbol: k for k, symbol in enumerate(symbols)}


class CodeOrder:
    """A mixin for SymPy's printers: a positive term first, sums of the code as they stand.

    Attributes:
        kept: the sums whose terms stay as they stand.
        ranks: the positions of symbols in print.
    """

    kept: Set[Any] = frozenset()
    ranks: Mapping[Any, int] = MappingProxyType({})

    def _as_ordered_terms(self, expr: Any, order: Any = None) -> Any:
        """Return the terms of a sum."""
        if expr in self.kept:
            return list(expr.args)
        if self.order == "none":  # type: ignore[attr-defined]  # the printer's
            return super()._as_ordered_terms(expr, order)  # type: ignore[misc]
        terms = list(super()._as_ordered_terms(expr, order))  # type: ignore[misc]
        for k, term in enumerate(terms):
            if not term.could_extract_minus_sign():
                return [term, *terms[:k], *terms[k + 1 :]]
        return terms

    def _ordered_factors(self, product: Any) -> list[Any]:
        return sorted(product.as_ordered_factors(), key=self._position)

    def _position(self, factor: Any) -> tuple[int, int]:
        """Rank a factor by its kind, functions of one variable each in the variables' order."""
        if factor.is_Pow and factor.exp.could_extract_minus_sign():
            factor = 1 / factor  # as it stands below a fraction bar
        kind, variables = rank(factor), factor.free_symbols
        order = self.ranks.get(next(iter(variables)), 0) if len(variables) == 1 else len(self.ranks)
        return kind, order if kind == _FUNCTION else 0


class LatexWriter(CodeOrder, LatexPrinter):
    """SymPy's LaTeX printer with decimals as typed, ln, and unambiguous arguments."""

    _bracket_all = False  # whether arguments get brackets even where they are one symbol

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        names = self._settings["symbol_names"]
        self._taken, self.ranks = set(names.values()), ranks_of(names)

    # ── products: no factor is ever read as a part of a function's argument ────────────────────

    def _print_Mul(self, expr: Any) -> str:
        """Write a sign, a fraction bar, factors; powers like xⁿ and functions come last."""
        if expr.could_extract_minus_sign():
            rest = -expr
            inner = self._print(rest)
            return rf"- \left({inner}\right)" if rest.is_Add else f"- {inner}"
        above, below = _root_below(*sympy.fraction(expr, exact=True))
        if below == 1:
            return self._factors(above)
        above_tex = self._factors(above)
        if above.is_Symbol:  # a number in brackets needs none above a fraction bar
            whole = _BRACKETED.fullmatch(above_tex)
            above_tex = whole[1] if whole else above_tex
        return rf"\frac{{{above_tex}}}{{{self._factors(below)}}}"

    def _factors(self, product: Any) -> str:
        if not product.is_Mul:
            return str(self._print(product))
        factors = list(product.args) if self.order == "none" else self._ordered_factors(product)
        product_tex, before = "", ""
        for k, factor in enumerate(factors):
            last = k == len(factors) - 1
            shown = self._factor(factor, k == 0, last or _is_applied(factors[k + 1]))
            product_tex += self._sign_between(before, shown) + shown if product_tex else shown
            before = shown
        return product_tex

    def _factor(self, factor: Any, first: bool, may_stay_open: bool) -> str:
        """Write one factor; a function's argument has brackets where a factor follows."""
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

    def parenthesize_super(self, s: str) -> str:
        """Return a base whose LaTeX has a power, in one pair of brackets."""
        return s if _BRACKETED.fullmatch(s) else str(super().parenthesize_super(s))

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
        return self._called(expr, exp) if head in self._taken else shown

    def _called(self, expr: Any, exp: Any, name: str = "") -> str:
        """Return a function by its name in full, or by another name, and all arguments."""
        name = name or rf"\operatorname{{{expr.func.__name__}}}"
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"{name}{power}\left({', '.join(map(self._print, expr.args))}\right)"

    def _print_exp(self, expr: Any, exp: Any = None) -> str:
        if "e" not in self._taken:
            return str(super()._print_ExpBase(expr, exp))
        return self._called(expr, exp, r"\exp")

    def _print_Exp1(self, expr: Any) -> str:
        return r"\mathrm{e}" if "e" in self._taken else "e"

    def _print(self, expr: Any, **settings: Any) -> str:
        if expr is sympy.pi and r"\pi" in self._taken:
            return r"\operatorname{pi}"
        return str(super()._print(expr, **settings))

    def _print_sigmoid(self, expr: Any, exp: Any = None) -> str:
        return self._called(expr, exp, "" if r"\sigma" in self._taken else r"\sigma")

    def _print_polygamma(self, expr: Any, exp: Any = None) -> str:
        order, inner = map(self._print, expr.args)
        raised = "" if order == "0" else rf"^{{\left({order}\right)}}"
        shown = rf"\psi{raised}\left({inner}\right)"
        if r"\psi" in self._taken:
            shown = rf"\operatorname{{polygamma}}\left({order}, {inner}\right)"
        return shown if exp is None else rf"{{{shown}}}^{{{exp}}}"

    def _print_atan2(self, expr: Any, exp: Any = None) -> str:
        return self._called(expr, exp)

    def _print_log(self, expr: Any, exp: Any = None) -> str:
        inner = self._print(expr.args[0])
        if self._needs_function_brackets(expr.args[0]):
            inner = rf"\left({inner} \right)"
        return rf"\ln{{{inner}}}" if exp is None else rf"\ln^{{{exp}}}{{{inner}}}"

    def _print_Float(self, expr: sympy.Float) -> str:
        return number(float(expr), DECIMALS)

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
