"""Samples of operations without a rule: torch's decompositions give the textbook's form."""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F

from rule_samples.sample import ALONG_AXES, ONE_TENSOR, TWO_TENSORS, Sample, rules

_CLASSES = torch.tensor([1, 0])
_MAPS = torch.tensor([[[0, 2], [1, 1]]])
_WEIGHTS = torch.tensor([0.5, 2.0, 1.5], dtype=torch.float64)
_ROWS = torch.tensor([0, 0, 1])

_decomposed = partial(rules, table="")

SAMPLES: list[Sample] = [
    *_decomposed(
        *ONE_TENSOR,
        silu=F.silu, elu=F.elu, celu=F.celu, leaky_relu=F.leaky_relu, mish=F.mish,
        deg2rad=torch.deg2rad, rad2deg=torch.rad2deg, frac=lambda x: torch.frac(3 * x),
        ldexp=lambda x: torch.ldexp(x, torch.tensor(3)),
        nansum=lambda x: torch.where(x > 1, torch.nan, x * x).nansum(),
        isnan=lambda x: torch.where(torch.isnan(x), 0.0, x**2),
        isinf=lambda x: torch.where(torch.isinf(x), 0.0, x**2),
        clamp_min=lambda x: torch.clamp_min(x, 0.3), clamp_max=lambda x: torch.clamp_max(x, 0.3),
        masked_fill=lambda x: x.masked_fill(x > 0.2, 3.0) * x,
        logical_not=lambda x: torch.where(torch.logical_not(x), x, x**2),
        logical_and=lambda x: torch.where(torch.logical_and(x > 0, x < 1), x, x**2),
        logical_or=lambda x: torch.where(torch.logical_or(x < 0, x > 1), x, x**2),
        logical_xor=lambda x: torch.where(torch.logical_xor(x > 0, x > 1), x, x**2),
        lift_fresh_copy=lambda x: torch.ops.aten.lift_fresh_copy(x) * 2,
        fill=lambda x: torch.fill(x, 2.0) * x,
        mvlgamma=lambda x: torch.mvlgamma(x.abs() + 1, 2),
        sigmoid_backward=lambda x: torch.ops.aten.sigmoid_backward(x, torch.sigmoid(x)),
    ),
    *_decomposed(*TWO_TENSORS, copysign=torch.copysign),
    *_decomposed(
        ((2, 3), (3,), (2, 1)), ((1,), (1,), (1,)), ((0,), (0,), (0,)),
        addcmul=lambda x, y, z: torch.addcmul(x, y, z, value=0.5),
        addcdiv=lambda x, y, z: torch.addcdiv(x, y, z.abs() + 0.2, value=2),
    ),
    *_decomposed(
        *TWO_TENSORS, slope="differences",
        floor_divide=lambda x, y: torch.floor_divide(x, y.abs() + 0.1) * x,
    ),
    *_decomposed(((2, 3), (1,)), ((2, 1), (1,)), _prelu_kernel=F.prelu),
    *_decomposed(((2, 4),), ((1, 2),), glu=F.glu),
    *_decomposed(*ALONG_AXES, var_mean=lambda x: torch.var_mean(x, 1, correction=0)),
    *_decomposed(((2, 3),), ((1, 2),), trace=torch.trace),
    # torch 2.9 gives entries of a tall matrix that its trace does not contain
    *_decomposed(((3, 1),), ((5, 2),), slope="differences", **{"trace.tall": torch.trace}),
    *_decomposed(
        ((2, 3),), ((1, 2),),
        std=lambda x: x.std(1),
        std_mean=lambda x: torch.std_mean(x, 1, keepdim=True),
        aminmax=lambda x: tuple(torch.aminmax(x, dim=0)),
        norm=lambda x: F.pairwise_distance(x, x**2, p=3),
        nll_loss_forward=lambda x: F.nll_loss(
            x, _CLASSES[: len(x)], weight=_WEIGHTS[: x.shape[1]].to(x), ignore_index=5),
        native_layer_norm=lambda x: F.layer_norm(x, x.shape[1:], _WEIGHTS[: x.shape[1]].to(x)),
    ),
    *_decomposed(((1, 3, 2, 2),), nll_loss2d_forward=lambda x: F.nll_loss(x, _MAPS)),
    *_decomposed(
        ((2, 3), (2, 3)), ((1,), (1,)),
        dist=lambda x, y: torch.dist(x, y, 3),
        mse_loss=F.mse_loss,
        soft_margin_loss=lambda x, y: F.soft_margin_loss(x + y, torch.full_like(x, -1)),
    ),
    *_decomposed(
        ((2, 3), (3, 3)), index_add=lambda x, y: x.index_add(0, _ROWS, y, alpha=2)),
]  # fmt: skip
