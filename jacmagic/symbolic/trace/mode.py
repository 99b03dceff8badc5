"""The dispatch mode of concolic tracing: runs torch operations and their rules.

Concrete and symbolic together: an operation's rule (`rules/`) says which nodes of the graph its
results are, beside the numbers that torch computes. A truth value that is read (`if`, `while`)
takes the branch that the numbers take and records the condition with the line of the user's code.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import zip_longest
from typing import Any

import numpy as np
import torch

from jacmagic.function.aten.data_movement import MOVEMENTS
from jacmagic.function.aten.interpreter import PLACEMENT
from jacmagic.function.aten.operation import Operation
from jacmagic.function.aten.shadows import key_of
from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.function.torch_internals import storage_key
from jacmagic.symbolic.graph import Graph
from jacmagic.symbolic.trace.composition import Composer, mapped
from jacmagic.symbolic.trace.conditions import Conditions
from jacmagic.symbolic.trace.linear_maps import LINEAR, combine, widened
from jacmagic.symbolic.trace.rule_lookup import check_view, has_complex, rule_for, writes_by_rule
from jacmagic.symbolic.trace.rules import (
    COMPLEX,
    PREDICATES,
    RULES,
    SELECTIONS,
    TRUTHFUL,
    ComplexNodes,
    Formula,
    Operands,
    Pullback,
    toward_zero,
)
from jacmagic.symbolic.trace.shadows import POISON, Poisoned, as_array, fitted
from jacmagic.symbolic.trace.source_lines import users_line
from jacmagic.symbolic.trace.tensors import Tensors

_CASTS = frozenset({"_to_copy", "copy_", "copy"})


class ConcolicMode(Composer):
    """Runs torch operations and their rules side by side.

    Attributes:
        conditions: what has been assumed so far.
        lost_dependence: (line, node) of every number that left torch for good.
        dtypes: the floating dtypes of the results that have expressions.
        tensors: the expressions of whole tensors, where they are asked for; None otherwise.
    """

    def __init__(self, graph: Graph) -> None:
        """Trace into this graph."""
        super().__init__(graph)
        self.conditions = Conditions(graph)
        self.lost_dependence: list[tuple[int | None, int]] = []
        self.dtypes: set[torch.dtype] = set()
        self.reads_whole_numbers = False  # while int() reads
        self.tensors: Tensors | None = None

    def dispatch(self, op: Operation) -> Any:
        """Run one operation, predicting whole tensors' expressions before it may write."""
        self.graph.check_deadline()
        if self.on_operation is not None:
            self.on_operation()
        if self.conditions.waiting:
            self.conditions.use(map(storage_key, op.dense_tensors))
        predicted = None if self.tensors is None else self.tensors.predict(op)
        out = super().dispatch(op)
        if self.tensors is not None:
            self.tensors.record(op, predicted, out)
        if self.on_result is not None:
            self.on_result(out)
        return out

    def interpret(self, op: Operation) -> Any:
        """Run one operation that touches tensors with expressions."""
        if not self.depth:
            self.graph.line = users_line()
        if op.name == "view":
            check_view(op)
        try:
            return super().interpret(op)
        except Poisoned:
            raise Unsupported(op.name, "uses a result that has no closed form") from None

    def rule(self, key: str, op: Operation) -> Callable[[Operation], Any] | None:
        """Return what runs an operation and its entry in the tables."""
        if key in MOVEMENTS and not writes_by_rule(key, op):
            return partial(self.move, data=MOVEMENTS[key])
        if key in LINEAR:
            return partial(self._combine, LINEAR[key])
        if key in SELECTIONS and not has_complex(op):
            return partial(self._select, SELECTIONS[key])
        if key in RULES or key in COMPLEX:
            rule = rule_for(key, op)
            if isinstance(rule, Formula):
                return partial(self.compose, rule)
            if isinstance(rule, Pullback):
                return partial(self.pull_back, rule)
            return self.decompose if rule is None else partial(self._apply, key, rule)
        return None

    def draw(self, op: Operation) -> Any:
        """Refuse random numbers: they are other ones each time."""
        self.graph.line = users_line()
        raise Unsupported(op.name, "draws random numbers")

    def decompose(self, op: Operation) -> Any:
        """Decompose an operation; a refusal names the operation, not its part."""
        try:
            return super().decompose(op)
        except Unsupported as unsupported:
            name = op.signature.functional_name
            raise Unsupported(name, unsupported.reason) from None

    # ── what Python reads ─────────────────────────────────────────────────────────────────────

    def read(self, op: Operation) -> Any:
        """Run an operation that returns a Python number or truth value."""
        if op.name == "_local_scalar_dense":
            return self._read_scalar(op)
        if op.name not in PREDICATES:
            return self.decompose(op)
        args, kwargs = mapped(self._exact, (op.args, op.kwargs))
        condition = self._computed(op, PREDICATES[op.name], *args, **kwargs)
        value = op.run()
        self.conditions.assume(int(condition), value)
        return value

    def _read_scalar(self, op: Operation) -> Any:
        """Read a number: truths and integers become assumptions, others lose dependence."""
        value = op.run()
        nodes = self.shadows.read(op.args[0])
        if isinstance(value, bool | int):
            self.conditions.assume_numbers([int(nodes)], [value])
        elif self.reads_whole_numbers:
            whole = toward_zero(self.graph, int(nodes))
            self.conditions.assume_numbers([whole], [int(value)])
        else:
            parts = (nodes.re, nodes.im) if isinstance(nodes, ComplexNodes) else (nodes,)
            line = self.graph.line
            self.lost_dependence += [
                (line, int(n)) for n in parts if self.graph.value(int(n)) is None
            ]
        return value

    # ── rules ─────────────────────────────────────────────────────────────────────────────────

    def _apply(self, key: str, rule: Callable[..., Any], op: Operation) -> Any:
        """Run an operation and its rule; in-place operations are read before they write."""
        kwargs = {k: v for k, v in op.kwargs.items() if k not in PLACEMENT}
        nodes = self.nodes if key in TRUTHFUL else self.numbers
        node_args, node_kwargs = mapped(nodes, (op.args, kwargs))
        out = op.run()
        source = op.args[1 if key == "copy_" else 0]
        cut = key in _CASTS and isinstance(source, torch.Tensor) and source.is_floating_point()
        self.store(out, rule(self.graph, *node_args, **node_kwargs), cut=cut)
        return out

    def _combine(self, data: str, op: Operation) -> Any:
        """Run a linear map, and read it off its values on the unit vectors."""
        ignored = (data, "self") if data == "grad_output" else (data,)
        for name, value in op.named.items():
            if name not in ignored and self.shadows.has(value):
                raise Unsupported(op.name, f"with a {name} that depends on the inputs")
        fixed = {k: widened(v) for k, v in op.named.items() if k not in PLACEMENT}

        def run(unit: torch.Tensor) -> torch.Tensor:
            return op.run_with(fixed | {data: unit})

        source = op.named[data]
        nodes = combine(self.graph, self.shadows.read(source), source, run)
        out = op.run()
        self.store(out, nodes)
        return out

    def _select(self, rule: Callable[..., Any], op: Operation) -> Any:
        """Run an operation that selects by value; the choice becomes assumptions."""
        node_args, node_kwargs = mapped(self.numbers, (op.args, op.kwargs))
        inputs = list(map(as_array, op.tensors))
        out = op.run()
        outs = out if isinstance(out, tuple) else (out,)
        operands = Operands(inputs, list(map(as_array, outs)))
        selection = rule(self.graph, operands, *node_args, **node_kwargs)
        for condition in selection.now:
            self.conditions.assume(condition, True)
        for position, (tensor, nodes) in enumerate(zip_longest(outs, selection.values)):
            if nodes is not None:
                self.store(tensor, nodes)
            elif selection.poison:
                self.shadows.write(tensor, POISON)
            if selection.later and (nodes is None or position in selection.chosen):
                self.conditions.postpone(key_of(tensor), tensor, selection.later)
        return out

    # ── data movements ────────────────────────────────────────────────────────────────────────

    def carried(self, value: Any, part: int) -> Any:
        """Return what is moved, as nodes; a plain number as the node of a constant."""
        if isinstance(value, bool | int | float | complex):
            return self.graph.number(value.imag if part else value.real)
        nodes = self.nodes(value)
        if isinstance(nodes, ComplexNodes):
            return (nodes.re, nodes.im)[part]
        return np.zeros_like(nodes) if part and isinstance(nodes, np.ndarray) else nodes

    def is_pair(self, value: Any) -> bool:
        """Whether a value is complex."""
        return isinstance(value, complex) or (
            isinstance(value, torch.Tensor) and value.is_complex()
        )

    def joined(self, *parts: np.ndarray) -> Any:
        """Return nodes, complex ones from both their parts."""
        return parts[0] if len(parts) == 1 else ComplexNodes(*parts)

    def index(self, value: torch.Tensor) -> torch.Tensor:
        """Return an index; one that depends on the inputs becomes assumptions."""
        if self.shadows.has(value):
            nodes = self.shadows.read(value).reshape(-1).tolist()
            self.conditions.assume_numbers(nodes, value.reshape(-1).tolist())
        return value.cpu()

    # ── results ───────────────────────────────────────────────────────────────────────────────

    def store(self, out: Any, results: Any, *, cut: bool = False) -> None:
        """Give an operation's results their nodes; a result without any is poisoned.

        Args:
            out: the tensors.
            results: their nodes.
            cut: whether what is stored as integers loses what follows the decimal point.
        """
        outs = out if isinstance(out, tuple | list) else (out,)
        nodes_of_each = results if isinstance(results, tuple | list) else (results,)
        for tensor, nodes in zip_longest(outs, nodes_of_each[: len(outs)]):
            if not isinstance(tensor, torch.Tensor) or tensor.is_meta or not tensor.numel():
                continue
            if tensor.is_floating_point():
                self.dtypes.add(tensor.dtype)
            fit = POISON if nodes is None else self._fitted(tensor, nodes, cut=cut)
            self.shadows.write(tensor, fit)

    def _fitted(self, tensor: torch.Tensor, nodes: Any, *, cut: bool) -> Any:
        """Return a result's nodes in the shape and kind of its tensor."""
        if isinstance(nodes, ComplexNodes) and tensor.is_complex():
            return nodes
        real = nodes.re if isinstance(nodes, ComplexNodes) else nodes
        whole = not (tensor.is_floating_point() or tensor.is_complex())
        if np.shape(real) != tensor.shape:
            real = np.broadcast_to(real, tuple(tensor.shape))
        return fitted(self.graph, real, tensor.dtype, cut=cut and whole)
