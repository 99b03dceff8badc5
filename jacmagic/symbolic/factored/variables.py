"""The intermediate variables that a function's own code names."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from jacmagic.labels import Label
from jacmagic.symbolic.graph import Graph
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
    moving = dependent(graph, trace.outputs, trace.inputs)
    by_nodes: dict[frozenset[int], Variable] = {}
    outermost = min(
        (binding.depth for binding in trace.bindings if binding.kind == "variable"), default=0
    )
    for value in sorted(trace.bindings, key=lambda one: (_KINDS.index(one.kind), one.depth)):
        is_step = value.kind == "module" or (value.kind, value.depth) == ("variable", outermost)
        variable = replace(_variable(value, lambda node: node in moving), is_step=is_step)
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
    return sorted((by_nodes[key] for key in largest), key=lambda one: max(one.nodes))


_KINDS = ("variable", "module", "function", "result")


def dependent(graph: Graph, outputs: Sequence[int], inputs: Sequence[int]) -> set[int]:
    """Return the nodes that outputs depend on and that depend on inputs."""
    moving = set(inputs)
    for node in graph.reach(outputs):
        if not graph.is_condition(node) and any(
            operand in moving for operand in graph.operands(node)
        ):
            moving.add(node)
    return moving


def _variable(value: Value, is_moving: Callable[[int], bool]) -> Variable:
    labels: dict[int, Label] = {}
    for index in np.ndindex(value.nodes.shape):
        node = int(value.nodes[index])
        if is_moving(node):
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
    lowest = min(sources, default=0)
    seen: set[int] = set()
    while first:
        node = first.pop()
        if node in sources:
            return True
        if node not in seen and node > lowest:
            seen.add(node)
            first.extend(graph.operands(node))
    return False
