"""The conditions of a closed form as text: "0.5 < x < 1 (line 3)".

Bounds of one expression are written together, what holds for all real numbers is left out, and the
many conditions of a loop become one sentence.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from jacmagic.render.text import number
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.formula.typeset import Line
from jacmagic.symbolic.graph.nodes import NEGATED
from jacmagic.symbolic.graph.passes import tree_sizes
from jacmagic.symbolic.trace import Refusal

MAX_LETTERS = 60  # of a condition that is written out, more than half a line
MAX_SYMBOLS = 40  # of a condition that is converted to SymPy, in milliseconds
MAX_SENTENCES = 6  # below a formula; more are not read
_MAX_CONDITIONS_PER_LINE = 3  # from here they may be a loop, beyond they are one sentence
_SIGNS = {sympy.Lt: "<", sympy.Le: "≤", sympy.Gt: ">", sympy.Ge: "≥", sympy.Eq: "=", sympy.Ne: "≠"}
_TURNED = {sympy.Gt: sympy.Lt, sympy.Ge: sympy.Le, sympy.Lt: sympy.Gt, sympy.Le: sympy.Ge}
_HIGH = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def sentences(form: ClosedForm) -> list[str]:
    """Return where a closed form holds, one sentence each; none where it always does."""
    lines: dict[int | None, list[int]] = {}
    for assumption in dict.fromkeys(form.trace.assumptions):
        lines.setdefault(assumption.line, []).append(assumption.condition)
    texts = [text for line, nodes in lines.items() for text in _of_line(form, line, nodes)]
    if len(texts) > MAX_SENTENCES:
        more = len(texts) - MAX_SENTENCES + 1
        texts[MAX_SENTENCES - 1 :] = [f"{more} more conditions hold; see J.assumptions"]
    return texts


def _of_line(form: ClosedForm, line: int | None, nodes: Sequence[int]) -> list[str]:
    """Return the conditions of one line of code, or that it decides as it did."""
    graph, suffix = form.graph, "" if line is None else f" (line {line})"
    where = "the code" if line is None else f"line {line}"
    if len(nodes) >= _MAX_CONDITIONS_PER_LINE and _is_loop(
        [graph.operations[node] for node in nodes]
    ):
        return [f"the loop at {where} stops where it did here"]
    short = max(tree_sizes(graph, nodes), default=0) <= MAX_SYMBOLS
    read = attempt(lambda: form.in_sympy.converted(nodes), form.budget) if short else None
    if read is not None and not isinstance(read, Refusal):
        labels = zip(form.in_sympy.symbols, form.columns, strict=True)
        names = {symbol: label.unicode for symbol, label in labels}
        texts = _texts(read, names)
        if len(texts) <= _MAX_CONDITIONS_PER_LINE and all(
            len(text) <= MAX_LETTERS for text in texts
        ):
            return [f"{text}{suffix}" for text in texts]
    return [f"{where} decides as it did here"]


def _is_loop(operations: Sequence[str]) -> bool:
    """Whether a question was answered the same way each time but the last."""
    first, *rest, last = operations
    return all(verb == first for verb in rest) and last == NEGATED.get(first)


# ── conditions as text ────────────────────────────────────────────────────────────────────────


@dataclass
class _Bounds:
    """The lower and upper bounds of one expression, each with its relation."""

    below: list[tuple[Any, str]]
    above: list[tuple[Any, str]]

    def text(self, middle: str, write: Any) -> str:
        """Return low < u ≤ high, with the tightest of each."""
        low = max(self.below, key=lambda bound: (bound[0], bound[1] == "<"), default=None)
        high = min(self.above, key=lambda bound: (bound[0], bound[1] != "<"), default=None)
        if low is not None and high is not None:
            return f"{write(low[0])} {low[1]} {middle} {high[1]} {write(high[0])}"
        if low is not None:
            return f"{middle} {'>' if low[1] == '<' else '≥'} {write(low[0])}"
        assert high is not None
        return f"{middle} {high[1]} {write(high[0])}"


def _texts(conditions: Sequence[Any], names: Mapping[Any, str]) -> list[str]:
    """Return conditions as text: bounds of an expression joined, tautologies omitted."""
    pen = _HandWritten()
    pen.names = names
    bounds: dict[Any, _Bounds] = {}
    others: list[str] = []
    for condition in itertools.chain.from_iterable(map(_whole, conditions)):
        if condition in (sympy.true, sympy.false):  # false: true within rounding
            continue
        bound = _bound(condition)
        if bound is None:
            others.append(pen.doprint(condition))
            continue
        expression, value, is_lower, sign = bound
        limits = bounds.setdefault(expression, _Bounds([], []))
        (limits.below if is_lower else limits.above).append((value, sign))
    written = [interval.text(pen.doprint(u), pen.doprint) for u, interval in bounds.items()]
    return list(dict.fromkeys([*written, *others]))


def _whole(condition: Any) -> tuple[Any, ...]:
    """Return floor(u) = 2 and int(u) = 2 as bounds: 2 ≤ u and u < 3."""
    if condition.func is not sympy.Eq or not condition.args[1].is_Integer:
        return (condition,)
    left, k = condition.args
    if left.could_extract_minus_sign():
        left, k = -left, -k
    u = sympy.Wild("u")
    truncation = left.match(sympy.floor(sympy.Abs(u)) * sympy.sign(u))
    u = truncation[u] if truncation else left.args[0] if left.args else left
    if truncation and u.is_integer:
        return _whole(sympy.Eq(u, k))
    if truncation and k == 0:
        return sympy.Gt(u, -1), sympy.Lt(u, 1)
    if left.func is sympy.floor or (truncation and k > 0):
        return sympy.Ge(u, k), sympy.Lt(u, k + 1)
    if left.func is sympy.ceiling or truncation:
        return sympy.Gt(u, k - 1), sympy.Le(u, k)
    return (condition,)


def _bound(condition: Any) -> tuple[Any, Any, bool, str] | None:
    """Return (u, number, whether it is below u, < or ≤) of a bound by a number."""
    if condition.func not in _TURNED:
        return None
    left, right = condition.args
    relation = condition.func
    if left.is_number:
        left, right, relation = right, left, _TURNED[relation]
    if not (right.is_number and right.is_extended_real) or left.is_number:
        return None
    shift, left = left.as_coeff_Add()
    factor, left = left.as_coeff_Mul()
    right = (right - shift) / factor
    relation = _TURNED[relation] if factor < 0 else relation
    is_lower = relation in (sympy.Gt, sympy.Ge)
    return left, right, is_lower, "<" if relation in (sympy.Gt, sympy.Lt) else "≤"


class _HandWritten(Line):
    """Plain text as it is written by hand: |x − 1|, x₀², √x, 2x."""

    def doprint(self, expr: Any) -> str:
        """Return the text of an expression or condition."""
        text = str(super().doprint(expr))
        text = re.sub(r"\*\*(-?\d+)", lambda power: power[1].translate(_HIGH), text)
        return text.replace("**", "^").replace("*", "·").replace("-", "−").replace("e−", "e-")

    def _print_Abs(self, expr: Any) -> str:
        return f"|{self._print(expr.args[0])}|"

    def _print_Pow(self, expr: Any, rational: bool = False) -> str:
        if expr.exp == sympy.Rational(1, 2):
            return f"√({self._print(expr.base)})"
        return str(super()._print_Pow(expr, rational))

    def _print_Rational(self, expr: Any) -> str:
        third = expr.q <= 9 and expr.q not in (2, 4, 5, 8)
        return str(super()._print_Rational(expr)) if third else number(float(expr), 6)

    def _print_Relational(self, expr: Any) -> str:
        sign = _SIGNS.get(expr.func, "?")
        return f"{self._print(expr.args[0])} {sign} {self._print(expr.args[1])}"

    def _print_And(self, expr: Any) -> str:
        return " and ".join(map(self._grouped, expr.args))

    def _print_Or(self, expr: Any) -> str:
        return " or ".join(map(self._grouped, expr.args))

    def _print_Not(self, expr: Any) -> str:
        return f"not ({self._print(expr.args[0])})"

    def _grouped(self, part: Any) -> str:
        text = self._print(part)
        return f"({text})" if isinstance(part, sympy.And | sympy.Or) else text
