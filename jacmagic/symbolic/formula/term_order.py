"""The order of a sum's terms in print: a positive term first, those of the code as they stand."""

from __future__ import annotations

from collections.abc import Set
from typing import Any


class PositiveFirst:
    """A mixin for SymPy's printers.

    Attributes:
        kept: the sums whose terms stay as they stand.
    """

    kept: Set[Any] = frozenset()

    def _as_ordered_terms(self, expr: Any, order: Any = None) -> Any:
        """Return the terms of a sum."""
        if expr in self.kept:
            return list(expr.args)
        if self.order == "none":  # type: ignore[attr-defined]  # the printer's
            return super()._as_ordered_terms(expr, order)  # type: ignore[misc]
        terms = list(super()._as_ordered_terms(expr, order))  # type: ignore[misc]
        for k, term in enumerate(terms):
            if not term.could_extract_minus_sign():
                return [term, *terms[:k], *terms[k + 1 :]]
        return terms
