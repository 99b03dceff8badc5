"""Dependence of convolutions and pooling: the inputs under a sliding window.

The windows are cut out of the grid of set numbers exactly as im2col cuts them out of numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from jacmagic.numeric.sparsity.arguments import Call, Operand
from jacmagic.numeric.sparsity.index_sets import CONSTANT, IndexSets


def convolution(sets: IndexSets, call: Call) -> np.ndarray:
    """Return the sets under each window, through the taps that are not zero."""
    named = call.named
    image, weight, groups = named["input"], named["weight"], named["groups"]
    grid = torch.from_numpy(image.ids.astype(np.float64))
    stride, padding, dilation = (_spread(named[k], grid.dim() - 2) for k in _GEOMETRY)
    taps, ids = ~weight.vanishes, weight.ids
    if named["transposed"]:
        grid = _transposed(grid, weight.tensor.shape[2:], stride, padding, dilation, named)
        taps, ids = (_turned(values, groups) for values in (taps, ids))
        stride, padding = [1] * len(stride), [0] * len(padding)
    windows = _windows(grid, taps.shape[2:], stride, padding, dilation)
    batch, channels, *_ = windows.shape
    positions = windows.shape[2 : grid.dim()]
    count = int(np.prod(positions, dtype=int))
    # (batch, group, position, channel in the group × tap)
    flat = windows.reshape(batch, groups, channels // groups, count, -1).transpose(0, 1, 3, 2, 4)
    flat = flat.reshape(batch, groups, count, -1)
    per_group = taps.reshape(groups, taps.shape[0] // groups, -1)
    parts = [_through(sets, flat[:, g], per_group[g]) for g in range(groups)]
    result = np.concatenate(parts, axis=1).reshape(batch, -1, *positions)
    for seen_ids in _added(named, sets, ids):
        result = sets.both(result, seen_ids.reshape(1, -1, *(1,) * len(positions)))
    return result.reshape(tuple(call.outs[0].shape))


_GEOMETRY = ("stride", "padding", "dilation")


def _through(sets: IndexSets, windows: np.ndarray, taps: np.ndarray) -> np.ndarray:
    """Unite windows through the taps that are not zero, for each output channel.

    Args:
        sets: index sets by number.
        windows: set numbers (batch, positions, width).
        taps: which taps are not zero, (channels, width).

    Returns:
        Set numbers (batch, out channels, positions).
    """
    kinds, which = np.unique(taps, axis=0, return_inverse=True)
    batch, positions, _ = windows.shape
    result = [
        sets.groups(windows[..., kind].reshape(batch * positions, int(kind.sum())))
        if kind.any()
        else np.full(batch * positions, CONSTANT)
        for kind in kinds
    ]
    return np.stack(result).reshape(len(kinds), batch, positions)[which.reshape(-1)].swapaxes(0, 1)


def _added(named: dict[str, Any], sets: IndexSets, weight: np.ndarray) -> list[np.ndarray]:
    """Return what all positions of a channel depend on: its taps and its bias."""
    parts = []
    if weight.max(initial=0) > CONSTANT:
        parts.append(sets.groups(weight.reshape(weight.shape[0], -1)))
    if isinstance(named.get("bias"), Operand):
        parts.append(named["bias"].ids)
    return parts


def _transposed(
    grid: torch.Tensor,
    kernel: Any,
    stride: list[int],
    padding: list[int],
    dilation: list[int],
    named: dict[str, Any],
) -> torch.Tensor:
    """Return the grid whose direct convolution is the transposed one."""
    extra = _spread(named["output_padding"], len(stride))
    sizes = [(size - 1) * step + 1 for size, step in zip(grid.shape[2:], stride, strict=True)]
    spaced = grid.new_full((*grid.shape[:2], *sizes), float(CONSTANT))
    every = (slice(None), slice(None), *(slice(None, None, step) for step in stride))
    spaced[every] = grid
    margins: list[int] = []
    for size, pad, gap, more in zip(kernel, padding, dilation, extra, strict=True):
        side = gap * (size - 1) - pad
        margins = [side, side + more, *margins]
    return F.pad(spaced, margins)


def _turned(values: np.ndarray, groups: int) -> np.ndarray:
    """Return flipped taps (in, out / groups, …) as (out, in / groups, …)."""
    flipped = np.flip(values, tuple(range(2, values.ndim)))
    parts = flipped.reshape(groups, values.shape[0] // groups, *values.shape[1:])
    return parts.swapaxes(1, 2).reshape(-1, values.shape[0] // groups, *values.shape[2:])


def pool(sets: IndexSets, call: Call) -> list[np.ndarray]:
    """Each position depends on its window in its own channel."""
    named = call.named
    operand = named["self"]
    axes = next(n for n in (1, 2, 3) if f"{n}d" in call.name)
    shape = tuple(call.outs[0].shape)
    grid = torch.from_numpy(operand.ids.astype(np.float64)).reshape(
        1, -1, *operand.ids.shape[operand.ids.ndim - axes :]
    )
    kernel = _spread(named["kernel_size"], axes)
    stride = _spread(named.get("stride") or kernel, axes)
    padding = _spread(named.get("padding", 0), axes)
    dilation = _spread(named.get("dilation", 1), axes)
    output_shape = shape[len(shape) - axes :]
    windows = _windows(grid, kernel, stride, padding, dilation, output_shape)
    result = sets.groups(windows.reshape(-1, int(np.prod(kernel)))).reshape(shape)
    return [result] * len(call.outs)


def _windows(
    grid: torch.Tensor,
    kernel: Any,
    stride: list[int],
    padding: list[int],
    dilation: list[int],
    positions: Any = None,
) -> np.ndarray:
    """Return set numbers (batch, channels, positions…, kernel…) under each window.

    Args:
        grid: set numbers (batch, channels, …), float64, which holds them exactly.
        kernel: sizes of the window.
        stride: steps between positions.
        padding: cells added on both sides.
        dilation: steps between the taps of a window.
        positions: how many positions there are; by default as many as fit.
    """
    margins: list[int] = []
    for axis, pad in enumerate(padding):
        reach = dilation[axis] * (kernel[axis] - 1) + 1
        more = 0
        if positions is not None:
            needed = (positions[axis] - 1) * stride[axis] + reach
            more = max(0, needed - grid.shape[axis + 2] - 2 * pad)
        margins = [pad, pad + more, *margins]
    result = F.pad(grid, margins, value=float(CONSTANT))
    for axis, size in enumerate(kernel):
        reach = dilation[axis] * (size - 1) + 1
        result = result.unfold(axis + 2, reach, stride[axis])[..., :: dilation[axis]]
        if positions is not None:
            result = result.narrow(axis + 2, 0, positions[axis])
    return result.numpy().astype(np.int64)


def _spread(value: Any, count: int) -> list[int]:
    """One number for each axis."""
    values = [value] if isinstance(value, int) else list(value)
    return values * count if len(values) == 1 else values
