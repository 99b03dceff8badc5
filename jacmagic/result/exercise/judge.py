"""The judge of answers: an entry's right value and the answer's, at random points around x.

Nothing is simplified. An answer is right where both are equal at x and at 64 points around it, in
the branch of x, within rounding or with fifty digits (NOTE [Equality] of `check.judgement`).
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np

from jacmagic.errors import FunctionError, JacmagicError, OptionError
from jacmagic.result.check.calls import of_form
from jacmagic.result.check.expressions import Expressions
from jacmagic.result.check.formulas import vocabulary_of
from jacmagic.result.check.hand import Hand
from jacmagic.result.check.judgement import agreement_at, settle
from jacmagic.result.check.samples import Samples, around, in_branch, spread
from jacmagic.result.core import JacobianResult
from jacmagic.result.exercise.answer import Answer, read_answer, with_numerators
from jacmagic.result.exercise.constants import COINCIDENCE, Constants
from jacmagic.result.exercise.judgement import RIGHT, UNREADABLE, WRONG, Judgement
from jacmagic.result.exercise.mistakes import named_mistake
from jacmagic.result.exercise.outputs import outputs_of
from jacmagic.result.exercise.parser import Names
from jacmagic.symbolic.formula.closed import ClosedForm

UNIT = 2.0**-52  # both sides are computed in float64
MIN_POINTS = 8  # at which an answer needs a value
UNFINISHED = "unfinished"
BRACKETS = {
    "/": "it is read from left to right; write brackets around what stands below",
    "^": "the exponent ends too early; write brackets around it",
    "f": "the argument of a function ends too early; write brackets around it",
}
ABOVE = "it is read from left to right; write brackets around what stands above"
LOOSE = ("/", "/+-", "^", "^/", "^+-", "f+-")  # what an answer may lack brackets around


class Judge:
    """A Jacobian's entries with their values, against which any number of answers is judged.

    Attributes:
        result: the Jacobian.
        form: its closed form.
        points: x and random points around it, (k, n).
        truth: the Jacobians there, (k, m, n).
    """

    def __init__(self, result: JacobianResult) -> None:
        """Evaluate the closed form.

        Raises:
            FunctionError: there is none, or it contradicts torch.
        """
        self.result, self.form = result, _closed_form(result)
        point = np.array(result.problem.flat_point, dtype=np.float64)
        points, _ = around(result, point, self.form.values(point.tolist()))
        points = in_branch(self.expressions, points)
        truth = self.form.values_at(points)
        finite = np.isfinite(truth).all(axis=(1, 2))
        self.points, self.truth = points[finite], truth[finite]

    @cached_property
    def expressions(self) -> Expressions:
        """The entries on the function's graph."""
        return of_form(self.form)

    @cached_property
    def names(self) -> Names:
        """What names in answers mean."""
        listed = tuple(label.text for label in self.result.columns)
        vocabulary = vocabulary_of(self.result)
        outputs = outputs_of(self.result, vocabulary)
        return Names(vocabulary, self.expressions, listed, outputs)

    @cached_property
    def constants(self) -> Constants:
        """The function's constants, which answers may name."""
        return Constants(self.result)

    def judge(self, i: int, j: int, text: str) -> Judgement:
        """Judge an answer for the entry ∂fᵢ/∂xⱼ, rows and columns counted from 0.

        Raises:
            OptionError: there is no such entry.
        """
        answer = self.read(i, j, text)
        if isinstance(answer, Judgement):
            return answer
        judgement = self.judged(i, j, answer)
        if judgement and answer.unfinished:
            return Judgement(WRONG, answer.text, UNFINISHED, "a derivative is left to be taken")
        return judgement

    def read(self, i: int, j: int, text: str) -> Answer | Judgement:
        """Read an answer for an entry; return a judgement where it is not readable.

        Raises:
            OptionError: there is no such entry.
        """
        m, n = self.result.shape
        if not (0 <= i < m and 0 <= j < n):
            raise OptionError(
                f"expected a row below {m} and a column below {n}; found {i} and {j}; "
                "both count from 0"
            )
        try:
            return read_answer(text, self.names, j)
        except JacmagicError as error:
            return Judgement(UNREADABLE, str(text)[:200], message=str(error))

    def judged(self, i: int, j: int, answer: Answer) -> Judgement:
        """Judge an answer that has been read."""
        hand = answer.values(self.points)
        usable = np.isfinite(hand)
        if usable.sum() < min(MIN_POINTS, len(hand)):
            message = "it has no value at most points near x; look for a division by zero"
            return Judgement(WRONG, answer.text, "no value", message)
        if self.is_equal(i, j, answer, hand):
            if self.constants.are_kept(i, j, answer, self.names, self.points):
                return Judgement(RIGHT, answer.text)
            return Judgement(WRONG, answer.text, "constants", COINCIDENCE)
        signs = answer.text.replace("**", "^") + "f"
        for loose in LOOSE:  # brackets are assumed after a sign of the answer, or a function
            if loose[0] in signs and self._is_right_as(answer.text, i, j, loose):
                return Judgement(WRONG, answer.text, "brackets", BRACKETS[loose[0]])
        if any(self._is_right_as(other, i, j) for other in with_numerators(answer.text)):
            return Judgement(WRONG, answer.text, "brackets", ABOVE)
        slip = named_mistake(self.result, self.expressions, self.points, self.truth, i, j, answer)
        if slip is None:
            return Judgement(WRONG, answer.text)
        return Judgement(WRONG, answer.text, slip.kind, slip.text)

    def _is_right_as(self, text: str, i: int, j: int, loose: str = "") -> bool:
        try:
            other = read_answer(text, self.names, j, loose=loose)
        except JacmagicError:
            return False
        hand = other.values(self.points)
        return bool(np.isfinite(hand).all()) and self.is_equal(i, j, other, hand)

    # ── equality ──────────────────────────────────────────────────────────────────────────────

    def is_equal(self, i: int, j: int, answer: Answer, hand: np.ndarray) -> bool:
        """Whether values (k,) are those of an entry, wherever both have one."""
        samples = self._row(i, j, hand)
        equal = agreement_at(samples, UNIT, 0.0)
        if (equal == 0).any():
            n = self.result.shape[1]
            form = self.expressions
            right = replace(form, entries=form.entries[i * n : (i + 1) * n])
            noise = samples.noise.copy()
            noise[:, 0, j] += spread(
                lambda at: right.values(at).of(right.entries[j]), self.points, self.truth[:, i, j]
            )
            noise[:, 0, j] += spread(answer.values, self.points, hand)
            equal = agreement_at(replace(samples, noise=noise), UNIT, 0.0)
            written = replace(answer.written, entries=[*answer.written.entries] * n)
            settle(equal, samples, right, Hand("answer", answer.values, lambda: written))
        equal_at_points = equal[:, 0, j]
        return bool((equal_at_points != 0).all() and (equal_at_points == 1).any())

    def _row(self, i: int, j: int, hand: np.ndarray) -> Samples:
        """Return the row of an entry, with the answer instead of it."""
        truth = self.truth[:, [i], :]
        other = truth.copy()
        other[:, 0, j] = hand
        return Samples(self.points, truth, other, UNIT * np.abs(np.nan_to_num(other)))


def _closed_form(result: JacobianResult) -> ClosedForm:
    form = result.closed_form
    if form is None:
        raise FunctionError(
            f"expected a function with a closed form to judge answers by; found none: "
            f"{result.refusal}; write the function without it"
        )
    if result.agreement.verdict == "disagree":
        raise FunctionError(
            f"expected a Jacobian whose closed form and torch agree; found {result.agreement}; "
            "write another point, or the function without it"
        )
    return form


def judge_of(result: JacobianResult) -> Judge:
    """Return the judge of a result, made on first use.

    Raises:
        FunctionError: there is no closed form to judge by.
    """
    judge = result.__dict__.get("_judge")
    if not isinstance(judge, Judge):
        judge = result.__dict__["_judge"] = Judge(result)
    return judge
