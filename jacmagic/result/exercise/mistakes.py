"""The mistake that turns the right entry into the answer, by the slips of `check.slips`."""

from __future__ import annotations

import itertools
from functools import cached_property

import numpy as np

from jacmagic.result.check.expressions import Expressions, Values
from jacmagic.result.check.slips.derivation import rule_or_factor
from jacmagic.result.check.slips.entry import far_entry, other_entry, plain_slip, rounded_slip
from jacmagic.result.check.slips.evidence import Evidence, Side
from jacmagic.result.check.slips.search import HYPOTHESES, first_of
from jacmagic.result.check.slips.slip import Slip, WrongEntry
from jacmagic.result.check.slips.terms import product
from jacmagic.result.core import JacobianResult
from jacmagic.result.exercise.answer import Answer
from jacmagic.symbolic.formula.time_limit import one_allowance
from jacmagic.symbolic.graph.passes import tree_sizes

MAX_COLUMNS_ADDED = 12  # whose sums are tried
MAX_SECONDS = 1.0  # of SymPy's work on texts, for one answer
MAX_SYMBOLS_SEARCHED = 300  # symbols of an answer that is searched for the spot of a mistake
MIN_DIGITS = 4  # that are right everywhere of a rounded constant


class EntryEvidence(Evidence):
    """Evidence on one entry; the rest of the matrix is right, the answer the only expression."""

    @cached_property
    def written_values(self) -> Values | None:
        """The answer's values."""
        return None if self.written is None else self.written.values(self.points)

    def in_hand(self, wrong: WrongEntry) -> Side | None:
        """Return the answer as one side of a comparison; None where it cannot be read."""
        if self.written is None or self.written_values is None:
            return None
        return self.written, self.written_values, self.written.entries[0]


def named_mistake(
    result: JacobianResult,
    form: Expressions,
    points: np.ndarray,
    truth: np.ndarray,
    i: int,
    j: int,
    answer: Answer,
) -> Slip | None:
    """Return the mistake in an answer that is wrong, or None where none explains it.

    Args:
        result: the Jacobian.
        form: its expressions.
        points: (k, n).
        truth: the Jacobians there, (k, m, n).
        i: the row.
        j: the column.
        answer: what was typed.
    """
    values = answer.values(points)
    finite = np.isfinite(values)
    points, truth = points[finite], truth[finite]
    hand = truth.copy()
    hand[:, i, j] = values[finite]
    searched = tree_sizes(answer.written.graph, answer.written.entries)[0] <= MAX_SYMBOLS_SEARCHED
    noise = 1e-13 * np.abs(truth)  # not of the answer, which may be huge
    written = answer.written if searched else None
    evidence = EntryEvidence(points, truth, hand, noise, form, written, result)
    wrong = evidence.wrong(i, j)
    with one_allowance(MAX_SECONDS), np.errstate(all="ignore"):
        looks = (_rounded, plain_slip, _constant, *HABITS, rule_or_factor, *HYPOTHESES)
        return first_of(looks, evidence, wrong)


def _constant(evidence: Evidence, wrong: WrongEntry) -> Slip | None:
    """Return what is wrong with a number where the entry varies.

    Any number is the entry but for the whole entry as a factor; that explains nothing.
    """
    if wrong.alone or np.ptp(wrong.hand) > 0 or np.ptp(wrong.truth) == 0:
        return None
    slip = first_of((*HABITS, rule_or_factor, other_entry, far_entry), evidence, wrong)
    factor = evidence.named(wrong.truth / wrong.hand)
    if slip is None and factor and abs(factor[0]) == 1 and abs(wrong.hand[0]) != 1:
        return Slip("missing factor", f"the factor {product(*factor)} is missing")
    return slip or Slip("number", "this is a number; the entry depends on the variables")


def _rounded(evidence: Evidence, wrong: WrongEntry) -> Slip | None:
    """Return that constants are rounded, where the answer has some digits right everywhere."""
    return rounded_slip(evidence, wrong, MIN_DIGITS)


def number_slip(evidence: Evidence, wrong: WrongEntry) -> Slip | None:
    """Return that the answer is the entry's number at x, where a formula is asked for."""
    if wrong.alone or np.ptp(wrong.truth) == 0 or np.ptp(wrong.hand) > 0:
        return None
    right, number = float(wrong.truth[0]), float(wrong.hand[0])
    if right == 0 or abs(number - right) > 1e-3 * abs(right):
        return None
    return Slip("number", "this is its number at the point; the entry is a formula")


def function_slip(evidence: Evidence, wrong: WrongEntry) -> Slip | None:
    """Return that the answer is the function itself."""
    form, values = evidence.form, evidence.form_values
    if form is None or values is None or not form.outputs or wrong.alone:
        return None
    name = evidence.result._output(wrong.row)
    if wrong.explained_by(values.of(form.outputs[wrong.row])):
        return Slip("not differentiated", f"this is {name} itself, not its derivative")
    return None


def total_slip(evidence: Evidence, wrong: WrongEntry) -> Slip | None:
    """Return that other variables are differentiated too, which a partial derivative holds."""
    if wrong.alone:
        return None
    row = evidence.truth[:, wrong.row, :]
    others = [
        k
        for k in range(min(row.shape[1], MAX_COLUMNS_ADDED))
        if k != wrong.column and row[:, k].any()
    ]
    names = [label.unicode for label in evidence.result.columns]
    for count in (1, 2, len(others)):
        for chosen in itertools.combinations(others, count):
            if chosen and wrong.explained_by(wrong.truth + row[:, list(chosen)].sum(axis=1)):
                listed = " and ".join(names[k] for k in chosen)
                verb = "is" if len(chosen) == 1 else "are"
                return Slip(
                    "held constant", f"{listed} {verb} differentiated too; hold it constant"
                )
    return None


HABITS = (number_slip, function_slip, total_slip)  # of those who misread the question
