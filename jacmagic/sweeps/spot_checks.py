"""The line of agreement of many Jacobians: a few of them, drawn at random, looked at as one is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor

LOOKED_AT = 3  # of the points


class Jacobian(Protocol):
    """What is looked at of a Jacobian."""

    @property
    def matrix(self) -> Tensor:
        """(m, n)."""

    @property
    def agreement(self) -> Any:
        """The verdict over all entries."""


def drawn(total: int) -> list[int]:
    """Some of the points 0 … total − 1, always the same ones."""
    order = torch.randperm(total, generator=torch.Generator().manual_seed(0))
    return sorted(order[:LOOKED_AT].tolist())


def agreement_over(
    total: int, jacobian: Callable[[int], Jacobian], matrix: Callable[[int], Tensor]
) -> str:
    """How torch, the closed form and finite differences agree at a sample of the points.

    Args:
        total: how many points there are.
        jacobian: the whole Jacobian of a point.
        matrix: (m, n), what was computed for it among the others.
    """
    looked_at = drawn(total)
    others = []
    for index in looked_at:
        whole = jacobian(index)
        if not _equal(matrix(index), whole.matrix.detach()):
            others.append(f"point {index} has other numbers when it is computed alone")
        elif whole.agreement.verdict != "agree":
            others.append(f"point {index}: {whole.agreement}")
    where = f"{len(looked_at)} of {total} points"
    where += ", drawn at random" if len(looked_at) < total else ""
    if not others:
        return f"torch and at least one other source agree at {where}"
    return f"of {where}, {len(looked_at) - len(others)} agree; {others[0]}"


def _equal(one: Tensor, other: Tensor) -> bool:
    """Whether two matrices have half of the digits of their dtype in common, row by row."""
    if not other.numel():
        return True
    share = torch.finfo(other.dtype).eps ** 0.5
    one, other = one.detach().cpu().double(), other.cpu().double()
    sizes = other.abs().nan_to_num(0.0, 0.0, 0.0).amax(1, keepdim=True)
    near = (one - other).abs() <= share * sizes
    return bool((near | (one == other) | (one.isnan() & other.isnan())).all())
