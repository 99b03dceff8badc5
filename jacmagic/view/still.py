"""One Jacobian in every still medium: text for a terminal, LaTeX, static HTML.

All go into one bundle; the client shows the richest it can. What is drawn here is plain data
taken from the result; the renderers below know no result object.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from jacmagic.labels import Label, mapped
from jacmagic.render import html, latex
from jacmagic.render import text as plain
from jacmagic.render.heatmap import heatmap
from jacmagic.render.sparse_summary import Entries, written
from jacmagic.result import JacobianResult
from jacmagic.symbolic.branches import NOT_WANTED
from jacmagic.symbolic.formula import DisplayForm, pretty
from jacmagic.symbolic.formula import plain as one_line
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.time_limit import one_allowance
from jacmagic.symbolic.one_sided import sentences
from jacmagic.symbolic.steps import Step
from jacmagic.symbolic.trace import Refusal

T = TypeVar("T")
WIDEST, TALLEST = 100, 30  # characters and lines of a closed form in a terminal


def layout(jacobian: JacobianResult) -> tuple[np.ndarray, list[Label], list[Label], np.ndarray]:
    """Values, row labels, column labels and pattern, transposed in denominator layout."""
    values = jacobian.matrix.detach().cpu().double().numpy() + 0.0
    pattern = jacobian.pattern.cpu().numpy()
    rows, columns = list(jacobian.rows), list(jacobian.columns)
    if jacobian.view.layout == "denominator":
        return values.T, columns, rows, pattern.T
    return values, rows, columns, pattern


def blocks(jacobian: JacobianResult) -> tuple[list[int], list[int]]:
    """Sizes of the table's blocks of rows and of columns; none where every block is one entry."""
    rows = [leaf.numel() for leaf in jacobian.numbers.outputs.leaves]
    columns = [len(one.labels) for one in jacobian.problem.inputs]
    down, across = (sizes if max(sizes, default=0) > 1 else [] for sizes in (rows, columns))
    return (across, down) if jacobian.view.layout == "denominator" else (down, across)


def point(jacobian: JacobianResult, *, unicode: bool = False) -> str:
    """Return the point as "x1 = 3, x2 = 4", cut after twelve components."""
    digits = jacobian.view.digits
    shown = [
        f"{label.unicode if unicode else label.text} = {plain.number(value, digits)}"
        for label, value in zip(jacobian.columns[:12], jacobian.problem.flat_point, strict=False)
    ]
    return ", ".join(shown) + (", …" if len(jacobian.columns) > 12 else "")


def whereabouts(jacobian: JacobianResult, *, unicode: bool = False) -> str:
    """Return the point, and the layout where it is not the usual one."""
    turned = (
        " · denominator layout: ∂ of the columns by the rows"
        if jacobian.view.layout == "denominator"
        else ""
    )
    return f"at {point(jacobian, unicode=unicode)}{turned}"


def caption(jacobian: JacobianResult) -> str:
    """Return what is shown and where."""
    return f"{jacobian.notation.noun} of {jacobian.title} {whereabouts(jacobian)}"


def warnings(jacobian: JacobianResult) -> list[str]:
    """Return what must not be overlooked: disagreements, kinks, values that are not finite."""
    agreement = jacobian.agreement
    disagreed = [str(agreement)] if agreement.verdict == "disagree" else []
    return [*disagreed, *agreement.further, *agreement.warnings, *_both_sides(jacobian)]


def _both_sides(jacobian: JacobianResult) -> list[str]:
    """At a kink, what the entries are from the left and from the right."""
    both = jacobian.one_sided
    if both is None:
        return []
    rows, columns, digits = jacobian.rows, jacobian.columns, jacobian.view.digits
    return sentences(
        both,
        jacobian.matrix.detach().cpu().double().numpy() + 0.0,
        name=lambda i, j: jacobian.notation.unicode(
            jacobian.title, rows[i].unicode, columns[j].unicode
        ),
        number=lambda value: plain.number(value, digits).replace("-", "−").replace("inf", "∞"),
    )


def remarks(jacobian: JacobianResult) -> list[str]:
    """Return what stands below the table: agreement, refusal, constants, cost and notes."""
    lines = [str(jacobian.agreement)] if jacobian.agreement.verdict != "disagree" else []
    if jacobian.refusal not in (None, NOT_WANTED):
        lines.append(str(jacobian.refusal))
    if parameters := _parameters(jacobian):
        lines.append(f"constants: {parameters}")
    return [*lines, jacobian.cost, *jacobian.notes]


def _parameters(jacobian: JacobianResult) -> str:
    """Return the arguments that stay constant and do not stand beside the formula already."""
    reading, shown = jacobian.reading, []
    known = set() if reading is None else {label.name for label, _ in reading.used_constants}
    for name, value in jacobian.problem.parameters.items():
        if name in known:
            continue
        text = " ".join(str(value).split())
        shown.append(f"{name} = {text if len(text) <= 40 else text[:39] + '…'}")
    return ", ".join(shown)


def _within_budget(show: Callable[..., T]) -> Callable[..., T]:
    """Return a display whose symbolic work has the seconds of one budget together."""

    @functools.wraps(show)
    def bounded(jacobian: JacobianResult, *arguments: Any) -> T:
        with one_allowance(jacobian.forms.budget):
            return show(jacobian, *arguments)

    return bounded


@_within_budget
def text(jacobian: JacobianResult) -> str:
    """Return the still form for a terminal."""
    if jacobian.large:
        lines = [*_marked(jacobian), *remarks(jacobian)]
        return "\n".join([caption(jacobian), "", *written(_extract(jacobian)), "", *lines])
    values, rows, columns, pattern = layout(jacobian)
    table = plain.matrix(
        values,
        [f"∂{label.unicode}" for label in rows],
        [f"∂{label.unicode}" for label in columns],
        jacobian.view.digits,
        pattern,
    )
    return "\n".join(
        [
            caption(jacobian),
            "",
            table,
            "",
            *_formula(jacobian),
            *_matrix_form(jacobian),
            *_marked(jacobian),
            *remarks(jacobian),
            *_text_steps(jacobian),
        ]
    )


def _text_steps(jacobian: JacobianResult) -> list[str]:
    if not jacobian.view.steps:
        return []
    steps, left_out = _steps(jacobian)
    return [*(f"\n{step.text}" for step in steps), *left_out]


def _marked(jacobian: JacobianResult) -> list[str]:
    return [f"⚠ {line}" for line in warnings(jacobian)]


def _formula(jacobian: JacobianResult) -> list[str]:
    """Return the closed form in the terminal's own two-dimensional notation, while it says more.

    What is larger than the page is announced, and not typeset.
    """
    reading = jacobian.reading
    if reading is None or not reading.says_more:
        return []
    if _surely_larger(jacobian, reading):
        return [_too_large(jacobian), ""]
    drawn = attempt(lambda: _drawn(jacobian, reading), jacobian.forms.budget)
    if isinstance(drawn, Refusal):
        return [str(drawn), ""]
    if max(map(len, drawn.splitlines()), default=0) > WIDEST or drawn.count("\n") > TALLEST:
        return [_too_large(jacobian), ""]
    return ["closed form", drawn, *_where(jacobian, reading), ""]


def _drawn(jacobian: JacobianResult, reading: DisplayForm) -> str:
    matrix = reading.matrix
    turned = matrix.T if jacobian.view.layout == "denominator" else matrix
    return pretty(turned, reading.texts)


_THINNEST = 4  # symbols of an entry that may share one letter's width: stacked fractions, signs


def _surely_larger(jacobian: JacobianResult, reading: DisplayForm) -> bool:
    """Whether a matrix cannot fit the page, by counting its symbols; a row takes two lines."""
    sizes: np.ndarray = np.array(reading.sizes, dtype=float).reshape(reading.form.shape)
    if jacobian.view.layout == "denominator":
        sizes = sizes.T
    wide = sizes.max(axis=0, initial=0).sum() > _THINNEST * WIDEST
    return wide or 2 * sizes.shape[0] - 1 > TALLEST + 1 or 2 * sizes.shape[1] > WIDEST


def _too_large(jacobian: JacobianResult) -> str:
    m, n = jacobian.matrix.shape
    return f"closed form: {m} × {n}, larger than the page; see J.formula"


def _matrix_form(jacobian: JacobianResult) -> list[str]:
    form = jacobian.matrix_form
    return [] if form is None else ["in matrix form", form.text, ""]


def _where(jacobian: JacobianResult, reading: DisplayForm) -> list[str]:
    """Return what names in a closed form stand for: "with u = x + y", "with α = 1.1, β = 0.4"."""
    names = reading.texts
    lines = [
        f"with {one_line(clause.symbol, names)} = {one_line(clause.definition, names)}"
        for clause in reading.clauses
    ]
    constants = [
        f"{label.unicode} = {plain.number(value, jacobian.view.digits)}"
        for label, value in reading.used_constants
    ]
    return [*lines, *([f"with {', '.join(constants)}"] if constants else [])]


@_within_budget
def still(jacobian: JacobianResult, include: Any = None) -> dict[str, Any]:
    """Return the forms that need no kernel: text, LaTeX and HTML."""
    makers = {"text/plain": text, "text/latex": _latex, "text/html": static}
    return {
        mime: make(jacobian) for mime, make in makers.items() if include is None or mime in include
    }


@_within_budget
def _latex(jacobian: JacobianResult) -> str:
    steps, left_out = _steps(jacobian) if jacobian.view.steps else ([], [])
    blocks = [jacobian.to_latex(), *(step.latex for step in steps)]
    blocks += [rf"\text{{{line}}}" for line in left_out]
    return "\n".join(f"$$\n{block}\n$$" for block in blocks)


MOST_LETTERS = 40_000  # of all derivations in one display


def _steps(jacobian: JacobianResult) -> tuple[list[Step], list[str]]:
    """The derivations of the entries that are not structurally zero, and how many are left out."""
    if jacobian.large or jacobian.refusal is not None:
        return [], []
    places = [(int(i), int(j)) for i, j in jacobian.pattern.nonzero().tolist()]
    steps: list[Step] = []
    letters = 0
    for i, j in places:
        step = attempt(functools.partial(_written_out, jacobian, i, j), jacobian.forms.budget)
        letters += 0 if isinstance(step, Refusal) else len(step.latex)
        if isinstance(step, Refusal) or letters > MOST_LETTERS:
            break
        steps.append(step)
    missing = len(places) - len(steps)
    if not missing:
        return steps, []
    return steps, [f"{missing} of {len(places)} derivations are left out; see J.steps(i, j)"]


def _written_out(jacobian: JacobianResult, i: int, j: int) -> Step:
    """Return an entry's derivation, whose lines have been made."""
    step = jacobian.steps(i, j)
    _ = step.equations
    return step


@_within_budget
def static(jacobian: JacobianResult) -> str:
    """Return the still form as self-contained HTML."""
    if jacobian.large:
        return _static_entries(jacobian)
    values, rows, columns, pattern = layout(jacobian)
    chain = jacobian.derivation
    steps, left_out = _steps(jacobian) if jacobian.view.steps else ([], [])
    return html.matrix(
        values,
        [f"∂{label.unicode}" for label in rows],
        [f"∂{label.unicode}" for label in columns],
        digits=jacobian.view.digits,
        caption=caption(jacobian),
        pattern=pattern,
        blocks=blocks(jacobian),
        picture=_picture(jacobian),
        head=latex.to_mathml(chain.head),
        chain=list(zip(chain.signs, map(latex.to_mathml, chain.links), strict=True)),
        where=[latex.to_mathml(equation, display=False) for equation in chain.where],
        matrix_form=[latex.to_mathml(equation, display=False) for equation in chain.matrix],
        steps=[_step_lines(step) for step in steps],
        remarks=[*chain.left_out, *left_out, *remarks(jacobian)],
        warnings=warnings(jacobian),
    )


def _extract(jacobian: JacobianResult) -> Entries:
    """The entries of a large sparse Jacobian with labels, transposed in denominator layout."""
    entries, names = jacobian.entries, (jacobian.rows, jacobian.columns)
    if jacobian.view.layout == "denominator":
        entries, names = entries.T.tocsr(), names[::-1]
    return Entries(
        entries,
        mapped(lambda label: f"∂{label.unicode}", names[0]),
        mapped(lambda label: f"∂{label.unicode}", names[1]),
        jacobian.view.digits,
        jacobian.numbers.sparse is not None,
    )


def _static_entries(jacobian: JacobianResult) -> str:
    chain, found = jacobian.derivation, _extract(jacobian)
    return html.summary(
        caption=caption(jacobian),
        head=latex.to_mathml(chain.head),
        chain=list(zip(chain.signs, map(latex.to_mathml, chain.links), strict=True)),
        picture=found.picture(blocks(jacobian)),
        remarks=[found.count, *remarks(jacobian)],
        warnings=warnings(jacobian),
    )


def _picture(jacobian: JacobianResult) -> str:
    """Return a heat map where the table shows only a part of the matrix."""
    values, rows, columns, pattern = layout(jacobian)
    if max(values.shape, default=0) <= html.MOST:
        return ""
    return heatmap(
        values,
        pattern,
        rows=[label.unicode for label in rows],
        columns=[label.unicode for label in columns],
        blocks=blocks(jacobian),
    )


def _step_lines(step: Step) -> list[tuple[int, str, str]]:
    return [
        (line.depth, latex.to_mathml(line.latex, display=False), line.rule)
        for line in step.equations
    ]
