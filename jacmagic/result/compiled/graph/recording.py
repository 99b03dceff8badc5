"""A recorded computation: a graph of ATen operations and its constants."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, fx


@dataclass(frozen=True)
class Recording:
    """A graph of ATen operations that returns entries and values.

    Attributes:
        graph: its steps; `meta["val"]` of each is a tensor of its result's shape and dtype.
        constants: the tensors of its constant steps, by name.
    """

    graph: fx.Graph
    constants: dict[str, Tensor]

    @property
    def steps(self) -> int:
        """The number of operations."""
        return sum(node.op == "call_function" for node in self.graph.nodes)

    def module(self, outputs: int) -> fx.GraphModule:
        """Return a module that computes the first outputs only."""
        graph = fx.Graph()
        results = graph.graph_copy(self.graph, {})
        assert isinstance(results, (tuple, list))
        graph.output(tuple(results[:outputs]))
        graph.eliminate_dead_code()
        return fx.GraphModule(self.constants, graph)
