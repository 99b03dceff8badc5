"""A sample of what `make agreement` counts: no right entry accused, no fault confirmed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "tools"))
from agreement import Tally, planted_faults, planted_in_batches, right_cases


def test_right_functions_are_not_accused() -> None:
    """In units from 1e-30 to 1e30, in float64 and float32."""
    tally = Tally()
    right_cases(tally, 67)
    assert sum(tally.right.values()) >= 20
    assert tally.right["disagree"] == 0


@pytest.mark.filterwarnings("ignore")  # what torch says of the planted faults
def test_planted_faults_are_found_and_explained() -> None:
    """None is vouched for; nine of ten are named with the right entry and cause."""
    tally = Tally()
    planted_faults(tally, 89)
    planted, kept, found = tally.faults.sums(3)
    assert planted >= 12 and kept == planted
    assert found >= 0.9 * planted


@pytest.mark.filterwarnings("ignore")  # what torch says of the planted faults
def test_wrong_batched_passes_are_mended_and_named() -> None:
    """The numbers are those of plain passes, and one note names the way that failed."""
    tally = Tally()
    planted_in_batches(tally, 29)
    planted, same, found = tally.batched.sums(3)
    assert len(tally.batched) == 2 and planted >= 8
    assert planted == same == found
