"""Finite differences: a witness of the Jacobian that trusts no differentiation rule at all.

Central differences at shrinking steps, extrapolated to step zero. Source: Ridders, "Accurate
computation of F′(x) and F″(x)", Adv. Eng. Software 4 (1982); Press et al., Numerical Recipes,
§5.7. Each entry keeps the estimate with the smallest error of its own tableau, so a kink or a jump
nearby costs it accuracy that it reports, and does not spoil its neighbours.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from jacmagic.numeric.ladder import OBSTACLES
from jacmagic.numeric.quiet import quiet, random_states, set_random_states
from jacmagic.structure import flatten

LEVELS = 6  # steps h, h/2, …, h/32
ENOUGH = 1e-9  # relative error at which shrinking the step stops
FIRST_STEP = {torch.float64: 0.02, torch.float32: 0.1}  # relative to the input
PATIENCE = 8  # how many times the asked seconds a machine under load may take
SMALL = 0.1  # inputs below are stepped as if they were this large, if the function allows


@dataclass(frozen=True)
class Differences:
    """What finite differences say.

    Attributes:
        matrix: (m, n), float64.
        error: (m, n), estimated absolute error of each entry; infinite where nothing was finite.
        dtype: the one in which the function was evaluated.
    """

    matrix: Tensor
    error: Tensor
    dtype: torch.dtype


def differences(
    function: Callable[..., Any], tensors: Sequence[Tensor], *, seconds: float | None = None
) -> Differences | None:
    """Approximate the Jacobian by finite differences.

    The function runs in float64 if it can, quietly, and four to twelve times per column.

    Args:
        function: takes the tensors by position.
        tensors: real floating tensors, n components in all.
        seconds: do not begin if it would take longer than this; a few times this is the end.

    Returns:
        The estimate, or `None` if there was not enough time or the function does not run at all.

    Example:
        >>> import torch
        >>> found = differences(lambda x: x**3, (torch.tensor([2.0]),))
        >>> round(found.matrix.item(), 9)
        12.0
    """
    deadline = None if seconds is None else time.monotonic() + PATIENCE * seconds
    random = random_states(tensors)
    for dtype in dict.fromkeys((torch.float64, tensors[0].dtype)):
        with torch.inference_mode(False), torch.enable_grad(), quiet(tensors, random):
            probe = _Probe(function, tensors, dtype, random)
            try:
                center = probe.at(None, 0.0)
            except OBSTACLES:  # weights of another dtype, mostly
                continue
            if seconds is not None and _too_dear(probe, seconds):
                return None
            return _all_columns(probe, center, dtype, deadline)
    return None


def _too_dear(probe: _Probe, seconds: float) -> bool:
    """Whether all columns would take longer, judged by the quicker of two runs."""
    took = []
    for _ in range(2):
        start = time.perf_counter()
        probe.at(None, 0.0)
        took.append(time.perf_counter() - start)
    columns = sum(point.numel() for point in probe.points)
    return min(took) * 2 * LEVELS * columns > seconds


class _Probe:
    """The function as m numbers of n numbers, one of which is moved."""

    def __init__(
        self,
        function: Callable[..., Any],
        tensors: Sequence[Tensor],
        dtype: torch.dtype,
        random: tuple[Tensor, ...],
    ) -> None:
        self.function, self.random, self.dtype = function, random, dtype
        self.points = [tensor.detach().to(dtype) for tensor in tensors]

    def at(self, place: tuple[int, int] | None, move: float) -> Tensor:
        """The m outputs, float64, with component `place = (input, position)` moved by `move`."""
        inputs = [point.clone() for point in self.points]
        if place is not None:
            inputs[place[0]].reshape(-1)[place[1]] += move
        set_random_states(inputs, self.random)
        leaves = flatten(self.function(*(tensor.requires_grad_() for tensor in inputs))).leaves
        return torch.cat([leaf.detach().reshape(-1).cpu().double() for leaf in leaves])

    def value(self, place: tuple[int, int]) -> float:
        """The component at `place`."""
        return float(self.points[place[0]].reshape(-1)[place[1]])


def _all_columns(
    probe: _Probe, center: Tensor, dtype: torch.dtype, deadline: float | None
) -> Differences | None:
    columns = []
    for index, point in enumerate(probe.points):
        for position in range(point.numel()):
            try:
                column = _column(probe, (index, position), center, deadline)
            except OBSTACLES:  # an assertion, a domain error: nothing is known beside the point
                column = (
                    center.new_full(center.shape, torch.nan),
                    center.new_full(center.shape, torch.inf),
                )
            if column is None:
                return None
            columns.append(column)
    if not columns:
        empty = center.new_zeros(len(center), 0)
        return Differences(empty, empty.clone(), dtype)
    values, errors = zip(*columns, strict=True)
    return Differences(torch.stack(values, 1), torch.stack(errors, 1), dtype)


def _column(
    probe: _Probe, place: tuple[int, int], center: Tensor, deadline: float | None
) -> tuple[Tensor, Tensor] | None:
    """One column and its errors; tried again with small steps where it leaves the domain."""
    x = abs(probe.value(place))
    best = None
    for scale in dict.fromkeys((max(x, SMALL), x or SMALL)):
        found = _ridders(probe, place, scale * FIRST_STEP.get(probe.dtype, 0.1), deadline)
        if found is None:
            return None
        if best is not None:
            better = found[1] < best[1]
            found = torch.where(better, found[0], best[0]), torch.where(better, found[1], best[1])
        best = found
        if bool((best[1].isfinite() | ~center.isfinite()).all()):
            break
    return best


def _ridders(
    probe: _Probe, place: tuple[int, int], step: float, deadline: float | None
) -> tuple[Tensor, Tensor] | None:
    """Ridders' tableau: a[k, j] = a[k, j−1] + (a[k, j−1] − a[k−1, j−1]) / (4ʲ − 1)."""
    rounding = torch.finfo(probe.dtype).eps
    previous: list[Tensor] = []
    best = error = torch.empty(0)
    for level in range(LEVELS):
        if deadline is not None and time.monotonic() > deadline:
            return None
        x, h = probe.value(place), step / 2**level
        high, low = (float(torch.tensor(x + sign * h, dtype=probe.dtype)) for sign in (1, -1))
        above, below = probe.at(place, high - x), probe.at(place, low - x)
        row = [(above - below) / (high - low)]  # the step that was really taken
        if not previous:
            best, error = row[0], torch.full_like(row[0], torch.inf)
        noise = rounding * torch.maximum(above.abs(), below.abs()) / h
        for j, older in enumerate(previous, start=1):
            newer = row[-1] + (row[-1] - older) / (4**j - 1)
            gap = torch.maximum((newer - row[-1]).abs(), (newer - older).abs()) + noise
            better = gap < error
            best, error = torch.where(better, newer, best), torch.where(better, gap, error)
            row.append(newer)
        previous = row
        if level > 1 and bool((error <= ENOUGH * (1 + best.abs())).all()):
            break
    return best, error
