"""A sample for every entry of every table of rules; see `tests/symbolic/test_rules.py`."""

from __future__ import annotations

from rule_samples import (
    algebra,
    backward,
    complexes,
    data_movements,
    decomposed,
    elementwise,
    folds,
    selections,
)
from rule_samples.sample import Sample

SAMPLES: list[Sample] = [
    sample
    for family in (
        elementwise, folds, algebra, data_movements, selections, complexes, backward, decomposed
    )
    for sample in family.SAMPLES
]  # fmt: skip

__all__ = ["SAMPLES", "Sample"]
