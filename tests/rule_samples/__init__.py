"""A sample for every entry of every table of rules; see `tests/test_rules.py`."""

from __future__ import annotations

from rule_samples import algebra, backward, complexes, elementwise, folds, movements, orders
from rule_samples.sample import Sample

SAMPLES: list[Sample] = [
    sample
    for room in (elementwise, folds, algebra, movements, orders, complexes, backward)
    for sample in room.SAMPLES
]

__all__ = ["SAMPLES", "Sample"]
