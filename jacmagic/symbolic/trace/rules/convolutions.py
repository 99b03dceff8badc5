"""Rules for convolutions of any dimension: sums of products over a window."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from jacmagic.symbolic.graph import ZERO, Graph
from jacmagic.symbolic.trace.rules.arrays import Rule, each, every
from jacmagic.symbolic.trace.rules.formula import pulled_back
from jacmagic.symbolic.trace.rules.products import matmul

Sizes = Sequence[int]


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
    """Cross-correlation, as torch calls convolution; transposed, the pullback of one."""
    rank = weight.ndim - 2
    step, edge, gap, extra = (every(v, rank) for v in (stride, padding, dilation, output_padding))
    lone = x.ndim == rank + 1
    batch = x[None] if lone else x

    def direct(u: np.ndarray) -> np.ndarray:
        padded = np.pad(u, [(0, 0), (0, 0), *((e, e) for e in edge)], constant_values=ZERO)
        return _correlate(g, padded, weight, step, gap, groups)

    if transposed:
        sizes = [
            (n - 1) * s - 2 * e + d * (k - 1) + 1 + more
            for n, s, e, d, k, more in zip(
                batch.shape[2:], step, edge, gap, weight.shape[2:], extra, strict=True
            )
        ]
        at = np.full((len(batch), weight.shape[1] * groups, *sizes), ZERO)
        result = pulled_back(g, direct, at, batch)
    else:
        result = direct(batch)
    if bias is not None:
        result = each(g, g.add, result, bias.reshape(-1, *(1,) * rank))
    return result[0] if lone else result


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
