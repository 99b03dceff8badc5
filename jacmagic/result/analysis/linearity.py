"""How good a linearisation is over the uncertainty of its point.

NOTE [Second order by Jacobians]
With Σ = Σₖ sₖ sₖᵀ, the columns of a square root, a function of Gaussian inputs has the mean
f + ½ Σₖ sₖᵀ H sₖ and beside its linear variance the variance ½ Σₖₗ (sₖᵀ H sₗ)² (A. Gelb, Applied
Optimal Estimation, 6.1). Here sₖᵀ H is the change of the Jacobian from x to x ± sₖ, averaged over
both signs: exact for quadratic functions, and beyond them it sees what happens over the whole
standard deviation, which a Hessian at the point does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jacmagic.result.analysis.arrays import array_of, stepped
from jacmagic.result.core import JacobianResult

MAX_COVARIANCE_DIRECTIONS = 32  # of a covariance; two Jacobians each


@dataclass(frozen=True)
class Linearity:
    """What the second order adds to a linear propagation.

    Attributes:
        shift: of the means of the outputs (m,).
        deviation: standard deviation (m,) that the second order adds in quadrature.
        unknown: why it is not known; "" where it is.
        fails: whether that is because the function has no finite Jacobian there.
    """

    shift: np.ndarray
    deviation: np.ndarray
    unknown: str = ""
    fails: bool = False


def linearity_of(jacobian: JacobianResult, covariance: np.ndarray) -> Linearity:
    """Compare the Jacobian with those one standard deviation away in every direction.

    Args:
        jacobian: the Jacobian (m, n).
        covariance: of the inputs (n, n).
    """
    m = jacobian.shape[0]
    roots = square_root(covariance)
    if len(roots) > MAX_COVARIANCE_DIRECTIONS:
        return _unknown(m, f"the inputs vary in {len(roots)} directions, more than are tried")
    at_point, shift, variance = array_of(jacobian), np.zeros(m), np.zeros(m)
    for root in roots:
        changes = []
        for sign in (1, -1):
            moved = stepped(jacobian, sign * root)
            if isinstance(moved, str):
                return _unknown(m, f"the function fails one standard deviation away: {moved}", True)
            changes.append(array_of(moved) - at_point)
        ahead, behind = changes
        if not (np.isfinite(ahead).all() and np.isfinite(behind).all()):
            return _unknown(m, "J is not finite one standard deviation away", True)
        shift += (ahead - behind) @ root / 4
        for change in changes:
            variance += ((change @ roots.T) ** 2).sum(axis=1) / 4
    return Linearity(shift, np.sqrt(variance))


def _unknown(m: int, why: str, fails: bool = False) -> Linearity:
    return Linearity(np.full(m, np.nan), np.full(m, np.nan), why, fails)


def square_root(covariance: np.ndarray) -> np.ndarray:
    """Return directions (r, n) whose outer products sum up to a covariance of rank r.

    Eigenvalues up to n ε λ₁ are rounding. A diagonal covariance has the axes as its directions.
    """
    if not covariance.any():
        return np.zeros((0, len(covariance)))
    diagonal = np.diag(covariance)
    if not (covariance - np.diag(diagonal)).any():
        return np.diag(np.sqrt(diagonal))[diagonal > 0]
    values, vectors = np.linalg.eigh(covariance)
    positive = values > len(values) * np.finfo(float).eps * values[-1]
    return np.asarray((vectors[:, positive] * np.sqrt(values[positive])).T)
