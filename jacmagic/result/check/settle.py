"""Small differences settled with fifty digits, where both sides have expressions.

Rounding errors that no nudge of the inputs shows, such as 1 − σ(20) computed from σ(20), leave two
right formulas apart. With fifty digits they are equal, and a wrong one is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jacmagic.result.check.expressions import Expressions
from jacmagic.result.check.hand import Hand
from jacmagic.result.check.samples import Samples
from jacmagic.symbolic.graph import write_tape
from jacmagic.symbolic.graph.precise import precise

MAX_GAP = 1e-4  # relative: what rounding may do where four digits are left
POINTS = 3  # the worst ones of an entry
EQUAL = 2.0**-40  # relative, of values with fifty digits; constants may be rounded floats
MAX_ENTRIES = 64  # of a matrix that are settled so, each in milliseconds
MAX_OPERATIONS = 2_000


def settle(equal: np.ndarray, samples: Samples, form: Expressions | None, hand: Hand) -> None:
    """Mark as equal what fifty digits show to be equal, in place.

    Args:
        equal: (k, m, n), from `agreement_at`.
        samples: the values.
        form: the right expressions.
        hand: the other hand's.
    """
    if form is None:
        return
    n = equal.shape[2]
    with np.errstate(all="ignore"):
        size = np.maximum(np.abs(samples.truth), np.abs(samples.hand))
        gaps = np.where(equal == 0, np.abs(samples.hand - samples.truth) / size, 0.0)
    small = np.argwhere((gaps.max(axis=0) > 0) & (gaps.max(axis=0) < MAX_GAP))
    for i, j in small[:MAX_ENTRIES]:
        worst = np.argsort(gaps[:, i, j])[::-1][:POINTS]
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
        if abs(one - other) > EQUAL * max(abs(one), abs(other)):
            return False
    return True


def _exact(side: Expressions, node: int, point: np.ndarray) -> Any:
    """Return a node's value computed with fifty digits; None where it has none."""
    tape = write_tape(side.graph, [node], side.inputs)
    if len(tape.operations) > MAX_OPERATIONS:
        return None
    numbers = point.tolist()
    return precise(tape, numbers, tape.slots(numbers))[0]
