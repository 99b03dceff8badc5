"""Singular values, rank and condition numbers of a Jacobian.

Source: G. H. Golub, C. F. Van Loan, Matrix Computations, 4th ed., 2.4 and 5.5 (singular values and
numerical rank); N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 1.6
(relative condition numbers).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from jacmagic.errors import PointError
from jacmagic.render.report import Grid, Report, ReportDisplay, numeral, words
from jacmagic.render.text import displayed
from jacmagic.result.analysis.arrays import array_of, epsilon_of, point_of
from jacmagic.result.analysis.notation import direction, doubts, matrix_grid, oriented, title_of
from jacmagic.result.core import JacobianResult

MAX_VECTORS_SHOWN = 20  # singular vectors in a table


@dataclass(frozen=True, eq=False, repr=False)
class Svd(ReportDisplay):
    """The singular value decomposition J = U diag(s) Vᵀ of a Jacobian.

    Attributes:
        U: left singular vectors (m, k), k = min(m, n): directions of the outputs.
        s: singular values (k,), largest first.
        Vh: right singular vectors (k, n): directions of the inputs.
        jacobian: what was decomposed.
    """

    U: np.ndarray
    s: np.ndarray
    Vh: np.ndarray
    jacobian: JacobianResult

    @property
    def tolerance(self) -> float:
        """Singular values up to this, max(m, n) ε s₁, are zero but for rounding."""
        return max(self.jacobian.shape) * epsilon_of(self.jacobian) * float(self.s.max(initial=0))

    @property
    def rank(self) -> int:
        """How many singular values exceed the tolerance."""
        return int((self.s > self.tolerance).sum())

    @property
    def condition(self) -> float:
        """s₁/sₖ; infinite where the rank is below min(m, n)."""
        if not self.s.size or self.rank < len(self.s):
            return float("inf")
        return float(self.s[0] / self.s[-1])

    @property
    def null_space(self) -> np.ndarray:
        """An orthonormal basis (n, n − rank) of the inputs' directions that change nothing."""
        whole = np.linalg.svd((self.U * self.s) @ self.Vh, full_matrices=True)[2]
        return np.asarray(whole[self.rank :].T)

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter((self.U, self.s, self.Vh))

    def report(self) -> Report:
        """Return singular values with the directions that belong to them."""
        jacobian, digits = self.jacobian, self.jacobian.view.digits
        lines = [
            [
                numeral(float(value), digits),
                words(direction(self.Vh[k], jacobian.columns, digits)),
                words(direction(self.U[:, k], jacobian.rows, digits)),
            ]
            for k, value in enumerate(self.s[:MAX_VECTORS_SHOWN])
        ]
        heads = [words(head) for head in ("singular value", "direction of the inputs", "outputs")]
        rank = f"rank {self.rank} of {len(self.s)}, condition number "
        return Report(
            f"Singular values of {title_of(jacobian)}",
            grids=[Grid(heads, lines)],
            warnings=doubts(jacobian),
            lines=[rank + displayed(self.condition, digits)],
        )


def svd_of(jacobian: JacobianResult) -> Svd:
    """Decompose a Jacobian.

    Raises:
        PointError: an entry is not finite.
    """
    left, s, right = np.linalg.svd(finite_array_of(jacobian), full_matrices=False)
    turned = np.array([oriented(vector) for vector in right]).reshape(right.shape)
    signs = np.where((turned == right).all(axis=1), 1.0, -1.0)
    return Svd(left * signs, s, turned, jacobian)


def finite_array_of(jacobian: JacobianResult) -> np.ndarray:
    """Return the matrix as float64 (m, n), without −0.

    Raises:
        PointError: an entry is nan or infinite; the first of them is named.
    """
    matrix = array_of(jacobian)
    if not np.isfinite(matrix).all():
        i, j = map(int, np.argwhere(~np.isfinite(matrix))[0])
        entry = f"∂{jacobian.rows[i].unicode}/∂{jacobian.columns[j].unicode}"
        raise PointError(
            f"expected finite entries; found {entry} = {matrix[i, j]:g}; "
            f"see J.why({i}, {j}), or move the point with J.at(…)"
        )
    return matrix


@dataclass(frozen=True, eq=False, repr=False)
class Condition(ReportDisplay):
    """Condition numbers of a Jacobian; `float()` gives the number of the matrix.

    Attributes:
        svd: the singular values.
    """

    svd: Svd

    @property
    def number(self) -> float:
        """κ₂(J) = s₁/sₖ, by which relative errors grow when J is inverted."""
        return self.svd.condition

    def __float__(self) -> float:
        return self.number

    @cached_property
    def relative(self) -> np.ndarray:
        """Relative condition numbers xⱼ/fᵢ · Jᵢⱼ (m, n), signed.

        A relative error δ of xⱼ becomes one of about relative[i, j] δ in fᵢ. Infinite where fᵢ is
        0 and xⱼ Jᵢⱼ is not; nan where both are.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            jacobian = self.svd.jacobian
            values = jacobian.flat_value[:, None]
            return np.asarray(array_of(jacobian) * point_of(jacobian) / values + 0.0)

    @property
    def digits_lost(self) -> float:
        """Decimal digits lost when J x = b is solved: log₁₀ κ."""
        return float(np.log10(self.number))

    def report(self) -> Report:
        """Return both kinds of condition numbers."""
        svd, jacobian = self.svd, self.svd.jacobian
        rows, columns, digits = jacobian.rows, jacobian.columns, jacobian.view.digits
        caption = "relative condition numbers x/f · ∂f/∂x"
        lost = f"; solving J x = b loses {self.digits_lost:.1f} digits"
        lost = lost if np.isfinite(self.number) else ""
        singular = f"rank {svd.rank} of {len(svd.s)}: the matrix is singular to rounding"
        return Report(
            f"Condition of {title_of(jacobian)}",
            grids=[matrix_grid(rows, columns, self.relative, digits, caption)],
            warnings=[*doubts(jacobian), *([singular] * (svd.rank < len(svd.s)))],
            lines=[
                "κ₂ = s₁/s" + f"{len(svd.s)}".translate(_SUBSCRIPTS) + " = "
                f"{displayed(self.number, digits)}{lost}"
            ],
        )


_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
