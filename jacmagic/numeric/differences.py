"""Finite differences: an estimate of the Jacobian without differentiation rules.

Central differences are extrapolated to step zero, see `ridders`. `Differences.decisive` says which
entries can be trusted.

Nothing here depends on a clock but one decision, taken from the processor time of two evaluations:
whether a function is too slow for as many evaluations as its columns need.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.function.silent_rerun import random_states, silent_rerun
from jacmagic.numeric.backward_error import matrix_noise
from jacmagic.numeric.probe import Probe
from jacmagic.numeric.ridders import BRIEF_STEP, LEVELS_AGAIN, Estimated, Line, column, tableau
from jacmagic.numeric.torch_errors import TORCH_ERRORS
from jacmagic.numeric.widened import Widened

EVALUATIONS_PER_COLUMN = 16  # as a rule
MAX_CPU_SECONDS = 2.0  # that all columns together may take
TINY_STEP = 1.37 * 2.0**-22  # at which only rounding is left; no sum of few powers of 2


@dataclass(frozen=True)
class Differences(Estimated):
    """Estimated derivatives (m, k) along k directions.

    Attributes:
        dtype: the one in which the function was evaluated.
        spread: whether they are those of a symmetric part, see `numeric.triangles`.
        reads_one_triangle: whether the function reads one triangle of a matrix without symmetry.
    """

    dtype: torch.dtype
    spread: bool = False
    reads_one_triangle: bool = False

    @property
    def decisive(self) -> np.ndarray:
        """Boolean (m, k): where the error is a small part of a variation that is finite."""
        return super().decisive & np.isfinite(self.scale)

    def at(self, i: int, j: int) -> Differences:
        """Return those of one entry, (1, 1)."""
        entry = np.s_[i : i + 1, j : j + 1]
        value, error, scale = self.value[entry], self.error[entry], self.scale[entry]
        return replace(self, value=value, error=error, scale=scale)


def differences(
    function: Callable[..., Any],
    tensors: Sequence[Tensor],
    *,
    directions: np.ndarray | None = None,
    cpu_seconds: float = MAX_CPU_SECONDS,
) -> Differences | None:
    """Approximate the Jacobian, or J·v for some v, by finite differences.

    The function runs in float64 if it can, with its own float32 tensors widened where it must,
    quietly, some sixteen times per column.

    Args:
        function: takes the tensors by position.
        tensors: real floating tensors, n components in all.
        directions: (n, k), the vectors; by default the n unit vectors.
        cpu_seconds: processor time that the evaluations may take as a rule.

    Returns:
        The estimate, or `None` if the function is too slow for it or does not run at all.

    Example:
        >>> import torch
        >>> found = differences(lambda x: x**3, (torch.tensor([2.0]),))
        >>> round(found.value.item(), 9)
        12.0
    """

    def estimate(
        probe: Probe, center: np.ndarray, dtype: torch.dtype, took: float
    ) -> Differences | None:
        columns = len(probe.point) if directions is None else directions.shape[1]
        affordable = _affordable(probe, columns, took, cpu_seconds)
        return _all(probe, center, dtype, directions) if affordable else None

    return _in_first_dtype(function, tensors, (torch.float64, tensors[0].dtype), estimate)


def along(
    function: Callable[..., Any], tensors: Sequence[Tensor], direction: np.ndarray
) -> Differences | None:
    """Estimate J·v for one v by a single tableau, of seven evaluations.

    It is enough to confirm a derivative that is known from elsewhere, and too little to contradict
    one: no second size of steps confirms it.

    Args:
        function: takes the tensors by position.
        tensors: real floating tensors, n components in all.
        direction: (n,).

    Returns:
        The estimate (m, 1), or `None` if the function does not run in float64 or near the point.
    """

    def estimate(
        probe: Probe, center: np.ndarray, dtype: torch.dtype, _: float
    ) -> Differences | None:
        line = Line(probe, center, direction, torch.finfo(dtype).eps * np.abs(center), dtype)
        try:
            one_column = tableau(line, line.length * BRIEF_STEP, LEVELS_AGAIN)
        except TORCH_ERRORS:
            return None
        value, error, scale = (
            part[:, None] for part in (one_column.value, one_column.error, one_column.scale)
        )
        return Differences(value, error, scale, dtype, probe.triangles.spread)

    return _in_first_dtype(function, tensors, (torch.float64,), estimate)


def _in_first_dtype(
    function: Callable[..., Any],
    tensors: Sequence[Tensor],
    dtypes: Sequence[torch.dtype],
    estimate: Callable[[Probe, np.ndarray, torch.dtype, float], Differences | None],
) -> Differences | None:
    """Return an estimate in the first dtype in which a function runs; None if it runs in none.

    Where float64 meets its own shorter tensors, these are widened before another dtype is tried.

    Args:
        function: takes the tensors by position.
        tensors: real floating tensors.
        dtypes: the dtypes, the best first.
        estimate: takes the probe, the values at the point, the dtype and the processor time that
            the values took.
    """
    random = random_states(tensors, function)
    plain = [(dtype, nullcontext) for dtype in dtypes]
    for dtype, context in dict.fromkeys((plain[0], (torch.float64, Widened), plain[-1])):
        with (
            torch.inference_mode(False),
            torch.enable_grad(),
            silent_rerun(tensors, random),
            context(),
        ):
            probe = Probe(function, tensors, dtype, random)
            start = time.thread_time()
            try:
                center = probe(probe.point)
            except TORCH_ERRORS:  # weights of another dtype, mostly
                continue
            return estimate(probe, center, dtype, time.thread_time() - start)
    return None


def _affordable(probe: Probe, columns: int, took: float, cpu_seconds: float) -> bool:
    """Whether all columns are worth their time, by the quicker of two evaluations."""
    start = time.thread_time()
    probe(probe.point)
    return min(took, time.thread_time() - start) * EVALUATIONS_PER_COLUMN * columns <= cpu_seconds


def _all(
    probe: Probe, center: np.ndarray, dtype: torch.dtype, directions: np.ndarray | None
) -> Differences:
    n, columns = len(probe.point), []
    in_matrices = matrix_noise(probe, center)
    noise = np.fmax(in_matrices, _noise(probe, center, torch.finfo(dtype).eps))
    for j in range(n if directions is None else directions.shape[1]):
        vector = np.eye(1, n, j)[0] if directions is None else directions[:, j]
        line = Line(probe, center, vector, noise, dtype, goes_far=not in_matrices.any())
        columns.append(column(line))
    empty = np.zeros((len(center), 0))
    value, error, scale = (
        np.stack([column[k] for column in columns], 1) if columns else empty for k in range(3)
    )
    triangles = probe.triangles
    return Differences(value, error, scale, dtype, triangles.spread, triangles.reads_one)


def _noise(probe: Probe, center: np.ndarray, eps: float) -> np.ndarray:
    """Estimate the rounding noise of each output, (m,), by third differences.

    A smooth function has none at such steps; what is left is noise. On either side of the point
    they are taken apart, as one side may begin with a jump. Source: Moré & Wild, Estimating
    computational noise, SIAM J. Sci. Comput. 33 (2011).
    """
    noise = eps * np.abs(center)
    try:
        sides = [
            [probe(probe.point * (1 + sign * k * TINY_STEP)) for k in (1, 2, 3)] for sign in (1, -1)
        ]
    except TORCH_ERRORS:
        return noise
    with np.errstate(invalid="ignore", over="ignore"):
        thirds = [np.abs(center - 3 * one + 3 * two - three) for one, two, three in sides]
        return np.fmax(noise, np.fmin(*thirds) / np.sqrt(20))
