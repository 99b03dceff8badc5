"""Finite differences: an estimate of the Jacobian that trusts no differentiation rule at all.

Central differences at shrinking steps, extrapolated to step zero. Source: Ridders, "Accurate
computation of F′(x) and F″(x)", Adv. Eng. Software 4 (1982); Press et al., Numerical Recipes,
§5.7. Steps are relative to the point and tried at several sizes; an estimate counts once a second
size confirms it within their errors. `Differences.decisive` says which entries can be trusted.

Nothing here depends on a clock but one decision, taken from the processor time of two evaluations:
whether a function is too slow for as many evaluations as its columns need.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.function.silent_rerun import random_states, silent_rerun
from jacmagic.numeric.modes.try_modes import TORCH_ERRORS
from jacmagic.numeric.probe import Probe

RATIO = 1.7  # of one step to the next; no power of 2, so that no period divides all of them
LEVELS, LEVELS_AGAIN = 6, 3  # steps of the first tableau, and of those that confirm it
SIZES = (-3, -10, -17, -24, 7, 17, 27, 40)  # powers of 2: first steps, relative to the input
WIDE = tuple(
    power for k in range(1, 14) for power in (-16 * k, 16 * k)
)  # more, for inputs that are 0
BRIEF = 2.0**-9  # first step of `along`, relative to the input
EVALUATIONS = 16  # what a column takes as a rule
CPU_SECONDS = 2.0  # processor time that all columns together may take
MOST_EVALUATIONS = 6_000
TINY = 1.37 * 2.0**-22  # relative steps at which only rounding is left; no sum of few powers of 2
TRUSTED = 10.0  # errors further than this many estimated ones away are not met
SMALL_PART = 2.0**-10  # of the function's variation: an error below it decides


@dataclass(frozen=True)
class Differences:
    """What finite differences say, and how far they can be trusted.

    Attributes:
        matrix: (m, k), float64: the derivatives along k directions.
        error: (m, k), estimated absolute errors; infinite where no estimate was confirmed.
        scale: (m, k), how much the function varied over the steps, divided by them.
        dtype: the one in which the function was evaluated.
        spread: whether they are those of a symmetric part, see `numeric.triangles`.
    """

    matrix: Tensor
    error: Tensor
    scale: Tensor
    dtype: torch.dtype
    spread: bool = False

    @property
    def decisive(self) -> Tensor:
        """Boolean (m, k): where the error is a small part of how much the function varies."""
        return (self.scale > 0) & (TRUSTED * self.error <= SMALL_PART * self.scale)


@dataclass(frozen=True)
class _Estimate:
    """One tableau's values, errors and variation, each (m,); and what its last step measured."""

    value: np.ndarray
    error: np.ndarray
    scale: np.ndarray
    change: np.ndarray
    width: float
    noise: np.ndarray

    @property
    def decisive(self) -> np.ndarray:
        return (self.scale > 0) & (TRUSTED * self.error <= SMALL_PART * self.scale)

    def explains(self, near: _Estimate) -> np.ndarray:
        """Whether the slope, found far away, explains what a nearer step measured."""
        with np.errstate(all="ignore"):
            return np.abs(self.value * near.width - near.change) <= 8 * near.noise

    def misses(self, near: _Estimate) -> np.ndarray:
        """Whether the slope is another one than nearer steps gave, by far more than their errors.

        A function may look smooth from afar, as √(x² + 1) does, and not be near the point.
        """
        with np.errstate(invalid="ignore"):
            return np.abs(self.value - near.value) > TRUSTED * (self.error + near.error)


def differences(
    function: Callable[..., Any],
    tensors: Sequence[Tensor],
    *,
    directions: np.ndarray | None = None,
    cpu_seconds: float = CPU_SECONDS,
) -> Differences | None:
    """Approximate the Jacobian, or its products with some vectors, by finite differences.

    The function runs in float64 if it can, quietly, some sixteen times per column.

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
        >>> round(found.matrix.item(), 9)
        12.0
    """
    random = random_states(tensors, function)
    for dtype in dict.fromkeys((torch.float64, tensors[0].dtype)):
        with torch.inference_mode(False), torch.enable_grad(), silent_rerun(tensors, random):
            probe = Probe(function, tensors, dtype, random)
            start = time.thread_time()
            try:
                center = probe(probe.point)
            except TORCH_ERRORS:  # weights of another dtype, mostly
                continue
            columns = len(probe.point) if directions is None else directions.shape[1]
            took = time.thread_time() - start
            if not _affordable(probe, columns, took, cpu_seconds):
                return None
            return _all(probe, center, dtype, directions)
    return None


def along(
    function: Callable[..., Any], tensors: Sequence[Tensor], direction: np.ndarray
) -> Differences | None:
    """One tableau along one direction, by seven evaluations.

    It is enough to confirm a derivative that is known from elsewhere, and too little to contradict
    one: no second size of steps confirms it.

    Args:
        function: takes the tensors by position.
        tensors: real floating tensors, n components in all.
        direction: (n,).

    Returns:
        The estimate (m, 1), or `None` if the function does not run in float64 or beside the point.
    """
    random = random_states(tensors, function)
    with torch.inference_mode(False), torch.enable_grad(), silent_rerun(tensors, random):
        probe = Probe(function, tensors, torch.float64, random)
        try:
            center = probe(probe.point)
            noise = torch.finfo(torch.float64).eps * np.abs(center)
            line = _Line(probe, center, direction, noise, torch.float64)
            found = _ridders(line, line.length * BRIEF, LEVELS_AGAIN)
        except TORCH_ERRORS:
            return None
    value, error, scale = (
        torch.from_numpy(part[:, None]) for part in (found.value, found.error, found.scale)
    )
    return Differences(value, error, scale, torch.float64, probe.triangles.spread)


def _affordable(probe: Probe, columns: int, took: float, cpu_seconds: float) -> bool:
    """Whether all columns are worth their time, by the quicker of two evaluations."""
    start = time.thread_time()
    probe(probe.point)
    return min(took, time.thread_time() - start) * EVALUATIONS * columns <= cpu_seconds


def _all(
    probe: Probe, center: np.ndarray, dtype: torch.dtype, directions: np.ndarray | None
) -> Differences:
    n = len(probe.point)
    found = []
    noise = _noise(probe, center, torch.finfo(dtype).eps)
    for j in range(n if directions is None else directions.shape[1]):
        vector = np.eye(1, n, j)[0] if directions is None else directions[:, j]
        line = _Line(probe, center, vector, noise, dtype)
        found.append(_column(line))
    empty = np.zeros((len(center), 0))
    value, error, scale = (
        torch.from_numpy(np.stack([one[k] for one in found], 1) if found else empty.copy())
        for k in range(3)
    )
    return Differences(value, error, scale, dtype, probe.triangles.spread)


def _noise(probe: Probe, center: np.ndarray, eps: float) -> np.ndarray:
    """How far rounding moves each output, (m,): third differences over tiny steps.

    A smooth function has none at such steps; what is left is noise. On either side of the point
    they are taken apart, as one side may begin with a jump. Source: Moré & Wild, Estimating
    computational noise, SIAM J. Sci. Comput. 33 (2011).
    """
    noise = eps * np.abs(center)
    try:
        sides = [
            [probe(probe.point * (1 + sign * k * TINY)) for k in (1, 2, 3)] for sign in (1, -1)
        ]
    except TORCH_ERRORS:
        return noise
    with np.errstate(invalid="ignore", over="ignore"):
        thirds = [np.abs(center - 3 * one + 3 * two - three) for one, two, three in sides]
        return np.fmax(noise, np.fmin(*thirds) / np.sqrt(20))


class _Line:
    """The function along one direction, g(t) = f(x + t·v)."""

    def __init__(
        self,
        probe: Probe,
        center: np.ndarray,
        vector: np.ndarray,
        noise: np.ndarray,
        dtype: torch.dtype,
    ) -> None:
        self.probe, self.center, self.vector, self.noise = probe, center, vector, noise
        self.eps = torch.finfo(dtype).eps
        self._moving = np.flatnonzero(vector)

    @property
    def moves(self) -> bool:
        """Whether the direction is not zero."""
        return bool(self._moving.size)

    @property
    def length(self) -> float:
        """How far the direction leads from the point to a component of 0."""
        x, v = np.abs(self.probe.point), np.abs(self.vector[self._moving])
        here = x[self._moving]
        own = here[here > 0] / v[here > 0]
        return float(own.min() if own.size else (x.max(initial=0.0) or 1.0) / v.max(initial=1.0))

    @property
    def sizes(self) -> Iterator[float]:
        """First steps to try, the likeliest first."""
        powers = SIZES if self.probe.point[self._moving].any() else (*SIZES, *WIDE)
        return (self.length * 1.04 * 2.0**power for power in powers)

    def pair(self, step: float) -> tuple[np.ndarray, np.ndarray, float]:
        """g on both sides, and the distance that was really taken between them."""
        x = self.probe.point
        ends = [self.probe.rounded(x + sign * step * self.vector) for sign in (1.0, -1.0)]
        pivot = self._moving[np.argmax(np.abs(self.vector[self._moving]))]
        width = float((ends[0][pivot] - ends[1][pivot]) / self.vector[pivot])
        return self.probe(ends[0]), self.probe(ends[1]), width


def _column(line: _Line) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values, errors and scales of one column; sizes are tried until two agree for each entry."""
    m = len(line.center)
    value, error, scale = np.full(m, np.nan), np.full(m, np.inf), np.zeros(m)
    decisive, confirmed, still = (np.zeros(m, dtype=bool) for _ in range(3))
    nearest: _Estimate | None = None
    tried: list[_Estimate] = []
    for size in line.sizes if line.moves else ():
        if bool((confirmed | still).all()) or line.probe.calls >= MOST_EVALUATIONS:
            break
        try:
            new = _ridders(line, size, LEVELS if nearest is None else LEVELS_AGAIN)
        except TORCH_ERRORS:  # an assertion, a domain error: nothing is known at this distance
            continue
        usable = new.decisive
        if nearest is not None and new.width > nearest.width:
            usable &= new.explains(nearest)
        for one in tried:
            usable &= ~(new.misses(one) & (one.width < new.width))
        with np.errstate(invalid="ignore"):
            met = decisive & usable & (np.abs(new.value - value) <= TRUSTED * (new.error + error))
            better = ~confirmed & ((usable & ~met) | ~decisive & ~(error < new.error))
            better |= met & (new.error < error)
        still |= (new.scale == 0) & (scale == 0) & (nearest is not None)
        decisive, confirmed = decisive | usable, confirmed | met
        value, error = np.where(better, new.value, value), np.where(better, new.error, error)
        scale = np.where(better, new.scale, scale)
        tried.append(new)
        if nearest is None or new.width < nearest.width:
            nearest = new
    return value, np.where(confirmed | still, error, np.inf), scale


def _ridders(line: _Line, size: float, levels: int) -> _Estimate:
    """Ridders' tableau: a[k, j] = a[k, j−1] + (a[k, j−1] − a[k−1, j−1]) / (r²ʲ − 1)."""
    previous: list[np.ndarray] = []
    scale = np.zeros_like(line.center)
    bends: list[np.ndarray] = []
    with np.errstate(all="ignore"):
        for level in range(levels):
            above, below, width = line.pair(size / RATIO**level)
            row = [(above - below) / width]
            if not previous:
                best, error = row[0], np.full_like(row[0], np.inf)
            sides = np.abs(above - line.center), np.abs(line.center - below)
            scale = np.fmax(scale, (sides[0] + sides[1]) / abs(width))
            bends.append(2 * np.abs(above - 2 * line.center + below) / abs(width))
            larger = np.maximum(np.abs(above), np.abs(below))
            noise = 2 * (line.noise + line.eps * larger) / abs(width)
            for j, older in enumerate(previous, start=1):
                newer = row[-1] + (row[-1] - older) / (RATIO ** (2 * j) - 1)
                gap = np.maximum(np.abs(newer - row[-1]), np.abs(newer - older)) + noise
                better = gap < error
                best, error = np.where(better, newer, best), np.where(better, gap, error)
                row.append(newer)
            previous = row
            if level > 2 and bool((error <= 1e-11 * scale).all()):
                break
        kinked = (bends[-1] > 0.7 * bends[0]) & (bends[-1] > 8 * noise + SMALL_PART * scale)
    error[kinked | ~np.isfinite(best)] = np.inf
    return _Estimate(best, error, scale, above - below, width, line.noise + line.eps * larger)
