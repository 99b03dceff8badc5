"""Short closed forms of what is computed from a Jacobian, such as its determinant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy

from jacmagic.render.extent import extent
from jacmagic.render.page import PAGE_LETTERS
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.shortest import shortest, symbols_in
from jacmagic.symbolic.formula.typeset import plain, tex
from jacmagic.symbolic.trace import Refusal

MAX_SYMBOLS = 200  # of the entries that SymPy gets through without a noticeable pause
MAX_SYMBOLS_UNORDERED = 300  # before it is reordered: beyond, it hardly fits a line then


@dataclass(frozen=True)
class ShortForm:
    """A SymPy expression that fits a line.

    Attributes:
        expression: in the inputs' symbols; named constants are numbers with a name.
        text: one line.
        tex: LaTeX.
    """

    expression: Any
    text: str
    tex: str


def entries_of(jacobian: JacobianResult) -> sympy.Matrix | None:
    """Return the closed form with named constants but no clauses; None if it is long or wrong."""
    reading = jacobian.reading
    if reading is None or not jacobian.form_gives_numbers:
        return None
    m, n = jacobian.shape
    if sum(reading.form.sizes[m:]) > MAX_SYMBOLS:
        return None
    return sympy.Matrix(m, n, [reading.entry(i, j) for i in range(m) for j in range(n)])


def short_form(
    jacobian: JacobianResult, compute: Callable[[sympy.Matrix], Any]
) -> ShortForm | None:
    """Return an expression computed from a Jacobian's entries, in the shortest of a few forms.

    Args:
        jacobian: the Jacobian.
        compute: from the matrix (m, n) to an expression.

    Returns:
        None without a closed form, or where the expression does not fit a line.
    """
    entries = entries_of(jacobian)
    reading = jacobian.reading
    if entries is None or reading is None:
        return None

    def work() -> Any:
        raw = compute(entries)
        return tidied(raw) if symbols_in(raw) <= MAX_SYMBOLS_UNORDERED else None

    form = attempt(work, jacobian.forms.budget)
    if form is None or isinstance(form, Refusal) or form.has(sympy.nan, sympy.zoo, sympy.oo):
        return None
    shown = written(form, reading.texts, reading.names)
    return shown if extent(shown.tex) <= PAGE_LETTERS else None


def written(expression: Any, texts: Mapping[Any, str], names: Mapping[Any, str]) -> ShortForm:
    """Return an expression as text and LaTeX, its symbols under these names."""
    numbers = expression.atoms(sympy.Rational)
    decimals = {
        number: sympy.Float(number, 15) for number in numbers if max(abs(number.p), number.q) > 1e6
    }
    text = plain(expression.xreplace(decimals), texts)
    return ShortForm(expression, text, tex(expression, names))


def tidied(expression: Any) -> Any:
    """Return the shortest of an expression, its factors, and both after sin² + cos² = 1."""
    forms = [expression, *_without_squares(expression)]
    forms += [sympy.factor(form) for form in forms]
    forms += map(_positive_below, forms[:])
    return min(map(shortest, forms), key=lambda form: (symbols_in(form), str(form).count("-")))


def _positive_below(expression: Any) -> Any:
    """Return a fraction with both signs changed: −x/(−y − 1) is x/(y + 1)."""
    above, below = sympy.fraction(expression)
    return -above / sympy.expand(-below) if below.is_Add else expression


def _without_squares(expression: Any) -> list[Any]:
    """Return an expression without cos², and without sin², by sin² + cos² = 1.

    Functions of sums are those of the terms first, as in sin(a + b) = sin a cos b + cos a sin b.
    """
    expression = sympy.expand_trig(expression)
    angles = sorted({call.args[0] for call in expression.atoms(sympy.sin, sympy.cos)}, key=str)
    if not angles:
        return []
    sines = [sympy.Dummy(f"s{k}") for k in range(len(angles))]
    cosines = [sympy.Dummy(f"c{k}") for k in range(len(angles))]
    to = {sympy.sin(a): s for a, s in zip(angles, sines, strict=True)}
    to |= {sympy.cos(a): c for a, c in zip(angles, cosines, strict=True)}
    back = {symbol: function for function, symbol in to.items()}
    above, below = sympy.fraction(sympy.together(expression.xreplace(to)))
    return [
        (_reduced(above, one, other) / _reduced(below, one, other)).xreplace(back)
        for one, other in ((cosines, sines), (sines, cosines))
    ]


def _reduced(part: Any, gone: list[Any], kept: list[Any]) -> Any:
    """Return a polynomial modulo gone² + kept² − 1 for each pair."""
    generators = [*gone, *kept]
    squares = [a**2 + b**2 - 1 for a, b in zip(gone, kept, strict=True)]
    return sympy.reduced(sympy.expand(part), squares, *generators)[1]
