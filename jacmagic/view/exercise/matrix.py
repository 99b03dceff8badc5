"""The matrix of an exercise: blanks that are asked for, and entries that are given."""

from __future__ import annotations

from dataclasses import dataclass

from jacmagic.render.mathml import to_mathml
from jacmagic.symbolic.formula.typeset import plain, tex
from jacmagic.symbolic.named import NamedNumber
from jacmagic.view.exercise.question import Question
from jacmagic.view.exercise.question_set import QuestionSet

MAX_GIVEN = 40  # characters of an entry that is given; a longer one would crowd the blanks


@dataclass(frozen=True)
class Given:
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


_ZERO = Given("0", "0")
_NOT_SHOWN = Given("…", r"\ldots")


def cells_of(exercise: QuestionSet) -> list[list[Question | Given]]:
    """Return the matrix as it is shown: a question, or the entry that is given.

    Where an exercise has variants, an entry that one of them gives another one asks for, so that
    none is given but zeros.
    """
    jacobian = exercise.jacobian
    m, n = jacobian.shape
    asked = {(one.row, one.column): one for one in exercise.questions}
    cells = [[asked.get((i, j)) or _given(exercise, i, j) for j in range(n)] for i in range(m)]
    if jacobian.view.layout.is_transposed:
        return [[cells[i][j] for i in range(m)] for j in range(n)]
    return cells


def _given(exercise: QuestionSet, i: int, j: int) -> Given:
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
    return Given(text, tex(entry, reading.all_names)) if len(text) <= MAX_GIVEN else _NOT_SHOWN
