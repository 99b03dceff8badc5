"""Propagation of uncertainty: the covariance J Σ Jᵀ, and what each input contributes.

Source: JCGM 100:2008 (GUM), 5.1.2 and 5.2.2, the law of propagation of uncertainty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy

from jacmagic.errors import OptionError
from jacmagic.labels import Label
from jacmagic.render.extent import extent
from jacmagic.render.measured import GUM_DIGITS, Measured
from jacmagic.render.page import PAGE_LETTERS
from jacmagic.render.report import Fragment, Grid, Report, ReportDisplay, numeral, words
from jacmagic.render.text import number
from jacmagic.result.analysis.arrays import array_of
from jacmagic.result.analysis.covariance import correlation_of, covariance_of
from jacmagic.result.analysis.linearity import Linearity, linearity_of
from jacmagic.result.analysis.notation import doubts, matrix_grid, named
from jacmagic.result.analysis.short_form import entries_of, written
from jacmagic.result.analysis.spectrum import finite_array_of
from jacmagic.result.core import JacobianResult

MAX_COMPONENTS_SHOWN = 12  # with a share each; of more, whole inputs have theirs
MAX_LAWS_SHOWN = 6  # outputs whose law is written out


@dataclass(frozen=True, eq=False, repr=False)
class Propagation(ReportDisplay):
    """Uncertainty of a function's outputs, to first order.

    Attributes:
        jacobian: J (m, n).
        input_covariance: Σ (n, n).
        covariance: J Σ Jᵀ (m, m).
        digits: significant digits of an uncertainty.
    """

    jacobian: JacobianResult
    input_covariance: np.ndarray
    covariance: np.ndarray
    digits: int = GUM_DIGITS

    @cached_property
    def standard_deviations(self) -> np.ndarray:
        """Standard uncertainties (m,) of the outputs."""
        return np.sqrt(np.clip(np.diag(self.covariance), 0, None))

    @cached_property
    def correlation(self) -> np.ndarray:
        """Correlations (m, m) of the outputs; nan beside an exact output."""
        return np.clip(correlation_of(self.covariance, self.standard_deviations), -1, 1)

    @cached_property
    def contributions(self) -> np.ndarray:
        """Parts (m, n) of the variances: Jᵢⱼ (J Σ)ᵢⱼ, which is (Jᵢⱼ σⱼ)² without correlations.

        A row sums up to the output's variance; with correlations a part may be negative.
        """
        matrix = array_of(self.jacobian)
        return np.asarray(matrix * (matrix @ self.input_covariance))

    @cached_property
    def by_input(self) -> dict[str, np.ndarray]:
        """Parts (m,) of the variances by input name."""
        slices = self.jacobian.problem.slices
        return {name: self.contributions[:, part].sum(axis=1) for name, part in slices.items()}

    @cached_property
    def linearity(self) -> Linearity:
        """What the second order adds; see `analysis.linearity`."""
        return linearity_of(self.jacobian, self.input_covariance)

    @cached_property
    def measured(self) -> tuple[Measured, ...]:
        """Each output with its uncertainty: `str()` gives "2.51 ± 0.30"."""
        pairs = zip(self.jacobian.flat_value, self.standard_deviations, strict=True)
        return tuple(
            Measured(float(value), float(u), self.digits, exact=u > 0 or self._is_exact(i))
            for i, (value, u) in enumerate(pairs)
        )

    def _is_exact(self, i: int) -> bool:
        """Whether an output without uncertainty has none to second order either."""
        return not (self.linearity.deviation[i] > 0 or abs(self.linearity.shift[i]) > 0)

    @cached_property
    def poor(self) -> tuple[int, ...]:
        """Outputs of which the second order changes a digit that is written.

        The uncertainty grows, or the mean moves, by more than half a unit of the last digit of the
        uncertainty (JCGM 101:2008, 7.9.2 and 8.2).
        """
        linearity = self.linearity
        with np.errstate(invalid="ignore"):
            larger = (
                np.hypot(self.standard_deviations, linearity.deviation) - self.standard_deviations
            )
        limits = [quantity.tolerance for quantity in self.measured]
        moved = np.maximum(larger, np.abs(linearity.shift)) > limits
        return tuple(int(i) for i in np.flatnonzero(moved))

    # ── display ───────────────────────────────────────────────────────────────────────────────

    def report(self) -> Report:
        """Return values with uncertainties, shares, correlations and the check of linearity."""
        title = self.jacobian.title
        grids = [self._budget()]
        if len(self.standard_deviations) > 1 and (self.standard_deviations > 0).sum() > 1:
            rows = self.jacobian.rows
            grids.append(matrix_grid(rows, rows, self.correlation.round(3), 3, "correlations"))
        return Report(
            f"Uncertainty of {title} by J Σ Jᵀ",
            self._law(),
            grids,
            warnings=[*doubts(self.jacobian), *self._warnings()],
            lines=list(self._checked()),
        )

    def _budget(self) -> Grid:
        """Return one line for each output: value, uncertainty, share of each input."""
        rows, columns = self.jacobian.rows, self.jacobian.columns
        if len(columns) <= MAX_COMPONENTS_SHOWN:
            heads, parts = [named(label) for label in columns], self.contributions
        else:
            heads = [named(Label(name)) for name in self.by_input]
            parts = np.stack(list(self.by_input.values()), axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = 100 * parts / np.diag(self.covariance)[:, None]
        lines = [
            [named(rows[i]), quantity.shown, *map(_percent, shares[i])]
            for i, quantity in enumerate(self.measured)
        ]
        corner = [words(""), words("value ± standard uncertainty")]
        return Grid([*corner, *heads], lines, "shares of the variance")

    def _warnings(self) -> Iterator[str]:
        """Yield a sentence for each output whose linearisation is poor."""
        linearity = self.linearity
        if linearity.fails:
            yield f"the linearisation is not to be trusted: {linearity.unknown}"
        for i in self.poor[:MAX_LAWS_SHOWN]:
            u, limit = float(self.standard_deviations[i]), self.measured[i].tolerance
            second, shift = float(np.hypot(u, linearity.deviation[i])), float(linearity.shift[i])
            parts = [f"the standard uncertainty is {number(second, 3)} instead of {number(u, 3)}"]
            parts = parts * (second - u > limit)
            parts += [f"the mean moves by {numeral(shift, 2).text}"] * (abs(shift) > limit)
            yield (
                f"{self.jacobian.rows[i].unicode}: the linearisation is poor; to second order "
                + " and ".join(parts)
            )
        if len(self.poor) > MAX_LAWS_SHOWN:
            yield f"the linearisation is poor for {len(self.poor) - MAX_LAWS_SHOWN} more outputs"

    def _checked(self) -> Iterator[str]:
        """Yield how the linearisation was checked."""
        how = "by the Jacobians one standard deviation away in each direction"
        if self.linearity.fails:
            return
        if self.linearity.unknown:
            yield f"linearisation not checked: {self.linearity.unknown}"
        elif self.poor:
            yield f"linearisation checked {how}"
        else:
            yield f"linearisation checked {how}: the second order changes no digit shown"

    def _law(self) -> list[Fragment]:
        """Return σ_f² = Σ (∂f/∂x)² σ_x² of each output, where it fits a line."""
        entries, reading = entries_of(self.jacobian), self.jacobian.reading
        if entries is None or reading is None or entries.rows > MAX_LAWS_SHOWN:
            return []
        if entries.has(sympy.Piecewise):  # several laws, which fit no line
            return []
        sigmas = _Sigmas(self.jacobian)
        laws = [
            sigmas.law(i, entries.row(i), self.input_covariance, reading.texts, reading.names)
            for i in range(entries.rows)
        ]
        return [law for law in laws if law is not None and extent(law.tex) <= PAGE_LETTERS]


class _Sigmas:
    """The symbols σ_x of the inputs' standard deviations and covariances."""

    def __init__(self, jacobian: JacobianResult) -> None:
        self.rows, self.columns = jacobian.rows, jacobian.columns
        self.texts: dict[Any, str] = {}
        self.names: dict[Any, str] = {}

    def law(
        self,
        i: int,
        entries: Any,
        covariance: np.ndarray,
        texts: Mapping[Any, str],
        names: Mapping[Any, str],
    ) -> Fragment | None:
        """Return the law of one output; None where nothing varies."""
        terms = []
        for j, k in zip(*np.nonzero(np.triu(covariance)), strict=True):
            factor = entries[j] ** 2 if j == k else 2 * entries[j] * entries[k]
            if factor != 0:
                terms.append(factor * self._symbol(int(j), int(k)))
        if not terms:
            return None
        written_terms = [
            written(term, {**texts, **self.texts}, {**names, **self.names}) for term in terms
        ]
        left = self.rows[i]
        return Fragment(
            f"σ²({left.unicode}) = " + _summed([term.text for term in written_terms]),
            rf"\sigma_{{{left.tex}}}^{{2}} = " + _summed([term.tex for term in written_terms]),
        )

    def _symbol(self, j: int, k: int) -> Any:
        """Return σⱼ², or the covariance of two inputs."""
        symbol = sympy.Symbol(f"zz{j:06d}{k:06d}", positive=True)  # sorted last
        first, second = self.columns[j], self.columns[k]
        if j == k:
            self.texts[symbol] = f"σ({first.unicode})"
            self.names[symbol] = rf"\sigma_{{{first.tex}}}"
            return symbol**2
        self.texts[symbol] = f"cov({first.unicode}, {second.unicode})"
        self.names[symbol] = rf"\sigma_{{{first.tex} {second.tex}}}"
        return symbol


def _summed(terms: list[str]) -> str:
    return re.sub(r"\+ - *", "- ", " + ".join(terms))


def _percent(share: float) -> Fragment:
    """Return a share in percent; nothing beside an exact output."""
    if not np.isfinite(share):
        return Fragment("·", r"\cdot")
    if share == 0:
        return Fragment("0 %", r"0\,\%")
    shown = numeral(float(f"{share:.1f}"), 6) if abs(share) >= 0.05 else Fragment("< 0.1", "< 0.1")
    return Fragment(f"{shown.text} %", rf"{shown.tex}\,\%")


def propagate(jacobian: JacobianResult, sigma: Any, *, digits: int = GUM_DIGITS) -> Propagation:
    """Propagate uncertainties of the inputs to first order; see `AnalysedResult.propagate`.

    They are given as `covariance_of` takes them; inputs that a dict does not name are exact.
    """
    if not isinstance(digits, int) or digits < 1:
        raise OptionError(f"expected digits of at least 1; found {digits!r}; write digits=2")
    matrix, slices = finite_array_of(jacobian), jacobian.problem.slices
    covariance = covariance_of(sigma, jacobian.columns, slices, missing=0.0)
    product = matrix @ covariance @ matrix.T
    return Propagation(jacobian, covariance, (product + product.T) / 2, digits)
