"""All hypotheses in order, the plainest first; the first that matches names the slip."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from jacmagic.result.check.slips.derivation import rule_or_factor
from jacmagic.result.check.slips.edits import edit_slip
from jacmagic.result.check.slips.entry import (
    any_factor,
    far_entry,
    moved_slip,
    other_entry,
    plain_slip,
    rounded_slip,
)
from jacmagic.result.check.slips.evidence import Evidence
from jacmagic.result.check.slips.slip import Slip, WrongEntry
from jacmagic.result.check.slips.terms import (
    factor_in_a_term,
    factor_lookup,
    input_factor,
    term_lookup,
    term_slip,
    terms_slip,
)
from jacmagic.result.check.slips.whole import line_slips, perturbation_slip, whole_slips

Hypothesis = Callable[[Evidence, WrongEntry], Slip | None]

MAX_ENTRIES_EXPLAINED = 48  # entries of one matrix; more have no cause of their own each


def _rule_or_input(evidence: Evidence, wrong: WrongEntry) -> Slip | None:
    """Return a wrong rule; of a constant factor that is an input, that the input is missing."""
    rule = rule_or_factor(evidence, wrong)
    lost = rule is not None and rule.kind == "constant"
    return (input_factor(evidence, wrong) if lost else None) or rule


HYPOTHESES: Sequence[Hypothesis] = (
    plain_slip,
    _rule_or_input,
    other_entry,
    input_factor,
    far_entry,
    term_slip,
    moved_slip,
    edit_slip,
    terms_slip,
    factor_lookup,
    term_lookup,
    factor_in_a_term,
    any_factor,
    rounded_slip,
)


def first_of(
    hypotheses: Sequence[Hypothesis], evidence: Evidence, wrong: WrongEntry
) -> Slip | None:
    """Return what the first hypothesis that matches says; None where none does."""
    return next(filter(None, (look(evidence, wrong) for look in hypotheses)), None)


def explain(evidence: Evidence, wrong: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Slip]:
    """Return the likely slip of each wrong entry for which one is found.

    Args:
        evidence: both Jacobians.
        wrong: the entries that differ.
    """
    whole = whole_slips(evidence)
    if whole is not None:
        return dict.fromkeys(wrong, whole)
    slips = line_slips(evidence, wrong)
    if len(slips) < len(wrong):
        turned = perturbation_slip(evidence)
        if turned is not None:
            return dict.fromkeys(wrong, turned)
    for i, j in wrong[:MAX_ENTRIES_EXPLAINED]:
        if (i, j) not in slips and np.isfinite(evidence.hand[:, i, j]).all():
            slip = first_of(HYPOTHESES, evidence, evidence.wrong(i, j))
            if slip is not None:
                slips[i, j] = slip
    return slips
