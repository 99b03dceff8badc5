"""The decision on each entry: equal at all points, at x alone, different, or in doubt.

NOTE [Equality] Two formulas for one number differ by rounding. How much is measured: both are
evaluated at five points of a short line through each point, and what high differences of these
values leave is the noise of the evaluation, cancellation in it included. A difference within 16
times the noise, or below 1e-12 of
the entry, is none; nor is one that changes the outputs by less than 2⁻⁴⁴ of what the row's largest
entry does for inputs changed by all of their size: constants such as cos(π/2) are 6e-17 in one
formula and 0 in the other, and tails of a density vanish. Where the noise leaves less than half of
the digits, the point decides nothing.
"""

from __future__ import annotations

from enum import Enum

import numpy as np

from jacmagic.result.check.samples import Samples

NOISES = 16.0
RELATIVE = 1e-12  # of an entry, as is shown
SHARE = 2.0**-44  # of what the row's largest entry contributes


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
    found: np.ndarray = (status == Status.DIFFERENT) | (status == Status.HERE)
    return found


def agreement_at(samples: Samples, unit: float, rounding: np.ndarray | float) -> np.ndarray:
    """Return at which points which entries are equal: 1, 0, or nan where it is not known.

    Args:
        samples: the values.
        unit: the coarsest unit roundoff of the inputs.
        rounding: half a unit of the last digit written of each number, (m, n) or 0.
    """
    return compared(samples, samples.hand, unit, rounding)


def compared(
    samples: Samples, hand: np.ndarray, unit: float, rounding: np.ndarray | float
) -> np.ndarray:
    """Return the same for other values (k, m, n) than the hand's."""
    truth = samples.truth
    with np.errstate(invalid="ignore", over="ignore"):
        size = np.maximum(np.abs(truth), np.abs(hand))
        gap = np.abs(hand - truth)
        relative = RELATIVE * max(1.0, unit / 2.0**-52)
        allowed = np.maximum(NOISES * samples.noise, relative * size) + rounding * (1 + 1e-9)
        allowed = np.maximum(allowed, invisible(samples, unit))
        equal = (gap <= allowed) | (truth == hand)
    known = np.isfinite(truth) & np.isfinite(hand)
    vague = (allowed > np.sqrt(unit) * size) & ~(rounding > 0) & (size > 0)
    tiny = gap <= invisible(samples, unit)
    return np.where(known & ~(vague & ~tiny & equal), equal.astype(float), np.nan)


def invisible(samples: Samples, unit: float) -> np.ndarray:
    """Return the differences that a row's largest contribution hides, (k, m, n)."""
    sizes = np.where(samples.sizes > 0, samples.sizes, 1.0)
    with np.errstate(invalid="ignore", over="ignore"):
        largest = (np.abs(samples.truth) * sizes).max(axis=2, keepdims=True)
    usual = np.median(np.nan_to_num(np.abs(samples.truth)), axis=0)  # of the entry, at all points
    return SHARE * (unit / 2.0**-52) * (np.nan_to_num(largest) / sizes + usual)


def decide(equal: np.ndarray, truth: np.ndarray, hand: np.ndarray) -> np.ndarray:
    """Return the status of each entry, (m, n) objects.

    Args:
        equal: from `agreement_at`, (k, m, n); the first point is x.
        truth: (k, m, n).
        hand: (k, m, n).
    """
    found = np.full(equal.shape[1:], Status.DOUBT, dtype=object)
    wrong = (equal == 0).any(axis=0)
    right = (equal == 1).any(axis=0)
    found[right & ~wrong] = Status.EQUAL
    found[wrong] = Status.DIFFERENT
    found[wrong & (equal[0] == 1)] = Status.HERE
    missing = np.isfinite(truth[0]) & ~np.isfinite(hand[0])
    found[missing] = Status.DIFFERENT
    return found
