"""The still form in LaTeX: the equations of the HTML form, and its sentences.

No display is higher than a page and no matrix wider. Sentences stand outside of mathematics, where
they break over lines.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from jacmagic.labels import Label
from jacmagic.render import wide
from jacmagic.render.extent import extent
from jacmagic.render.latex import aligned, listed, number
from jacmagic.render.page import MAX_PAGE_ROWS, PAGE_LETTERS
from jacmagic.render.prose import paragraph
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.derivation import Derivation
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.conversion import excerpt
from jacmagic.symbolic.formula.typeset import tex
from jacmagic.symbolic.steps import Step
from jacmagic.symbolic.trace import Refusal
from jacmagic.view.captions import caption, remarks, warnings
from jacmagic.view.pictures import picture_of, shows_picture
from jacmagic.view.still.derivations import derivations
from jacmagic.view.table import shown_determinant, table_of

MAX_PAGES = 2  # of a chain of matrices that is printed
MAX_LINES = 32  # of a list on a page
SMALL_LETTER = 0.7  # of a letter: one in the fraction that names an entry
GAP_LETTERS = 4  # letters between two entries


def latex(jacobian: JacobianResult) -> str:
    """Return displayed equations and sentences: what a notebook's PDF shows."""
    steps, left_out = derivations(jacobian)
    chain = jacobian.derivation
    shown, notes = _listed(jacobian, chain) if is_listed(jacobian, chain) else ([], [])
    if not shown:  # neither a table nor a list has room on a page
        shown, notes = equations(jacobian), [*chain.left_out]
    sentences = [paragraph(line, strong="Warning:") for line in warnings(jacobian)]
    sentences += map(paragraph, [*notes, *left_out, *remarks(jacobian)])
    blocks = [paragraph(caption(jacobian)), *map(_display, shown), *sentences]
    blocks += [picture_of(jacobian).latex] if shows_picture(jacobian) else []
    return "\n\n".join([*blocks, *map(displayed, steps)])


def displayed(step: Step) -> str:
    """Return a derivation as displayed equations."""
    return _display(step.latex)


def equations(jacobian: JacobianResult) -> list[str]:
    """Return what the derivation and its chain say, one equation a display, with all numbers."""
    shown = [*map(aligned, wide.pages(jacobian.derivation.lines)), *_chain(jacobian)]
    if None in excerpt(max(jacobian.shape)):
        shown += _numbers(jacobian)
    return [*shown, *_determinant(jacobian)]


def _determinant(jacobian: JacobianResult) -> list[str]:
    determinant = shown_determinant(jacobian)
    return [] if determinant is None else [determinant.equation.tex]


def _listed(jacobian: JacobianResult, chain: Derivation) -> tuple[list[str], list[str]]:
    """Return the matrix form, all numbers and a list of entries, and what is left out."""
    lines, notes = entry_list(jacobian, chain)
    form = listed(chain.matrix, "in matrix form")
    entries = [aligned(lines, "0.8ex")] if lines else []
    shown = [*([aligned(form)] if form else []), *_numbers(jacobian), *_determinant(jacobian)]
    return [*shown, *entries], notes


def _display(equation: str) -> str:
    return f"$$\n{equation}\n$$"


def _chain(jacobian: JacobianResult) -> list[str]:
    """Return the chain of local Jacobians, where the closed form is shown so."""
    if not jacobian.reads_as_chain:
        return []
    lines = attempt(lambda: jacobian.chain().latex_lines(), jacobian.forms.budget)
    return [] if isinstance(lines, Refusal) else [*map(aligned, wide.pages(lines))]


def _numbers(jacobian: JacobianResult) -> list[str]:
    """Return the table of numbers, unless that is too large for a page."""
    if jacobian.large or max(jacobian.shape) > MAX_PAGE_ROWS:
        return []
    table, digits = table_of(jacobian), jacobian.view.digits
    heads = ["", *(rf"\partial {column.tex}" for column in table.columns)]
    body = [
        [
            rf"\partial {row.tex}",
            *(_entry(*number, digits) for number in zip(line, pattern, strict=True)),
        ]
        for row, line, pattern in zip(table.rows, table.values, table.pattern, strict=True)
    ]
    return wide.table([heads, *body])


def _entry(value: float, is_nonzero: np.bool_, digits: int) -> str:
    """Return an entry; a dot is zero at every point."""
    return number(float(value), digits) if is_nonzero else r"\cdot"


def is_listed(jacobian: JacobianResult, chain: Derivation) -> bool:
    """Whether a chain's matrices are cut with dots, or take more than two pages."""
    is_cut = None in excerpt(max(jacobian.shape))
    return is_cut or len(wide.pages(chain.lines)) > MAX_PAGES


def entry_list(jacobian: JacobianResult, chain: Derivation) -> tuple[list[str], list[str]]:
    """Return a list of a page at most as lines, and a sentence about what is left out.

    Where a matrix form says the same, entries are listed only if all of them fit.
    """
    reading, count = jacobian.reading, int(jacobian.pattern.sum())
    entries = attempt(lambda: list(_entries(jacobian)), jacobian.forms.budget)
    if reading is None or isinstance(entries, Refusal):
        return [], []
    named = listed(chain.definitions, "with")
    groups = wide.grouped([width + GAP_LETTERS for _, width in entries], PAGE_LETTERS)
    groups = groups[: max(MAX_LINES - len(named), 0)]
    shown = sum(map(len, groups))
    if shown < count and chain.matrix:
        return [], []
    lines = [r",\quad ".join(entries[k][0] for k in group) for group in groups]
    note = f"{count - shown} entries of the closed form are left out; see J.formula"
    return [*(f"&{equation}" for equation in lines), *named], [note] if shown < count else []


def _entries(jacobian: JacobianResult) -> Iterator[tuple[str, int]]:
    """Yield equations of the entries that are not zero everywhere, with their widths in letters.

    None is wider than a page, all together are hardly more than one.
    """
    reading = jacobian.reading
    if reading is None:
        return
    function, left = Label(jacobian.title).tex, MAX_LINES * PAGE_LETTERS
    for i, j in jacobian.pattern.nonzero().tolist():
        name = jacobian.notation.tex(function, jacobian.rows[i].tex, jacobian.columns[j].tex)
        shown = tex(reading.shown(i, j), reading.all_names)
        width = round(SMALL_LETTER * extent(name)) + 3 + extent(shown)
        left -= width
        if left < 0:
            return
        if width <= PAGE_LETTERS:
            yield f"{name.replace('frac', 'tfrac', 1)} = {shown}", width
