"""How long a call of a backend's program takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from torch import Tensor

MEASURED_RUNS = 20  # runs at most, of which the fastest counts
SECONDS_TO_MEASURE = 0.01  # seconds that measuring one program takes


class Program(Protocol):
    """One backend's program for inputs of one kind."""

    backend: str
    by: str

    def __call__(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor] | None:
        """Entries and values at one point; None where the program does not hold there."""

    def entries(self, tensors: Sequence[Tensor]) -> Tensor | None:
        """Return the entries at one point; None where the program does not hold there."""

    def batch(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor, np.ndarray]:
        """Entries (k, entries), values (k, m), and where the program holds (k,)."""


def measured(call: Callable[[], Any]) -> float:
    """Seconds of a call, the least of two or more: one may have been held up."""
    least, end = float("inf"), time.perf_counter() + SECONDS_TO_MEASURE
    for before in range(MEASURED_RUNS):
        began = time.perf_counter()
        call()
        now = time.perf_counter()
        least = min(least, now - began)
        if before and now > end:
            break
    return least
