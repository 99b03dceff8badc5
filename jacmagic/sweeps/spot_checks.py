"""Agreement of many Jacobians, checked at a few drawn at random."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from jacmagic.result.core import JacobianResult

MAX_POINTS_CHECKED = 3  # each takes as long as displaying one Jacobian


def drawn(total: int) -> list[int]:
    """Draw some of the points 0 … total − 1, always the same ones."""
    order = torch.randperm(total, generator=torch.Generator().manual_seed(0))
    return sorted(order[:MAX_POINTS_CHECKED].tolist())


def agreement_over(
    total: int, jacobian: Callable[[int], JacobianResult], matrix: Callable[[int], Tensor]
) -> str:
    """Compare torch, the closed form and finite differences at some of the points.

    Args:
        total: how many points there are.
        jacobian: the whole Jacobian of a point.
        matrix: (m, n), computed for it among the others.
    """
    checked = drawn(total)
    others = []
    for index in checked:
        whole = jacobian(index)
        if not _equal(matrix(index), whole.matrix.detach()):
            others.append(f"point {index} has other numbers when it is computed alone")
        elif whole.agreement.verdict != "agree":
            others.append(f"point {index}: {whole.agreement}")
    count = len(checked)
    where = f"{count} point{'s'[: count != 1]}"
    where += f", drawn at random from {total}" if count < total else ""
    if not others:
        return f"torch and at least one other source agree at {'all ' if count > 1 else ''}{where}"
    return f"of {where}, {count - len(others)} agree; {others[0]}"


def _equal(one: Tensor, other: Tensor) -> bool:
    """Whether two matrices agree to half of their digits, row by row."""
    if not other.numel():
        return True
    share = torch.finfo(other.dtype).eps ** 0.5
    one, other = one.detach().cpu().double(), other.cpu().double()
    sizes = other.abs().nan_to_num(0.0, 0.0, 0.0).amax(1, keepdim=True)
    near = (one - other).abs() <= share * sizes
    return bool((near | (one == other) | (one.isnan() & other.isnan())).all())
