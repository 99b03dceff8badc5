"""A function with the Jacobian that a textbook prints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Form:
    """A function and the formula that is expected to be shown.

    Attributes:
        function: takes tensors.
        point: one number for each argument, a list for a vector, a list of rows for a matrix.
        entries: the entries in row-major order, separated by " | ", as plain text; "" for any.
        matrix: lines of the matrix form, as plain text.
        hessian: whether the second derivative is asked for.
    """

    function: Callable[..., Any]
    point: tuple[Any, ...]
    entries: str = ""
    matrix: tuple[str, ...] = ()
    hessian: bool = False

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.__name__ + "_hessian" * self.hessian

    def tensors(self) -> tuple[torch.Tensor, ...]:
        """Return the point in float64."""
        return tuple(torch.tensor(value, dtype=torch.float64) for value in self.point)
