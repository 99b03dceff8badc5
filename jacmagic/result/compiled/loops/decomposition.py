"""Which ATen operations are lowered as they are, and torch's decompositions of the others."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor

from jacmagic.function.aten import decompositions
from jacmagic.function.torch_internals import decomposition_of_composite
from jacmagic.result.compiled.loops.average import average, average_backward
from jacmagic.result.compiled.loops.convolution import convolution, convolution_backward
from jacmagic.result.compiled.loops.operations import elementwise, moves, name_of
from jacmagic.result.compiled.loops.routines import ROUTINES
from jacmagic.result.compiled.loops.zeros import PRODUCTS, SUMS

_aten = torch.ops.aten


def _is_known(target: Any) -> bool:
    return (
        bool(elementwise(target))
        or moves(target)
        or name_of(target) in {*SUMS, *PRODUCTS, *ROUTINES}
    )


@cache
def decomposition_of(target: Any) -> Callable[..., Any] | None:
    """Return what an operation consists of, where it is not lowered as it is; None if unknown."""
    own = _own().get(target) or decomposition_of_composite(target)
    return own if own or _is_known(target) else decompositions.decomposition_of(target)


@cache
def _own() -> dict[Any, Callable[..., Any]]:
    """Return decompositions that torch has not, or others than lowering knows."""
    more: dict[Any, Callable[..., Any]] = {
        _aten.mean.default: _mean,
        _aten.mean.dim: _mean,
        _aten.var.correction: _var,
        torch.ops.prims.var.default: lambda x, dims, correction=1, **_: _var(
            x, dims or (), correction=correction
        ),
        _aten.sum.default: _sum,
        _aten.sum.dim_IntList: _sum,
        _aten.hypot.default: _hypot,
        _aten.constant_pad_nd.default: _padded,
        _aten.prod.default: lambda x: _product(x.reshape(-1), 0),
        _aten.prod.dim_int: _product,
        _aten.max.default: lambda x: x.amax(),
        _aten.min.default: lambda x: -(-x).amax(),
        _aten.amin.default: lambda x, dim=(), keepdim=False: -(-x).amax(dim, keepdim),
        _aten.cumprod.default: _running_product,
        _aten.cumsum.default: _running_sum,
        _aten.scatter_reduce.two: _reduced_by_indices,
        _aten.full_like.default: lambda x, value, **_: _aten.scalar_tensor(
            value, dtype=x.dtype, device=x.device
        ).repeat(x.shape),
        _aten.copy.default: lambda x, source, **_: source.to(x.dtype).expand(x.shape).contiguous(),
        _aten._new_zeros_with_same_feature_meta.default: _zeros_of,
        _aten.index_add.default: _added_at,
        _aten.index_fill.int_Scalar: lambda x, dim, index, value: x.index_copy(
            dim, index, x.new_full((*x.shape[:dim], len(index), *x.shape[dim:][1:]), value)
        ),
        _aten.scatter.value: lambda x, dim, index, value: x.scatter(
            dim, index, x.new_full(index.shape, value)
        ),
    }
    return more | _OF_LAYERS | _OF_MATRICES


def _shares(x: Tensor, dim: int) -> Tensor:
    return x / x.sum(dim, True)


def _log_shares(x: Tensor, dim: int) -> Tensor:
    return x - x.exp().sum(dim, True).log()


def _added_at(x: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Any:
    if x.ndim == 0:
        return NotImplemented
    indices = [None] * (dim % x.ndim) + [index]
    return _aten.index_put(x, indices, alpha * source, True)


def _zeros_of(tangent: Tensor, primal: Tensor, *, self_num_batch_dims: int = 0) -> Tensor:
    """Return zeros of a primal's strides for each tangent."""
    batch = tangent.shape[:self_num_batch_dims]
    if primal.is_contiguous():
        return tangent.new_zeros(batch + primal.shape)
    extent = 1 + sum((n - 1) * step for n, step in zip(primal.shape, primal.stride(), strict=True))
    outer = [extent * step for step in torch.empty(batch, device="meta").stride()]
    strides = (*outer, *primal.stride())
    return torch.empty_strided(batch + primal.shape, strides, dtype=tangent.dtype).zero_()


def _reduced_by_indices(
    x: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, include_self: bool = True
) -> Any:
    """Return sums or means of what is sent to each element, with the element itself or without."""
    if reduce not in ("sum", "mean"):
        return NotImplemented
    if (reduce, include_self) == ("sum", True):
        return x.scatter_add(dim, index, source)
    sent = torch.zeros_like(x).scatter_add(dim, index, torch.ones_like(source))
    start = x if include_self else torch.where(sent > 0, 0, x)
    total = start.scatter_add(dim, index, source)
    count = sent + 1 if include_self else sent.clamp_min(1)
    return total / count if reduce == "mean" else total


def _mean(x: Tensor, dim: Sequence[int] = (), keepdim: bool = False, **_: Any) -> Tensor:
    total = x.sum(tuple(dim), keepdim) if dim else x.sum()
    return total * (total.numel() / x.numel())


def _var(
    x: Tensor, dim: Sequence[int] = (), *, correction: float = 1, keepdim: bool = False
) -> Tensor:
    dims = tuple(dim or range(x.ndim))
    away = x - x.mean(dims, keepdim=True)
    total = (away * away).sum(dims, keepdim)
    return total / (x.numel() / total.numel() - correction)


def _sum(x: Tensor, dim: Any = None, *more: Any, **named: Any) -> Any:
    """Count with numbers of a type that widens no other."""
    return x.to(torch.float32).sum(dim, *more, **named) if x.dtype is torch.bool else NotImplemented


def _hypot(x: Tensor, y: Tensor) -> Tensor:
    """Return √(x² + y²), whose squares neither overflow nor vanish."""
    longer = torch.maximum(x.abs(), y.abs())
    scale = torch.where(longer == 0, 1.0, longer)
    return longer * torch.sqrt((x / scale) ** 2 + (y / scale) ** 2)


def _padded(x: Tensor, pad: Sequence[int], value: float = 0) -> Any:
    if value == 0:
        return NotImplemented
    inside = _aten.constant_pad_nd.default(torch.ones(x.shape, dtype=torch.bool), pad, 0)
    return torch.where(inside, _aten.constant_pad_nd.default(x, pad, 0), value)


def _product(x: Tensor, dim: int, keepdim: bool = False) -> Tensor:
    result = functools.reduce(torch.mul, x.unbind(dim))
    return result.unsqueeze(dim) if keepdim else result


def _running_product(x: Tensor, dim: int, **_: Any) -> Tensor:
    return torch.stack(list(itertools.accumulate(x.unbind(dim), torch.mul)), dim)


def _running_sum(x: Tensor, dim: int, **_: Any) -> Tensor:
    ones = torch.ones(x.shape[dim], x.shape[dim], dtype=x.dtype).tril()
    return (x.movedim(dim, -1).unsqueeze(-2) * ones).sum(-1).movedim(-1, dim)


# ── layers of networks ────────────────────────────────────────────────────────────────────────


def _distances(x: Tensor, y: Tensor, p: float, mode: int | None) -> Any:
    if p != 2:
        return NotImplemented
    away = x.unsqueeze(-2) - y.unsqueeze(-3)
    return (away * away).sum(-1).sqrt()


def _distances_backward(gradient: Tensor, x: Tensor, y: Tensor, p: float, distances: Tensor) -> Any:
    """Return the gradient of x, where a distance of 0 has slope 0."""
    if p != 2:
        return NotImplemented
    scale = gradient / torch.where(distances == 0, 1.0, distances)
    return ((x.unsqueeze(-2) - y.unsqueeze(-3)) * scale.unsqueeze(-1)).sum(-2)


_OF_LAYERS: dict[Any, Callable[..., Any]] = {
    _aten._cdist_forward.default: _distances,
    _aten._cdist_backward.default: _distances_backward,
    _aten.convolution.default: convolution,
    _aten.convolution_backward.default: convolution_backward,
    _aten.avg_pool2d.default: average,
    _aten.avg_pool2d_backward.default: average_backward,
    # Torch's own of these are right, but load its compiler.
    _aten._softmax.default: lambda x, dim, _: _shares((x - x.amax(dim, True)).exp(), dim),
    _aten._softmax_backward_data.default: lambda g, y, dim, _: y * (g - (g * y).sum(dim, True)),
    _aten._log_softmax.default: lambda x, dim, _: _log_shares(x - x.amax(dim, True), dim),
    _aten._log_softmax_backward_data.default: lambda g, y, dim, _: g - y.exp() * g.sum(dim, True),
}


# ── linear algebra by LU factors and triangular systems ───────────────────────────────────────
# The factors are those that torch returns, so that its derivatives read them as they do there.


_lu = _aten.linalg_lu_factor_ex.default


def _solve(
    matrix: Tensor, right: Tensor, *, left: bool = True, check_errors: bool = False
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    transposed = matrix.is_contiguous() and _factors_transposes()
    factors, rows, info = _lu(matrix.mT if transposed else matrix)
    is_vector = right.ndim == 1 or right.shape == matrix.shape[:-1]
    columns = right.unsqueeze(-1) if is_vector else right
    result = _aten.linalg_lu_solve.default(factors, rows, columns, left=left, adjoint=transposed)
    return result.squeeze(-1) if is_vector else result, factors, rows, info


def _factors_transposes() -> bool:
    """Whether this release of torch solves by factors of Aᵀ where A is contiguous."""
    example = torch.tensor([[1.0, 0.0], [2.0, 1.0]])
    return float(_aten._linalg_solve_ex.default(example, example)[1][0, 0]) == 1


def _inverse(matrix: Tensor, *, check_errors: bool = False) -> tuple[Tensor, Tensor]:
    factors, rows, info = _lu(matrix)
    return _aten.linalg_lu_solve.default(factors, rows, _identity(matrix)), info


def _solve_cholesky(right: Tensor, factor: Tensor, upper: bool = False) -> Tensor:
    lower = factor.mT if upper else factor
    half = _aten.linalg_solve_triangular.default(lower, right, upper=False)
    return _aten.linalg_solve_triangular.default(lower.mT, half, upper=True)


def _unpacked(factors: Tensor, rows: Tensor, *_: bool) -> tuple[Tensor, Tensor, Tensor]:
    identity = _identity(factors)
    exchanged = _aten.linalg_lu_solve.default(identity, rows, identity)  # Pᵀ: both factors are 1
    return exchanged.mT, factors.tril(-1) + identity, factors.triu()


def _lu_in_full(matrix: Tensor, *, pivot: bool = True) -> tuple[Tensor, Tensor, Tensor]:
    factors, rows, _ = _lu(matrix)
    return _unpacked(factors, rows) if pivot else NotImplemented


def _identity(matrix: Tensor) -> Tensor:
    identity = torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
    return identity.expand(matrix.shape)


_OF_MATRICES: dict[Any, Callable[..., Any]] = {
    _aten._linalg_solve_ex.default: _solve,
    _aten.linalg_inv_ex.default: _inverse,
    _aten.cholesky_solve.default: _solve_cholesky,
    _aten.cholesky_inverse.default: lambda factor, upper=False: _solve_cholesky(
        _identity(factor), factor, upper
    ),
    _aten.linalg_lu.default: _lu_in_full,
    _aten.lu_unpack.default: _unpacked,
}
