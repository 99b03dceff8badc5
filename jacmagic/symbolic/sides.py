"""The two sides of a kink: one-sided Jacobians, and their sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from jacmagic.symbolic.formula.singularities import Singularity

_MIN_RELATIVE_JUMP = 1e-6  # relative difference of the sides beyond the errors of their limits
_RELATIVE_MARGIN = 1e-9  # relative rounding of an entry that lies at one of the sides


@dataclass(frozen=True)
class OneSided:
    """The one-sided Jacobians at a kink.

    Attributes:
        left: (m, n) float64, column j approached from below along input j; nan where the function
            jumps or no limit was confirmed.
        right: (m, n), approached from above.
        kinks: the kinks at the point, with their lines.
    """

    left: torch.Tensor
    right: torch.Tensor
    kinks: tuple[Singularity, ...]

    @property
    def entries(self) -> list[tuple[int, int]]:
        """Where the two sides differ."""
        left, right = self.left.numpy(), self.right.numpy()
        confirmed = ~(np.isnan(left) | np.isnan(right))
        with np.errstate(invalid="ignore"):
            gap = np.abs(left - right) > _MIN_RELATIVE_JUMP * (np.abs(left) + np.abs(right))
        infinite = np.isinf(left) | np.isinf(right)
        return [(int(i), int(j)) for i, j in np.argwhere(confirmed & (gap | infinite))]

    def derivative(self) -> np.ndarray:
        """Return the derivative (m, n) where both sides have the same; nan elsewhere."""
        left, right = self.left.numpy(), self.right.numpy()
        with np.errstate(invalid="ignore"):
            same = np.abs(left - right) <= _MIN_RELATIVE_JUMP * (np.abs(left) + np.abs(right))
            return np.where(same, (left + right) / 2, np.nan)

    def around(self, matrix: np.ndarray) -> np.ndarray:
        """Boolean (m, n): where the sides differ and a matrix's entry lies between them."""
        left, right = self.left.numpy(), self.right.numpy()
        between = np.zeros(matrix.shape, dtype=bool)
        for i, j in self.entries:
            low, high = sorted((left[i, j], right[i, j]))
            margin = _RELATIVE_MARGIN * max(
                (abs(side) for side in (low, high) if np.isfinite(side)), default=0.0
            )
            between[i, j] = low - margin <= matrix[i, j] <= high + margin
        return between


def sentences(
    both: OneSided,
    truth: np.ndarray,
    *,
    name: Callable[[int, int], str],
    number: Callable[[float], str],
) -> list[str]:
    """Return what each entry that differs is from both sides, and what torch takes.

    Args:
        both: the two sides.
        truth: torch's matrix (m, n).
        name: what an entry is called.
        number: a number as text.
    """
    return [
        f"{name(i, j)} is {number(float(both.left[i, j]))} from the left "
        f"and {number(float(both.right[i, j]))} from the right; "
        f"torch takes {number(float(truth[i, j]))}"
        for i, j in both.entries
    ]


def limits(
    both: OneSided,
    point: Sequence[str],
    *,
    name: Callable[[int, int], str],
    variables: Sequence[str],
    number: Callable[[float], str],
) -> list[str]:
    r"""Return the same as equations in LaTeX: \lim_{x \uparrow 0} ∂f/∂x = −1.

    Args:
        both: the two sides.
        point: LaTeX of the n numbers of the point.
        name: LaTeX of an entry's name.
        variables: LaTeX of the n components.
        number: a number in LaTeX.
    """
    return [
        rf"\lim_{{{variables[j]} {arrow} {point[j]}}} {name(i, j)} "
        f"= {number(float(side[i, j]))}"
        for i, j in both.entries[:6]
        for arrow, side in ((r"\uparrow", both.left), (r"\downarrow", both.right))
    ]
