"""NumPy's ways to choose, take and interpolate entries, written with torch."""

from __future__ import annotations

from typing import Any

import numpy
import torch
from torch import Tensor

from jacmagic.function.aten.operation import tensors_in
from jacmagic.function.interop.adapters import promoted, tensor


def clip(x: Any, low: Any = None, high: Any = None, **named: Any) -> Tensor:
    """`np.clip` under any of its keywords; an end may be a tensor."""
    low = named.get("a_min", named.get("min", low))
    high = named.get("a_max", named.get("max", high))
    like = next(tensors_in([x, low, high]))
    x, low, high = (end if end is None else tensor(end, like) for end in (x, low, high))
    return torch.clamp(x, low, high)


def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dim: int = 0
) -> Any:
    """`np.linspace`; torch's own has no derivative with respect to its ends."""
    start, stop = promoted((start, stop))
    step = (stop - start) / max(num - 1 if endpoint else num, 1)
    count = torch.arange(num, dtype=start.dtype).reshape(-1, *[1] * start.dim())
    result = torch.movedim(start + count * step, 0, dim)
    return (result, step) if retstep else result


def polyval(coefficients: Any, x: Any) -> Any:
    """`np.polyval` by Horner's scheme, highest power first."""
    result: Any = 0
    for coefficient in coefficients:
        result = result * x + coefficient
    return result


def where(condition: Any, *branches: Any) -> Any:
    """`np.where` with one argument (positions) or three (a choice)."""
    if not branches:
        return torch.where(tensor(condition))
    if next(tensors_in(branches), None) is None:  # NumPy's numbers are doubles
        branches = tuple(torch.as_tensor(numpy.array(branch)) for branch in branches)
    first, second = promoted(branches)
    return torch.where(tensor(condition).bool(), first, second)


def interpolated(x: Any, knots: Any, heights: Any, left: Any = None, right: Any = None) -> Tensor:
    """`np.interp`: piecewise linear between rising knots, constant beyond them."""
    x, knots, heights = promoted((x, knots, heights))
    above = torch.searchsorted(knots.detach(), x.detach(), right=True)
    upper = above.clamp(1, len(knots) - 1)
    lower = upper - 1
    slope = (heights[upper] - heights[lower]) / (knots[upper] - knots[lower])
    inside = heights[lower] + slope * (x - knots[lower])
    first, last = (
        end if level is None else tensor(level, x).to(x)
        for level, end in ((left, heights[0]), (right, heights[-1]))
    )
    return torch.where(x < knots[0], first, torch.where(x > knots[-1], last, inside))


def convolved(a: Any, v: Any, mode: str = "full") -> Tensor:
    """`np.convolve` of two vectors."""
    a, v = promoted((a, v))
    if len(v) > len(a):
        a, v = v, a
    full = torch.nn.functional.conv1d(a[None, None], v.flip(0)[None, None], padding=len(v) - 1)[
        0, 0
    ]
    if mode == "full":
        return full
    start = len(v) - 1 if mode == "valid" else (len(v) - 1) // 2
    return full[start : start + len(a) - (len(v) - 1 if mode == "valid" else 0)]


def taken(x: Any, indices: Any, dim: int | None = None, *, mode: str = "raise", **_: Any) -> Tensor:
    """`np.take`; no axis means the flattened array."""
    x, indices = tensor(x), tensor(indices).long()
    x, dim = (x.reshape(-1), 0) if dim is None else (x, dim % x.dim())
    if mode != "raise":
        size = x.shape[dim]
        indices = indices.clamp(0, size - 1) if mode == "clip" else indices % size
    return x[(slice(None),) * dim + (indices,)]


def put(x: Tensor | numpy.ndarray, ind: Any, v: Any, *_: Any) -> None:
    """`np.put`: in place, at positions of the flattened array."""
    flat = numpy.unravel_index(numpy.asarray(tensor(ind)).reshape(-1), tuple(x.shape))
    if isinstance(x, Tensor):
        v = tensor(v, x).to(x.dtype)
    x[tuple(torch.from_numpy(numpy.array(part)) for part in flat)] = v


def chosen(which: Any, choices: Any, **_: Any) -> Tensor:
    """`np.choose`: entry by entry from one of several arrays."""
    which = tensor(which).long()
    parts = torch.broadcast_tensors(*promoted(list(choices)))
    shape = torch.broadcast_shapes(which.shape, parts[0].shape)
    stacked = torch.stack([part.expand(shape) for part in parts])
    return torch.take_along_dim(stacked, which.expand(shape)[None], 0)[0]


def selected(conditions: Any, choices: Any, default: Any = 0) -> Tensor:
    """`np.select`: the first choice whose condition holds."""
    result = default
    for condition, choice in reversed(list(zip(conditions, choices, strict=True))):
        result = where(condition, choice, result)
    return result


def vandermonde(x: Tensor, n: int | None = None, increasing: bool = False, **named: Any) -> Tensor:
    """`np.vander`: the powers of x, the highest first."""
    n = named.get("N", n)
    powers = torch.arange(len(x) if n is None else n, device=x.device)
    return x[:, None] ** (powers if increasing else powers.flip(0))
