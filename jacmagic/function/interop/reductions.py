"""NumPy's sums, means, extremes and differences, written with torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from jacmagic.function.interop.adapters import promoted, tensor


def reduced(function: Callable[..., Any]) -> Callable[..., Any]:
    """No axis means all of them, also with `keepdims`; `where` leaves entries out."""

    def call(
        x: Any, dim: Any = None, keepdim: bool = False, where: Any = None, initial: Any = None
    ) -> Any:
        x = tensor(x)
        if where is not None:
            x = torch.where(tensor(where).bool(), x, NEUTRAL[function](x))
        if dim is None and not keepdim:
            result = function(x)
        else:
            result = function(x, tuple(range(x.dim())) if dim is None else dim, keepdim)
        return result if initial is None else START[function](result, initial)

    return call


def mean(x: Any, dim: Any = None, keepdim: bool = False, where: Any = None) -> Tensor:
    """`np.mean`; of integers too, and of the entries that `where` names."""
    x = tensor(x)
    x = x if x.is_floating_point() or x.is_complex() else x.double()
    if where is None:
        return torch.mean(x, () if dim is None else dim, keepdim)
    chosen = tensor(where).bool().expand(x.shape)
    axes = tuple(range(x.dim())) if dim is None else dim
    return torch.where(chosen, x, torch.zeros_like(x)).sum(axes, keepdim) / chosen.sum(
        axes, keepdim
    )


def extreme(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the value alone, where `torch.max(x, dim)` also returns the index."""

    def call(
        x: Any, dim: Any = None, keepdim: bool = False, initial: Any = None, where: Any = None
    ) -> Tensor:
        x = tensor(x)
        if where is not None:
            assert initial is not None  # as NumPy insists
            x = torch.where(tensor(where).bool(), x, tensor(initial, x))
        result = function(x, () if dim is None else dim, keepdim)
        meet = torch.maximum if function is torch.amax else torch.minimum
        return result if initial is None else meet(*promoted((result, initial)))

    return call


def spread(function: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy divides a variance by n, torch by n − 1."""

    def call(
        x: Any, dim: Any = None, ddof: float = 0, keepdim: bool = False, correction: float = 0
    ) -> Tensor:
        x = tensor(x)
        x = x if x.is_floating_point() or x.is_complex() else x.double()
        return function(x, dim=dim, correction=ddof or correction, keepdim=keepdim)

    return call


def product(x: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Π over one axis or several; torch's own takes one."""
    if dim is None:
        return torch.prod(x)
    axes = (dim,) if isinstance(dim, int) else dim
    for axis in sorted((axis % x.dim() for axis in axes), reverse=True):
        x = torch.prod(x, axis, keepdim)
    return x


def average(x: Any, dim: int | None = None, weights: Any = None) -> Tensor:
    """`np.average`: Σ wᵢxᵢ / Σ wᵢ."""
    if weights is None:
        return mean(x, dim)
    x, weights = promoted((x, weights))
    if dim is not None and weights.dim() == 1:
        weights = weights.reshape(-1, *[1] * (x.dim() - 1 - dim % x.dim())).expand(x.shape)
    return torch.sum(x * weights, dim=dim) / torch.sum(weights, dim=dim)


def gradient(x: Tensor, *spacing: Any, dim: Any = None, edge_order: int = 1) -> Any:
    """`np.gradient`: one array for one axis, where torch always returns a tuple."""
    options: dict[str, Any] = {"edge_order": edge_order}
    if spacing:
        options["spacing"] = spacing[0] if len(spacing) == 1 else list(spacing)
    parts = torch.gradient(x, dim=dim, **options)
    return parts[0] if len(parts) == 1 else list(parts)


def ranked(x: Tensor, q: Any, dim: Any = None, *, keepdim: bool = False) -> Tensor:
    """`np.quantile`; `torch.median` would take the lower of two middle entries."""
    x = x if x.is_floating_point() else x.double()
    if isinstance(dim, (tuple, list)):
        other_axes = [axis for axis in range(x.dim()) if axis not in {d % x.dim() for d in dim}]
        x, dim = x.permute(*other_axes, *dim).flatten(len(other_axes)), -1
    return torch.quantile(x, tensor(q, x).to(x.dtype), dim, keepdim)


def counted(x: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """`np.count_nonzero`."""
    return torch.sum(x != 0, () if dim is None else dim, keepdim)


def difference(
    x: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None
) -> Tensor:
    """`np.diff`; a number before or after stands for a slice of such numbers."""
    x = tensor(x)
    parts = []
    for end in (prepend, x, append):
        if end is not None:
            end = tensor(end, x)
            slim = [1 if axis == dim % x.dim() else size for axis, size in enumerate(x.shape)]
            parts.append(end.expand(slim) if end.dim() == 0 else end)
    return torch.diff(torch.cat(promoted(parts), dim), n, dim)


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, dim: int = -1) -> Tensor:
    """`np.trapezoid`."""
    y = tensor(y)
    if x is not None:
        y, x = promoted((y, x))
        return torch.trapezoid(y, x, dim=dim)
    return torch.trapezoid(y, dim=dim) * dx


def covariance(function: Callable[..., Any]) -> Callable[..., Any]:
    """`np.cov` and `np.corrcoef`: variables in rows, or in columns, or in two arrays."""

    def call(m: Any, y: Any = None, rowvar: bool = True, **named: Any) -> Tensor:
        if y is not None:
            m = torch.cat([part.reshape(-1, part.shape[-1]) for part in promoted((m, y))])
        if "bias" in named or "ddof" in named:
            ddof = named.pop("ddof", None)
            named["correction"] = ddof if ddof is not None else 0 if named.get("bias", False) else 1
            named.pop("bias", None)
        return function(m if rowvar or m.dim() < 2 else m.T, **named)

    return call


NEUTRAL: dict[Any, Callable[[Tensor], Tensor]] = {
    torch.sum: torch.zeros_like,
    product: torch.ones_like,
    torch.all: torch.ones_like,
    torch.any: torch.zeros_like,
}


START: dict[Any, Callable[[Any, Any], Any]] = {
    torch.sum: lambda result, start: result + start,
    product: lambda result, start: result * start,
}
