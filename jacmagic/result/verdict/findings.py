"""The data of a comparison: sources, finite differences too, circumstances, findings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import torch

from jacmagic.function.problem import Problem
from jacmagic.numeric.differences import Differences, differences

MAX_COLUMNS = 64  # taken one by one, each by about seven runs of the function: 450 for a verdict
MAX_ROWS = 4096  # 64 columns of them are the largest matrix of which every entry is judged
TRUSTED_ERRORS = 10.0  # estimated errors of finite differences within which values are met
MAX_SHARE_OF_VARIATION = 2.0**-10  # of the function's variation: an error below it decides


class Finding(IntEnum):
    """What the sources show of one entry."""

    AGREED = 0  # two independent sources are equal within their bounds
    UNCONFIRMED = 1  # one source only
    NOT_FINITE = 2  # nan: nothing to compare
    ROUNDING = 3  # rounding explains the difference, but leaves too few digits right
    TORCH = 4  # torch is alone
    FORM = 5  # the closed form is alone
    CONTRADICTED = 6  # two sources contradict each other, and no third one decides


ALARMS = (Finding.TORCH, Finding.FORM, Finding.CONTRADICTED)


@dataclass(frozen=True)
class Sources:
    """The values of each source, as float64 arrays (m, n).

    Attributes:
        torch: the value that is shown.
        formula: the closed form's values, with fifty digits where it takes them; or None.
        bound: bounds on the rounding errors of the closed form in that dtype, or None.
        estimated: finite differences with their errors, or None where there are none.
        apart: boolean, entries of 0 whose output was seen not to depend on the input, or None.
        along: whether finite differences confirm torch along one random direction, where they were
            not taken entry by entry.
    """

    torch: np.ndarray
    formula: np.ndarray | None = None
    bound: np.ndarray | None = None
    estimated: Differences | None = None
    apart: np.ndarray | None = None
    along: bool = False

    @property
    def differences(self) -> np.ndarray | None:
        """The finite differences' values, or None."""
        return None if self.estimated is None else self.estimated.value

    @property
    def decisive(self) -> np.ndarray:
        """Boolean (m, n): where the differences' error is a small part of the variation."""
        if self.estimated is None:
            return np.zeros(self.torch.shape, dtype=bool)
        return self.estimated.decisive

    @property
    def flat(self) -> np.ndarray:
        """Boolean (m, n): where the function did not vary, though torch's slope would show.

        That is so in a short dtype too: it decides beside a closed form of 0 only.
        """
        estimate = self.estimated
        if estimate is None:
            return np.zeros(self.torch.shape, dtype=bool)
        return (estimate.scale == 0) & (np.abs(self.torch) > TRUSTED_ERRORS * estimate.error)

    @property
    def gaps(self) -> np.ndarray | None:
        """Finite distances (m, n) of torch from the closed form, else the differences.

        0 where a distance is not finite; None without another source.
        """
        other = self.formula if self.formula is not None else self.differences
        if other is None:
            return None
        with np.errstate(invalid="ignore"):
            gaps = np.abs(self.torch - other)
        return np.where(np.isfinite(gaps), gaps, 0)


@dataclass(frozen=True)
class Circumstances:
    """Facts about the function and the point, beside the sources' values.

    Attributes:
        cut: (row, column) → whether the code cuts torch's graph on the way between them.
        fair: boolean (m, n), where torch's value lies between the two sides of a kink.
        smooth: (m, n) the derivative where a row with a kink has the same from both sides, or nan.
        kinked: rows in which the point lies on a kink; differences average its two sides.
        sizes: (n,) the sizes of the inputs' components.
        values: (m,) the function's own values.
        operations: how many operations the whole closed form takes.
        doubted: whether what finite differences start from is not confirmed itself; they then
            contradict, but confirm nothing.
        undefined: rows in which the function itself is nan or infinite, see NOTE [Undefined].
    """

    cut: Callable[[int, int], bool]
    fair: np.ndarray | None = None
    smooth: np.ndarray | None = None
    kinked: Collection[int] = ()
    sizes: np.ndarray | None = None
    values: np.ndarray | None = None
    operations: int = 1
    doubted: bool = False
    undefined: Collection[int] = ()


NO_CUTS = Circumstances(cut=lambda i, j: False)


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
    estimate = differences(problem.function, tensors)
    return estimate if estimate is not None and len(estimate.value) == rows else None
