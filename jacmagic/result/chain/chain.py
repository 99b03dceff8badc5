"""A Jacobian as a chain: local Jacobians along the code's own variables, and their product."""

from __future__ import annotations

from typing import Any

from jacmagic.result.chain.product import ChainProduct
from jacmagic.result.chain.typeset import to_html, to_latex, to_text


class Chain(ChainProduct):
    """A Jacobian as sums and products of local Jacobians.

    Attributes:
        form: the factored form.
        function: the function's name.
        point: the n numbers of the point.
        truth: torch's Jacobian there, float64 (m, n).
        tolerance: relative to the largest entry, up to which the product is torch's Jacobian.
        digits: significant digits of numbers.
        notation: of a Jacobian, or of a Hessian.
    """

    def to_latex(self) -> str:
        """Return the equations and the factors as LaTeX, without delimiters."""
        return to_latex(self)

    def __repr__(self) -> str:
        return to_text(self)

    def _repr_html_(self) -> str:
        return to_html(self)

    def _repr_latex_(self) -> str:
        return f"$$\n{self.to_latex()}\n$$"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Return the still forms by MIME type."""
        return {
            "text/plain": repr(self),
            "text/latex": self._repr_latex_(),
            "text/html": self._repr_html_(),
        }
