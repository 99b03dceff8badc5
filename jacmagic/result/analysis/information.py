"""Fisher information of parameters: standard errors, identifiability, collinearity.

Sources: S. M. Kay, Fundamentals of Statistical Signal Processing: Estimation Theory, 3.9 (the
information of Gaussian observations, and the Cramér-Rao bound); R. Brun, P. Reichert, H. R. Künsch,
Water Resources Research 37 (2001) 1015 (the collinearity index).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy

from jacmagic.errors import OptionError
from jacmagic.render import latex
from jacmagic.render.extent import extent
from jacmagic.render.measured import Measured
from jacmagic.render.page import PAGE_LETTERS
from jacmagic.render.report import Fragment, Grid, Report, ReportDisplay, numeral, words
from jacmagic.render.text import displayed
from jacmagic.result.analysis.arrays import epsilon_of, point_of
from jacmagic.result.analysis.covariance import correlation_of, covariance_of, groups_of
from jacmagic.result.analysis.notation import direction, doubts, matrix_grid, named, oriented
from jacmagic.result.analysis.short_form import entries_of, tidied
from jacmagic.result.analysis.spectrum import finite_array_of
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.typeset import pretty, tex
from jacmagic.symbolic.trace import Refusal

CRITICAL_COLLINEARITY = 10.0  # index from which parameters compensate each other (Brun et al., 3.3)
MAX_SYMBOLIC_PARAMETERS = 4  # parameters whose information is written as a matrix
MAX_PARAMETERS_CORRELATED = 12  # parameters in a table of correlations


@dataclass(frozen=True, eq=False, repr=False)
class Information(ReportDisplay):
    """Information that observations f(x) with Gaussian errors have of the inputs x.

    Attributes:
        jacobian: J (m, n).
        whitened: L⁻¹ J (m, n), with Σ = L Lᵀ the covariance of the observations.
        is_uniform: whether all observations have one standard deviation, without correlations.
    """

    jacobian: JacobianResult
    whitened: np.ndarray
    is_uniform: bool

    @cached_property
    def matrix(self) -> np.ndarray:
        """The Fisher information JᵀΣ⁻¹J (n, n)."""
        with np.errstate(over="ignore"):  # inf in units that are far too small
            return np.asarray(self.whitened.T @ self.whitened)

    @cached_property
    def _svd(self) -> tuple[np.ndarray, np.ndarray, int]:
        """Singular values, right singular vectors (n, n) and rank of the normalised columns."""
        _, s, right = np.linalg.svd(self.whitened / self._units, full_matrices=True)
        tolerance = max(self.whitened.shape) * epsilon_of(self.jacobian) * s.max(initial=0)
        return s, right, int((s > tolerance).sum())

    @cached_property
    def _units(self) -> np.ndarray:
        """The norms (n,) of the whitened columns, so that the rank is that in any units."""
        sizes = self.sensitivities
        return np.where(sizes > 0, sizes, 1.0)

    @property
    def rank(self) -> int:
        """How many independent combinations of the inputs the observations determine."""
        return self._svd[2]

    @property
    def null_space(self) -> np.ndarray:
        """An orthonormal basis (n, n − rank) of the combinations that they do not determine."""
        vectors = self._svd[1][self.rank :].T / self._units[:, None]
        vectors = vectors / np.linalg.norm(vectors, axis=0)
        if vectors.shape[1] < 2:
            return vectors  # whose small components a factorisation would round
        return np.asarray(np.linalg.qr(vectors)[0])

    @cached_property
    def identifiable(self) -> np.ndarray:
        """Boolean (n,): which inputs are determined, those without a part in the null space."""
        n = len(self.matrix)
        noise = n * np.sqrt(epsilon_of(self.jacobian))
        return np.asarray(np.linalg.norm(self._svd[1][self.rank :], axis=0) <= noise)

    @cached_property
    def covariance(self) -> np.ndarray:
        """The Cramér-Rao bound (n, n): the inverse information, infinite where undetermined."""
        s, right, rank = self._svd
        scaled = right[:rank].T / s[:rank] / self._units[:, None]
        with np.errstate(over="ignore"):
            bound = scaled @ scaled.T
        bound[~self.identifiable] = bound[:, ~self.identifiable] = np.nan
        bound[~self.identifiable, ~self.identifiable] = np.inf
        return np.asarray(bound)

    @property
    def standard_errors(self) -> np.ndarray:
        """Smallest standard deviations (n,) of an unbiased estimate; infinite if undetermined."""
        return np.sqrt(np.diag(self.covariance))

    @cached_property
    def correlation(self) -> np.ndarray:
        """Correlations (n, n) of the estimates; nan where undetermined."""
        correlations = correlation_of(self.covariance, self.standard_errors)
        np.fill_diagonal(correlations, 1.0)
        return correlations

    @property
    def sensitivities(self) -> np.ndarray:
        """Norms (n,) of the whitened columns: what one unit of an input changes, in errors."""
        largest = np.abs(self.whitened).max(axis=0, initial=0)
        divisor = np.where(largest > 0, largest, 1.0)  # so that no square overflows
        return np.asarray(largest * np.linalg.norm(self.whitened / divisor, axis=0))

    @cached_property
    def collinearity(self) -> float:
        """The collinearity index 1/√λ of the normalised columns, λ their smallest eigenvalue.

        1 for orthogonal columns; a change of one input is compensated by the others up to one part
        in `collinearity`. Infinite for dependent columns, or one that is zero.
        """
        sizes = self.sensitivities
        if not sizes.all() or self.rank < len(sizes):
            return float("inf")
        smallest = np.linalg.svd(self.whitened / sizes, compute_uv=False).min()
        return float(1 / smallest) if smallest > 0 else float("inf")

    # ── display ───────────────────────────────────────────────────────────────────────────────

    def report(self) -> Report:
        """Return standard errors, correlations and what is not identifiable."""
        grids = [self._estimates()]
        n = len(self.matrix)
        if 1 < n <= MAX_PARAMETERS_CORRELATED and self.identifiable.sum() > 1:
            columns, shown = self.jacobian.columns, self.correlation.round(3) + 0.0  # no −0
            grids.append(matrix_grid(columns, columns, shown, 3, "correlations of the estimates"))
        index = displayed(self.collinearity, 3)
        return Report(
            f"Fisher information JᵀΣ⁻¹J of {self.jacobian.title}",
            self._formula(),
            grids,
            [*doubts(self.jacobian), *self._warnings()],
            [f"rank {self.rank} of {n}, collinearity index {index}"],
        )

    def _estimates(self) -> Grid:
        """Return one line for each input: value ± standard error, sensitivity."""
        heads = [words(head) for head in ("", "value ± standard error", "relative", "sensitivity")]
        point = point_of(self.jacobian)
        lines = []
        for j, label in enumerate(self.jacobian.columns):
            error, value = float(self.standard_errors[j]), float(point[j])
            share = abs(error / value) * 100 if value and np.isfinite(error) else np.nan
            lines.append(
                [
                    named(label),
                    Measured(value, error).shown,
                    Fragment(f"{share:.2g} %", rf"{share:.2g}\,\%")
                    if np.isfinite(share)
                    else Fragment("·", r"\cdot"),
                    numeral(float(self.sensitivities[j]), self.jacobian.view.digits),
                ]
            )
        return Grid(heads, lines)

    def _warnings(self) -> Iterator[str]:
        columns = self.jacobian.columns
        for vector in self.null_space.T:
            names = direction(oriented(vector), columns, 3, self._units)
            yield f"not identifiable: moving along {names} changes no observation to first order"
        if self.rank == len(columns) and self.collinearity >= CRITICAL_COLLINEARITY:
            weakest = self._svd[1][-1] / self._units
            weakest = weakest / np.linalg.norm(weakest)
            names = direction(oriented(weakest), columns, 3, self._units)
            yield (
                f"nearly collinear (index {CRITICAL_COLLINEARITY:g} or more): "
                f"the observations hardly determine {names}"
            )

    def _formula(self) -> list[Fragment]:
        """Return JᵀJ/σ² as a matrix, where it is short."""
        entries, reading = entries_of(self.jacobian), self.jacobian.reading
        if entries is None or reading is None or not self.is_uniform:
            return []
        if entries.cols > MAX_SYMBOLIC_PARAMETERS or not any(
            entry.free_symbols for entry in entries
        ):
            return []
        product = attempt(
            lambda: (entries.T * entries).applyfunc(tidied), self.jacobian.forms.budget
        )
        if isinstance(product, Refusal):
            return []
        cells = [[tex(cell, reading.names) for cell in product.row(i)] for i in range(product.rows)]
        if max(sum(map(extent, line)) for line in cells) > PAGE_LETTERS:
            return []
        text = pretty(sympy.Matrix(product), reading.texts)
        return [
            Fragment(
                f"σ² I =\n{text}",
                r"\sigma^{2} \mathcal{I} = \mathbf{J}^{\mathsf{T}} \mathbf{J} = "
                + latex.matrix(cells),
            )
        ]


def information_of(jacobian: JacobianResult, sigma: Any) -> Information:
    """Return the Fisher information of the inputs; see `AnalysedResult.fim`."""
    matrix = finite_array_of(jacobian)
    covariance = covariance_of(sigma, jacobian.rows, groups_of(jacobian.rows), missing=None)
    diagonal = np.diag(covariance)
    is_diagonal = not (covariance - np.diag(diagonal)).any()
    try:
        root = np.diag(np.sqrt(diagonal)) if is_diagonal else np.linalg.cholesky(covariance)
        whitened = np.linalg.solve(root, matrix)
    except np.linalg.LinAlgError:
        raise OptionError(
            "expected an error for every observation; found one without, as the covariance is "
            "singular; write a standard deviation above 0 for each"
        ) from None
    is_uniform = bool(is_diagonal and (diagonal == diagonal[0]).all()) if diagonal.size else False
    return Information(jacobian, whitened, is_uniform)
