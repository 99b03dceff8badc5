"""Conversion of a closed form's nodes to SymPy: what a page shows of them, and once for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import sympy

from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.formula.shortest import tidied
from jacmagic.symbolic.formula.sympify import to_sympy
from jacmagic.symbolic.formula.sympy_names import NamedNumber, sigmoid
from jacmagic.symbolic.formula.sympy_numbers import shown
from jacmagic.symbolic.formula.sympy_operations import CANONICAL

MAX_LINES = 10  # rows or columns of a matrix on a page; more are cut with dots


class Converted:
    """A cache of expressions by node."""

    def __init__(self) -> None:
        """Nothing is converted yet."""
        self._expressions: dict[int, Any] = {}

    def of(self, nodes: Sequence[int], convert: Callable[[list[int]], list[Any]]) -> list[Any]:
        """Return the expressions of nodes; those not cached are converted together."""
        new = [node for node in dict.fromkeys(nodes) if node not in self._expressions]
        if new:
            self._expressions.update(zip(new, convert(new), strict=True))
        return [self._expressions[node] for node in nodes]


def excerpt(count: int) -> list[int | None]:
    """Return the indices of rows on a page: all, or first and last around None."""
    if count <= MAX_LINES:
        return list(range(count))
    return [*range(MAX_LINES - 2), None, count - 1]


_FUNCTIONS = {"sigmoid": sigmoid}  # shown by name, where computing uses exponentials


class Conversion:
    """Conversion of one closed form's nodes.

    Attributes:
        form: the closed form.
        constants: symbol and constant of every constant that has a name.
        is_small: whether a page shows the whole matrix.
    """

    def __init__(self, form: ClosedForm) -> None:
        """Nothing is converted yet."""
        self.form = form
        self.is_small = max(form.shape, default=0) <= MAX_LINES
        self.constants = tuple(
            (NamedNumber(constant.label.symbol, constant.value), constant)
            for constant in form.trace.constants
        )
        self._leaves: dict[int, Any] = {
            **dict(zip(form.trace.inputs, form.in_sympy.symbols, strict=True)),
            **{constant.node: symbol for symbol, constant in self.constants},
        }

    def convert(
        self,
        nodes: Sequence[int],
        symbols: Mapping[int, Any] = MappingProxyType({}),
        table: Mapping[str, Any] = CANONICAL,
    ) -> list[sympy.Expr]:
        """Convert nodes, some of them to symbols."""
        leaves = {**self._leaves, **symbols}
        return to_sympy(self.form.graph, nodes, leaves, table={**table, **_FUNCTIONS}, number=shown)

    def tidy(
        self, nodes: Sequence[int], symbols: Mapping[int, Any] = MappingProxyType({})
    ) -> list[sympy.Expr]:
        """Convert nodes, each to the shortest of a few equal forms."""
        together = 0 if self.is_small else self.form.length
        return tidied(self.convert(nodes, symbols), together)
