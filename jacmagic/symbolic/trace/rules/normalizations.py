"""Formulas of normalisations, (x − mean)/√(variance + ε) scaled and shifted, and of distances."""

from __future__ import annotations

import torch
from torch import Tensor

from jacmagic.symbolic.trace.rules.formula import Formula, formulas


def _affine(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    """Scale and shift the channels of (N, C, …)."""
    channels = (1, -1) + (1,) * (x.ndim - 2)
    scaled = x if weight is None else x * weight.reshape(channels)
    return scaled if bias is None else scaled + bias.reshape(channels)


def _batch_norm(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[Tensor, ...]:
    if running_mean is not None and running_var is not None and not training:
        center, spread = (
            moment.reshape((1, -1) + (1,) * (x.ndim - 2)) for moment in (running_mean, running_var)
        )
        return (_affine((x - center) / (spread + eps).sqrt(), weight, bias),)
    axes = [axis for axis in range(x.ndim) if axis != 1]
    center, root = _moments(x, axes, eps)
    return _affine((x - center) / root, weight, bias), center.reshape(-1), (1 / root).reshape(-1)


def _moments(x: Tensor, axes: list[int], eps: float) -> tuple[Tensor, Tensor]:
    """Return the mean and √(variance + ε)."""
    spread = x.var(axes, correction=0, keepdim=True)
    return x.mean(axes, keepdim=True), (spread + eps).sqrt()


def _group_norm(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    samples: int,
    channels: int,
    positions: int,
    groups: int,
    eps: float,
) -> tuple[Tensor, ...]:
    grouped = x.reshape(samples, groups, channels // groups * positions)
    center, root = _moments(grouped, [2], eps)
    result = ((grouped - center) / root).reshape(x.shape)
    return _affine(result, weight, bias), center[..., 0], (1 / root)[..., 0]


def _renormed(x: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """Scale slices down whose norm exceeds the bound; torch adds 10⁻⁷ to the norm."""
    axes = [axis for axis in range(x.ndim) if axis != dim % x.ndim]
    size = torch.linalg.vector_norm(x, p, axes, keepdim=True)
    return torch.where(size > maxnorm, x * (maxnorm / (size + 1e-7)), x)


def distances(x: Tensor, y: Tensor, p: float, *_: object) -> Tensor:
    """Return the p-norm of every row of x minus every row of y, batch by batch."""
    return torch.linalg.vector_norm(x[..., :, None, :] - y[..., None, :, :], p, -1)


def pairwise(x: Tensor, p: float = 2, *_: object) -> Tensor:
    """Return the p-norm of the difference of every two rows."""
    i, j = torch.triu_indices(len(x), len(x), 1)
    return torch.linalg.vector_norm(x[i] - x[j], p, -1)


NORMALIZATIONS: dict[str, Formula] = formulas(
    native_batch_norm=_batch_norm,
    native_group_norm=_group_norm,
    renorm=_renormed,
    _cdist_forward=distances,
    _pdist_forward=pairwise,
)
