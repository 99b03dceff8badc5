"""Rules for convolutions of any dimension: sums of products over a window."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from jacmagic.symbolic.graph import ZERO, Graph
from jacmagic.symbolic.trace.rules.arrays import Rule, each
from jacmagic.symbolic.trace.rules.products import matmul

Sizes = Sequence[int]


def _every(value: Sizes, rank: int) -> tuple[int, ...]:
    return tuple(value) * rank if len(value) == 1 else tuple(value)


def _convolution(
    g: Graph,
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
    transposed: bool,
    output_padding: Sizes,
    groups: int,
) -> np.ndarray:
    """Cross-correlation, as torch calls convolution; transposed, the adjoint of one."""
    rank = weight.ndim - 2
    step, edge, gap, extra = (_every(v, rank) for v in (stride, padding, dilation, output_padding))
    lone = x.ndim == rank + 1
    batch = x[None] if lone else x
    margins = [(e, e) for e in edge]
    if transposed:
        batch, margins, weight = _as_direct(batch, weight, step, edge, gap, extra, groups)
        step = (1,) * rank
    padded = np.pad(batch, [(0, 0), (0, 0), *margins], constant_values=ZERO)
    result = _correlate(g, padded, weight, step, gap, groups)
    if bias is not None:
        result = each(g, g.add, result, bias.reshape(-1, *(1,) * rank))
    return result[0] if lone else result


def _as_direct(
    x: np.ndarray,
    weight: np.ndarray,
    step: Sizes,
    edge: Sizes,
    gap: Sizes,
    extra: Sizes,
    groups: int,
) -> tuple[np.ndarray, list[tuple[int, int]], np.ndarray]:
    """Return a transposed convolution as a direct one of dilated inputs."""
    sizes = [(n - 1) * s + 1 if n else 0 for n, s in zip(x.shape[2:], step, strict=True)]
    spread = np.full((*x.shape[:2], *sizes), ZERO, dtype=np.int64)
    everything = (slice(None), slice(None))
    apart = (*everything, *(slice(None, None, s) for s in step))
    spread[apart] = x
    margins = [
        (d * (k - 1) - e, d * (k - 1) - e + more)
        for d, k, e, more in zip(gap, weight.shape[2:], edge, extra, strict=True)
    ]
    inside = (slice(max(0, -a), n - max(0, -b)) for (a, b), n in zip(margins, sizes, strict=True))
    cut = (*everything, *inside)
    turned = np.flip(weight, axis=tuple(range(2, weight.ndim)))
    inner, outer = weight.shape[0] // groups, weight.shape[1]
    parts = turned.reshape(groups, inner, outer, *weight.shape[2:]).swapaxes(1, 2)
    kernel = parts.reshape(groups * outer, inner, *weight.shape[2:])
    return spread[cut], [(max(a, 0), max(b, 0)) for a, b in margins], kernel


def _correlate(
    g: Graph, x: np.ndarray, weight: np.ndarray, step: Sizes, gap: Sizes, groups: int
) -> np.ndarray:
    outer, _, *kernel = weight.shape
    rank = len(kernel)
    spans = [d * (k - 1) + 1 for d, k in zip(gap, kernel, strict=True)]
    seen = sliding_window_view(x, spans, tuple(range(2, x.ndim)))
    strides = [slice(None, None, size) for size in (1, 1, *step, *gap)]
    seen = seen[tuple(strides)]
    counts = seen.shape[2 : 2 + rank]
    windows = np.moveaxis(seen, 1, 1 + rank).reshape(len(x), math.prod(counts), groups, -1)
    kernels = weight.reshape(groups, outer // groups, -1)
    result = [[matmul(g, kernels[k], window[:, k].T) for k in range(groups)] for window in windows]
    return np.array(result, dtype=np.int64).reshape(len(x), outer, *counts)


CONVOLUTIONS: dict[str, Rule] = {"convolution": _convolution}
