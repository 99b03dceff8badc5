"""Samples of operations whose choice depends on values."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from rule_samples.sample import (
    ALONG_AXES,
    ANY,
    FRACTION,
    ONE_TENSOR,
    POSITIVE,
    TWO_TENSORS,
    Sample,
    rules,
)

_EDGES = torch.tensor([-1.0, 0.0, 0.5], dtype=torch.float64)
_HEIGHTS = torch.tensor([1.0, 3.0, -2.0, 0.5], dtype=torch.float64)


def _with_winner(pair: tuple[torch.Tensor, torch.Tensor], x: torch.Tensor) -> tuple:
    """Values, and the square of what stands where the winner's index points."""
    values, index = pair
    return values, x.gather(1, index.reshape(-1, 1)) ** 2


def _larger(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        return torch.max(x, y)


def _smaller(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        return torch.min(x, y)


SAMPLES: list[Sample] = [
    *rules(
        *ALONG_AXES,
        table="SELECTIONS",
        sort=lambda x: x.sort(1, descending=True).values,
        **{"sort.stable": lambda x: x.sort(dim=1, stable=True).values},
        topk=lambda x: x.topk(1, 1, largest=False).values,
        kthvalue=lambda x: x.kthvalue(1, 1).values,
        median=lambda x: x.median() * 2,
        nanmedian=lambda x: x.nanmedian() * 2,
        argmax=lambda x: x.reshape(-1)[x.argmax()] ** 2,
        argmin=lambda x: x.gather(1, x.argmin(1, keepdim=True)) ** 2,
        cummax=lambda x: x.cummax(1).values,
        cummin=lambda x: x.cummin(0).values,
        amax=lambda x: x.amax(1),
        amin=lambda x: x.amin((0, 1)),
        max=lambda x: x.max(),
        min=lambda x: x.min(),
        linalg_vector_norm=lambda x: torch.linalg.vector_norm(x, torch.inf, dim=1),
        nonzero=lambda x: x[(x > 0).nonzero(as_tuple=True)] * 2,
        **{
            "median.dim": lambda x: x.median(1).values,
            "nanmedian.dim": lambda x: x.nanmedian(1, keepdim=True).values,
            "max.dim": lambda x: _with_winner(x.max(1), x),
            "min.dim": lambda x: _with_winner(x.min(1), x),
        },
    ),
    *rules(
        *ONE_TENSOR,
        table="SELECTIONS",
        searchsorted=lambda x: _HEIGHTS.to(x)[torch.searchsorted(_EDGES.to(x), x)] * x,
        bucketize=lambda x: _HEIGHTS.to(x)[torch.bucketize(x, _EDGES.to(x), right=True)] * x,
        round=lambda x: torch.round(x, decimals=1) * x,
    ),
    *rules(
        ((1, 4, 3),), ((1, 2, 2),),
        table="SELECTIONS",
        max_pool2d_with_indices=lambda x: F.max_pool2d(x, 2, stride=1, padding=1),
        adaptive_max_pool2d=lambda x: F.adaptive_max_pool2d(x, (2, 1)),
    ),
    *rules(
        ((1, 2, 2, 3),),
        table="SELECTIONS",
        max_pool3d_with_indices=lambda x: F.max_pool3d(x, (1, 2, 2)),
        adaptive_max_pool3d=lambda x: F.adaptive_max_pool3d(x, (1, 2, 2)),
    ),
    *rules(
        *TWO_TENSORS,
        table="RULES",
        slope="none",
        **{"max.other": _larger, "min.other": _smaller},
    ),
    # ── guarded ──
    *rules(
        *TWO_TENSORS,
        domain=(ANY, POSITIVE),
        table="SELECTIONS",
        xlogy=torch.special.xlogy,
        special_xlog1py=torch.special.xlog1py,
    ),
    *rules(*ONE_TENSOR, domain=POSITIVE, table="SELECTIONS", special_entr=torch.special.entr),
    *rules(
        ((2, 3), (2, 3)), ((1,), (1,)), ((), ()),
        domain=FRACTION,
        table="RULES",
        binary_cross_entropy=F.binary_cross_entropy,
    ),
    *rules(((3, 2),), ((2, 3),), ((2, 1),), table="RULES", tolerance=1e-7,
           linalg_pinv=torch.linalg.pinv),
    *rules(
        ((3, 2), (3, 1)), ((2, 1), (2, 2)),
        table="RULES",
        tolerance=1e-7,
        linalg_lstsq=lambda a, b: torch.linalg.lstsq(a, b).solution,
    ),
]  # fmt: skip
