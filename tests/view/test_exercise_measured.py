"""A steady sample of the measurement of `tools/exercises.py`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "tools"))

import exercises


def test_a_sample_of_right_answers_is_right_and_of_mistakes_is_named() -> None:
    """No false alarm, no mistake taken for right, four of five named."""
    tally = exercises.measured(exercises.by_browser, 40, right=40, wrong=10)
    right = tally.right.sums(2)
    planted = tally.mistakes.sums(4)
    assert right[0] >= 40 and right[1] == right[0]
    assert planted[0] >= 10 and planted[1] == planted[0]
    assert planted[2] >= 0.8 * planted[0]
