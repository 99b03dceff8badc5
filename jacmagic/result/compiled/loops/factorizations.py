"""Torch's operations of linear algebra by LU factors and triangular systems.

The factors are those that torch returns, so that its derivatives read them as they do there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

_aten = torch.ops.aten


def _lu(matrix: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    factors, rows, info = _aten.linalg_lu_factor_ex.default(matrix)
    return factors, rows, info


def _solve(
    matrix: Tensor, right: Tensor, *, left: bool = True, check_errors: bool = False
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    factors, rows, info = _lu(matrix)
    is_vector = right.ndim == 1 or right.shape == matrix.shape[:-1]
    columns = right.unsqueeze(-1) if is_vector else right
    found = _aten.linalg_lu_solve.default(factors, rows, columns, left=left)
    return found.squeeze(-1) if is_vector else found, factors, rows, info


def _inverse(matrix: Tensor, *, check_errors: bool = False) -> tuple[Tensor, Tensor]:
    factors, rows, info = _lu(matrix)
    return _aten.linalg_lu_solve.default(factors, rows, _identity(matrix)), info


def _solve_cholesky(right: Tensor, factor: Tensor, upper: bool = False) -> Tensor:
    lower = factor.mT if upper else factor
    half = _aten.linalg_solve_triangular.default(lower, right, upper=False)
    return _aten.linalg_solve_triangular.default(lower.mT, half, upper=True)


def _unpacked(
    factors: Tensor, rows: Tensor, unpack_data: bool = True, unpack_pivots: bool = True
) -> tuple[Tensor, Tensor, Tensor]:
    one = _identity(factors)
    exchanged = _aten.linalg_lu_solve.default(one, rows, one)  # Pᵀ: both factors are 1
    return exchanged.mT, factors.tril(-1) + one, factors.triu()


def _lu_in_full(matrix: Tensor, *, pivot: bool = True) -> tuple[Tensor, Tensor, Tensor]:
    factors, rows, _ = _lu(matrix)
    return _unpacked(factors, rows) if pivot else NotImplemented


def _identity(matrix: Tensor) -> Tensor:
    one = torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
    return one.expand(matrix.shape)


DECOMPOSITIONS: dict[Any, Callable[..., Any]] = {
    _aten._linalg_solve_ex.default: _solve,
    _aten.linalg_inv_ex.default: _inverse,
    _aten.cholesky_solve.default: _solve_cholesky,
    _aten.cholesky_inverse.default: lambda factor, upper=False: _solve_cholesky(
        _identity(factor), factor, upper
    ),
    _aten.linalg_lu.default: _lu_in_full,
    _aten.lu_unpack.default: _unpacked,
}
