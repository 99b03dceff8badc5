"""The base of concolic tracing: nodes of tensors, and operations written in simpler ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from jacmagic.function.aten.interpreter import PLACEMENT, Interpreter
from jacmagic.function.aten.operation import Operation
from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.symbolic.graph import Graph
from jacmagic.symbolic.trace.rules import Formula, Pullback, pulled_back
from jacmagic.symbolic.trace.shadows import NodeShadows, as_array, numeric


def mapped(function: Callable[[Any], Any], value: Any) -> Any:
    """Apply a function in tuples, lists and dicts; `tree_map` takes ten times as long."""
    if isinstance(value, tuple):
        return tuple([mapped(function, part) for part in value])
    if isinstance(value, list):
        return [mapped(function, part) for part in value]
    if isinstance(value, dict):
        return {key: mapped(function, part) for key, part in value.items()}
    return function(value)


class Composer(Interpreter):
    """Runs operations beside their formulas, and reads the nodes off these.

    Attributes:
        graph: where the nodes are made.
        shadows: the nodes of every tensor.
        on_operation: called before each operation; None for nothing.
        on_result: called with each operation's result; None for nothing.
    """

    shadows: NodeShadows

    def __init__(self, graph: Graph) -> None:
        """Trace into this graph."""
        super().__init__(NodeShadows(graph))
        self.graph = graph
        self.on_operation: Callable[[], None] | None = None
        self.on_result: Callable[[Any], None] | None = None

    def numbers(self, value: Any) -> Any:
        """Return an argument's nodes, truth values counted as 1 and 0."""
        nodes = self.nodes(value)
        is_truth = isinstance(value, torch.Tensor) and value.dtype == torch.bool
        return numeric(self.graph, nodes) if is_truth else nodes

    def nodes(self, value: Any) -> Any:
        """Return a tensor's nodes; other values as they are."""
        return self.shadows.read(value) if isinstance(value, torch.Tensor) else value

    def compose(self, formula: Formula, op: Operation) -> Any:
        """Run an operation and, for its nodes, its formula."""
        kwargs = {k: v for k, v in op.kwargs.items() if k not in PLACEMENT}
        if formula.check is not None:
            nodes = mapped(self.numbers, (op.args, kwargs))
            formula.check(self.graph, list(map(as_array, op.tensors)), *nodes[0], **nodes[1])
        args, kwargs = mapped(self._exact, (op.args, kwargs))
        nodes = self._computed(op, formula.compute, *args, **kwargs)
        out = op.run()
        self.store(out, nodes)
        return out

    def pull_back(self, rule: Pullback, op: Operation) -> Any:
        """Run a backward operation; its nodes are derivatives of the forward one's."""
        grad, x, *rest = mapped(self._exact, op.args)

        def forward(nodes: np.ndarray) -> Any:
            fresh = x.clone()
            self.shadows.write(fresh, nodes)
            return self._computed(op, rule.forward, fresh, *rest)

        nodes = pulled_back(self.graph, forward, self.nodes(x), self.nodes(grad))
        out = op.run()
        self.store(out, nodes)
        return out

    def _exact(self, value: Any) -> Any:
        """Return a tensor of numbers as one that carries these as they were typed."""
        is_constant = isinstance(value, torch.Tensor) and not self.shadows.has(value)
        if not is_constant or not value.is_floating_point():
            return value
        copy = value.clone()
        self.shadows.write(copy, self.shadows.constants(value))
        return copy

    def _computed(
        self, op: Operation, compute: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Return the nodes of what is computed beside an operation, whose name a refusal has."""
        observers = self.on_operation, self.on_result
        self.on_operation = self.on_result = None
        try:
            with self.nested():
                return mapped(self.nodes, compute(*args, **kwargs))
        except Unsupported as unsupported:
            raise Unsupported(op.signature.functional_name, unsupported.reason) from None
        finally:
            self.on_operation, self.on_result = observers
