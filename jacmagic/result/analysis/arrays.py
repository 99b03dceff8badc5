"""The numbers of a Jacobian as arrays, and the same Jacobian a step away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from jacmagic.errors import JacmagicError
from jacmagic.result.core import JacobianResult

if TYPE_CHECKING:
    import scipy.sparse as sp


def array_of(jacobian: JacobianResult) -> np.ndarray:
    """Return the matrix as float64 (m, n), without −0."""
    return jacobian._array + 0.0


def equilibrated(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a matrix (m, n) in units in which its entries are of one size.

    The factors are powers of two, so that nothing is rounded. Rows are scaled only if m ≤ n and
    columns only if m ≥ n: the (least-squares, shortest) solution of J x = b stays the same one.
    Source: N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 9.8.

    Returns:
        diag(rows) J diag(columns), rows (m,), columns (n,).
    """
    m, n = matrix.shape
    rows = _reciprocals(np.abs(matrix).max(axis=1, initial=0)) if m <= n else np.ones(m)
    scaled = rows[:, None] * matrix
    columns = _reciprocals(np.abs(scaled).max(axis=0, initial=0)) if m >= n else np.ones(n)
    return scaled * columns, rows, columns


def equilibrated_entries(matrix: sp.csr_array) -> tuple[sp.csr_array, np.ndarray, np.ndarray]:
    """Return the same of a square sparse matrix (n, n)."""
    rows = _reciprocals(abs(matrix).max(axis=1).toarray())
    scaled = matrix * rows[:, None]
    columns = _reciprocals(abs(scaled).max(axis=0).toarray())
    return scaled * columns, rows, columns


def _reciprocals(largest: np.ndarray) -> np.ndarray:
    """Return powers of two by which these largest entries come into [0.5, 1)."""
    usable = np.isfinite(largest) & (largest > 0)
    exponents = np.frexp(np.where(usable, largest, 0.5))[1]
    return np.ldexp(1.0, -np.clip(exponents, -1000, 1000))


def is_finite(jacobian: JacobianResult) -> bool:
    """Return whether every entry is finite; of a sparse Jacobian only what is stored is read."""
    sparse = jacobian.numbers.sparse
    return bool(torch.isfinite(jacobian.matrix if sparse is None else sparse.values).all())


def epsilon_of(jacobian: JacobianResult) -> float:
    """Return the distance of 1 from the next number of the coarsest dtype among the inputs."""
    dtypes = [input_.value.dtype for input_ in jacobian.problem.inputs]
    return max((torch.finfo(dtype).eps for dtype in dtypes), default=2.0**-52)


def point_of(jacobian: JacobianResult) -> np.ndarray:
    """Return the n numbers of the point."""
    return np.array(jacobian.problem.flat_point, dtype=float)


def stepped(jacobian: JacobianResult, step: np.ndarray) -> JacobianResult | str:
    """Return the Jacobian at the point moved by n numbers, or why the function fails there."""
    try:
        return jacobian.at(**jacobian.problem.named(point_of(jacobian) + step))
    except (JacmagicError, ArithmeticError, ValueError, RuntimeError, IndexError) as error:
        return str(error).splitlines()[0] if str(error) else type(error).__name__
