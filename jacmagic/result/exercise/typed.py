"""Expressions as they are typed: in answers of jacmagic, and in Maxima's syntax."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy
from sympy.printing.str import StrPrinter

from jacmagic.errors import OptionError
from jacmagic.labels import Label
from jacmagic.result.exercise.tokens import WORD

# Names that Maxima, or Moodle's STACK, keeps for itself.
_RESERVED = frozenset(
    "e i j pi gamma phi beta lambda erf exp log ln sin cos tan abs sqrt diff int if then else do "
    "for in or and not true false inf ind und li del limit sum product block return".split()
)
# SymPy's functions → Maxima's; most have one name.
_MAXIMA = {
    **{
        name: name
        for name in "log exp sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh erf "
        "floor ceiling gamma cot sec csc".split()
    },
    "Abs": "abs", "sign": "signum", "Max": "max", "Min": "min",
}  # fmt: skip


def typed(entry: Any, symbols: Sequence[Any], columns: Sequence[Label]) -> str:
    """Return an expression as an answer: x[0]**2*sin(x[1])."""
    names = [sympy.Symbol(typed_name(label)) for label in columns]
    return str(sympy.sstr(entry.xreplace(dict(zip(symbols, names, strict=True))), full_prec=True))


def typed_name(label: Label) -> str:
    """Return the first spelling of a component that can be typed: x[0], θ, W₀[0,1]."""
    spellings = (label.text, label.unicode, label.symbol)
    return next((spelling for spelling in spellings if WORD.fullmatch(spelling)), label.tex)


def without_cases(entry: Any, values: Mapping[Any, float]) -> Any:
    """Return an expression with the case of a point instead of each case distinction."""

    def chosen(cases: Any) -> Any:
        for value, condition in cases.args:
            if condition == sympy.true or condition.subs(values) == sympy.true:
                return value
        return cases

    return entry.replace(lambda part: isinstance(part, sympy.Piecewise), chosen)


def maxima_names(columns: Sequence[Label]) -> list[str]:
    """Return an identifier of Maxima for each column: x1, x_0; a reserved one gets a 1."""
    identifiers: list[str] = []
    for label in columns:
        plain = label.symbol if label.symbol.isascii() else f"v{len(identifiers) + 1}"
        name = plain.strip("_")
        while not name or name in _RESERVED or name in identifiers:
            name += "1"
        identifiers.append(name)
    return identifiers


class _MaximaPrinter(StrPrinter):
    """SymPy in the syntax of Maxima."""

    def _print_Pow(self, expr: Any, rational: bool = False) -> str:
        return str(super()._print_Pow(expr, rational)).replace("**", "^")

    def _print_Pi(self, expr: Any) -> str:
        return "%pi"

    def _print_Exp1(self, expr: Any) -> str:
        return "%e"

    def _print_Float(self, expr: Any) -> str:
        return repr(float(expr)).replace("e", "*10^").replace("^+", "^")

    def _print_Function(self, expr: Any) -> str:
        name = _MAXIMA.get(expr.func.__name__)
        if name is None:
            raise OptionError(
                f"expected functions that Maxima knows; found {expr.func.__name__}; "
                "leave this entry out"
            )
        return f"{name}({self.stringify(expr.args, ', ')})"

    _print_Abs = _print_Max = _print_Min = _print_Function
    _print_sign = _print_floor = _print_ceiling = _print_Function

    def emptyPrinter(self, expr: Any) -> str:
        raise OptionError(
            f"expected an expression that Maxima knows; found {type(expr).__name__}; "
            "leave this entry out"
        )

    _print_Piecewise = _print_Relational = emptyPrinter


def to_maxima(entry: Any, names: Mapping[Any, str]) -> str:
    """Return an expression in Maxima's syntax.

    Args:
        entry: the expression.
        names: an identifier for each symbol.

    Raises:
        OptionError: Maxima has no such function.
    """
    renamed = entry.xreplace({symbol: sympy.Symbol(name) for symbol, name in names.items()})
    return str(_MaximaPrinter({"order": "none"}).doprint(renamed))
