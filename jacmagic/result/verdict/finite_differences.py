"""Finite differences as a source, and the sizes up to which they are taken."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from jacmagic.function.problem import Problem
from jacmagic.numeric import Differences, differences

MAX_COLUMNS = 64  # taken one by one, each by about seven runs of the function: 450 for a verdict
MAX_ROWS = 4096  # 64 columns of them are the largest matrix of which every entry is judged


def finite_differences(
    problem: Problem, rows: int, tensors: Sequence[torch.Tensor] | None = None
) -> Differences | None:
    """Finite differences (m, n); None where they are too many, too slow, or fail.

    Nor are there any of a function that changes something whenever it runs.
    """
    tensors = problem.tensors if tensors is None else tensors
    if sum(tensor.numel() for tensor in tensors) > MAX_COLUMNS or rows > MAX_ROWS:
        return None
    if not tensors or problem.effects:
        return None
    found = differences(problem.function, tensors)
    return found if found is not None and len(found.matrix) == rows else None
