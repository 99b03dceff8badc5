"""Samples of operations that torch runs when a function itself differentiates."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F

from rule_samples.sample import ALONG_AXES, ONE_TENSOR, Function, Sample, rules, unary

_A = torch.ops.aten


def _slope(function: Function) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return the gradient of the outputs' squares, weighted differently."""

    def total(x: torch.Tensor) -> torch.Tensor:
        out = function(x).reshape(-1)
        return (torch.arange(1, out.numel() + 1).to(out) * out**2).sum()

    return torch.func.grad(total)


def _slopes(**functions: Function) -> dict[str, Function]:
    return {f"{name}_backward": _slope(function) for name, function in functions.items()}


SAMPLES: list[Sample] = [
    *unary(
        tanh_backward=lambda x: _A.tanh_backward(x, torch.tanh(x)),
        threshold_backward=lambda x: _A.threshold_backward(x**2, x, 0),
        **_slopes(
            log_sigmoid=F.logsigmoid,
            hardshrink=lambda x: F.hardshrink(x, 0.3),
            softshrink=lambda x: F.softshrink(x, 0.3),
        ),
    ),
    # torch's own 1/6 is that of single precision
    *rules(
        *ONE_TENSOR,
        slope="differences",
        tolerance=1e-7,
        **_slopes(hardsigmoid=F.hardsigmoid),
    ),
    *rules(
        ((2, 4),),
        slope="differences",
        glu_jvp=lambda x: torch.func.jvp(F.glu, (x,), (x**2,))[1],
    ),
    *rules(
        ((1, 2, 5),),
        ((2, 3),),
        **_slopes(
            convolution=lambda x: F.conv1d(
                x,
                x.reshape(-1)[:4].reshape(1, -1, 2).expand(1, x.shape[-2], 2),
                x[..., 0].sum()[None],
            )
        ),
    ),
    *rules(
        ((2, 3),),
        ((3, 1),),
        slope="differences",
        **_slopes(multi_margin_loss=lambda x: F.multi_margin_loss(x, torch.zeros(len(x)).long())),
        **_slopes(
            multilabel_margin_loss=lambda x: F.multilabel_margin_loss(
                x, torch.tensor([0, -1, -1])[: x.shape[1]].expand(x.shape)
            )
        ),
        _cdist_backward=_slope(lambda x: torch.cdist(x, 2 * x.flip(0) + 5)),
        _pdist_backward=_slope(torch.pdist),
    ),
    *rules(
        ((1, 2, 3),),
        table="LINEAR",
        **_slopes(replication_pad1d=lambda x: F.pad(x, (1, 2), mode="replicate")),
    ),
    *rules(
        ((1, 1, 4, 3),),
        table="LINEAR",
        **_slopes(
            avg_pool2d=lambda x: F.avg_pool2d(x, 2, padding=1),
            _adaptive_avg_pool2d=lambda x: F.adaptive_avg_pool2d(x, (2, 2)),
            adaptive_max_pool2d=lambda x: F.adaptive_max_pool2d(x, (2, 1)),
            max_pool2d_with_indices=lambda x: F.max_pool2d(x, 2, stride=1),
            replication_pad2d=lambda x: F.pad(x, (1, 2, 1, 0), mode="replicate"),
        ),
    ),
    *rules(
        ((1, 1, 2, 2, 3),),
        table="LINEAR",
        **_slopes(
            avg_pool3d=lambda x: F.avg_pool3d(x, 2),
            _adaptive_avg_pool3d=lambda x: F.adaptive_avg_pool3d(x, (1, 2, 2)),
            adaptive_max_pool3d=lambda x: F.adaptive_max_pool3d(x, (1, 2, 2)),
            max_pool3d_with_indices=lambda x: F.max_pool3d(x, (1, 2, 2)),
            replication_pad3d=lambda x: F.pad(x, (1, 1, 0, 0, 0, 1), mode="replicate"),
        ),
    ),
    *rules(
        *ALONG_AXES,
        table="COMPLEX",
        tanh_backward=_slope(lambda x: torch.view_as_real(torch.tanh(torch.complex(x, 2 * x)))),
    ),
    *rules(
        ((3, 3),),
        ((1, 1),),
        lu_unpack=lambda a: torch.lu_unpack(*torch.linalg.lu_factor(a @ a.mT + 4 * a)),
    ),
]
