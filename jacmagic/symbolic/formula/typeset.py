"""SymPy expressions as LaTeX and as text, as they are written in mathematics.

Typed decimals print as decimals, halves and thirds as fractions; logarithms as ln, inverse
functions as arcsin. The variables' names are LaTeX already, so user text is never interpreted.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import sympy
from sympy.core.mul import _keep_coeff
from sympy.printing.pretty.pretty import PrettyPrinter
from sympy.printing.pretty.pretty_symbology import pretty_use_unicode
from sympy.printing.pretty.stringpict import prettyForm
from sympy.printing.str import StrPrinter

from jacmagic.labels import Label
from jacmagic.render.page import TERMINAL_LETTERS
from jacmagic.render.text import number
from jacmagic.render.typed import Level, TypedLatex
from jacmagic.symbolic.formula.latex_writer import DECIMALS, CodeOrder, LatexWriter, ranks_of
from jacmagic.symbolic.formula.symbol_names import Arranged, with_texts

_UNIT = re.compile("\ue000(.*?)\ue001(?P<power>(?=\\^))?", re.DOTALL)


class Line(CodeOrder, StrPrinter):
    """Printer of plain text on one line.

    Attributes:
        names: how some symbols are written.
    """

    names: Mapping[Any, str] = MappingProxyType({})

    def _print(self, expr: Any, **settings: Any) -> str:
        named = self.names.get(expr) if isinstance(expr, sympy.Basic) else None
        return named or str(super()._print(expr, **settings))

    def _print_Float(self, expr: Any) -> str:
        return number(float(expr), DECIMALS)

    def _print_Mul(self, expr: Any) -> str:
        coefficient, rest = expr.as_coeff_Mul()
        if coefficient < 0 and (positive := _keep_coeff(-coefficient, rest)).is_Mul:
            return f"-{self._print_Mul(positive)}"
        product = _Ordered._from_args(expr.args)
        product.factors = self._ordered_factors(expr)
        return str(super()._print_Mul(product))


class _Ordered(sympy.Mul):
    """A product whose factors SymPy's printer takes in the order of LaTeX."""

    factors: Sequence[Any] = ()

    def as_ordered_factors(self, order: Any = None) -> list[Any]:
        """Return the factors."""
        return list(self.factors)


class _Terminal(CodeOrder, PrettyPrinter):
    """Printer of two-dimensional Unicode whose symbols are text already."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self.names: dict[Any, str] = {}
        self.kept: set[Any] = set()

    def emptyPrinter(self, expr: Any) -> Any:
        """Write on one line what SymPy's printer has no method for, such as a maximum."""
        line = Line({})
        line.names, line.kept, line.ranks = self.names, self.kept, self.ranks
        return prettyForm(line.doprint(expr))

    def _print_Symbol(self, e: Any, bold_name: bool = False) -> Any:
        return prettyForm(self.names.get(e, e.name))

    def _print_Float(self, e: Any) -> Any:
        return prettyForm(number(float(e), DECIMALS))

    def _print_Mul(self, product: Any) -> Any:
        """Write a fraction; SymPy's own method first loads all of its physical units (0.1 s)."""
        if product.args[0] is sympy.S.One or any(arg.is_Number for arg in product.args[1:]):
            return super()._print_Mul(product)  # not evaluated
        above, below = [], []
        for factor in self._ordered_factors(product):
            if factor.is_Rational:
                above += [sympy.Integer(factor.p)] * (factor.p != 1)
                below += [sympy.Integer(factor.q)] * (factor.q != 1)
            elif factor.is_Pow and factor.exp.is_Rational and factor.exp.is_negative:
                below.append(sympy.Pow(factor.base, -factor.exp, evaluate=factor.exp == -1))
            else:
                above.append(factor)
        numerator = prettyForm.__mul__(*map(self._print, above or [sympy.S.One]))
        return numerator / prettyForm.__mul__(*map(self._print, below)) if below else numerator


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
    arranged = Arranged(expression, names, written=written, decimals=True)
    writer = LatexWriter({**settings, "symbol_names": arranged.names})
    writer.kept = arranged.sums
    return writer.doprint(arranged.expression)


def substituted(expression: Any, numbers: Mapping[sympy.Symbol, str]) -> str:
    """Write an expression as LaTeX with numbers for its symbols, not yet computed.

    Args:
        expression: a SymPy expression.
        numbers: LaTeX of each symbol's number; negative ones get brackets inside products, and
            typed expressions below a power.
    """
    if isinstance(expression, sympy.Symbol):
        return numbers[expression]
    shown = {symbol: _put_in(text) for symbol, text in numbers.items()}
    source = tex(expression, with_texts(numbers, shown), dots=True)
    return _UNIT.sub(
        lambda unit: unit[1] if unit["power"] is None else rf"\left({unit[1]}\right)", source
    )


def _put_in(text: str) -> str:
    """Return a number's LaTeX in brackets, or marked where only a power needs them."""
    if isinstance(text, TypedLatex) and text.typed.level > Level.SUM:
        return text if text.typed.level is Level.ATOM else f"\ue000{text}\ue001"
    is_sum = isinstance(text, TypedLatex) or text.startswith("-") or r"\cdot" in text
    return rf"\left({text}\right)" if is_sum else text


def plain(
    expression: Any, names: Mapping[sympy.Symbol, str] | None = None, *, written: bool = False
) -> str:
    """Return an expression as plain text on one line, its symbols under these names.

    Args:
        expression: a SymPy expression.
        names: text of each symbol; SymPy's own for those not named.
        written: keep the order of terms as the expression holds it.
    """
    arranged = Arranged(expression, names or {}, written=written, decimals=False)
    line = Line({"order": "none"} if written else {})
    line.names, line.kept, line.ranks = arranged.names, arranged.sums, ranks_of(arranged.names)
    return _without_spare_brackets(str(line.doprint(arranged.expression)))


def _without_spare_brackets(text: str) -> str:
    """Return text without brackets around brackets or around a single call: a/((b*c)), a/(f(x))."""
    opened: list[int] = []
    pairs: dict[int, int] = {}
    for k, character in enumerate(text):
        if character == "(":
            opened.append(k)
        elif character == ")" and opened:
            pairs[opened.pop()] = k
    spare = set[int]()
    for start, end in pairs.items():
        inner = re.compile(r"\w*\(").match(text, start + 1)
        is_call = start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_")
        if inner and not is_call and pairs.get(inner.end() - 1) == end - 1:
            spare |= {start, end}
    return "".join(character for k, character in enumerate(text) if k not in spare)


def pretty(expression: Any, names: Mapping[sympy.Symbol, str]) -> str:
    """Return an expression or matrix in two dimensions of Unicode, for a terminal."""
    cells = list(expression) if expression.is_Matrix else [expression]
    shown = [Arranged(cell, names, written=False, decimals=True) for cell in cells]
    printer = _Terminal({"wrap_line": False, "full_prec": False})
    for cell in shown:
        printer.names.update(cell.names)
        printer.kept |= cell.sums
    arranged_last = sorted(printer.names.keys() - names.keys(), key=str)  # they sort as wanted
    printer.ranks = ranks_of([*names, *arranged_last])
    arranged = shown[0].expression
    if expression.is_Matrix:
        arranged = sympy.Matrix(*expression.shape, [cell.expression for cell in shown])
    before = pretty_use_unicode(True)  # as sympy.pretty does, which takes no printer
    try:
        return str(printer.doprint(arranged))
    finally:
        pretty_use_unicode(before)


# ── a matrix that is wider than a terminal ────────────────────────────────────────────────────────


MAX_ENTRIES = 24  # about a terminal's lines


def listed(
    matrix: Any, rows: Sequence[Label], columns: Sequence[Label], names: Mapping[Any, str]
) -> list[str]:
    """Return the entries that are not zero, "∂f₁/∂x = 2*x", the first `MAX_ENTRIES` of them."""
    positions = [(i, j) for i in range(len(rows)) for j in range(len(columns)) if matrix[i, j] != 0]
    lines = []
    for i, j in positions[:MAX_ENTRIES]:
        head = f"  ∂{rows[i].unicode}/∂{columns[j].unicode} = "
        lines += wrapped(head, plain(matrix[i, j], names))
    more = len(positions) > MAX_ENTRIES
    return [*lines, *([f"  … and more: {len(positions)} entries"] if more else [])]


def wrapped(head: str, body: str) -> list[str]:
    """Return an equation on lines of a terminal, broken at blanks."""
    return textwrap.wrap(
        head + body,
        TERMINAL_LETTERS,
        subsequent_indent=" " * min(len(head), 12),
        break_long_words=False,
        break_on_hyphens=False,
    )
