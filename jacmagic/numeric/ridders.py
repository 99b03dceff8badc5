"""Ridders' extrapolation of central differences to step zero, with its error.

Steps are relative to the point and tried at several sizes; an estimate counts once a second size
confirms it within their errors. Source: Ridders, "Accurate computation of F′(x) and F″(x)", Adv.
Eng. Software 4 (1982); Press et al., Numerical Recipes, §5.7.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from jacmagic.numeric.probe import Probe
from jacmagic.numeric.torch_errors import TORCH_ERRORS

STEP_DESCENT = 8.0  # from one step to the next on the way down from a far one
STEP_RATIO = 1.7  # of one step to the next; no power of 2, so that no period divides all of them
LEVELS, LEVELS_AGAIN = 6, 3  # steps of the first tableau, and of those that confirm it
STEP_POWERS = (-3, -10, -17, -24, 7, 17, 27, 40)  # of 2: first steps, relative to the input
STEP_POWERS_AT_ZERO = tuple(
    power for k in range(1, 14) for power in (-16 * k, 16 * k)
)  # more of them, for inputs that are 0
BRIEF_STEP = 2.0**-9  # first step of a single tableau, relative to the input
MAX_EVALUATIONS = 6_000  # of the function, after which no other step is tried
MAX_ERRORS_AWAY = 10.0  # estimated errors within which two estimates confirm each other
DECISIVE_SHARE = 2.0**-10  # of the function's variation: an error below it decides


@dataclass(frozen=True)
class Estimated:
    """Derivatives by finite differences, float64.

    Attributes:
        value: of one shape with the others.
        error: estimated absolute errors; infinite where no estimate was confirmed.
        scale: how much the function varied over the steps, divided by them.
    """

    value: np.ndarray
    error: np.ndarray
    scale: np.ndarray

    @property
    def decisive(self) -> np.ndarray:
        """Boolean: where the error is a small part of the variation."""
        with np.errstate(over="ignore", invalid="ignore"):
            small = MAX_ERRORS_AWAY * self.error <= DECISIVE_SHARE * self.scale
        return np.asarray(small & (self.scale > 0))


@dataclass(frozen=True)
class Estimate(Estimated):
    """One tableau's estimates (m,) and its last difference.

    `kinked` entries bend at ever smaller steps.
    """

    change: np.ndarray
    width: float
    noise: np.ndarray
    kinked: np.ndarray

    def explains(self, near: Estimate) -> np.ndarray:
        """Whether the slope, found far away, explains what a nearer step measured."""
        with np.errstate(all="ignore"):
            return np.abs(self.value * near.width - near.change) <= 8 * near.noise

    def misses(self, near: Estimate) -> np.ndarray:
        """Whether nearer steps show a kink, or a slope that differs by far more than errors.

        A function may look smooth from afar, as √(x² + 1) does, and not be near the point.
        """
        with np.errstate(invalid="ignore"):
            away = np.abs(self.value - near.value) > MAX_ERRORS_AWAY * (self.error + near.error)
        return near.kinked | away


class Line:
    """The function along one direction, g(t) = f(x + t·v)."""

    def __init__(
        self,
        probe: Probe,
        center: np.ndarray,
        vector: np.ndarray,
        noise: np.ndarray,
        dtype: torch.dtype,
        *,
        goes_far: bool = True,
    ) -> None:
        """Prepare without evaluating.

        Args:
            probe: the function.
            center: its m outputs at the point.
            vector: the direction (n,).
            noise: rounding noise of each output, (m,).
            dtype: the one in which the function is evaluated.
            goes_far: whether steps may be larger than the input itself; where noise grows with the
                largest number in a matrix, its size there is not known.
        """
        self.goes_far = goes_far
        self.probe, self.center, self.vector, self.noise = probe, center, vector, noise
        self.eps = torch.finfo(dtype).eps
        self._moving = np.flatnonzero(vector)

    @property
    def moves(self) -> bool:
        """Whether the direction is not zero."""
        return bool(self._moving.size)

    @property
    def length(self) -> float:
        """The step at which a first component of the point becomes 0."""
        x, v = np.abs(self.probe.point), np.abs(self.vector[self._moving])
        components = x[self._moving]
        own = components[components > 0] / v[components > 0]
        return float(own.min() if own.size else (x.max(initial=0.0) or 1.0) / v.max(initial=1.0))

    @property
    def sizes(self) -> Iterator[float]:
        """First steps to try, the likeliest first."""
        powers = (
            STEP_POWERS
            if self.probe.point[self._moving].any()
            else (*STEP_POWERS, *STEP_POWERS_AT_ZERO)
        )
        tried = (power for power in powers if self.goes_far or power < 0)
        return (self.length * 1.04 * 2.0**power for power in tried)

    def pair(self, step: float) -> tuple[np.ndarray, np.ndarray, float]:
        """g on both sides, and the distance that was really taken between them."""
        x = self.probe.point
        ends = [self.probe.rounded(x + sign * step * self.vector) for sign in (1.0, -1.0)]
        pivot = self._moving[np.argmax(np.abs(self.vector[self._moving]))]
        width = float((ends[0][pivot] - ends[1][pivot]) / self.vector[pivot])
        return self.probe(ends[0]), self.probe(ends[1]), width


def column(line: Line) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimate one column: values, errors, scales; steps vary until two agree."""
    m = len(line.center)
    value, error, scale = np.full(m, np.nan), np.full(m, np.inf), np.zeros(m)
    decisive, confirmed, still = (np.zeros(m, dtype=bool) for _ in range(3))
    nearest: Estimate | None = None
    tried: list[Estimate] = []
    for size in line.sizes if line.moves else ():
        if bool((confirmed | still).all()) or line.probe.calls >= MAX_EVALUATIONS:
            break
        try:
            new = tableau(line, size, LEVELS if nearest is None else LEVELS_AGAIN)
        except TORCH_ERRORS:  # an assertion, a domain error: nothing is known at this distance
            continue
        usable = new.decisive
        for distance in (*tried, *_between(line, new, nearest)):
            usable &= ~(new.misses(distance) & (distance.width < new.width))
        if nearest is not None and new.width > nearest.width:
            usable &= new.explains(nearest)
        with np.errstate(invalid="ignore"):
            agreed = (
                decisive
                & usable
                & (np.abs(new.value - value) <= MAX_ERRORS_AWAY * (new.error + error))
            )
            better = ~confirmed & ((usable & ~agreed) | ~decisive & ~(error < new.error))
            better |= agreed & (new.error < error)
        still |= (new.scale == 0) & (scale == 0) & (nearest is not None)
        decisive, confirmed = decisive | usable, confirmed | agreed
        value, error = np.where(better, new.value, value), np.where(better, new.error, error)
        scale = np.where(better, new.scale, scale)
        tried.append(new)
        if nearest is None or new.width < nearest.width:
            nearest = new
    return value, np.where(confirmed | still, error, np.inf), scale


def _between(line: Line, far: Estimate, nearest: Estimate | None) -> Iterator[Estimate]:
    """Yield estimates at steps from far ones down to where only noise is left.

    Between two sizes of steps a function may turn: sorted eigenvalues cross there, maxima change.
    """
    width = far.width / STEP_DESCENT
    while nearest is not None and width > STEP_DESCENT * nearest.width:
        with np.errstate(all="ignore"):
            shows = far.decisive & (np.abs(far.value) * width > 8 * far.noise)
        if not shows.any():
            return
        half = width / 2
        width /= STEP_DESCENT
        try:
            estimate = tableau(line, half, LEVELS_AGAIN)
        except TORCH_ERRORS:
            continue
        yield estimate


def tableau(line: Line, size: float, levels: int) -> Estimate:
    """Ridders' tableau: a[k, j] = a[k, j−1] + (a[k, j−1] − a[k−1, j−1]) / (r²ʲ − 1)."""
    previous: list[np.ndarray] = []
    scale = np.zeros_like(line.center)
    bends: list[np.ndarray] = []
    with np.errstate(all="ignore"):
        for level in range(levels):
            above, below, width = line.pair(size / STEP_RATIO**level)
            row = [(above - below) / width]
            if not previous:
                best, error = row[0], np.full_like(row[0], np.inf)
            sides = np.abs(above - line.center), np.abs(line.center - below)
            scale = np.fmax(scale, (sides[0] + sides[1]) / abs(width))
            bends.append(2 * (above - 2 * line.center + below) / abs(width))
            larger = np.maximum(np.abs(above), np.abs(below))
            noise = 2 * (line.noise + line.eps * larger) / abs(width)
            for j, older in enumerate(previous, start=1):
                newer = row[-1] + (row[-1] - older) / (STEP_RATIO ** (2 * j) - 1)
                gap = np.maximum(np.abs(newer - row[-1]), np.abs(newer - older)) + noise
                better = gap < error
                best, error = np.where(better, newer, best), np.where(better, gap, error)
                row.append(newer)
            previous = row
            if level > 2 and bool((error <= 1e-11 * scale).all()):
                break
        kinked = _kinked(bends, noise, scale)
    error[kinked | ~np.isfinite(best)] = np.inf
    noise = line.noise + line.eps * larger
    return Estimate(best, error, scale, above - below, width, noise, kinked)


def _kinked(bends: list[np.ndarray], noise: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Whether the difference of the slopes on both sides does not vanish with the step.

    Of a smooth function it is a₁h + a₃h³ + …; both terms are eliminated, as in the tableau.
    """
    linear = [(STEP_RATIO * b - a) / (STEP_RATIO - 1) for a, b in itertools.pairwise(bends[-3:])]
    cubic = (STEP_RATIO**3 * linear[1] - linear[0]) / (STEP_RATIO**3 - 1)
    error = np.abs(cubic - linear[1])
    return np.asarray(np.abs(cubic) > MAX_ERRORS_AWAY * (error + noise) + DECISIVE_SHARE**2 * scale)
