"""The usual reach of a slider around its value, which is also the extent of pictures."""

from __future__ import annotations

import math
import sys

USUAL_STEPS = 200  # of a range without a step of its own: about one for each pixel
MAX_REACH = sys.float_info.max / 2
MIN_REACH = sys.float_info.min / sys.float_info.epsilon  # of which a step is a normal number


def usual_reach(value: float) -> float:
    """Return how far a slider goes on either side of a value where no range is given.

    This is max(1, 2·|value|), and 2·|value| where a step of the former would exceed the value.

    Args:
        value: any number; infinities and nan count as 0.
    """
    double = 2 * abs(value) if math.isfinite(value) else 0.0
    is_tiny = MIN_REACH < double < 2 * 2 / USUAL_STEPS
    return double if is_tiny else min(max(1.0, double), MAX_REACH)
