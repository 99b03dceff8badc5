"""The still form of an exercise: a worksheet with numbered blanks, as text, LaTeX and HTML."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from jacmagic.labels import Label
from jacmagic.render import html as page
from jacmagic.render import latex as typeset
from jacmagic.render.mathml import to_mathml
from jacmagic.render.names import escaped_text
from jacmagic.render.prose import paragraph
from jacmagic.render.text import number
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.formula.sympy_names import NamedNumber
from jacmagic.symbolic.formula.typeset import plain, tex
from jacmagic.view.captions import point
from jacmagic.view.exercise.question import CHOICE, Question
from jacmagic.view.exercise.question_set import QuestionSet

MAX_GIVEN_CHARACTERS = 40  # of an entry that is given; a longer one would crowd the blanks
_LINES = 4  # to write on, below an entry that is derived
_LINE = "border-bottom:1px solid rgba(128,128,128,.8);height:1.9em;min-width:24em"
_BOX = (
    "display:inline-block;border:1px solid rgba(128,128,128,.8);border-radius:3px;"
    "min-width:5.5em;min-height:1.9em;padding:0 .3em;text-align:left;font-size:.8em"
)


def caption(exercise: QuestionSet) -> str:
    """Return what is asked, of what, and where."""
    return f"{exercise.title} at {point(exercise.jacobian)}"


def _outputs(exercise: QuestionSet) -> list[int]:
    """Return the outputs that are asked for, all of those in a matrix of entries."""
    if exercise.is_matrix:
        return list(range(exercise.jacobian.shape[0]))
    return sorted({question.row for question in exercise.questions})


def definitions(exercise: QuestionSet) -> list[str]:
    """Return the function's outputs as equations in LaTeX, with its constants."""
    jacobian, reading = exercise.jacobian, exercise.reading
    names, digits = reading.all_names, jacobian.view.digits
    lines = [
        f"{jacobian.notation.output(Label(jacobian.title).tex, jacobian.rows[i].tex)} = "
        f"{tex(reading.output(i), names, written=True)}"
        for i in _outputs(exercise)
    ]
    constants = [
        f"{label.tex} = {typeset.number(value, digits)}"
        for _, label, value in named_constants(exercise)
    ]
    return [*lines, *constants]


def named_constants(exercise: QuestionSet) -> list[tuple[Any, Label, float]]:
    """Return the named constants of the outputs that are shown: symbol, label, value."""
    reading = exercise.reading
    used = set().union(*(reading.output(i).atoms(NamedNumber) for i in _outputs(exercise)))
    return [
        (symbol, constant.label, constant.value)
        for symbol, constant in reading.constants
        if symbol in used
    ]


# ── text ──────────────────────────────────────────────────────────────────────────────────────


def text(exercise: QuestionSet) -> str:
    """Return the worksheet for a terminal."""
    jacobian, reading = exercise.jacobian, exercise.reading
    lines = [
        f"{jacobian._output(i)} = {plain(reading.output(i), reading.texts, written=True)}"
        for i in _outputs(exercise)
    ]
    named = named_constants(exercise)
    constants = [f"{label.unicode} = {number(value, 4)}" for _, label, value in named]
    lines += [f"with {', '.join(constants)}"] * bool(constants)
    below = _grid(exercise) if exercise.is_matrix else []
    lines_of_questions = [
        f"({question.number})  {question.text} = "
        if question.kind != CHOICE
        else f"({question.number})  {question.text}   one of: {' · '.join(question.choices)}"
        for question in exercise.questions
    ]
    return "\n".join(
        [caption(exercise), exercise.description.task, "", *lines, "", *below, *lines_of_questions]
    ).rstrip()


def _grid(exercise: QuestionSet) -> list[str]:
    """Return the matrix with numbers for blanks."""
    cells = [
        [cell.text if isinstance(cell, GivenEntry) else f"({cell.number})" for cell in row]
        for row in cells_of(exercise)
    ]
    width = max(len(cell) for row in cells for cell in row)
    return [f"[ {'  '.join(cell.center(width) for cell in row)} ]" for row in cells] + [""]


# ── LaTeX ─────────────────────────────────────────────────────────────────────────────────────


def head(jacobian: JacobianResult) -> str:
    names = [Label(input_.name).tex for input_ in jacobian.problem.inputs]
    title, letter = Label(jacobian.title).tex, jacobian.notation.letter
    return typeset.head(title, names, layout=jacobian.view.layout, letter=letter)


def latex(exercise: QuestionSet) -> str:
    """Return the worksheet as LaTeX: sentences, and equations between dollars."""
    shown = definitions(exercise)
    if exercise.is_matrix:
        cells = [
            [cell.tex if isinstance(cell, GivenEntry) else _blank(cell) for cell in row]
            for row in cells_of(exercise)
        ]
        shown.append(f"{head(exercise.jacobian)} = {typeset.matrix(cells)}")
    else:
        shown += [
            rf"({question.number})\quad {question.tex} = {_gap(question)}"
            for question in exercise.questions
        ]
    sentences = [paragraph(caption(exercise)), paragraph(exercise.description.task)]
    return "\n\n".join([*sentences, *(f"$$\n{equation}\n$$" for equation in shown)])


def _blank(question: Question) -> str:
    return rf"\boxed{{\scriptstyle {question.number} \qquad\qquad}}"


def _gap(question: Question) -> str:
    if question.kind != CHOICE:
        return r"\ldots"
    names = escaped_text(" · ".join(question.choices))
    return rf"\ldots \quad \text{{{question.asked}:}} \quad \ldots \quad ({names})"


# ── HTML ──────────────────────────────────────────────────────────────────────────────────────


def html(exercise: QuestionSet) -> str:
    """Return the worksheet as self-contained HTML, to be printed and filled in."""
    inside = _matrix(exercise) if exercise.is_matrix else _list(exercise)
    shown = [to_mathml(definition, display=False) for definition in definitions(exercise)]
    figure = f"<p>{escape(exercise.description.task)}</p>{inside}"
    return page.page(caption(exercise), figure, formulas=[page.listed("", shown)])


def _matrix(exercise: QuestionSet) -> str:
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in cells_of(exercise))
    return (
        f'<div class="jm-chain">{to_mathml(head(exercise.jacobian), display=False)} = '
        f'<span class="jm-brackets"><table><tbody>{rows}</tbody></table></span></div>'
    )


def _cell(cell: Question | GivenEntry) -> str:
    if isinstance(cell, GivenEntry):
        return f'<td style="text-align:center">{cell.mathml}</td>'
    return f'<td><span style="{_BOX}">{cell.number}</span></td>'


def _list(exercise: QuestionSet) -> str:
    items = []
    for question in exercise.questions:
        if question.kind == CHOICE:
            rules = escape(" · ".join(question.choices))
            below = f'<div style="font-size:.9em">{rules}</div><div style="{_LINE}"></div>'
        else:
            below = f'<div style="{_LINE}"></div>' * _LINES
        items.append(f"<li><div>({question.number}) {question.mathml} =</div>{below}</li>")
    return f'<ul class="jm-remarks">{"".join(items)}</ul>'


@dataclass(frozen=True)
class GivenEntry:
    """An entry that is not asked for.

    Attributes:
        text: its formula on one line; "…" where it is not shown.
        tex: the same as LaTeX.
    """

    text: str
    tex: str

    @property
    def mathml(self) -> str:
        """The formula for a line of text."""
        return to_mathml(self.tex, display=False)


_ZERO = GivenEntry("0", "0")
_NOT_SHOWN = GivenEntry("…", r"\ldots")


def cells_of(exercise: QuestionSet) -> list[list[Question | GivenEntry]]:
    """Return the matrix as it is shown: a question, or the entry that is given.

    Where an exercise has variants, an entry that one of them gives another one asks for, so that
    none is given but zeros.
    """
    jacobian = exercise.jacobian
    m, n = jacobian.shape
    questions = {(question.row, question.column): question for question in exercise.questions}
    cells = [[questions.get((i, j)) or _given(exercise, i, j) for j in range(n)] for i in range(m)]
    if jacobian.view.layout.is_transposed:
        return [[cells[i][j] for i in range(m)] for j in range(n)]
    return cells


def _given(exercise: QuestionSet, i: int, j: int) -> GivenEntry:
    reading = exercise.reading
    if not exercise.jacobian.pattern[i, j]:
        return _ZERO
    if exercise.options.seeds > 1:
        return _NOT_SHOWN
    entry = reading.shown(i, j)
    explained = {*reading.form.in_sympy.symbols, *(symbol for symbol, _ in reading.constants)}
    if not (entry.free_symbols - entry.atoms(NamedNumber)) <= explained:
        return _NOT_SHOWN  # it is written with a name that the page does not define
    text = plain(entry, reading.texts)
    return (
        GivenEntry(text, tex(entry, reading.all_names))
        if len(text) <= MAX_GIVEN_CHARACTERS
        else _NOT_SHOWN
    )
