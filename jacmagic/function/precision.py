"""The precision of a computed value, and values computed with fifty digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

MAX_ERROR_BOUNDS = 4.0  # bounds on rounding errors within which two values count as equal


@dataclass(frozen=True)
class Dtype:
    """The arithmetic in which torch computed.

    Attributes:
        name: such as "float64".
        unit: the unit roundoff.
        normal: the smallest normal number; below it digits are lost.
        largest: the largest finite number.
    """

    name: str
    unit: float
    normal: float
    largest: float

    @property
    def smallest(self) -> float:
        """The smallest positive number, subnormal ones included."""
        return 2 * self.unit * self.normal

    @property
    def half(self) -> float:
        """The relative error with which half of the digits are right."""
        return float(np.sqrt(self.unit))


@dataclass(frozen=True)
class Exact:
    """The closed form of one entry evaluated with fifty digits.

    Attributes:
        value: its value; nan where it has none.
        operations: how many operations it takes.
        spread: how far one roundoff in each input moves it; called only where that matters.
        bound: a bound on the rounding errors of the closed form as it is written.
    """

    value: float
    operations: int
    spread: Callable[[], float]
    bound: float


Exactly = Callable[[Sequence[tuple[int, int]]], list[Exact]]
