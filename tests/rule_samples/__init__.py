"""A sample for every entry of every table of rules; see `tests/symbolic/test_rules.py`."""

from __future__ import annotations

import torch

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

_ALL: list[Sample] = [
    sample
    for family in (
        elementwise, folds, algebra, data_movements, selections, complexes, backward, decomposed
    )
    for sample in family.SAMPLES
]  # fmt: skip
REMOVED = {  # by this release of torch; an older one that is supported has it
    one.name for one in _ALL if not hasattr(torch.ops.aten, one.name.partition(".")[0])
}
SAMPLES = [sample for sample in _ALL if sample.name not in REMOVED]

__all__ = ["REMOVED", "SAMPLES", "Sample"]
