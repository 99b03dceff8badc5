"""Notations of a step: LaTeX and plain text of a rule's assembly."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy

from jacmagic.render.typed import Level, TypedLatex
from jacmagic.symbolic.formula.sympy_operations import replaced
from jacmagic.symbolic.formula.typeset import plain, substituted, tex
from jacmagic.symbolic.steps.application import Application, Expr

_BELOW = {"quotient": 2, "reciprocal": 0}  # which kept part is below a fraction bar


@dataclass(frozen=True)
class Ending:
    """What follows the derivative in the last line: "= 3 · 4² = 48".

    Attributes:
        named: the derivative as the matrix shows it, in terms of named parts.
        numbers: LaTeX of the number of each symbol.
        value: LaTeX of what it comes to.
    """

    named: Expr
    numbers: Mapping[Any, str]
    value: str


class Pen:
    """A notation for expressions and for the assembly of a rule."""

    has_bars = False  # whether a fraction bar brackets the denominator
    brackets = ("(", ")")
    operator = "∂/∂{}"
    write: Callable[..., str] = staticmethod(plain)

    def __init__(self, names: Mapping[Any, str], symbol: Any) -> None:
        self.names, self.symbol = names, symbol

    def expression(self, expression: Expr) -> str:
        """Return an expression."""
        return self.write(expression, self.names)

    def bracketed(self, expression: Expr) -> str:
        """Return an expression in brackets."""
        return self.expression(expression).join(self.brackets)

    def derivative(self, expression: Expr) -> str:
        """Return ∂u/∂x of an expression u, not yet taken."""
        operator = self.operator.format(self.expression(self.symbol))
        return f"{operator} {self.bracketed(expression)}"

    def written(self, skeleton: Expr, shown: Mapping[sympy.Symbol, str]) -> str:
        """Return an expression of placeholders with their texts, its order kept."""
        raise NotImplementedError

    def numbers(self, ending: Ending) -> list[str]:
        """Return the entry with numbers substituted, and its value."""
        raise NotImplementedError

    def assembly(self, applied: Application) -> str:
        """Return the rule's derivative with ∂u/∂x for the children's results."""
        inner = [sympy.Symbol(f"inner{k}_", real=True) for k in range(len(applied.inner))]
        placeholders = [sympy.Symbol(f"kept{k}_", real=True) for k in range(len(applied.kept))]
        shown = dict(zip(inner, map(self.derivative, applied.inner), strict=True))
        signs = len(placeholders) > 1  # a single factor comes first: a minus needs no brackets
        for k, (symbol, part) in enumerate(zip(placeholders, applied.kept, strict=True)):
            is_sum = part.is_Add or isinstance(part, sympy.Piecewise)
            loose = is_sum or (signs and part.could_extract_minus_sign())
            free = (self.has_bars and k == _BELOW.get(applied.rule)) or not loose
            shown[symbol] = self.expression(part) if free else self.bracketed(part)
        with sympy.evaluate(False):
            skeleton = applied.assemble(tuple(inner), tuple(placeholders))
        return self.written(skeleton, shown)


class TexPen(Pen):
    r"""LaTeX: \frac{\partial}{\partial x} \left( … \right)."""

    has_bars = True
    brackets = (r"\left( ", r" \right)")
    operator = r"\frac{{\partial}}{{\partial {}}}"
    write = staticmethod(tex)

    def numbers(self, ending: Ending) -> list[str]:
        return [substituted(ending.named, ending.numbers), ending.value]

    def written(self, skeleton: Expr, shown: Mapping[sympy.Symbol, str]) -> str:
        dots = not isinstance(skeleton, sympy.Piecewise)  # conditions are written as they are
        return tex(skeleton, {**self.names, **shown}, written=True, dots=dots)


_PLACEHOLDER = re.compile(r"(?:inner|kept)\d+_")
_TWICE = re.compile(r"\((\([^()]*\))\)")
_FACTORS = re.compile(r"((?:inner|kept)\d+_)\*(?=\(*(?:inner|kept)\d+_)")


class PlainPen(Pen):
    """Plain text: ∂/∂x (…)."""

    def numbers(self, ending: Ending) -> list[str]:
        symbols = [part for part in ending.numbers if ending.named.has(part)]
        placeholders = {part: sympy.Symbol(f"inner{k}_") for k, part in enumerate(symbols)}
        text = plain(replaced(ending.named, placeholders), self.names)
        texts = {placeholders[s].name: _plain_number(ending.numbers[s]) for s in symbols}
        put_in = _PLACEHOLDER.sub(lambda match: texts[match[0]], text)
        return [
            _TWICE.sub(r"\1", put_in),
            _plain_number(ending.value).strip("()"),
        ]

    def written(self, skeleton: Expr, shown: Mapping[sympy.Symbol, str]) -> str:
        by_name = {symbol.name: part for symbol, part in shown.items()}
        text = _FACTORS.sub(r"\1 · ", plain(skeleton, self.names, written=True))
        return _PLACEHOLDER.sub(lambda match: by_name[match[0]], text)


def _plain_number(source: str) -> str:
    r"""Return a number's LaTeX as text, negative in brackets: 2 \cdot 10^{-3} → 2e-3."""
    if isinstance(source, TypedLatex):
        return source.typed.within(Level.ATOM).text
    text = re.sub(r"(?: \\cdot )?10\^\{(-?\d+)\}", r"e\1", source)
    text = text.replace(r"\infty", "inf").replace(r"\mathrm{nan}", "nan")
    text = f"1{text}" if text.startswith("e") else text
    return f"({text})" if text.startswith("-") else text
