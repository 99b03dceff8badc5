"""Formulas of loss functions, in the textbook's form rather than the stable one."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.symbolic.graph import Graph
from jacmagic.symbolic.trace.rules.arrays import Rule
from jacmagic.symbolic.trace.rules.formula import Formula, formulas


def _reduced(losses: Tensor, reduction: int) -> Tensor:
    """Losses as they are (0), their mean (1) or their sum (2), by torch's numbers."""
    return losses if reduction == 0 else losses.mean() if reduction == 1 else losses.sum()


def _entropy(
    p: Tensor,
    t: Tensor,
    weight: Tensor | None = None,
    reduction: int = 1,
    rise: Tensor | None = None,
) -> Tensor:
    """−(r t ln p + (1 − t) ln(1 − p)), r a weight of the positive class."""
    first = (t if rise is None else rise * t) * p.log()
    losses = -(first + (1 - t) * (1 - p).log())
    return _reduced(losses if weight is None else weight * losses, reduction)


def _is_inside(g: Graph, numbers: list[np.ndarray], x: np.ndarray, *_: object) -> None:
    """Refuse inputs of 0 or 1, as torch bounds ln by −100."""
    at_ends = (numbers[0] == 0) | (numbers[0] == 1)
    if any(g.value(int(node)) is None for node in x[at_ends].flat):
        raise Unsupported("binary_cross_entropy", "is bounded where a probability is 0 or 1")


def _huber(x: Tensor, target: Tensor, reduction: int = 1, delta: float = 1.0) -> Tensor:
    """d²/2 where |d| ≤ δ, else δ(|d| − δ/2) (Huber 1964)."""
    d = x - target
    straight = delta * (d.abs() - delta / 2)
    return _reduced(torch.where(d.abs() < delta, 0.5 * d**2, straight), reduction)


def _smooth_l1(x: Tensor, target: Tensor, reduction: int = 1, beta: float = 1.0) -> Tensor:
    """d²/(2β) where |d| < β, else |d| − β/2."""
    d = x - target
    straight = d.abs() - beta / 2
    curved = torch.where(d.abs() < beta, d**2 / (2 * beta), straight) if beta else straight
    return _reduced(curved, reduction)


def multi_margin(
    x: Tensor,
    target: Tensor,
    p: float = 1,
    margin: float = 1,
    weight: Tensor | None = None,
    reduction: int = 1,
) -> Tensor:
    """Σ_{i≠y} w_y max(0, m − x_y + x_i)ᵖ / C."""
    count = x.shape[-1]
    rows, y = x.reshape(-1, count), target.reshape(-1, 1)
    others = rows[torch.arange(count) != y].reshape(len(rows), -1)
    terms = (margin - rows.gather(1, y) + others).relu() ** p
    losses = (terms if weight is None else weight[y] * terms).sum(1) / count
    return _reduced(losses.reshape(target.shape), reduction)


def multilabel_margin(x: Tensor, target: Tensor, reduction: int) -> tuple[Tensor, Tensor]:
    """Σ_{j ∈ Y, i ∉ Y} max(0, 1 − x_j + x_i) / C for the classes Y of a row before its first −1.

    The second result is 1 for the classes in Y.
    """
    rows, is_target = x.reshape(-1, x.shape[-1]), torch.zeros(x.shape).reshape(-1, x.shape[-1])
    for chosen, labels in zip(is_target, target.reshape(is_target.shape).tolist(), strict=True):
        chosen[labels[: [*labels, -1].index(-1)]] = 1
    losses = [
        ((1 - row[mask])[:, None] + row[~mask]).relu().sum() / len(row)
        for row, mask in zip(rows, is_target.bool(), strict=True)
    ]
    return _reduced(torch.stack(losses).reshape(x.shape[:-1]), reduction), is_target.reshape(
        x.shape
    )


LOSSES: dict[str, Rule | Formula] = {
    **formulas(
        binary_cross_entropy_with_logits=lambda x, t, weight=None, rise=None, reduction=1: _entropy(
            x.sigmoid(), t, weight, reduction, rise
        ),
        huber_loss=_huber,
        smooth_l1_loss=_smooth_l1,
        multi_margin_loss=multi_margin,
        multilabel_margin_loss_forward=multilabel_margin,
    ),
    "binary_cross_entropy": Formula(_entropy, _is_inside),
}
