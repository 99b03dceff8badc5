"""One step of Newton's method, and how much of it rounding may be.

A dense matrix is solved by its singular values, which also give the shortest step and the
least-squares one. The square matrix of a sparse Jacobian is never made dense: its factors L U
solve it, and norms of its inverse are estimated from a few such solutions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from jacmagic.result.analysis.arrays import array_of, equilibrated, equilibrated_entries, point_of
from jacmagic.result.core import JacobianResult

Product = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Step:
    """A step from a point.

    Attributes:
        vector: the step (n,).
        limits: what rounding alone may change of it (n,).
    """

    vector: np.ndarray
    limits: np.ndarray


def newton_step(jacobian: JacobianResult, target: np.ndarray, epsilon: float) -> Step | str:
    """Return the step to where the linear part of f is the target, or why there is none."""
    if jacobian.numbers.sparse is not None and jacobian.shape[0] == jacobian.shape[1]:
        return _by_factors(jacobian, target, epsilon)
    return _by_singular_values(jacobian, target, epsilon)


def _by_singular_values(jacobian: JacobianResult, target: np.ndarray, epsilon: float) -> Step | str:
    """Return the (least-squares, shortest) step, whatever the units.

    The residual is known to ε (|J||x| + |f| + |target|), which J⁺ carries over; an error ε |J| of
    the Jacobian changes a least-squares solution by (JᵀJ)⁺ ε |J|ᵀ |residual|.
    """
    matrix, residual = array_of(jacobian), jacobian.flat_value - target
    scaled, rows, columns = equilibrated(matrix)
    precision = max(matrix.shape) * epsilon
    step, _, rank, _ = np.linalg.lstsq(scaled, -rows * residual, rcond=precision)
    if rank < min(matrix.shape):
        return f"J has rank {rank} of {min(matrix.shape)}"
    inverse, sizes = np.abs(np.linalg.pinv(matrix)), np.abs(matrix)
    x = np.abs(point_of(jacobian))
    limits = x + inverse @ (sizes @ x + np.abs(jacobian.flat_value) + np.abs(target))
    if matrix.shape[0] > matrix.shape[1]:
        limits = limits + inverse @ inverse.T @ (sizes.T @ np.abs(residual))
    return Step(columns * step, epsilon * limits)


def _by_factors(jacobian: JacobianResult, target: np.ndarray, epsilon: float) -> Step | str:
    """Return the step of a square sparse matrix from its factors L U.

    Its condition number and ‖|J⁻¹| v‖∞ with the v above are estimated in equilibrated units.
    Source: N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 7.1 and 15.2.
    """
    from scipy.sparse.linalg import LinearOperator, onenormest, splu  # only these need it

    def norm(times: Product, transposed_times: Product) -> float:
        operator = LinearOperator(shape, times, rmatvec=transposed_times, dtype=float)
        return float(onenormest(operator, t=1))  # more columns would be random

    matrix, shape = jacobian.entries, jacobian.shape
    scaled, rows, columns = equilibrated_entries(matrix)
    try:
        factors = splu(scaled.tocsc())
    except RuntimeError:  # a pivot is zero
        return "J is singular"
    inverse = norm(factors.solve, lambda b: factors.solve(b, "T"))
    if inverse * abs(scaled).sum(axis=0).max() * shape[0] * epsilon >= 1:
        return "J is singular to rounding"
    x = np.abs(point_of(jacobian))
    values = rows * (np.abs(matrix) @ x + np.abs(jacobian.flat_value) + np.abs(target))
    carried = norm(
        lambda b: values * factors.solve(b.ravel(), "T"),
        lambda b: factors.solve(values * b.ravel()),
    )
    step = factors.solve(-rows * (jacobian.flat_value - target))
    return Step(columns * step, epsilon * (x + columns * carried))
