"""The questions of an exercise: which entries of one Jacobian, or which steps, are asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.formula.display_form import DisplayForm
from jacmagic.view.exercise.choice import chosen_entries, other_point
from jacmagic.view.exercise.kinds import KINDS, Kind, QuizOptions
from jacmagic.view.exercise.question import Question


@dataclass(frozen=True, eq=False, repr=False)
class QuestionSet:
    """Questions about one Jacobian; `Exercise` displays them and judges answers."""

    jacobian: JacobianResult
    options: QuizOptions

    @property
    def description(self) -> Kind:
        """What is left blank, and how it is asked for."""
        return KINDS[self.options.kind]

    @property
    def is_matrix(self) -> bool:
        """Whether the blanks are entries of the matrix."""
        return self.description.is_matrix

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """What is asked, in row-major order; of rules, in the order of the derivation."""
        entries = chosen_entries(
            self.jacobian,
            self.options.entries,
            derived=not self.is_matrix,
            varied=self.options.seeds > 1 and not self.description.at_points,
            seed=self.options.seed,
        )
        return tuple(self.description.questions(self.jacobian, entries))

    @cached_property
    def variants(self) -> tuple[Self, ...]:
        """One exercise for each seed, this one first; of numbers, each at another point."""
        variants = [self]
        for seed in range(self.options.seed + 1, self.options.seed + self.options.seeds):
            jacobian = self.jacobian
            if self.description.at_points:
                points = {tuple(variant.jacobian.problem.flat_point) for variant in variants}
                jacobian = other_point(jacobian, seed, points)
            options = replace(self.options, seed=seed)
            variants.append(replace(self, jacobian=jacobian, options=options))
        return tuple(variants)

    @property
    def reading(self) -> DisplayForm:
        """The closed form as it is shown, without which there is no exercise."""
        assert self.jacobian.reading is not None
        return self.jacobian.reading

    @property
    def title(self) -> str:
        """What the exercise is about: "Exercise: Jacobian of f"."""
        return f"Exercise: {self.jacobian.notation.noun} of {self.jacobian.title}"
