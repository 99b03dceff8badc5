"""The questions of an exercise: which entries of one Jacobian, or which steps, are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from jacmagic.result.core import JacobianResult
from jacmagic.view.exercise.choice import chosen_entries
from jacmagic.view.exercise.options import QuizOptions
from jacmagic.view.exercise.points import other_point
from jacmagic.view.exercise.question import ENTRY, NUMBER, STEPS, Question
from jacmagic.view.exercise.rules import rule_questions

if TYPE_CHECKING:
    from typing_extensions import Self


@dataclass(frozen=True, eq=False, repr=False)
class QuestionSet:
    """Questions about one Jacobian, (m, n), at a point.

    Attributes:
        jacobian: the result, whose closed form and torch's numbers agree.
        options: the kind of questions, their number, the variants and the seed.
    """

    jacobian: JacobianResult
    options: QuizOptions

    @property
    def kind(self) -> str:
        """What is left blank: "entries", "numbers", "steps" or "rules"."""
        return self.options.kind

    @property
    def is_matrix(self) -> bool:
        """Whether the blanks are entries of the matrix."""
        return self.kind in ("entries", "numbers")

    @property
    def seed(self) -> int:
        """The seed of the choice of entries."""
        return self.options.seed

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """What is asked, in row-major order; of rules, in the order of the derivation."""
        kind, jacobian = self.options.kind, self.jacobian
        entries = chosen_entries(
            jacobian,
            self.options.entries,
            derived=not self.is_matrix,
            varied=self.options.seeds > 1 and kind != "numbers",
            seed=self.options.seed,
        )
        if kind == "rules":
            return tuple(_rules(jacobian, entries))
        one = {"entries": ENTRY, "numbers": NUMBER, "steps": STEPS}[kind]
        return tuple(
            entry_question(jacobian, one, entry, number) for number, entry in enumerate(entries, 1)
        )

    @cached_property
    def variants(self) -> tuple[Self, ...]:
        """One exercise for each seed, this one first; of numbers, each at another point."""
        found = [self]
        for seed in range(self.options.seed + 1, self.options.seed + self.options.seeds):
            jacobian = self.jacobian
            if self.kind == "numbers":
                taken = {tuple(one.jacobian.problem.flat_point) for one in found}
                jacobian = other_point(jacobian, seed, taken)
            options = replace(self.options, seed=seed)
            found.append(replace(self, jacobian=jacobian, options=options))
        return tuple(found)

    @property
    def title(self) -> str:
        """What the exercise is about: "Exercise: Jacobian of f"."""
        return f"Exercise: {self.jacobian.notation.noun} of {self.jacobian.title}"


def _rules(jacobian: JacobianResult, entries: Sequence[tuple[int, int]]) -> list[Question]:
    questions: list[Question] = []
    for entry in entries:
        questions += rule_questions(jacobian, entry, len(questions) + 1)
    return questions


def entry_question(
    jacobian: JacobianResult, kind: str, entry: tuple[int, int], number: int
) -> Question:
    """Return the question for an entry, or for its derivation."""
    i, j = entry
    row, column, notation = jacobian.rows[i], jacobian.columns[j], jacobian.notation
    return Question(
        f"{kind}-{i}-{j}",
        kind,
        i,
        j,
        number,
        notation.unicode(jacobian.title, row.unicode, column.unicode),
        notation.tex(jacobian.title, row.tex, column.tex),
    )
