"""Slips that are the right entry at another point: variables exchanged, degrees for radians."""

from __future__ import annotations

import itertools

import numpy as np

from jacmagic.result.check.slips.evidence import Evidence
from jacmagic.result.check.slips.slip import Slip, Wrong

MAX_VARIABLES = 10  # of which all pairs are tried


def moved_slip(evidence: Evidence, wrong: Wrong) -> Slip | None:
    """Return a change of the point at which the right entry has the hand's values."""
    if wrong.alone or evidence.form is None:
        return None
    n = evidence.shape[1]
    at = wrong.row * n + wrong.column
    names = [label.unicode for label in evidence.columns]

    def entry(points: np.ndarray) -> np.ndarray:
        assert evidence.form is not None
        with np.errstate(all="ignore"):
            return evidence.form.values(points).of(evidence.form.entries[at])

    for k in range(min(n, 4 * MAX_VARIABLES)):
        mirrored = evidence.points.copy()
        mirrored[:, k] *= -1
        if wrong.explained_by(entry(mirrored)):
            return Slip("sign", f"−{names[k]} where {names[k]} is right")
    for factor, text in ((np.pi / 180, "in degrees"), (180 / np.pi, "in radians")):
        for k in range(min(n, MAX_VARIABLES)):
            scaled = evidence.points.copy()
            scaled[:, k] *= factor
            if wrong.explained_by(entry(scaled)):
                return Slip("degrees", f"{names[k]} is taken {text}")
    for k, other in itertools.permutations(range(min(n, MAX_VARIABLES)), 2):
        replaced = evidence.points.copy()
        replaced[:, k] = replaced[:, other]
        if wrong.explained_by(entry(replaced)):
            return Slip("variable", f"{names[other]} where {names[k]} is right")
        exchanged = evidence.points.copy()
        exchanged[:, [k, other]] = exchanged[:, [other, k]]
        if k < other and wrong.explained_by(entry(exchanged)):
            return Slip("variable", f"{names[k]} and {names[other]} are exchanged")
    return None
