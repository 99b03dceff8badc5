"""The factored form of one function: its stages, how each reads, and its expression."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from jacmagic.function.problem import Problem
from jacmagic.labels import Label
from jacmagic.symbolic.factored.elimination import (
    OTHER,
    UNIT,
    ZERO,
    Multiplications,
    multiplications,
)
from jacmagic.symbolic.factored.naming import renamed
from jacmagic.symbolic.factored.paths import Expression, Sum, derivative, repeated
from jacmagic.symbolic.factored.splitting import split
from jacmagic.symbolic.factored.stages import Stage
from jacmagic.symbolic.factored.variables import Variable, candidates
from jacmagic.symbolic.formula.display_form import DisplayForm
from jacmagic.symbolic.graph import ONE, Graph, Tape, stable_if_affordable, write_tape
from jacmagic.symbolic.graph.passes import copy
from jacmagic.symbolic.trace import Trace


@dataclass(frozen=True, eq=False)
class FactoredForm:
    """A Jacobian as local Jacobians and an expression of them.

    Attributes:
        trace: the trace of the function.
        variables: the inputs, the intermediate variables and the outputs, in this order.
        inputs: how many of these are inputs.
        stages: the local Jacobians by the position of their variable.
        readings: how each is shown, by the same.
    """

    trace: Trace
    variables: tuple[Variable, ...]
    inputs: int
    stages: dict[int, Stage]
    readings: dict[int, DisplayForm] = field(repr=False)

    @property
    def last(self) -> int:
        """The position of the outputs."""
        return len(self.variables) - 1

    @property
    def inner(self) -> list[int]:
        """The positions of the intermediate variables, in the order of computation."""
        return [position for position in self.stages if position != self.last]

    @cached_property
    def expressions(self) -> tuple[Expression | None, ...]:
        """The Jacobian by each input; None for an input that nothing depends on."""
        sources = {position: stage.sources for position, stage in self.stages.items()}
        return tuple(derivative(sources, self.last, k) for k in range(self.inputs))

    @cached_property
    def totals(self) -> list[Sum]:
        """The derivatives that occur more than once, the innermost first."""
        return repeated([expression for expression in self.expressions if expression is not None])

    @cached_property
    def patterns(self) -> dict[tuple[int, int], np.ndarray]:
        """The local Jacobians by two positions: 0, 1 for ±1, and 2 for other entries."""
        return {
            (position, source): _pattern(stage.form.graph, stage.block(source))
            for position, stage in self.stages.items()
            for source in stage.sources
        }

    @cached_property
    def multiplications(self) -> Multiplications:
        """How many multiplications the product takes, by order."""
        return multiplications(self.patterns, self.inner)

    # ── numbers ───────────────────────────────────────────────────────────────────────────────

    def values(self, point: Sequence[float]) -> dict[int, list[float]]:
        """Evaluate every variable at a point of n numbers."""
        nodes = [node for variable in self.variables for node in variable.nodes]
        numbers = write_tape(self.trace.graph, nodes, self.trace.inputs).evaluate(point)
        values, start = {}, 0
        for position, variable in enumerate(self.variables):
            values[position] = numbers[start : start + variable.size]
            start += variable.size
        return values

    def local_point(self, position: int, values: dict[int, list[float]]) -> list[float]:
        """Return the numbers that a stage is a function of."""
        return [number for source in self.stages[position].sources for number in values[source]]

    def blocks(self, point: Sequence[float]) -> dict[tuple[int, int], np.ndarray]:
        """Evaluate the local Jacobians at a point, by the positions of two variables."""
        values, blocks = self.values(point), {}
        for position, stage in self.stages.items():
            matrix = stage.form.values(self.local_point(position, values))
            for source in stage.sources:
                blocks[position, source] = matrix[:, list(stage.columns(source))]
        return blocks

    def product(self, point: Sequence[float]) -> np.ndarray:
        """Multiply the local Jacobians at a point, float64 (m, n), in reverse order."""
        blocks = self.blocks(point)
        sizes = [variable.size for variable in self.variables]
        slopes = {self.last: np.eye(sizes[self.last])}
        for position in sorted(self.stages, reverse=True):
            for source in self.stages[position].sources:
                term = slopes[position] @ blocks[position, source]
                slopes[source] = slopes[source] + term if source in slopes else term
        empty = np.zeros((sizes[self.last], 0))
        columns = [
            slopes.get(k, np.zeros((sizes[self.last], sizes[k]))) for k in range(self.inputs)
        ]
        return np.concatenate([empty, *columns], axis=1)[:, self._columns]

    def tape(self, entries: Sequence[tuple[int, int, int]]) -> Tape:
        """Return a tape from a point to entries of local Jacobians.

        Args:
            entries: the position of a variable, and the row and column in its stage.

        Raises:
            BudgetExceeded: if the graph outgrows its limit.
        """
        graph, copies = self.trace.graph, dict[int, dict[int, int]]()
        roots = []
        for position, i, j in entries:
            form = self.stages[position].form
            if position not in copies:
                sources = self.stages[position].sources
                nodes = [node for source in sources for node in self.variables[source].nodes]
                copies[position] = dict(zip(form.trace.inputs, nodes, strict=True))
            local = form.entries[i * form.shape[1] + j]
            roots += copy(form.graph, [local], graph, copies[position])
        return write_tape(graph, stable_if_affordable(graph, roots), self.trace.inputs)

    @cached_property
    def _columns(self) -> list[int]:
        """The positions of the inputs' components in the order of the columns."""
        nodes = [node for variable in self.variables[: self.inputs] for node in variable.nodes]
        return [nodes.index(node) for node in self.trace.inputs]


def _pattern(graph: Graph, block: list[list[int]]) -> np.ndarray:
    def kind(node: int) -> int:
        value = graph.value(node)
        return ZERO if value == 0 else UNIT if value in (1, -1) else OTHER

    return np.array([[kind(node) for node in row] for row in block], dtype=int)


def factor(
    trace: Trace, problem: Problem, rows: Sequence[Label], taken_names: Collection[str]
) -> FactoredForm:
    """Factor the Jacobian of a trace.

    Args:
        trace: with the values of the code's variables.
        problem: the function.
        rows: labels of the m outputs.
        taken_names: names that no part of a formula may have.

    Raises:
        BudgetExceeded: the trace's graph has a deadline, and it is over.
    """
    inputs = _inputs(trace, problem)
    outputs = Variable("", trace.outputs, tuple(rows))
    splitting = split(trace, inputs, outputs, candidates(trace))
    named = replace(splitting, chosen=renamed((*inputs, outputs), splitting.chosen))
    stages = named.stages()
    labels = [label for variable in named.variables for label in variable.labels]
    names = {*taken_names, *(name for label in labels for name in (label.name, label.symbol))}
    readings = {}
    for k, stage in stages.items():
        own = () if k == len(named.variables) - 1 else stage.variable.labels
        others = names - {label.symbol for label in own}
        readings[k] = DisplayForm(stage.form, taken_names=others, outputs=own)
    return FactoredForm(trace, named.variables, len(inputs), stages, readings)


def _inputs(trace: Trace, problem: Problem) -> list[Variable]:
    """Return the inputs as vectors; scalars are one vector together."""
    vectors: list[Variable] = []
    scalars: list[Variable] = []
    start = 0
    for input_ in problem.inputs:
        nodes = trace.inputs[start : start + input_.value.numel()]
        start += len(nodes)
        if nodes:
            of_scalars = not input_.value.ndim
            (scalars if of_scalars else vectors).append(
                Variable(input_.name, nodes, tuple(input_.labels))
            )
    if not scalars:
        return vectors
    together = Variable(
        scalars[0].name if len(scalars) == 1 else "",
        tuple(node for scalar in scalars for node in scalar.nodes),
        tuple(label for scalar in scalars for label in scalar.labels),
    )
    return [together, *vectors]


def scale_of(block: Sequence[Sequence[int]]) -> int | None:
    """Return the node c of a block c·I, of a single 1 too; None for other blocks."""
    c = block[0][0]
    is_square = len(block) == len(block[0]) and c != ZERO
    is_scaled = all(
        node == (c if i == j else ZERO) for i, row in enumerate(block) for j, node in enumerate(row)
    )
    return c if is_square and is_scaled and (len(block) > 1 or c == ONE) else None
