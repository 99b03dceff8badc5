"""Entries about which the Jacobian itself leaves a doubt: kinks, sources that disagree."""

from __future__ import annotations

import numpy as np

from jacmagic.result.check.judgement import Status
from jacmagic.result.check.samples import Samples
from jacmagic.result.core import JacobianResult


def doubts_of(
    result: JacobianResult, samples: Samples, status: np.ndarray
) -> dict[tuple[int, int], str]:
    """Return why the hand is not to be called wrong in some entries."""
    found: dict[tuple[int, int], str] = {}
    agreement = result.agreement
    if agreement.verdict == "disagree":
        for one in agreement.disagreements:
            if status[one.row, one.column] in (Status.DIFFERENT, Status.HERE):
                found[one.row, one.column] = f"the right value is in doubt: {one.cause}"
    both = result.one_sided
    if both is not None:
        left, right = both.left.numpy(), both.right.numpy()
        for i, j in both.entries:
            hand = samples.hand[0, i, j]
            if status[i, j] in (Status.DIFFERENT, Status.HERE) and _between(
                hand, left[i, j], right[i, j]
            ):
                found[i, j] = _sides(hand, left[i, j], right[i, j], samples.truth[0, i, j])
    for i, j in np.argwhere(~np.isfinite(samples.truth[0])):
        found.setdefault((int(i), int(j)), "the function has no finite derivative at x")
    return found


def _between(value: float, left: float, right: float) -> bool:
    low, high = sorted((left, right))
    margin = 1e-9 * max(abs(low), abs(high))
    return bool(low - margin <= value <= high + margin)


def _sides(hand: float, left: float, right: float, torch: float) -> str:
    """Return which derivative at a kink the hand has."""
    side = "from the left" if np.isclose(hand, left) else "from the right"
    if not np.isclose(hand, left) and not np.isclose(hand, right):
        side = "between both sides"
    return f"at a kink: the hand's is the derivative {side}, torch's {torch:g}"
