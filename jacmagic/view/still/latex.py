"""The still form in LaTeX: the equations of the HTML form, and its sentences.

No display is higher than a page and no matrix wider. Sentences stand outside of mathematics, where
they break over lines.
"""

from __future__ import annotations

import numpy as np

from jacmagic.render import wide
from jacmagic.render.html_table import MAX_SHOWN
from jacmagic.render.latex import aligned, number
from jacmagic.render.prose import paragraph
from jacmagic.result.chain.typeset import latex_lines
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.excerpt import excerpt
from jacmagic.symbolic.trace import Refusal
from jacmagic.view.captions import caption, remarks, warnings
from jacmagic.view.determinant import shown_determinant
from jacmagic.view.pictures import picture_of, shows_picture
from jacmagic.view.still.derivations import derivations
from jacmagic.view.table import table_of


def latex(jacobian: JacobianResult) -> str:
    """Return displayed equations and sentences: what a notebook's PDF shows."""
    steps, left_out = derivations(jacobian)
    shown = equations(jacobian)
    sentences = [paragraph(line, strong="Warning:") for line in warnings(jacobian)]
    sentences += map(paragraph, [*jacobian.derivation.left_out, *left_out, *remarks(jacobian)])
    blocks = [paragraph(caption(jacobian)), *map(_display, shown), *sentences]
    blocks += [picture_of(jacobian).latex] if shows_picture(jacobian) else []
    return "\n\n".join([*blocks, *(_display(step.latex) for step in steps)])


def equations(jacobian: JacobianResult) -> list[str]:
    """Return what the derivation and its chain say, one equation a display."""
    determinant = shown_determinant(jacobian)
    shown = [*map(aligned, wide.pages(jacobian.derivation.lines))]
    shown += [*_chain(jacobian), *_numbers(jacobian)]
    return shown + ([determinant.equation.tex] if determinant is not None else [])


def _display(equation: str) -> str:
    return f"$$\n{equation}\n$$"


def _chain(jacobian: JacobianResult) -> list[str]:
    """Return the chain of local Jacobians, where the closed form is shown so."""
    if not jacobian.reads_as_chain:
        return []
    lines = attempt(lambda: latex_lines(jacobian.chain()), jacobian.forms.budget)
    return [] if isinstance(lines, Refusal) else [*map(aligned, wide.pages(lines))]


def _numbers(jacobian: JacobianResult) -> list[str]:
    """Return the table of numbers, where the matrices of the derivation are cut with dots."""
    largest = max(jacobian.shape)
    if jacobian.large or largest > MAX_SHOWN or None not in excerpt(largest):
        return []
    table, digits = table_of(jacobian), jacobian.view.digits
    heads = ["", *(rf"\partial {column.tex}" for column in table.columns)]
    body = [
        [rf"\partial {row.tex}", *(_entry(*one, digits) for one in zip(line, known, strict=True))]
        for row, line, known in zip(table.rows, table.values, table.pattern, strict=True)
    ]
    return wide.table([heads, *body])


def _entry(value: float, is_nonzero: np.bool_, digits: int) -> str:
    """Return an entry; a dot is zero at every point."""
    return number(float(value), digits) if is_nonzero else r"\cdot"
