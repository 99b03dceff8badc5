"""Rules for backward operations, which functions run that differentiate inside.

Most backward operations are made of simpler ones by torch's tables. Those here are not, or their
parts have no rule: they get the textbook derivative, or the pullback of the forward rule.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.symbolic.graph import Graph
from jacmagic.symbolic.trace.rules.arrays import Rule
from jacmagic.symbolic.trace.rules.convolutions import CONVOLUTIONS
from jacmagic.symbolic.trace.rules.formula import Formula, Pullback, formulas, pulled_back
from jacmagic.symbolic.trace.rules.losses import multi_margin, multilabel_margin
from jacmagic.symbolic.trace.rules.normalizations import distances, pairwise


def _convolution(
    g: Graph,
    grad: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray,
    bias_sizes: Any,
    *rest: Any,
) -> tuple:
    """Return the gradients by input, weight and bias, as far as the mask wants them."""
    *geometry, mask = rest
    forward = CONVOLUTIONS["convolution"]
    channels = np.moveaxis(grad, -weight.ndim + 1, 0)
    summed = [g.total(channel.reshape(-1).tolist()) for channel in channels]
    return (
        pulled_back(g, lambda u: forward(g, u, weight, None, *geometry), x, grad)
        if mask[0]
        else None,
        pulled_back(g, lambda w: forward(g, x, w, None, *geometry), weight, grad)
        if mask[1]
        else None,
        np.array(summed, dtype=np.int64) if mask[2] else None,
    )


def _shrink(grad: Tensor, x: Tensor, lambd: float) -> Tensor:
    """0 between −λ and λ, else 1."""
    return torch.where((x >= -lambd) & (x <= lambd), 0, grad)


def _gated(result: Tensor, x: Tensor, dx: Tensor, dim: int = -1) -> Tensor:
    """a′σ(b) + a·σ(b)(1 − σ(b))·b′, a and b being the halves of the input."""
    (_, b), (da, db) = x.chunk(2, dim), dx.chunk(2, dim)
    return da * b.sigmoid() + result * (1 - b.sigmoid()) * db


BACKWARD: dict[str, Rule | Formula | Pullback] = {
    "convolution_backward": _convolution,
    **formulas(
        tanh_backward=lambda grad, y: grad * (1 - y**2),
        threshold_backward=lambda grad, x, t: torch.where(x > t, grad, 0),
        log_sigmoid_backward=lambda grad, x, _: grad * (-x).sigmoid(),
        hardsigmoid_backward=lambda grad, x: torch.where((x > -3) & (x < 3), grad / 6, 0),
        hardshrink_backward=_shrink,
        softshrink_backward=_shrink,
        glu_jvp=_gated,
    ),
    "_cdist_backward": Pullback(distances),  # for the second, torch exchanges both
    "_pdist_backward": Pullback(pairwise),
    "multi_margin_loss_backward": Pullback(multi_margin),
    "multilabel_margin_loss_backward": Pullback(
        lambda x, *rest: multilabel_margin(x, *rest[:2])[0]
    ),
}
