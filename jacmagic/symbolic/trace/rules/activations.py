"""Formulas of activation functions, in the form in which papers define them."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from jacmagic.symbolic.trace.rules.formula import UNIT, Formula, formulas


def _gelu(x: Tensor, approximate: str = "none") -> Tensor:
    """x Φ(x) (Hendrycks & Gimpel, arXiv:1606.08415), or its approximation by tanh."""
    if approximate == "none":
        return x / 2 * (UNIT + torch.erf(x / math.sqrt(2)))
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    return x / 2 * (UNIT + inner.tanh())


def _softplus(x: Tensor, beta: float = 1, threshold: float = 20) -> Tensor:
    """ln(1 + eᵝˣ)/β, and x beyond a threshold, 20 by default."""
    smooth = (beta * x).exp().log1p() / beta
    return smooth if threshold >= 20 else torch.where(beta * x > threshold, x, smooth)


def _between(
    x: Tensor, low: float, high: float, ends: tuple[float, float | Tensor], inside: Tensor
) -> Tensor:
    """Return a formula clamped to two bounds, with slope 0 on them: hard activations."""
    return torch.where(x <= low, ends[0], torch.where(x >= high, ends[1], inside))


ACTIVATIONS: dict[str, Formula] = formulas(
    softplus=_softplus,
    log_sigmoid_forward=lambda x: (x.sigmoid().log(), (-x.abs()).exp()),
    gelu=_gelu,
    # the mean slope, as in evaluation; training draws the slope and is refused
    rrelu_with_noise=lambda x, noise, lower=1 / 8, upper=1 / 3, *_: torch.where(
        x > 0, x, (lower + upper) / 2 * x
    ),
    hardtanh=lambda x, low=-1, high=1: _between(x, low, high, (low, high), x),
    hardsigmoid=lambda x: _between(x, -3, 3, (0, 1), (x + 3) / 6),
    # Howard et al., arXiv:1905.02244
    hardswish=lambda x: _between(x, -3, 3, (0, x), x * (x + 3) / 6),
    hardshrink=lambda x, lambd=0.5: torch.where((x >= -lambd) & (x <= lambd), 0, x),
    softshrink=lambda x, lambd=0.5: torch.where(
        x > lambd, x - lambd, torch.where(x < -lambd, x + lambd, 0)
    ),
    threshold=lambda x, t, value: torch.where(x > t, x, value),
)
