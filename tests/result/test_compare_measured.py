"""A steady sample of the measurement of `tools/comparison.py`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "tools"))

import comparison

STEP = 40  # every fortieth function of the corpus


def test_a_sample_of_slips_is_found_and_of_right_jacobians_is_not_accused() -> None:
    """No false alarm, no slip missed, four of five named; nothing is refused."""
    tally = comparison.measured(STEP, 0)
    right = [sum(row[k] for row in tally.right.values()) for k in range(4)]
    planted = [sum(row[k] for row in tally.slips.values()) for k in range(4)]
    assert right[0] >= 15 and right[3] == 0
    assert planted[0] >= 3 and planted[1] == planted[0]
    assert planted[3] >= 0.6 * planted[0]
    assert not tally.refused
