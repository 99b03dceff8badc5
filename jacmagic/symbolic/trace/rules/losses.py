"""Rules for loss functions, in the textbook's form rather than the stable one."""

from __future__ import annotations

from typing import Any

import numpy as np

from jacmagic.symbolic.graph import ONE, ZERO, Graph
from jacmagic.symbolic.trace.rules.arrays import Rule, each, reduced, whole_numbers


def entropy(
    g: Graph, x: np.ndarray, target: Any, weight: Any = None, reduction: int = 1, rise: Any = ONE
) -> np.ndarray:
    """−(r t ln p + (1 − t) ln(1 − p)), r a weight of the positive class."""

    def loss(p: int, t: int, r: int) -> int:
        first = g.mul(g.mul(r, t), g.apply("log", p))
        return g.neg(g.add(first, g.mul(g.sub(ONE, t), g.apply("log", g.sub(ONE, p)))))

    losses = each(g, loss, x, target, np.asarray(rise))
    return reduced(g, losses if weight is None else each(g, g.mul, weight, losses), reduction)


def _entropy_of_logits(
    g: Graph,
    x: np.ndarray,
    target: Any,
    weight: Any = None,
    pos_weight: Any = None,
    reduction: int = 1,
) -> np.ndarray:
    """Return the same of p = σ(x)."""
    p = each(g, lambda u: g.apply("sigmoid", u), x)
    return entropy(g, p, target, weight, reduction, ONE if pos_weight is None else pos_weight)


def _huber(g: Graph, x: Any, target: Any, reduction: int = 1, delta: float = 1.0) -> np.ndarray:
    """d²/2 where |d| ≤ δ, else δ(|d| − δ/2) (Huber 1964)."""
    half, border = g.number(0.5), g.number(delta)

    def loss(a: int, b: int) -> int:
        d = g.sub(a, b)
        size = g.apply("abs", d)
        straight = g.mul(border, g.sub(size, g.number(delta / 2)))
        return g.where(g.apply("lt", size, border), g.mul(half, g.square(d)), straight)

    return reduced(g, each(g, loss, x, target), reduction)


def _smooth_l1(g: Graph, x: Any, target: Any, reduction: int = 1, beta: float = 1.0) -> np.ndarray:
    """d²/(2β) where |d| < β, else |d| − β/2."""

    def loss(a: int, b: int) -> int:
        d = g.sub(a, b)
        size = g.apply("abs", d)
        straight = g.sub(size, g.number(beta / 2))
        if beta == 0:
            return straight
        curved = g.div(g.square(d), g.number(2 * beta))
        return g.where(g.apply("lt", size, g.number(beta)), curved, straight)

    return reduced(g, each(g, loss, x, target), reduction)


def _multi_margin(
    g: Graph,
    x: np.ndarray,
    target: np.ndarray,
    p: float = 1,
    margin: float = 1,
    weight: np.ndarray | None = None,
    reduction: int = 1,
) -> np.ndarray:
    """Σ_{i≠y} w_y max(0, m − x_y + x_i)ᵖ / C."""
    rows, classes = x.reshape(-1, x.shape[-1]), whole_numbers(g, target).reshape(-1)

    def loss(row: np.ndarray, y: int) -> int:
        scale = ONE if weight is None else int(weight[y])
        terms = [
            g.mul(scale, g.pow(g.apply("relu", g.add(g.sub(g.number(margin), int(row[y])), int(u))),
                               g.number(p)))
            for i, u in enumerate(row)
            if i != y
        ]  # fmt: skip
        return g.div(g.total(terms), g.number(len(row)))

    losses = [loss(row, int(y)) for row, y in zip(rows, classes, strict=True)]
    return reduced(g, np.array(losses, dtype=np.int64).reshape(target.shape), reduction)


def _multilabel_margin(g: Graph, x: np.ndarray, target: np.ndarray, reduction: int) -> tuple:
    """Σ_{j ∈ Y, i ∉ Y} max(0, 1 − x_j + x_i) / C for the classes Y of a row before its first −1.

    The second result is 1 for the classes in Y.
    """
    rows = x.reshape(-1, x.shape[-1])
    listed = whole_numbers(g, target).reshape(rows.shape).tolist()
    is_target = np.full(rows.shape, ZERO)
    for k, labels in enumerate(listed):
        is_target[k, labels[: [*labels, -1].index(-1)]] = ONE

    def loss(row: np.ndarray, mask: np.ndarray) -> int:
        pairs = [(g.sub(ONE, j), i) for j in row[mask].tolist() for i in row[~mask].tolist()]
        hinges = [g.apply("relu", g.add(margin, u)) for margin, u in pairs]
        return g.div(g.total(hinges), g.number(len(row)))

    losses = [loss(row, mask == ONE) for row, mask in zip(rows, is_target, strict=True)]
    summed = reduced(g, np.array(losses, dtype=np.int64).reshape(x.shape[:-1]), reduction)
    return summed, is_target.reshape(x.shape)


LOSSES: dict[str, Rule] = {
    "binary_cross_entropy_with_logits": _entropy_of_logits,
    "huber_loss": _huber,
    "smooth_l1_loss": _smooth_l1,
    "multi_margin_loss": _multi_margin,
    "multilabel_margin_loss_forward": _multilabel_margin,
}
