"""Entries about which the Jacobian itself leaves a doubt: kinks, sources that disagree."""

from __future__ import annotations

import numpy as np

from jacmagic.result.check.judgement import WRONG, is_wrong
from jacmagic.result.check.samples import Samples
from jacmagic.result.core import JacobianResult

MIN_DIGITS = 7  # half of float64's: what is wrong by a mistake differs earlier


def doubts_of(
    result: JacobianResult, samples: Samples, status: np.ndarray
) -> dict[tuple[int, int], str]:
    """Return why the hand is not to be called wrong in some entries."""
    found: dict[tuple[int, int], str] = {}
    agreement = result.agreement
    if agreement.verdict == "disagree":
        for one in agreement.disagreements:
            if status[one.row, one.column] in WRONG:
                found[one.row, one.column] = f"the right value is in doubt: {one.cause}"
    both = result.one_sided
    if both is not None:
        left, right = both.left.numpy(), both.right.numpy()
        for i, j in both.entries:
            hand = samples.hand[0, i, j]
            if status[i, j] in WRONG and _between(hand, left[i, j], right[i, j]):
                found[i, j] = _sides(hand, left[i, j], right[i, j], samples.truth[0, i, j])
    for i, j in np.argwhere(is_wrong(status)):
        digits = _digits(samples.truth[:, i, j], samples.hand[:, i, j])
        if digits >= MIN_DIGITS:
            found.setdefault(
                (int(i), int(j)),
                f"equal to {digits} digits: a rounded constant, a difference quotient, or rounding",
            )
    for i, j in np.argwhere(~np.isfinite(samples.truth[0])):
        found.setdefault((int(i), int(j)), "the function has no finite derivative at x")
    return found


def _digits(truth: np.ndarray, hand: np.ndarray) -> int:
    """Return how many digits two values share at all points."""
    kept = np.isfinite(truth) & (truth != hand)
    with np.errstate(all="ignore"):
        gaps = np.abs(hand - truth)[kept] / np.maximum(np.abs(hand), np.abs(truth))[kept]
    worst = float(np.max(gaps, initial=1e-16))
    return int(-np.log10(worst)) if worst == worst else 0


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
