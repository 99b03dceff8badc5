"""The same Jacobian at a point a step away, for verbs that go on from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from jacmagic.function.problem import Problem
from jacmagic.result.core import JacobianResult


def slices_of(problem: Problem) -> dict[str, slice]:
    """Return where each input's components are among the n."""
    slices, start = {}, 0
    for one in problem.inputs:
        slices[one.name] = slice(start, start + one.value.numel())
        start += one.value.numel()
    return slices


def parts_of(problem: Problem, flat: Sequence[float]) -> dict[str, torch.Tensor]:
    """Return n numbers as tensors of the inputs' shapes and dtypes, by input name."""
    numbers = torch.tensor([float(x) for x in flat], dtype=torch.float64)
    slices = slices_of(problem)
    return {
        one.name: numbers[slices[one.name]].reshape(one.value.shape).to(one.value)
        for one in problem.inputs
    }


def point_of(jacobian: JacobianResult) -> np.ndarray:
    """Return the n numbers of the point."""
    return np.array(jacobian.problem.flat_point, dtype=float)


def stepped(jacobian: JacobianResult, step: np.ndarray) -> JacobianResult:
    """Return the Jacobian at the point moved by n numbers."""
    return jacobian.at(**parts_of(jacobian.problem, point_of(jacobian) + step))
