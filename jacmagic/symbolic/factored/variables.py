"""The intermediate variables that a function's own code names."""

from __future__ import annotations

import itertools
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

import numpy as np

from jacmagic.labels import Label
from jacmagic.symbolic.graph import Graph
from jacmagic.symbolic.graph.passes import dependent
from jacmagic.symbolic.trace import Trace
from jacmagic.symbolic.trace.values import Value

MAX_CANDIDATES = 120  # considered; more steps than these are not a chain that is read


@dataclass(frozen=True, eq=False)
class Variable:
    """A vector of nodes with a name: an input, an intermediate variable, or the outputs.

    Attributes:
        name: what the code calls it; "" for several variables that are taken together.
        nodes: its components, each once; constant entries of a matrix are left out.
        labels: a label for each component.
        depth: how deep the function is called that names it.
        parts: the variables that are taken together.
        unnamed: whether it is the result of an operation that the code gives no name.
        is_step: whether it is a variable of the outermost function, or the output of a layer.
    """

    name: str
    nodes: tuple[int, ...]
    labels: tuple[Label, ...]
    depth: int = 0
    parts: tuple[Variable, ...] = ()
    unnamed: bool = False
    is_step: bool = False

    @property
    def size(self) -> int:
        """The number of its components."""
        return len(self.nodes)


def joined(variables: Sequence[Variable]) -> Variable:
    """Return several variables as one vector; a single one as it is."""
    if len(variables) == 1:
        return variables[0]
    parts = tuple(part for variable in variables for part in (variable.parts or (variable,)))
    return Variable(
        "",
        tuple(itertools.chain.from_iterable(part.nodes for part in parts)),
        tuple(itertools.chain.from_iterable(part.labels for part in parts)),
        min(part.depth for part in parts),
        parts,
        any(part.unnamed for part in parts),
        all(part.is_step for part in parts),
    )


def candidates(trace: Trace) -> list[Variable]:
    """Return the variables that a chain may pass through, the first computed first.

    Each set of nodes appears once, by the name that the outermost function gives it. Variables
    that are only parts of another one, of the inputs or of the outputs are left out.
    """
    graph, outputs = trace.graph, set(trace.outputs)
    smooth = (node for node in graph.reach(trace.outputs) if not graph.is_condition(node))
    moving = dependent(graph, smooth, trace.inputs)
    by_nodes: dict[frozenset[int], Variable] = {}
    outermost = min(
        (binding.depth for binding in trace.bindings if binding.kind == "variable"), default=0
    )
    for value in sorted(
        trace.bindings, key=lambda binding: (_KINDS.index(binding.kind), binding.depth)
    ):
        is_step = value.kind == "module" or (value.kind, value.depth) == ("variable", outermost)
        variable = replace(_variable(value, moving), is_step=is_step)
        key = frozenset(variable.nodes)
        if not key or key in by_nodes or key <= set(trace.inputs):
            continue
        if key <= outputs and not _feeds(graph, key, outputs - key):
            continue
        inner = key.difference(trace.inputs)
        if not _feeds(graph, inner, inner):
            by_nodes[key] = variable
        if len(by_nodes) >= MAX_CANDIDATES:
            break
    largest = [key for key in by_nodes if not any(key < other for other in by_nodes)]
    return sorted((by_nodes[key] for key in largest), key=lambda variable: max(variable.nodes))


_KINDS = ("variable", "module", "function", "result")


def _variable(value: Value, moving: Set[int]) -> Variable:
    labels: dict[int, Label] = {}
    for index in np.ndindex(value.nodes.shape):
        node = int(value.nodes[index])
        if node in moving:
            labels.setdefault(node, Label(value.name, index))
    nodes, named = tuple(labels), tuple(labels.values())
    return Variable(value.name, nodes, named, value.depth, unnamed=value.kind == "result")


def _feeds(graph: Graph, sources: frozenset[int], targets: set[int] | frozenset[int]) -> bool:
    """Whether some targets are computed from some sources, and not only as −u from u."""
    first = [
        operand
        for node in targets
        if not (graph.operations[node] == "neg" and graph.operands(node)[0] in sources)
        for operand in graph.operands(node)
    ]
    older = range(min(sources, default=0) + 1)  # what these depend on is no source
    return not sources.isdisjoint(graph.reach(first, older))
