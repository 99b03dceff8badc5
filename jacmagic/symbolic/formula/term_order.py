"""The order of a sum's terms in print: a positive term first."""

from __future__ import annotations

from typing import Any


class PositiveFirst:
    """A mixin for SymPy's printers."""

    def _as_ordered_terms(self, expr: Any, order: Any = None) -> Any:
        """Return the terms of a sum."""
        if self.order == "none":  # type: ignore[attr-defined]  # the printer's
            return super()._as_ordered_terms(expr, order)  # type: ignore[misc]
        terms = list(super()._as_ordered_terms(expr, order))  # type: ignore[misc]
        for k, term in enumerate(terms):
            if not term.could_extract_minus_sign():
                return [term, *terms[:k], *terms[k + 1 :]]
        return terms
