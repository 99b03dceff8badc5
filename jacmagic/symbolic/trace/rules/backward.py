"""Rules for backward operations, which functions run that differentiate inside.

Most backward operations are made of simpler ones by torch's tables. Those here are not, or their
parts have no rule: they get the textbook derivative, or the pullback of the forward rule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jacmagic.symbolic.graph import ONE, ZERO, Graph, differentiate
from jacmagic.symbolic.trace.rules.arrays import Rule, each, elementwise
from jacmagic.symbolic.trace.rules.convolutions import CONVOLUTIONS
from jacmagic.symbolic.trace.rules.losses import LOSSES
from jacmagic.symbolic.trace.rules.normalizations import NORMALIZATIONS

Forward = Callable[[np.ndarray], np.ndarray]


def pulled_back(g: Graph, forward: Forward, x: np.ndarray, grad: np.ndarray) -> np.ndarray:
    """Σᵢ gradᵢ ∂yᵢ/∂x for y = forward(x).

    The forward rule runs on fresh variables, which the nodes of x replace afterwards: a node of x
    may stand for a number, or occur in other arguments too.
    """
    line = g.line
    fresh = [g.variable(f"\N{PARTIAL DIFFERENTIAL}{index}") for index in range(x.size)]
    result = forward(np.array(fresh, dtype=np.int64).reshape(x.shape)).reshape(-1).tolist()
    rows = differentiate(g, result, fresh)
    g.line = line
    weights = grad.reshape(-1).tolist()
    entries = sorted({entry for row in rows for entry in row.values()})
    known = dict(zip(fresh, x.reshape(-1).tolist(), strict=True))
    moved = dict(zip(entries, replaced(g, entries, known), strict=True))
    columns = [
        g.total(g.mul(u, moved[row[j]]) for u, row in zip(weights, rows, strict=True) if j in row)
        for j in range(x.size)
    ]
    return np.array(columns, dtype=np.int64).reshape(x.shape)


def replaced(g: Graph, roots: Sequence[int], by: dict[int, int]) -> list[int]:
    """Nodes with some nodes put in place of others."""
    new = dict(by)
    for node in g.reach(roots):
        if node not in new:
            operands = g.operands(node)
            fresh = tuple(new[operand] for operand in operands)
            new[node] = node if fresh == operands else g.apply(g.operations[node], *fresh)
    return [new[root] for root in roots]


def _convolution(
    g: Graph,
    grad: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray,
    bias_sizes: Any,
    *rest: Any,
) -> tuple:
    """Return the gradients by input, weight and bias, as far as the mask wants them."""
    *geometry, wanted = rest
    forward = CONVOLUTIONS["convolution"]
    channels = np.moveaxis(grad, -weight.ndim + 1, 0)
    summed = [g.total(channel.reshape(-1).tolist()) for channel in channels]
    return (
        pulled_back(g, lambda u: forward(g, u, weight, None, *geometry), x, grad)
        if wanted[0]
        else None,
        pulled_back(g, lambda w: forward(g, x, w, None, *geometry), weight, grad)
        if wanted[1]
        else None,
        np.array(summed, dtype=np.int64) if wanted[2] else None,
    )


def _cdist(
    g: Graph, grad: np.ndarray, x: np.ndarray, y: np.ndarray, p: float, distances: np.ndarray
) -> np.ndarray:
    """By the first argument; torch asks for the second with both exchanged."""
    return pulled_back(g, lambda u: NORMALIZATIONS["_cdist_forward"](g, u, y, p), x, grad)


def _pdist(
    g: Graph, grad: np.ndarray, x: np.ndarray, p: float, distances: np.ndarray
) -> np.ndarray:
    return pulled_back(g, lambda u: NORMALIZATIONS["_pdist_forward"](g, u, p), x, grad)


def _multi_margin(g: Graph, grad: np.ndarray, x: np.ndarray, *rest: Any) -> np.ndarray:
    return pulled_back(g, lambda u: LOSSES["multi_margin_loss"](g, u, *rest), x, grad)


def _multilabel_margin(g: Graph, grad: np.ndarray, x: np.ndarray, *rest: Any) -> np.ndarray:
    rule = LOSSES["multilabel_margin_loss_forward"]
    return pulled_back(g, lambda u: rule(g, u, *rest[:2])[0], x, grad)


def _log_sigmoid(g: Graph, grad: np.ndarray, x: np.ndarray, buffer: Any) -> np.ndarray:
    """(ln σ(x))′ = σ(−x)."""
    return each(g, lambda u, v: g.mul(u, g.apply("sigmoid", g.neg(v))), grad, x)


def _between(g: Graph, less: str, x: int, bound: float) -> int:
    """Return whether −bound ≤ x ≤ bound, the ends as `less` has them."""
    above = g.apply(less, g.number(-bound), x)
    return g.apply("and", above, g.apply(less, x, g.number(bound)))


def _hard_sigmoid(g: Graph, grad: int, x: int) -> int:
    """1/6 between −3 and 3."""
    return g.where(_between(g, "lt", x, 3), g.div(grad, g.number(6)), ZERO)


def _shrink(g: Graph, grad: np.ndarray, x: np.ndarray, lambd: float) -> np.ndarray:
    """0 between −λ and λ, else 1."""

    def formula(u: int, v: int) -> int:
        return g.where(_between(g, "le", v, lambd), ZERO, u)

    return each(g, formula, grad, x)


def _gated(
    g: Graph, result: np.ndarray, x: np.ndarray, dx: np.ndarray, dim: int = -1
) -> np.ndarray:
    """a′σ(b) + a·σ(b)(1 − σ(b))·b′, a and b being the halves of the input."""
    (_, b), (da, db) = np.split(x, 2, axis=dim), np.split(dx, 2, axis=dim)

    def formula(y: int, v: int, du: int, dv: int) -> int:
        gate = g.apply("sigmoid", v)
        return g.add(g.mul(du, gate), g.mul(g.mul(y, g.sub(ONE, gate)), dv))

    return each(g, formula, result, b, da, db)


BACKWARD: dict[str, Rule] = {
    "tanh_backward": elementwise(lambda g, u, y: g.mul(u, g.sub(ONE, g.square(y)))),
    "threshold_backward": lambda g, u, x, t: each(
        g, lambda v, w: g.where(g.apply("gt", w, g.number(t)), v, ZERO), u, x
    ),
    "log_sigmoid_backward": _log_sigmoid,
    "hardsigmoid_backward": elementwise(_hard_sigmoid),
    "hardshrink_backward": _shrink,
    "softshrink_backward": _shrink,
    "glu_jvp": _gated,
    "convolution_backward": _convolution,
    "_cdist_backward": _cdist,
    "_pdist_backward": _pdist,
    "multi_margin_loss_backward": _multi_margin,
    "multilabel_margin_loss_backward": _multilabel_margin,
}
