"""A slider's usual reach around its value, which is also the extent of pictures; steps."""

from __future__ import annotations

import math
import sys

USUAL_STEPS = 200  # of a range without a step of its own: about one for each pixel
MAX_REACH = sys.float_info.max / 2
MIN_REACH = sys.float_info.min / sys.float_info.epsilon  # of which a step is a normal number


def round_step(least: float) -> float:
    """Return the next 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(least))
    return power * next(factor for factor in (1, 2, 5, 10) if factor * power >= least * 0.999)


def usual_reach(value: float) -> float:
    """Return how far a slider goes on either side of a value where no range is given.

    This is max(1, 2·|value|), and 2·|value| where a step of the former would exceed the value.

    Args:
        value: any number; infinities and nan count as 0.
    """
    double = 2 * abs(value) if math.isfinite(value) else 0.0
    is_tiny = MIN_REACH < double < 2 * 2 / USUAL_STEPS
    return double if is_tiny else min(max(1.0, double), MAX_REACH)
