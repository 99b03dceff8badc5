"""Decompositions of averages over windows, in two dimensions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from torch import Tensor

from jacmagic.result.compiled.loops.windows import Windows


def average(
    x: Tensor,
    kernel: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0,),
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """Return the average over windows in two dimensions, (…, channels, *counts)."""
    if ceil_mode or (any(padding) and not count_include_pad):
        return NotImplemented
    windows = _pooled(x, kernel, stride, padding)
    sums = windows.of(_image(x)).reshape(*x.shape[:-2], -1, math.prod(windows.counts)).sum(-2)
    divisor = divisor_override or math.prod(windows.kernel)
    return (sums / divisor).reshape(*x.shape[:-2], *windows.counts)


def average_backward(
    gradient: Tensor,
    x: Tensor,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Any:
    """Return the gradient of the input of an average over windows."""
    if ceil_mode or (any(padding) and not count_include_pad):
        return NotImplemented
    windows = _pooled(x, kernel, stride, padding)
    size, count = math.prod(windows.kernel), math.prod(windows.counts)
    each = (gradient / (divisor_override or size)).reshape(*windows.shape[:2], 1, count)
    return windows.adjoint(each.expand(-1, -1, size, -1)).reshape(x.shape)


def _pooled(
    x: Tensor, kernel: Sequence[int], stride: Sequence[int], padding: Sequence[int]
) -> Windows:
    """Return windows of one size in both directions where one is given."""
    kernel, padding = list(kernel) * (2 // len(kernel)), list(padding) * (2 // len(padding))
    stride = list(stride or kernel) * (2 // len(stride or kernel))
    channels = _image(x).shape[1]
    return Windows(_image(x).shape, kernel, stride, padding, [1, 1], channels)


def _image(x: Tensor) -> Tensor:
    """Return data (batch, channels, rows, columns)."""
    return x.reshape(-1, *x.shape[-3:])
