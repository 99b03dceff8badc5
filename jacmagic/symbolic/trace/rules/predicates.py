"""Comparisons of whole tensors that give a Python bool, as one condition each."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def _equal(a: Tensor, b: Tensor) -> Tensor:
    return (a == b).all() if a.shape == b.shape else torch.zeros(())


def _close(
    a: Tensor, b: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Return whether |a − b| ≤ atol + rtol·|b|."""
    return ((a - b).abs() <= atol + rtol * b.abs()).all()


PREDICATES: dict[str, Callable[..., Tensor]] = {"equal": _equal, "allclose": _close}
