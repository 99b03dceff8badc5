"""Source of the closed form to copy: LaTeX and SymPy, in both layouts."""

from __future__ import annotations

from collections.abc import Callable

import sympy

from jacmagic.labels import Label
from jacmagic.render import latex
from jacmagic.render.layout import Layout
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.display_form import DisplayForm
from jacmagic.symbolic.formula.typeset import tex
from jacmagic.symbolic.named import sigmoid
from jacmagic.symbolic.trace import Refusal

MAX_SECONDS_TO_WRITE = 0.5  # for each language: most views are never copied from
MAX_LETTERS = 20_000  # of a formula offered for copying: about ten pages


def _head(jacobian: JacobianResult, layout: Layout) -> str:
    """Return the left-hand side in LaTeX, such as J_f(x, y)."""
    inputs = [Label(one.name).tex for one in jacobian.problem.inputs]
    letter = jacobian.notation.letter
    return latex.head(Label(jacobian.title).tex, inputs, layout=layout, letter=letter)


def copies(jacobian: JacobianResult) -> dict[str, list[str]]:
    """Return source by language: in the view's layout and in the other."""
    if jacobian.reading is None:
        return {}
    reading, layout = jacobian.reading, jacobian.view.layout
    if reading.form.length > MAX_LETTERS:
        return {}

    def written(write: Callable[..., str]) -> list[str] | Refusal:
        layouts = (layout, layout.other)
        return attempt(
            lambda: [write(jacobian, reading, one) for one in layouts], MAX_SECONDS_TO_WRITE
        )

    sources = {"LaTeX": written(_in_latex)}
    if jacobian.formula is not None:
        sources["SymPy"] = written(_in_sympy)
    return {
        name: both
        for name, both in sources.items()
        if not isinstance(both, Refusal) and len(both[0]) <= MAX_LETTERS
    }


def _in_latex(jacobian: JacobianResult, reading: DisplayForm, layout: Layout) -> str:
    """Return the closed form as an equation, followed by its definitions."""
    matrix = layout.matrix(reading.matrix)
    entries = [[tex(entry, reading.all_names) for entry in row] for row in matrix.tolist()]
    definitions = [clause.latex for clause in reading.clauses]
    definitions += [
        f"{one.tex} = {latex.number(value, 17)}" for one, value in reading.used_constants
    ]
    equation = f"{_head(jacobian, layout)} = {latex.matrix(entries)}"
    return r" \quad ".join([equation, *([r"\text{with}", *definitions] if definitions else [])])


def _in_sympy(jacobian: JacobianResult, reading: DisplayForm, layout: Layout) -> str:
    """Return SymPy's text of the closed form, after its named constants."""
    matrix: sympy.Matrix = jacobian.formula
    lines: list[str] = []
    if reading.used_constants:
        named = sympy.Matrix(*reading.form.shape, reading.entry)
        matrix = named.replace(sigmoid, lambda u: 1 / (1 + sympy.exp(-u)))
        lines = [f"{label.symbol} = {value!r}" for label, value in reading.used_constants]
    return "\n".join([*lines, str(layout.matrix(matrix))])
