"""A closed form in SymPy, in the inputs' symbols alone: for computing with it.

`DisplayForm` is what is shown. Nothing is simplified beyond a cheap choice between equal forms.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import sympy

from jacmagic.labels import Label
from jacmagic.labels import symbols as distinct_symbols
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.shortest import tidied
from jacmagic.symbolic.formula.sympify import to_sympy
from jacmagic.symbolic.graph.passes import tree_sizes
from jacmagic.symbolic.trace import Refusal, Trace

MAX_CONDITION_SYMBOLS = 200  # symbols of an assumption that is written out


class SympyForm:
    """Expressions of a function and of its Jacobian.

    Attributes:
        symbols: the n real symbols, in column order.
        names: LaTeX of each symbol.
    """

    def __init__(
        self, trace: Trace, columns: Sequence[Label], entries: Sequence[int], budget: float | None
    ) -> None:
        """Convert nothing yet.

        Args:
            trace: what was traced.
            columns: the n labels of the inputs' components.
            entries: the m·n nodes of the Jacobian in row-major order.
            budget: seconds that reading may take; None for no bound.
        """
        self._trace, self._entries, self._budget = trace, entries, budget
        self.symbols = tuple(sympy.Symbol(name, real=True) for name in distinct_symbols(columns))
        self.names = {s: label.tex for s, label in zip(self.symbols, columns, strict=True)}
        base = {one.node: sympy.Symbol(one.label.symbol, real=True) for one in trace.base}
        self._by_node = {**dict(zip(trace.inputs, self.symbols, strict=True)), **base}

    @cached_property
    def expressions(self) -> sympy.Matrix:
        """The function's outputs, a column (m, 1)."""
        outputs = self._trace.outputs
        return sympy.Matrix(len(outputs), 1, self.converted(outputs))

    @cached_property
    def matrix(self) -> sympy.Matrix:
        """The Jacobian, (m, n), each entry in the shortest of a few equal forms."""
        shape = len(self._trace.outputs), len(self.symbols)
        return sympy.Matrix(*shape, tidied(self.converted(self._entries)))

    @cached_property
    def assumptions(self) -> list[tuple[sympy.Basic, int | None]]:
        """Each distinct condition that is short enough to read, with the line that asked."""
        assumed = self._trace.assumptions
        sizes = tree_sizes(self._trace.graph, [one.condition for one in assumed])
        short = [
            one for one, size in zip(assumed, sizes, strict=True) if size <= MAX_CONDITION_SYMBOLS
        ]
        read = attempt(lambda: self.converted([one.condition for one in short]), self._budget)
        if isinstance(read, Refusal):
            return []
        lines = [one.line for one in short]
        distinct = dict.fromkeys(zip(read, lines, strict=True))
        return [(condition, line) for condition, line in distinct if condition != sympy.true]

    def converted(self, nodes: Sequence[int]) -> list[sympy.Expr]:
        """Return nodes as SymPy expressions in the inputs' symbols."""
        return to_sympy(self._trace.graph, nodes, self._by_node)
