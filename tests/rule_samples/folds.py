"""Samples of reductions, losses and normalisations."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from rule_samples.sample import (
    ALONG_AXES,
    ANY,
    FRACTION,
    ONE_TENSOR,
    POSITIVE,
    Sample,
    rules,
)

_CLASSES = torch.tensor([1, 0])
_LABELS = torch.tensor([2, 0, -1, 1])
_WEIGHTS = torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64)

_LOSS_SHAPES = (((2, 3), (2, 3)), ((1,), (1,)), ((), ()))

SAMPLES: list[Sample] = [
    *rules(
        *ONE_TENSOR,
        sum=lambda x: x.sum(),
        any=lambda x: torch.where((x > 1).any(), x.sum(), 2 * x.sum()),
        all=lambda x: torch.where((x > -1).all(), x.sum(), 2 * x.sum()),
        _is_all_true=lambda x: torch.where(torch._is_all_true(x > -1), x.sum(), 2 * x.sum()),
        _is_any_true=lambda x: torch.where(torch._is_any_true(x > 1), x.sum(), 2 * x.sum()),
        count_nonzero=lambda x: torch.count_nonzero(x > 0) * x.sum(),
    ),
    *rules(
        *ALONG_AXES,
        mean=lambda x: x.mean(1),
        prod=lambda x: x.prod(0, keepdim=True),
        cumsum=lambda x: x.cumsum(1),
        cumprod=lambda x: x.cumprod(0),
        logcumsumexp=lambda x: torch.logcumsumexp(x, 1),
        logsumexp=lambda x: torch.logsumexp(x, 0),
        _softmax=lambda x: torch.softmax(x, 1),
        _log_softmax=lambda x: torch.log_softmax(x, -1),
        _safe_softmax=lambda x: torch._safe_softmax(x, 1),
        var=lambda x: x.var(1, unbiased=False),
    ),
    # ── losses ──
    *rules(
        *_LOSS_SHAPES,
        huber_loss=lambda x, y: F.huber_loss(x, y, delta=0.7, reduction="none"),
        smooth_l1_loss=lambda x, y: F.smooth_l1_loss(x, y, beta=0.7, reduction="sum"),
    ),
    *rules(
        *_LOSS_SHAPES,
        domain=(ANY, FRACTION),
        binary_cross_entropy_with_logits=F.binary_cross_entropy_with_logits,
    ),
    *rules(
        ((2, 3),), ((2, 2),),
        multi_margin_loss=lambda x: F.multi_margin_loss(x, _CLASSES, p=2),
    ),
    *rules(
        ((2, 4),), ((4,),),
        multilabel_margin_loss_forward=lambda x: F.multilabel_margin_loss(
            3 * x, _LABELS.expand(x.shape), reduction="sum"),
    ),
    # ── normalisations ──
    *rules(
        ((2, 3), (3,)), ((1, 1), (1,)),
        domain=(ANY, POSITIVE),
        native_batch_norm=lambda x, v: F.batch_norm(
            x, _WEIGHTS[: len(v)].to(x), _WEIGHTS[: len(v)].to(x), weight=v, bias=-v),
    ),
    *rules(((2, 4, 3), (4,)), native_group_norm=lambda x, w: F.group_norm(x, 2, w, w + 1)),
    *rules(((2, 3),), ((1, 2),), renorm=lambda x: torch.renorm(x, 2, 0, 1.5)),
    *rules(((2, 3), (4, 3)), ((1, 2), (1, 2)), _cdist_forward=torch.cdist),
    *rules(((3, 2),), ((2, 1),), _pdist_forward=F.pdist),
]  # fmt: skip
