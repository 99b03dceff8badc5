"""Rules for small dense linear algebra: Cramer, cofactors, Cholesky.

Laplace's expansion shares its minors: an n×n determinant has 2ⁿ of them, each written once, so that
its graph stays small where the formula written out would not. Nothing is divided by but the whole
determinant: the form holds wherever the matrix has an inverse, whatever its pivots.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.symbolic.graph import ONE, ZERO, Graph
from jacmagic.symbolic.trace.rules.arrays import Rule, each
from jacmagic.symbolic.trace.rules.formula import Formula
from jacmagic.symbolic.trace.rules.products import matmul

MAX_ROWS = 8  # a determinant of n rows has 2ⁿ minors
_MAX_CRAMER_ROWS = 3  # of a system of numbers; larger ones are solved, not written out

Kernel = Callable[..., np.ndarray]


def batched(kernel: Kernel, *arrays: np.ndarray) -> np.ndarray:
    """Apply a function of matrices to every matrix of a batch, with broadcasting."""
    shape = np.broadcast_shapes(*[array.shape[:-2] for array in arrays])
    if not shape:
        return kernel(*arrays)
    wide = [np.broadcast_to(a, shape + a.shape[-2:]).reshape(-1, *a.shape[-2:]) for a in arrays]
    if not len(wide[0]):
        raise Unsupported("linalg", "of an empty batch has no rule")
    result = np.array([kernel(*matrices) for matrices in zip(*wide, strict=True)], dtype=np.int64)
    return result.reshape(*shape, *result.shape[1:])


def determinant(g: Graph, m: np.ndarray) -> int:
    """Return the determinant by Laplace's expansion along the first row."""
    if _is_zero(m, np.tril_indices(len(m), -1)) or _is_zero(m, np.triu_indices(len(m), 1)):
        return g.product(np.diagonal(m).tolist())
    if len(m) > MAX_ROWS:
        raise Unsupported("det", f"of a matrix larger than {MAX_ROWS}×{MAX_ROWS} is too long")
    return _expanded(g, m.tolist(), tuple(range(len(m))), {})


def _expanded(
    g: Graph, rows: list[list[int]], columns: tuple[int, ...], minors: dict[tuple[int, ...], int]
) -> int:
    """Return the minor of the last rows and some columns, each computed once."""
    if not columns:
        return ONE
    if columns in minors:
        return minors[columns]
    row, result = rows[len(rows) - len(columns)], ZERO
    for position, column in enumerate(columns):
        if row[column] != ZERO:
            rest = _expanded(g, rows, columns[:position] + columns[position + 1 :], minors)
            term = g.mul(row[column], rest)
            result = g.sub(result, term) if position % 2 else g.add(result, term)
    minors[columns] = result
    return result


def _is_zero(m: np.ndarray, entries: tuple) -> bool:
    return not (m[entries] != ZERO).any()


def inverse(g: Graph, m: np.ndarray) -> np.ndarray:
    """Return the adjugate over the determinant."""
    whole = determinant(g, m)
    result = np.empty_like(m)
    for i, j in np.ndindex(*m.shape):
        cofactor = determinant(g, np.delete(np.delete(m, j, 0), i, 1))
        result[i, j] = g.div(g.neg(cofactor) if (i + j) % 2 else cofactor, whole)
    return result


def _inverse_of_numbers(g: Graph, m: np.ndarray) -> np.ndarray | None:
    """Return the inverse of a matrix of numbers; None if an entry is a variable."""
    values = [g.value(int(node)) for node in m.flat]
    if any(value is None for value in values):
        return None
    if len(m) > MAX_ROWS or not all(isinstance(value, int | Fraction) for value in values):
        numbers = np.linalg.inv(np.array(values, dtype=float).reshape(m.shape))
        result = [g.number(float(number)) for number in numbers.flat]
        return np.array(result, dtype=np.int64).reshape(m.shape)
    return inverse(g, m)


def solution(g: Graph, m: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Cramer's rule; a triangular system by substitution."""
    for upper in (True, False):
        below = np.tril_indices(len(m), -1) if upper else np.triu_indices(len(m), 1)
        if _is_zero(m, below):
            return substituted(g, m, right, upper=upper, unit=False)
    inverse_matrix = _inverse_of_numbers(g, m) if len(m) > _MAX_CRAMER_ROWS else None
    if inverse_matrix is not None:
        return matmul(g, inverse_matrix, right)
    whole = determinant(g, m)
    result = np.empty_like(right)
    for i, k in np.ndindex(*right.shape):
        replaced = m.copy()
        replaced[:, i] = right[:, k]
        result[i, k] = g.div(determinant(g, replaced), whole)
    return result


def substituted(
    g: Graph, m: np.ndarray, right: np.ndarray, *, upper: bool, unit: bool
) -> np.ndarray:
    """Solve a triangular system row by row; the other triangle is not read."""
    result = np.empty_like(right)
    order = range(len(m))[::-1] if upper else range(len(m))
    for i in order:
        solved = range(i + 1, len(m)) if upper else range(i)
        for k in range(right.shape[1]):
            rest = g.total(g.mul(int(m[i, j]), int(result[j, k])) for j in solved)
            top = g.sub(int(right[i, k]), rest)
            result[i, k] = top if unit else g.div(top, int(m[i, i]))
    return result


def _det(g: Graph, a: np.ndarray) -> tuple:
    return batched(lambda m: np.array(determinant(g, m)), a), None, None


def _slogdet(g: Graph, a: np.ndarray) -> tuple:
    whole = batched(lambda m: np.array(determinant(g, m)), a)
    size = each(g, lambda d: g.apply("log", g.apply("abs", d)), whole)
    return each(g, lambda d: g.apply("sign", d), whole), size, None, None


def _solve(g: Graph, a: np.ndarray, b: np.ndarray, *, left: bool = True, **_: Any) -> tuple:
    vector = b.ndim == 1 or (b.ndim == a.ndim - 1 and b.shape == a.shape[:-1])
    right = b[..., None] if vector else b
    if not left:
        a, right = a.swapaxes(-1, -2), right.swapaxes(-1, -2)
    result = batched(lambda m, r: solution(g, m, r), a, right)
    if not left:
        result = result.swapaxes(-1, -2)
    return (result[..., 0] if vector else result), None, None, np.array(ZERO)


def _solve_triangular(
    g: Graph,
    a: np.ndarray,
    b: np.ndarray,
    *,
    upper: bool,
    left: bool = True,
    unitriangular: bool = False,
) -> np.ndarray:
    if not left:
        a, b, upper = a.swapaxes(-1, -2), b.swapaxes(-1, -2), not upper
    result = batched(lambda m, r: substituted(g, m, r, upper=upper, unit=unitriangular), a, b)
    return result if left else result.swapaxes(-1, -2)


def _cholesky_solve(b: Tensor, a: Tensor, upper: bool = False) -> Tensor:
    """Solve L Lᵀ x = b, or Uᵀ U x = b."""
    lower = a.mT if upper else a
    half = torch.linalg.solve_triangular(lower, b, upper=False)
    return torch.linalg.solve_triangular(lower.mT, half, upper=True)


def _pseudo_inverse(a: Tensor, *_: Any, **__: Any) -> Tensor:
    """(AᵀA)⁻¹Aᵀ, or Aᵀ(AAᵀ)⁻¹ where A is wide, both for full rank."""
    if a.shape[-2] < a.shape[-1]:
        return a.mT @ torch.linalg.inv(a @ a.mT)
    return torch.linalg.inv(a.mT @ a) @ a.mT


def _least_squares(a: Tensor, b: Tensor, *_: Any, **__: Any) -> Tensor:
    """Solve the normal equations AᵀA x = Aᵀb, for full column rank."""
    if a.shape[-2] < a.shape[-1]:
        raise Unsupported("linalg_lstsq", "of fewer equations than unknowns has no rule yet")
    return torch.linalg.solve(a.mT @ a, a.mT @ b)


def _has_full_rank(g: Graph, numbers: list[np.ndarray], *_: Any, **__: Any) -> None:
    """Refuse matrices without full rank."""
    a = numbers[0]
    if a.size and (np.linalg.matrix_rank(a) < min(a.shape[-2:])).any():
        raise Unsupported("linalg_pinv", "has a closed form for matrices of full rank only")


MATRICES: dict[str, Rule | Formula] = {
    "linalg_inv_ex": lambda g, a, **_: (batched(lambda m: inverse(g, m), a), np.array(ZERO)),
    "linalg_solve_triangular": _solve_triangular,
    "cholesky_solve": Formula(_cholesky_solve),
    "cholesky_inverse": Formula(
        lambda a, upper=False: _cholesky_solve(torch.eye(len(a)).to(a), a, upper)
    ),
    "linalg_pinv": Formula(_pseudo_inverse, _has_full_rank),
    "linalg_lstsq": Formula(_least_squares, _has_full_rank),
}

# Operations that also return LU factors and pivots, from this position on.
FACTORING: dict[str, tuple[Rule, int]] = {
    "_linalg_det": (_det, 1),
    "_linalg_slogdet": (_slogdet, 2),
    "_linalg_solve_ex": (_solve, 1),
}
