"""Mistakes of exercises that no wrong rule explains: the question is misread."""

from __future__ import annotations

import itertools

import numpy as np

from jacmagic.result.check.slips.evidence import Evidence
from jacmagic.result.check.slips.slip import Slip, Wrong

MAX_COLUMNS = 12  # whose sums are tried


def number_slip(evidence: Evidence, wrong: Wrong) -> Slip | None:
    """Return that the answer is the entry's number at x, where a formula is asked for."""
    if wrong.alone or np.ptp(wrong.truth) == 0 or np.ptp(wrong.hand) > 0:
        return None
    here, number = float(wrong.truth[0]), float(wrong.hand[0])
    if here == 0 or abs(number - here) > 1e-3 * abs(here):
        return None
    return Slip("number", "this is its number at the point; the entry is a formula")


def function_slip(evidence: Evidence, wrong: Wrong) -> Slip | None:
    """Return that the answer is the function itself."""
    form, values = evidence.form, evidence.form_values
    if form is None or values is None or not form.outputs or wrong.alone:
        return None
    name = evidence.output(wrong.row)
    if wrong.explained_by(values.of(form.outputs[wrong.row])):
        return Slip("not differentiated", f"this is {name} itself, not its derivative")
    return None


def total_slip(evidence: Evidence, wrong: Wrong) -> Slip | None:
    """Return that other variables are differentiated too, which a partial derivative holds."""
    if wrong.alone:
        return None
    row = evidence.truth[:, wrong.row, :]
    others = [
        k for k in range(min(row.shape[1], MAX_COLUMNS)) if k != wrong.column and row[:, k].any()
    ]
    names = [label.unicode for label in evidence.columns]
    for count in (1, 2, len(others)):
        for chosen in itertools.combinations(others, count):
            if chosen and wrong.explained_by(wrong.truth + row[:, list(chosen)].sum(axis=1)):
                listed = " and ".join(names[k] for k in chosen)
                verb = "is" if len(chosen) == 1 else "are"
                return Slip(
                    "held constant", f"{listed} {verb} differentiated too; hold it constant"
                )
    return None


HABITS = (number_slip, function_slip, total_slip)
