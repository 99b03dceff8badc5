"""The trait of the code: its languages, and the sources that were asked for or fit a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy

from jacmagic.errors import JacmagicError
from jacmagic.labels import Label
from jacmagic.render import latex
from jacmagic.render.layout import Layout
from jacmagic.render.page import MAX_COPIED_CHARACTERS
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.codegen.languages import LANGUAGES
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.display_form import DisplayForm
from jacmagic.symbolic.formula.sympy_names import sigmoid
from jacmagic.symbolic.formula.typeset import tex
from jacmagic.symbolic.trace import Refusal

MAX_SECONDS_TO_WRITE = 0.5  # for each language: most views are never copied from
IN_PAGES = ("numpy", "c", "javascript")  # of the languages, where no kernel can be asked
MAX_PAGE_CHARACTERS = 30_000  # of these sources; compressed, about a fifth


def code_of(jacobian: JacobianResult) -> dict[str, Any]:
    """Return the trait without sources; a result without closed form has no languages."""
    languages = [] if jacobian.closed_form is None else list(LANGUAGES)
    return {"languages": languages, "sources": {}}


def source_of(jacobian: JacobianResult, language: str) -> str:
    """Return value and Jacobian in a language, or the line that says why not."""
    try:
        return jacobian.to_code(language)
    except JacmagicError as error:
        return str(error)


def code_for_page(jacobian: JacobianResult, more: Sequence[str] = ()) -> dict[str, Any]:
    """Return the trait with the sources that a page holds.

    Args:
        jacobian: the result.
        more: languages that were asked for before.
    """
    if jacobian.closed_form is None:
        return {"languages": [], "sources": {}}
    languages = dict.fromkeys([*more, *IN_PAGES])
    sources = {language: source_of(jacobian, language) for language in languages}
    while sum(map(len, sources.values())) > MAX_PAGE_CHARACTERS:
        sources.popitem()
    return {"languages": list(sources), "sources": sources}


def _head(jacobian: JacobianResult, layout: Layout) -> str:
    """Return the left-hand side in LaTeX, such as J_f(x, y)."""
    inputs = [Label(input_.name).tex for input_ in jacobian.problem.inputs]
    letter = jacobian.notation.letter
    return latex.head(Label(jacobian.title).tex, inputs, layout=layout, letter=letter)


def copies(jacobian: JacobianResult) -> dict[str, list[str]]:
    """Return source by language: in the view's layout and in the other."""
    if jacobian.reading is None:
        return {}
    reading, layout = jacobian.reading, jacobian.view.layout
    if reading.form.length > MAX_COPIED_CHARACTERS:
        return {}

    def written(write: Callable[..., str]) -> list[str] | Refusal:
        layouts = (layout, layout.other)
        return attempt(
            lambda: [write(jacobian, reading, layout) for layout in layouts], MAX_SECONDS_TO_WRITE
        )

    sources = {"LaTeX": written(_in_latex)}
    if jacobian.formula is not None:
        sources["SymPy"] = written(_in_sympy)
    return {
        name: both
        for name, both in sources.items()
        if not isinstance(both, Refusal) and len(both[0]) <= MAX_COPIED_CHARACTERS
    }


def _in_latex(jacobian: JacobianResult, reading: DisplayForm, layout: Layout) -> str:
    """Return the closed form as an equation, followed by its definitions."""
    matrix = layout.matrix(reading.matrix)
    entries = [[tex(entry, reading.all_names) for entry in row] for row in matrix.tolist()]
    definitions = [clause.latex for clause in reading.clauses]
    definitions += [
        f"{label.tex} = {latex.number(value, 17)}" for label, value in reading.used_constants
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
