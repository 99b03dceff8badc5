"""The closed form of a Jacobian: nodes of a graph, run as a tape, read in SymPy.

SymPy is for reading: nothing is differentiated by it, and it is loaded where it is read from
(`ClosedForm.in_sympy`), which takes longer than compiling a small function does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from jacmagic.labels import Label
from jacmagic.symbolic.codegen.runner import Runner
from jacmagic.symbolic.formula.time_limit import bounded
from jacmagic.symbolic.graph import (
    ZERO,
    BudgetExceeded,
    Graph,
    Tape,
    differentiate,
    stable,
    stable_if_affordable,
    write_tape,
)
from jacmagic.symbolic.graph.passes import tree_sizes
from jacmagic.symbolic.trace import Refusal, Trace

if TYPE_CHECKING:
    from jacmagic.symbolic.formula.sympify import SympyForm

# Symbols that a reader and SymPy, within its default budget, get through.
MAX_ENTRY_SYMBOLS = 4_000  # of one entry when written out
MAX_MATRIX_SYMBOLS = 60_000  # of all entries together


@dataclass(frozen=True, eq=False)
class ClosedForm:
    """Expressions of a function and of its Jacobian.

    Attributes:
        trace: what was traced.
        columns: the n labels of the inputs' components.
        rows: for each output, the nodes of its non-zero derivatives by column.
        budget: seconds that reading the matrix may take, or None.
        potential: of a Hessian, the node of the function whose gradient is differentiated.
        expressed: the outputs in the form that was differentiated; empty for the trace's own.
        readings: how it is shown, with the names of constants, without, and as a product of local
            Jacobians, as far as that was asked for; they live as long as it.
    """

    trace: Trace
    columns: tuple[Label, ...]
    rows: tuple[dict[int, int], ...]
    budget: float | None = None
    potential: tuple[int, ...] = ()
    expressed: tuple[int, ...] = ()
    readings: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n)."""
        return len(self.rows), len(self.columns)

    @property
    def graph(self) -> Graph:
        """The graph that holds everything."""
        return self.trace.graph

    @cached_property
    def entries(self) -> list[int]:
        """The m·n nodes of the Jacobian in row-major order."""
        n = len(self.columns)
        return [row.get(j, ZERO) for row in self.rows for j in range(n)]

    def with_entries(self, entries: Sequence[int]) -> ClosedForm:
        """Return the same with other nodes for its m·n entries, in row-major order."""
        m, n = self.shape
        rows = (enumerate(entries[i * n : i * n + n]) for i in range(m))
        return replace(self, rows=tuple({j: u for j, u in row if u != ZERO} for row in rows))

    @cached_property
    def pattern(self) -> np.ndarray:
        """Boolean (m, n): False where an entry is zero whatever the point."""
        pattern = np.zeros(self.shape, dtype=bool)
        for i, row in enumerate(self.rows):
            pattern[i, list(row)] = True
        return pattern

    # ── values, by the tape ───────────────────────────────────────────────────────────────────

    @cached_property
    def tape(self) -> Tape:
        """A tape from a point to the m outputs followed by the m·n entries.

        It runs forms that do not overflow where those that are shown would.
        """
        outputs = stable_if_affordable(self.graph, [*self.trace.outputs, *self.entries])
        return write_tape(self.graph, outputs, self.trace.inputs)

    def live_tape(self, parts: Sequence[int] = ()) -> Tape:
        """Write a tape from a point to conditions (1 or 0), parts, m·n entries and m outputs.

        A browser runs it, whether or not the formula is written out. Of a Hessian, the function
        itself follows its gradient.

        Args:
            parts: nodes whose values are wanted beside the entries.

        Raises:
            BudgetExceeded: if it grows too large.
        """
        conditions = [assumption.condition for assumption in self.trace.assumptions]
        shown = [*parts, *self.entries, *self.trace.outputs, *self.potential]
        roots = [*conditions, *stable(self.graph, shown)]
        return write_tape(self.graph, roots, self.trace.inputs)

    def values(self, point: Sequence[float]) -> np.ndarray:
        """Evaluate the Jacobian at a point of n numbers, as a float64 array (m, n)."""
        return self.runner(point)[self.shape[0] :].reshape(self.shape)

    def values_at(self, points: np.ndarray) -> np.ndarray:
        """Evaluate the Jacobians at points (k, n), as a float64 array (k, m, n)."""
        return self.runner.at_all(points)[:, self.shape[0] :].reshape(-1, *self.shape)

    @cached_property
    def runner(self) -> Runner:
        """The tape with a compiled evaluator, compiled once it has run a few times."""
        return Runner(self.tape)

    @cached_property
    def conditions(self) -> Runner:
        """The recorded assumptions, from a point to a number for each: 0 is false."""
        nodes = [assumption.condition for assumption in self.trace.assumptions]
        return Runner(write_tape(self.graph, nodes, self.trace.inputs))

    def holds_at(self, point: Sequence[float]) -> bool:
        """Whether every recorded assumption is true at a point of n numbers."""
        return not self.trace.assumptions or bool(self.conditions(point).all())

    def hold_at(self, points: np.ndarray) -> np.ndarray:
        """Return at which of the points (k, n) every assumption is true, boolean (k,)."""
        return np.all(self.conditions.at_all(points) != 0, axis=1)

    # ── expressions ───────────────────────────────────────────────────────────────────────────

    @cached_property
    def in_sympy(self) -> SympyForm:
        """The expressions in SymPy."""
        from jacmagic.symbolic.formula.sympify import SympyForm

        return SympyForm(self.trace, self.columns, self.entries, self.budget)

    @cached_property
    def too_large(self) -> Refusal | None:
        """Why the expressions are not written out, where they would be too long."""
        if max(self.sizes, default=0) > MAX_ENTRY_SYMBOLS or self.length > MAX_MATRIX_SYMBOLS:
            length = f"{self.length:,}" if self.length < 10**9 else "more than a billion"
            return Refusal(
                "the closed form", None, f"would be {length} symbols long, too long to read"
            )
        return None

    @cached_property
    def sizes(self) -> list[int]:
        """How many symbols each of the m outputs and m·n entries has, written out."""
        return tree_sizes(self.graph, [*self.trace.outputs, *self.entries])

    @property
    def length(self) -> int:
        """How many symbols all of them have together."""
        return sum(self.sizes)


def close(
    traced: Trace, columns: Sequence[Label], *, budget: float | None = None
) -> ClosedForm | Refusal:
    """Differentiate a trace.

    Args:
        traced: the trace; its graph grows.
        columns: the n labels of the inputs' components.
        budget: seconds for differentiating, and again for reading; None for no bound.
    """
    traced.graph.limit = max(traced.graph.limit, math.ceil(1.5 * len(traced.graph)))
    try:
        with bounded(traced.graph, budget):
            rows = differentiate(traced.graph, traced.outputs, traced.inputs)
    except BudgetExceeded as exceeded:
        return Refusal("the Jacobian", None, f"is too large: {exceeded}")
    return ClosedForm(traced, tuple(columns), tuple(rows), budget)
