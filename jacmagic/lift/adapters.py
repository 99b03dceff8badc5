"""NumPy's calls written with torch: the functions whose arguments differ, not only their names.

Each takes what the `math` or NumPy function of that meaning takes (with `axis` already called `dim`
and `keepdims` called `keepdim`), and keeps the graph of every tensor that goes in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy
import torch
from torch import Tensor


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Walk the tensors of a value, also inside lists and tuples."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from tensors_in(part)


def tensor(value: Any, like: Tensor | None = None) -> Tensor:
    """Turn a number, array or nested list into one tensor; tensors inside it keep their graphs.

    Plain Python numbers take the dtype of `like`, as they do in torch's own arithmetic.
    """
    if isinstance(value, Tensor):
        return value
    like = next(tensors_in(value), like)
    if isinstance(value, (list, tuple)) and any(True for _ in tensors_in(value)):
        return torch.stack(promoted([tensor(part, like) for part in value]))
    device = None if like is None else like.device
    weak = isinstance(value, (int, float)) and not isinstance(value, (bool, numpy.generic))
    if weak and like is not None and like.is_floating_point():
        return torch.tensor(value, dtype=like.dtype, device=device)
    return torch.as_tensor(numpy.array(value), device=device)


def promoted(values: Iterable[Any]) -> list[Tensor]:
    """Bring values to tensors of their common dtype; torch's `matmul` and `stack` insist on it."""
    values = list(values)
    like = next(tensors_in(values), None)
    parts = [tensor(value, like) for value in values]
    dtype = parts[0].dtype
    for part in parts[1:]:
        dtype = torch.promote_types(dtype, part.dtype)
    return [part.to(dtype) for part in parts]


def dtype_of(dtype: Any) -> torch.dtype:
    """Torch's name of a dtype given as NumPy, Python or torch name it."""
    if isinstance(dtype, torch.dtype):
        return dtype
    return torch.from_numpy(numpy.empty(0, dtype)).dtype


def elementwise(function: Callable[..., Any]) -> Callable[..., Any]:
    """All operands become tensors of one dtype: for torch functions that refuse plain numbers."""
    return lambda *values: function(*promoted(values))


def joined(function: Callable[..., Any]) -> Callable[..., Any]:
    """The members of the first argument become tensors of one dtype."""
    return lambda parts, *rest, **options: function(promoted(parts), *rest, **options)


def along(function: Callable[..., Any]) -> Callable[..., Any]:
    """No axis means the flattened array, where torch insists on an axis."""

    def call(x: Tensor, dim: int | None = None) -> Any:
        return function(x.reshape(-1), 0) if dim is None else function(x, dim)

    return call


def extreme(function: Callable[..., Any]) -> Callable[..., Any]:
    """The value alone, where `torch.max(x, dim)` also returns the place."""

    def call(x: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
        return function(x, () if dim is None else dim, keepdim)

    return call


def spread(function: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy divides a variance by n, torch by n − 1."""

    def call(x: Tensor, dim: Any = None, ddof: int = 0, keepdim: bool = False) -> Tensor:
        return function(x, dim=dim, correction=ddof, keepdim=keepdim)

    return call


def array(value: Any, dtype: Any = None, **_: Any) -> Tensor:
    """`np.array` of tensors: a stack, so the graph is not cut."""
    result = tensor(value)
    return result.clone() if dtype is None else result.to(dtype_of(dtype))


def concatenate(parts: Any, dim: int | None = 0) -> Tensor:
    """`np.concatenate`; no axis flattens first."""
    parts = promoted(parts)
    return torch.cat([part.reshape(-1) for part in parts] if dim is None else parts, dim or 0)


def full(shape: Any, value: Any, dtype: Any = None) -> Tensor:
    """`np.full`; `torch.full` itself would cut the graph of its value."""
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    return array(value, dtype).expand(shape).clone()


def product(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """`np.prod`; no axis means all of them."""
    return torch.prod(x) if dim is None else torch.prod(x, dim, keepdim)


def log(x: Any, base: Any = None) -> Tensor:
    """`math.log(x, base)`."""
    result = torch.log(tensor(x, base))
    if base is None:
        return result
    return result / (torch.log(base) if isinstance(base, Tensor) else math.log(base))


def sign_of_gamma(x: Tensor) -> Tensor:
    """Γ alternates in sign between the negative integers: (−1)^⌊x⌋ for x < 0."""
    alternating = 1 - 2 * torch.remainder(torch.floor(x), 2)
    return torch.where(x > 0, torch.ones_like(x), alternating)


def transpose(x: Tensor, axes: Any = None) -> Tensor:
    """`np.transpose`; no axes reverses them all."""
    return x.permute(*(reversed(range(x.dim())) if axes is None else axes))


def clip(x: Any, low: Any = None, high: Any = None, **named: Any) -> Tensor:
    """`np.clip` under any of its keywords; an end may be a tensor."""
    low = named.get("a_min", named.get("min", low))
    high = named.get("a_max", named.get("max", high))
    like = next(tensors_in([x, low, high]))
    x, low, high = (end if end is None else tensor(end, like) for end in (x, low, high))
    return torch.clamp(x, low, high)


def average(x: Any, dim: int | None = None, weights: Any = None) -> Tensor:
    """`np.average`: Σ wᵢxᵢ / Σ wᵢ."""
    if weights is None:
        return torch.mean(tensor(x), dim=dim)
    x, weights = promoted((x, weights))
    return torch.sum(x * weights, dim=dim) / torch.sum(weights, dim=dim)


def gradient(x: Tensor, *spacing: Any, dim: Any = None, edge_order: int = 1) -> Any:
    """`np.gradient`: one array for one axis, where torch always returns a tuple."""
    options: dict[str, Any] = {"edge_order": edge_order}
    if spacing:
        options["spacing"] = spacing[0] if len(spacing) == 1 else list(spacing)
    parts = torch.gradient(x, dim=dim, **options)
    return parts[0] if len(parts) == 1 else list(parts)


def linspace(start: Any, stop: Any, num: int = 50) -> Tensor:
    """`np.linspace`; torch's own has no derivative with respect to its ends."""
    start, stop = promoted((start, stop))
    weight = torch.linspace(0, 1, num, dtype=start.dtype).reshape(-1, *[1] * start.dim())
    return start + weight * (stop - start)


def polyval(coefficients: Any, x: Any) -> Any:
    """`np.polyval` by Horner's scheme, highest power first."""
    result: Any = 0
    for coefficient in coefficients:
        result = result * x + coefficient
    return result


def cross(a: Any, b: Any, dim: int = -1) -> Tensor:
    """`np.cross` of vectors of length 3."""
    a, b = promoted((a, b))
    return torch.linalg.cross(a, b, dim=dim)


def dot(a: Any, b: Any) -> Tensor:
    """`np.dot`: product of scalars or matrices, or a sum over a's last and b's second last axis."""
    a, b = promoted((a, b))
    if a.dim() == 0 or b.dim() == 0:
        return a * b
    return a @ b if b.dim() <= 2 else torch.tensordot(a, b, ([-1], [-2]))


def where(condition: Any, *branches: Any) -> Any:
    """`np.where` with one argument (places) or three (a choice)."""
    if not branches:
        return torch.where(tensor(condition))
    first, second = promoted(branches) if any(True for _ in tensors_in(branches)) else branches
    return torch.where(tensor(condition).bool(), first, second)


def hypot(*values: Any) -> Tensor:
    """`math.hypot` of any number of legs."""
    parts = promoted(values)
    if len(parts) == 2:
        return torch.hypot(parts[0], parts[1])
    return torch.linalg.vector_norm(torch.stack(parts), dim=0)


def distance(p: Any, q: Any) -> Tensor:
    """`math.dist`: √Σ (pᵢ − qᵢ)²."""
    p, q = promoted((p, q))
    return torch.linalg.vector_norm(p - q)


def flip(x: Tensor, dim: Any = None) -> Tensor:
    """`np.flip`; no axis means all of them."""
    dims = range(x.dim()) if dim is None else (dim,) if isinstance(dim, int) else dim
    return torch.flip(x, tuple(dims))


def roll(x: Tensor, shift: Any, dim: Any = None) -> Tensor:
    """`np.roll`; no axis rolls the flattened array."""
    return torch.roll(x, shift, dim)


def tensordot(a: Any, b: Any, axes: Any = 2) -> Tensor:
    """`np.tensordot`."""
    a, b = promoted((a, b))
    return torch.tensordot(a, b, dims=axes)


def close(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8) -> Tensor:
    """`np.isclose` and, with other tolerances, `math.isclose`."""
    a, b = promoted((a, b))
    return torch.isclose(a, b, rtol=rtol, atol=atol)


def interpolated(x: Any, knots: Any, heights: Any, left: Any = None, right: Any = None) -> Tensor:
    """`np.interp`: piecewise linear between rising knots, constant beyond them."""
    x, knots, heights = promoted((x, knots, heights))
    place = torch.searchsorted(knots.detach(), x.detach(), right=True)
    upper = place.clamp(1, len(knots) - 1)
    lower = upper - 1
    slope = (heights[upper] - heights[lower]) / (knots[upper] - knots[lower])
    inside = heights[lower] + slope * (x - knots[lower])
    first, last = (
        end if given is None else tensor(given, x).to(x)
        for given, end in ((left, heights[0]), (right, heights[-1]))
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


def complexly(function: Callable[[Tensor], Any]) -> Callable[[Any], Any]:
    """A function of `cmath`: the argument counts as complex, also where it is real."""

    def call(x: Any) -> Any:
        z = tensor(x)
        return function(z if z.is_complex() else torch.complex(z, torch.zeros_like(z)))

    return call
