"""A problem's point, and its function's value there, as flat lists of numbers."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from jacmagic.function.interop.silence import silent
from jacmagic.function.outputs import flatten
from jacmagic.function.problem import Problem


def flat(tensors: Sequence[torch.Tensor]) -> list[float]:
    """Return the components of all tensors, row-major, as floats."""
    return [x for one in tensors for x in one.detach().reshape(-1).double().tolist()]


def point_of(problem: Problem) -> list[float]:
    """Return the n numbers of a problem's point, in column order."""
    return flat([one.value for one in problem.inputs])


def values_again(problem: Problem) -> list[float]:
    """Run a problem's function once more, silently; return its m numbers."""
    tensors = [one.value.detach().clone() for one in problem.inputs]
    with torch.no_grad(), silent():
        return flat(flatten(problem.function(*tensors)).leaves)
