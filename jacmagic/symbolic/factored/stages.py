"""A stage: one variable as a function of those that it is computed from, by a graph of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from jacmagic.labels import symbols
from jacmagic.symbolic.factored.variables import Variable
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.graph import Graph, differentiate
from jacmagic.symbolic.graph.passes import copy, tree_sizes
from jacmagic.symbolic.trace import Constant, Trace

Owners = Mapping[int, int]  # node → position of the variable that it is a component of


@dataclass(frozen=True, eq=False)
class Stage:
    """A variable's local Jacobian.

    Attributes:
        variable: what is differentiated by its sources.
        sources: positions of the variables that it is computed from.
        sizes: how many components each of these has.
        form: the variable as a function of these; its graph holds nothing else.
    """

    variable: Variable
    sources: tuple[int, ...]
    sizes: tuple[int, ...]
    form: ClosedForm

    def columns(self, source: int) -> range:
        """Return the columns of a source."""
        position = self.sources.index(source)
        first = sum(self.sizes[:position])
        return range(first, first + self.sizes[position])

    def block(self, source: int) -> list[list[int]]:
        """Return the nodes of the local Jacobian by one source, as rows."""
        n, columns = self.form.shape[1], self.columns(source)
        return [[self.form.entries[i * n + j] for j in columns] for i in range(self.form.shape[0])]

    @cached_property
    def lengths(self) -> list[int]:
        """How many symbols each entry has, the variable's own components as one."""
        own = {node for node in self.form.trace.outputs if self.form.graph.operands(node)}
        return tree_sizes(self.form.graph, self.form.entries, ends=own)

    @cached_property
    def definition(self) -> int:
        """How many symbols the variable is defined with."""
        return sum(tree_sizes(self.form.graph, self.form.trace.outputs))


def local_sources(graph: Graph, position: int, variable: Variable, owners: Owners) -> list[int]:
    """Return the positions of the variables that one is computed from."""
    others = _others(position, owners)
    nodes = graph.reach(variable.nodes, others)
    return sorted({others[node] for node in nodes if node in others})


def _others(position: int, owners: Owners) -> dict[int, int]:
    return {node: owner for node, owner in owners.items() if owner != position}


def stage_of(trace: Trace, position: int, variables: Sequence[Variable], owners: Owners) -> Stage:
    """Return one variable as a function of the variables before it.

    Args:
        trace: the trace of the function.
        position: of the variable.
        variables: all of them.
        owners: the variable that each of their nodes belongs to.

    Raises:
        BudgetExceeded: the local Jacobian outgrows the graph's limits.
    """
    graph, variable = trace.graph, variables[position]
    sources = local_sources(graph, position, variable, owners)
    columns = [label for source in sources for label in variables[source].labels]
    local = Graph(limit=graph.limit, deadline=graph.deadline)
    inputs = [local.variable(name) for name in symbols(columns)]
    nodes = [node for source in sources for node in variables[source].nodes]
    others = _others(position, owners)
    copies = {node: inputs[k] for k, node in reversed(list(enumerate(nodes))) if node in others}
    outputs = copy(graph, variable.nodes, local, copies)
    names = tuple(
        Constant(copies[constant.node], constant.label, constant.value, constant.counts)
        for constant in trace.constants
        if constant.node in copies
    )
    rows = differentiate(local, outputs, inputs)
    traced = Trace(local, tuple(inputs), tuple(outputs), constants=names)
    form = ClosedForm(traced, tuple(columns), tuple(rows))
    return Stage(variable, tuple(sources), tuple(variables[k].size for k in sources), form)
