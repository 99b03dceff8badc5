"""The still form for a terminal: table, closed form, remarks."""

from __future__ import annotations

import numpy as np

from jacmagic.render.page import TERMINAL_LETTERS, TERMINAL_LINES
from jacmagic.render.sparse_summary import written
from jacmagic.render.text import matrix, number
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.display_form import DisplayForm
from jacmagic.symbolic.formula.typeset import MAX_ENTRIES, listed, plain, pretty
from jacmagic.symbolic.trace import Refusal
from jacmagic.view.captions import caption, remarks, warnings
from jacmagic.view.pictures import picture_of, shows_picture
from jacmagic.view.still.derivations import derivations
from jacmagic.view.table import shown_determinant, summary_of, table_of

MAX_SYMBOLS_A_CHARACTER = 4  # of an entry: stacked fractions and signs share a character's width


def text(jacobian: JacobianResult) -> str:
    """Return lines for a terminal."""
    if jacobian.large:
        middle = [*written(summary_of(jacobian)), ""]
    else:
        table = table_of(jacobian)
        drawn = matrix(
            table.values, *table.heads, jacobian.view.digits, table.pattern, blocks=table.blocks
        )
        middle = [drawn, "", *_closed_form(jacobian), *_matrix_form(jacobian)]
        middle += _determinant(jacobian)
    return "\n".join(
        [
            caption(jacobian),
            "",
            *middle,
            *(f"⚠ {line}" for line in warnings(jacobian)),
            *remarks(jacobian),
            *(["", *picture_of(jacobian).words] if shows_picture(jacobian) else []),
            *_steps(jacobian),
        ]
    )


def _steps(jacobian: JacobianResult) -> list[str]:
    steps, left_out = derivations(jacobian)
    return [*(f"\n{step.text}" for step in steps), *left_out]


def _matrix_form(jacobian: JacobianResult) -> list[str]:
    form = jacobian.matrix_form
    return [] if form is None else ["in matrix form", form.text, ""]


def _determinant(jacobian: JacobianResult) -> list[str]:
    determinant = shown_determinant(jacobian)
    return [] if determinant is None else [determinant.equation.text, ""]


def _closed_form(jacobian: JacobianResult) -> list[str]:
    """Return the closed form, unless it says no more than the numbers.

    Where the chain of local Jacobians is asked for, that follows; where the form is larger than
    the page, the chain replaces it. One that has a single factor is listed entry by entry, if
    these are few lines, and announced otherwise.
    """
    flat = _matrix_lines(jacobian)
    is_large = flat == _too_large(jacobian)
    if jacobian.reads_as_chain or (is_large and jacobian.has_chain):
        return [*(flat if jacobian.view.chain and not is_large else []), *_chain(jacobian)]
    return _listed(jacobian) or flat if is_large else flat


def _chain(jacobian: JacobianResult) -> list[str]:
    drawn = attempt(lambda: repr(jacobian.chain()), jacobian.forms.budget)
    return [str(drawn), ""]


def _matrix_lines(jacobian: JacobianResult) -> list[str]:
    reading = jacobian.reading
    if reading is None or not reading.says_more:
        return []
    if _is_surely_larger(jacobian, reading):
        return _too_large(jacobian)
    shown = jacobian.view.layout.matrix
    drawn = attempt(lambda: pretty(shown(reading.matrix), reading.texts), jacobian.forms.budget)
    if isinstance(drawn, Refusal):
        return [str(drawn), ""]
    lines = drawn.splitlines()
    if max(map(len, lines), default=0) > TERMINAL_LETTERS or len(lines) > TERMINAL_LINES + 1:
        return _too_large(jacobian)
    return ["closed form", drawn, *_definitions(jacobian, reading), ""]


def _listed(jacobian: JacobianResult) -> list[str]:
    """Return the entries below one another, where they are few lines."""
    reading = jacobian.reading
    if reading is None or _is_surely_larger(jacobian, reading):
        return []
    rows, columns = list(jacobian.rows), list(jacobian.columns)
    lines = listed(reading.matrix, rows, columns, reading.texts)
    if len(lines) > MAX_ENTRIES:
        return []
    return ["closed form", *lines, *_definitions(jacobian, reading), ""]


def _is_surely_larger(jacobian: JacobianResult, reading: DisplayForm) -> bool:
    """Whether a matrix cannot fit the page, by a count of its symbols."""
    counts: np.ndarray = np.array(reading.sizes, dtype=float).reshape(reading.form.shape)
    counts = jacobian.view.layout.matrix(counts)
    height, width = counts.shape
    symbols = counts.max(axis=0, initial=0).sum()
    return bool(
        symbols > MAX_SYMBOLS_A_CHARACTER * TERMINAL_LETTERS
        or 2 * height - 1 > TERMINAL_LINES + 1
        or 2 * width > TERMINAL_LETTERS
    )


def _too_large(jacobian: JacobianResult) -> list[str]:
    m, n = jacobian.matrix.shape
    return [f"closed form: {m} × {n}, larger than the page; see J.formula", ""]


def _definitions(jacobian: JacobianResult, reading: DisplayForm) -> list[str]:
    """Return the definitions of names: "with u = x + y", "with α = 1.1, β = 0.4"."""
    names = reading.texts
    lines = [
        f"with {plain(clause.symbol, names)} = {plain(clause.definition, names)}"
        for clause in reading.clauses
    ]
    constants = [
        f"{label.unicode} = {number(value, jacobian.view.digits)}"
        for label, value in reading.used_constants
    ]
    return [*lines, *([f"with {', '.join(constants)}"] if constants else [])]
