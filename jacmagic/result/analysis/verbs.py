"""The methods of a Jacobian, one for each analysis."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from jacmagic.errors import naming_keywords
from jacmagic.result.analysis.determinant import Determinant, determinant_of
from jacmagic.result.analysis.information import Information, information_of
from jacmagic.result.analysis.newton import MAX_STEPS, Newton, newton
from jacmagic.result.analysis.propagation import Propagation, propagate
from jacmagic.result.analysis.spectrum import Condition, Svd, svd_of
from jacmagic.result.analysis.why import Why, why
from jacmagic.result.core import JacobianResult


class AnalysedResult(JacobianResult):
    """A Jacobian with its analyses as methods."""

    @cached_property
    def det(self) -> Determinant:
        """The determinant of a square Jacobian: a float, with `.formula` where that is short.

        Raises:
            PointError: the Jacobian is not square.
        """
        return determinant_of(self)

    @property
    def rank(self) -> int:
        """How many singular values exceed max(m, n) ε s₁, as `numpy.linalg.matrix_rank` counts.

        ε is that of the Jacobian's dtype, s₁ the largest singular value.

        Raises:
            PointError: an entry is not finite.
        """
        return svd_of(self).rank

    def svd(self) -> Svd:
        """Return the singular value decomposition, with labels: `U, s, Vh = J.svd()`.

        NumPy arrays: U is (m, k), s is (k,) and Vh is (k, n), with k = min(m, n).

        Raises:
            PointError: an entry is not finite.
        """
        return svd_of(self)

    def condition(self) -> Condition:
        """Return κ₂ = s₁/sₖ, and the relative condition numbers xⱼ/fᵢ · Jᵢⱼ of all entries (m, n).

        κ₂ is the ratio of the largest and the smallest of k = min(m, n) singular values.

        Raises:
            PointError: an entry is not finite.
        """
        return Condition(svd_of(self))

    @naming_keywords("J.propagate")
    def propagate(self, sigma: Any, *, digits: int = 2) -> Propagation:
        """Return uncertainties of the outputs, by J Σ Jᵀ, with a check of its linearity.

        This is the law of propagation of uncertainty (GUM, JCGM 100:2008, 5.1.2 and 5.2.2).

        Args:
            sigma: standard deviations of the inputs (a number, n numbers, or a dict by name), or
                their covariance (n, n), also by blocks in a dict.
            digits: significant digits of an uncertainty.

        Raises:
            PointError: an entry is not finite.
            OptionError: a name or a shape in `sigma` fits no input.
        """
        return propagate(self, sigma, digits=digits)

    @naming_keywords("J.newton")
    def newton(
        self, target: Any = 0.0, *, tolerance: float | None = None, max_steps: int = MAX_STEPS
    ) -> Newton:
        """Solve f(x) = target from this point by Newton's method.

        Args:
            target: a number, m numbers, or tensors in the structure of the function's value.
            tolerance: a residual norm that is small enough; by default, iterate down to rounding.
            max_steps: after which the iteration ends.

        Returns:
            The solution and the iterates; `.outcome` and `.reason` say why the iteration ended.

        Raises:
            OptionError: the target has another size than the value, or `max_steps` is below 1.
        """
        return newton(self, target, tolerance=tolerance, max_steps=max_steps)

    def fim(self, sigma: Any = 1.0) -> Information:
        """Return the Fisher information JᵀΣ⁻¹J (n, n) of the inputs.

        The outputs are the expected values of observations with normal errors of covariance Σ.

        Args:
            sigma: standard deviations of the outputs (a number, m numbers, or a dict by name), or
                their covariance (m, m).

        Raises:
            PointError: an entry is not finite.
            OptionError: a name or a shape in `sigma` fits no output, or Σ is singular.
        """
        return information_of(self, sigma)

    def why(self, i: int, j: int) -> Why:
        """Explain why an entry is nan, infinite or zero: operation, line, what to write instead.

        Args:
            i: the row, counted from 0.
            j: the column.

        Raises:
            PointError: there is no such entry.
        """
        return why(self, i, j)
