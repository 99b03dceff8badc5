"""NumPy functions in torch whose arguments differ, not only their names.

Each takes what the `math` or NumPy function of that meaning takes (with `axis` already called `dim`
and `keepdims` called `keepdim`), and keeps the graph of every tensor that goes in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy
import torch
from torch import Tensor

from jacmagic.function.aten.operation import tensors_in


def tensor(value: Any, like: Tensor | None = None) -> Tensor:
    """Turn a number, array or nested list into one tensor; tensors keep their graphs.

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
    """Promote values to tensors of one dtype, as `matmul` and `stack` need."""
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
    """Promote operands to tensors of one dtype, for functions that take no numbers."""
    return lambda *values: function(*promoted(values))


def joined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Promote the members of the first argument to tensors of one dtype."""
    return lambda parts, *rest, **options: function(promoted(parts), *rest, **options)


def along(function: Callable[..., Any], default: int | None = None) -> Callable[..., Any]:
    """No axis means the flattened array, where torch insists on an axis."""

    def call(x: Any, dim: int | None = default) -> Any:
        x = tensor(x)
        return function(x.reshape(-1), 0) if dim is None else function(x, dim)

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
    return array(value, dtype).expand(shape).clone()


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


def cross(a: Any, b: Any, dim: int = -1) -> Tensor:
    """`np.cross` of vectors of length 3; of length 2, its third component."""
    a, b = promoted((a, b))
    if a.shape[dim] == 2 and b.shape[dim] == 2:
        (a0, a1), (b0, b1) = a.unbind(dim), b.unbind(dim)
        return a0 * b1 - a1 * b0
    return torch.linalg.cross(a, b, dim=dim)


def dot(a: Any, b: Any) -> Tensor:
    """`np.dot`: product of scalars or matrices, or a sum over a's last axis."""
    a, b = promoted((a, b))
    if a.dim() == 0 or b.dim() == 0:
        return a * b
    return a @ b if b.dim() <= 2 else torch.tensordot(a, b, ([-1], [-2]))


def hypot(*values: Any) -> Tensor:
    """`math.hypot` of any number of legs."""
    parts = promoted(values)
    if len(parts) == 2:
        return torch.hypot(parts[0], parts[1])
    return torch.linalg.vector_norm(torch.stack(parts), dim=0)


def close(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8) -> Tensor:
    """`np.isclose` and, with other tolerances, `math.isclose`."""
    a, b = promoted((a, b))
    return torch.isclose(a, b, rtol=rtol, atol=atol)


def complexly(function: Callable[[Tensor], Any]) -> Callable[[Any], Any]:
    """Return a function of `cmath`, whose argument counts as complex."""

    def call(x: Any) -> Any:
        z = tensor(x)
        return function(z if z.is_complex() else torch.complex(z, torch.zeros_like(z)))

    return call


def as_tensor(value: Any, dtype: Any = None, **_: Any) -> Tensor:
    """`np.asarray`; a tensor is returned as it is."""
    result = tensor(value)
    return result if dtype is None else result.to(dtype_of(dtype))


def reshaped(x: Tensor, shape: Any, order: str = "C") -> Tensor:
    """`np.reshape`, in the order of Fortran too: the last axis counts slowest there."""
    shape = (shape,) if isinstance(shape, int) else tuple(int(size) for size in shape)
    if order != "F":
        return x.reshape(shape)
    turned = x.permute(*reversed(range(x.dim()))).reshape(tuple(reversed(shape)))
    return turned.permute(*reversed(range(turned.dim())))


def floored(a: Any, b: Any) -> Tensor:
    """Compute `a // b`; torch's own operator has no derivative, which is 0."""
    a, b = promoted((a, b))
    return torch.div(a, b, rounding_mode="floor")


def step(x: Any, at_zero: Any) -> Tensor:
    """`np.heaviside`; torch's own has no derivative, which is 0."""
    x, at_zero = promoted((x, at_zero))
    return torch.where(x < 0, 0.0 * at_zero, torch.where(x > 0, 0.0 * at_zero + 1, at_zero))
