"""The decision on each entry: equal at all points, at x alone, different, or in doubt.

NOTE [Equality] Two formulas for one number differ by rounding. How much is measured: both are
evaluated at five points of a short line through each point, and what high differences of these
values leave is the noise of the evaluation, cancellation in it included. A difference within 16
times the noise, or below 1e-12 of the entry, is none; nor is one that changes the outputs by less
than 2⁻⁴⁴ of what the row's largest entry does for inputs changed by all of their size: constants
such as cos(π/2) are 6e-17 in one formula and 0 in the other, and tails of a density vanish. Where
the noise leaves less than half of the digits, the point decides nothing. Rounding errors that no
nudge of the inputs shows, such as 1 − σ(20) computed from σ(20), leave two right formulas apart:
with fifty digits they are equal, and a wrong one is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

import numpy as np

from jacmagic.result.check.expressions import Expressions
from jacmagic.result.check.hand import Hand
from jacmagic.result.check.samples import Samples
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.graph import write_tape
from jacmagic.symbolic.graph.precise import precise

MAX_RELATIVE_GAP = 1e-4  # relative: what rounding may do where four digits are left
WORST_POINTS = 3  # the worst ones of an entry
MAX_RELATIVE_GAP_OF_DIGITS = 2.0**-40  # of fifty digits; constants may be rounded floats
MAX_ENTRIES_SETTLED = 64  # of a matrix that are settled so, each in milliseconds
MAX_OPERATIONS = 2_000  # of a tape that is run with fifty digits
MIN_DIGITS = 7  # half of float64's: what is wrong by a mistake differs earlier
NOISE_FACTOR = 16.0  # times the estimated noise: the estimate is of few points
MAX_RELATIVE_ROUNDING = 1e-12  # of an entry, as is shown
MAX_SHARE_OF_ROW = 2.0**-44  # of what the row's largest entry contributes


class Status(Enum):
    """What is known of an entry."""

    PROVED = "proved symbolically"
    EQUAL = "equal"
    HERE = "equal at x alone"
    DIFFERENT = "different"
    DOUBT = "in doubt"


WRONG = (Status.DIFFERENT, Status.HERE)


def is_wrong(status: np.ndarray) -> np.ndarray:
    """Return where entries differ, boolean (m, n)."""
    differs: np.ndarray = (status == Status.DIFFERENT) | (status == Status.HERE)
    return differs


def agreement_at(samples: Samples, unit: float, rounding: np.ndarray | float) -> np.ndarray:
    """Return at which points which entries are equal: 1, 0, or nan where it is not known.

    Args:
        samples: the values.
        unit: the coarsest unit roundoff of the inputs.
        rounding: half a unit of the last digit written of each number, (m, n) or 0.
    """
    truth, hand = samples.truth, samples.hand
    with np.errstate(invalid="ignore", over="ignore"):
        size = np.maximum(np.abs(truth), np.abs(hand))
        gap = np.abs(hand - truth)
        relative = MAX_RELATIVE_ROUNDING * max(1.0, unit / 2.0**-52)
        allowed = np.maximum(NOISE_FACTOR * samples.noise, relative * size) + rounding * (1 + 1e-9)
        allowed = np.maximum(allowed, invisible(samples, unit))
        equal = (gap <= allowed) | (truth == hand)
    finite = np.isfinite(truth) & np.isfinite(hand)
    vague = (allowed > np.sqrt(unit) * size) & np.less_equal(rounding, 0) & (size > 0)
    tiny = gap <= invisible(samples, unit)
    return np.where(finite & ~(vague & ~tiny & equal), equal.astype(float), np.nan)


def invisible(samples: Samples, unit: float) -> np.ndarray:
    """Return the differences that a row's largest contribution hides, (k, m, n)."""
    sizes = np.where(samples.sizes > 0, samples.sizes, 1.0)
    with np.errstate(invalid="ignore", over="ignore"):
        largest = (np.abs(samples.truth) * sizes).max(axis=2, keepdims=True)
    usual = np.median(np.nan_to_num(np.abs(samples.truth)), axis=0)  # of the entry, at all points
    return MAX_SHARE_OF_ROW * (unit / 2.0**-52) * (np.nan_to_num(largest) / sizes + usual)


def decide(equal: np.ndarray, truth: np.ndarray, hand: np.ndarray) -> np.ndarray:
    """Return the status of each entry, (m, n) objects.

    Args:
        equal: from `agreement_at`, (k, m, n); the first point is x.
        truth: (k, m, n).
        hand: (k, m, n).
    """
    status = np.full(equal.shape[1:], Status.DOUBT, dtype=object)
    wrong = (equal == 0).any(axis=0)
    right = (equal == 1).any(axis=0)
    status[right & ~wrong] = Status.EQUAL
    status[wrong] = Status.DIFFERENT
    status[wrong & (equal[0] == 1)] = Status.HERE
    missing = np.isfinite(truth[0]) & ~np.isfinite(hand[0])
    status[missing] = Status.DIFFERENT
    return status


def doubts_of(
    result: JacobianResult, samples: Samples, status: np.ndarray
) -> dict[tuple[int, int], str]:
    """Return reasons to doubt that some differing entries are wrong."""
    doubts: dict[tuple[int, int], str] = {}
    agreement = result.agreement
    if agreement.verdict == "disagree":
        for disagreement in agreement.disagreements:
            if status[disagreement.row, disagreement.column] in WRONG:
                doubts[disagreement.row, disagreement.column] = (
                    f"the right value is in doubt: {disagreement.cause}"
                )
    both = result.one_sided
    if both is not None:
        left, right = both.left.numpy(), both.right.numpy()
        for i, j in both.entries:
            hand = samples.hand[0, i, j]
            if status[i, j] in WRONG and _between(hand, left[i, j], right[i, j]):
                doubts[i, j] = _sides(hand, left[i, j], right[i, j], samples.truth[0, i, j])
    for i, j in np.argwhere(is_wrong(status)):
        digits = _digits(samples.truth[:, i, j], samples.hand[:, i, j])
        if digits >= MIN_DIGITS:
            doubts.setdefault(
                (int(i), int(j)),
                f"equal to {digits} digits: a rounded constant, a difference quotient, or rounding",
            )
    for i, j in np.argwhere(~np.isfinite(samples.truth[0])):
        doubts.setdefault((int(i), int(j)), "the function has no finite derivative at x")
    return doubts


def _digits(truth: np.ndarray, hand: np.ndarray) -> int:
    """Return how many digits two values share at all points."""
    differing = np.isfinite(truth) & (truth != hand)
    with np.errstate(all="ignore"):
        gaps = np.abs(hand - truth)[differing] / np.maximum(np.abs(hand), np.abs(truth))[differing]
    worst = float(np.max(gaps, initial=1e-16))
    return int(-np.log10(worst)) if worst == worst else 0


def _between(value: float, left: float, right: float) -> bool:
    low, high = sorted((left, right))
    margin = 1e-9 * max(abs(low), abs(high))
    return bool(low - margin <= value <= high + margin)


def _sides(hand: float, left: float, right: float, torch: float) -> str:
    """Return which one-sided derivative the hand-derived Jacobian has at a kink."""
    side = "from the left" if np.isclose(hand, left) else "from the right"
    if not np.isclose(hand, left) and not np.isclose(hand, right):
        side = "between both sides"
    return f"at a kink: this is the derivative {side}, torch's {torch:g}"


def settle(equal: np.ndarray, samples: Samples, form: Expressions | None, hand: Hand) -> None:
    """Mark as equal what fifty digits show to be equal, in place.

    Args:
        equal: (k, m, n), from `agreement_at`.
        samples: the values.
        form: the right expressions.
        hand: the values of the hand-derived ones.
    """
    if form is None:
        return
    n = equal.shape[2]
    with np.errstate(all="ignore"):
        size = np.maximum(np.abs(samples.truth), np.abs(samples.hand))
        gaps = np.where(equal == 0, np.abs(samples.hand - samples.truth) / size, 0.0)
    small = np.argwhere((gaps.max(axis=0) > 0) & (gaps.max(axis=0) < MAX_RELATIVE_GAP))
    for i, j in small[:MAX_ENTRIES_SETTLED]:
        worst = np.argsort(gaps[:, i, j])[::-1][:WORST_POINTS]
        wrong = [samples.points[k] for k in worst if gaps[k, i, j] > 0]
        if hand.expressions is not None and _are_equal(form, hand.expressions, i * n + j, wrong):
            equal[equal[:, i, j] == 0, i, j] = 1


def _are_equal(
    form: Expressions, written: Expressions, entry: int, points: Sequence[np.ndarray]
) -> bool:
    for point in points:
        one, other = (_exact(side, side.entries[entry], point) for side in (form, written))
        if one is None or other is None:
            return False
        if abs(one - other) > MAX_RELATIVE_GAP_OF_DIGITS * max(abs(one), abs(other)):
            return False
    return True


def _exact(side: Expressions, node: int, point: np.ndarray) -> Any:
    """Return a node's value computed with fifty digits; None where it has none."""
    tape = write_tape(side.graph, [node], side.inputs)
    if len(tape.operations) > MAX_OPERATIONS:
        return None
    numbers = point.tolist()
    return precise(tape, numbers, tape.slots(numbers))[0]
