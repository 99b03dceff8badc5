"""The function's outputs by their names, as in f₀ (1 − f₀) for the derivative of a softmax."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from jacmagic.result.check.symbols import Vocabulary, key
from jacmagic.result.core import JacobianResult
from jacmagic.result.exercise.term import Term
from jacmagic.symbolic.graph import Graph
from jacmagic.symbolic.graph.passes import copy


@dataclass(frozen=True)
class Outputs:
    """Outputs that an answer may name.

    Attributes:
        graph: holds them.
        inputs: the n variable nodes.
        nodes: the outputs, by `check.symbols.key` of their names.
        arguments: the keys of what stands in brackets in f(x, y): the inputs', or the components'.
        moved: other numbers for constants, by node.
    """

    graph: Graph
    inputs: Sequence[int]
    nodes: Mapping[str, int]
    arguments: Collection[tuple[str, ...]]
    moved: Mapping[int, float] = field(default_factory=dict)

    def __contains__(self, name: object) -> bool:
        return key(str(name)) in self.nodes

    def term(self, name: str, unit: Term) -> Term:
        """Return an output as a term on the same graph as a given term."""
        moved = {node: unit.graph.number(value) for node, value in self.moved.items()}
        nodes = {**dict(zip(self.inputs, unit.inputs, strict=True)), **moved}
        return replace(unit, node=copy(self.graph, [self.nodes[key(name)]], unit.graph, nodes)[0])


def spellings_of(result: JacobianResult) -> list[list[str]]:
    """Return the spellings of each output that answers may name.

    A gradient's have none, and what is called d or D has none: these letters differentiate.
    """
    if result.problem.potential is not None or {label.text for label in result.rows} & {"d", "D"}:
        return []
    return [[label.text, label.unicode, label.tex, label.symbol] for label in result.rows]


def outputs_of(result: JacobianResult, vocabulary: Vocabulary) -> Outputs:
    """Return the outputs whose names no input or constant has; none of a gradient."""
    assert result.reading is not None  # there is no exercise without a closed form
    trace = result.reading.form.trace
    named = [*zip(spellings_of(result), trace.outputs, strict=False)]
    spelled = {key(name): node for names, node in reversed(named) for name in names}
    nodes = {name: node for name, node in spelled.items() if vocabulary.meaning(name) is None}
    arguments = {
        tuple(key(input_.name) for input_ in result.problem.inputs),
        tuple(key(label.text) for label in result.columns),
    }
    return Outputs(result.reading.form.graph, trace.inputs, nodes, arguments)
