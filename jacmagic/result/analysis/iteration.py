"""The steps of Newton's method, and when they end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jacmagic.render.text import number
from jacmagic.result.analysis.arrays import epsilon_of, is_finite, point_of, stepped
from jacmagic.result.analysis.newton_step import Step, newton_step
from jacmagic.result.core import JacobianResult


@dataclass(frozen=True)
class Iterate:
    """One point of the iteration.

    Attributes:
        x: the point (n,).
        residual: ‖f(x) − target‖.
        step: length of the step from here; nan where none is taken.
        limit: length of a step that rounding alone may cause.
    """

    x: np.ndarray
    residual: float
    step: float = float("nan")
    limit: float = 0.0


class Iteration:
    """The state of one iteration."""

    def __init__(
        self, start: JacobianResult, target: np.ndarray, tolerance: float | None, most: int
    ) -> None:
        self.current, self.target = start, target
        self.tolerance, self.most = tolerance, most
        self.epsilon = epsilon_of(start)
        self.iterates: list[Iterate] = []
        self.first = np.full(start.shape[1], np.nan)

    def run(self) -> tuple[str, str]:
        """Iterate; return the outcome and a sentence about it."""
        while True:
            x, residual = point_of(self.current), self.current.flat_value - self.target
            k = len(self.iterates)
            self.iterates.append(Iterate(x, float(np.linalg.norm(residual))))
            ended = self._before_step(residual)
            if ended is not None:
                return ended
            step = newton_step(self.current, self.target, self.epsilon)
            if isinstance(step, str):
                return "singular", f"singular at step {k}: {step}"
            size, limit = (float(np.linalg.norm(part)) for part in (step.vector, step.limits))
            self.iterates[-1] = Iterate(x, self.iterates[-1].residual, size, limit)
            self.first = step.vector if k == 0 else self.first
            ended = self._after_step(step)
            if ended is not None:
                return ended
            moved = stepped(self.current, step.vector)
            if isinstance(moved, str):
                return "diverged", f"diverged: the function fails after step {k}: {moved}"
            self.current = moved

    def _before_step(self, residual: np.ndarray) -> tuple[str, str] | None:
        """Return why no step is taken from the current point; None where one is."""
        k = len(self.iterates) - 1
        if not np.isfinite(residual).all():
            return "diverged", f"diverged: f is not finite at step {k}"
        if self.tolerance is not None and self.iterates[-1].residual <= self.tolerance:
            return "converged", f"converged in {_steps(k)}: ‖f − target‖ ≤ {number(self.tolerance)}"
        if not residual.any():
            return "converged", f"converged in {_steps(k)}: f is the target exactly"
        if not is_finite(self.current):
            return "singular", f"stopped at step {k}: J is not finite there"
        if np.linalg.norm(self.iterates[-1].x) > self._far:
            return "diverged", f"diverged: x has grown beyond {self._far:.0e}"
        return None

    @property
    def _far(self) -> float:
        """A point so far away that a step of the first point's size is lost in rounding."""
        return max(1.0, float(np.linalg.norm(self.iterates[0].x))) / self.epsilon

    def _after_step(self, step: Step) -> tuple[str, str] | None:
        """Return why a step that was computed is not taken; None where it is."""
        k, lengths = len(self.iterates) - 1, [iterate.step for iterate in self.iterates]
        if (np.abs(step.vector) <= step.limits).all():
            return "converged", f"converged in {_steps(k)}: a further one is smaller than rounding"
        x = self.iterates[-1].x
        near = lengths[-1] <= np.sqrt(self.epsilon) * np.linalg.norm(x)
        if k >= 2 and near and lengths[-1] >= lengths[-2]:
            return "converged", f"converged in {_steps(k)}: steps shrink no further, for rounding"
        if (period := self._period(x + step.vector, lengths[-1])) is not None:
            return "cycle", f"cycle of {period} points from step {k + 1 - period} on"
        if k >= self.most:
            return "steps", f"not converged in {_steps(k)}{self._slow()}"
        return None

    def _period(self, x: np.ndarray, step: float) -> int | None:
        """Return the period with which iterates repeat, within √ε of the step; None without one."""
        for period, iterate in enumerate(reversed(self.iterates[:-1]), 2):
            if np.linalg.norm(x - iterate.x) <= np.sqrt(self.epsilon) * step:
                return period
        return None

    def _slow(self) -> str:
        """Return an explanation of linear convergence, where that is observed."""
        lengths = np.array([iterate.step for iterate in self.iterates[-9:]])
        ratios: np.ndarray = lengths[1:] / lengths[:-1]
        if len(ratios) < 8:  # fewer are alike by chance, where iterates come back from far away
            return ""
        smallest, largest = float(ratios.min()), float(ratios.max())
        if largest >= 1 or smallest < 0.9 * largest:  # the order is one where the ratio settles
            return ""
        return (
            f"; each is {ratios[-1]:.2g} of the one before: linear convergence, as where J is "
            "singular at the solution (a multiple root)"
        )


def _steps(count: int) -> str:
    return f"{count} step{'s' * (count != 1)}"
