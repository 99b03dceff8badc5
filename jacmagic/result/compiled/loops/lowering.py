"""Lowering of a traced graph: which numbers are computed, from what, in which order.

Every step's components are looked up backwards from the entries that are wanted: a movement of
data turns positions into other positions, an elementwise step into an expression of its operands',
a sum of few terms that are not zero into their sum. Zeros are known beforehand, from the seeds.
What is left to store are sums of many terms and what would be computed several times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from torch import fx

from jacmagic.result.compiled.loops.expressions import (
    CONSTANT,
    LOAD,
    ZERO,
    Expression,
    Pieces,
    added,
    combined,
    constant,
    grouped,
    load,
    looked_up,
    multiplied,
)
from jacmagic.result.compiled.loops.operations import elementwise, formula
from jacmagic.result.compiled.loops.routines import product
from jacmagic.result.compiled.loops.sharing import groups
from jacmagic.result.compiled.loops.stages import Call, Fill, Stage, Sum, fill
from jacmagic.result.compiled.loops.zeros import Zeros

MAX_LIVE_TO_PACK = 0.5  # of a tensor's components, up to which zeros are not stored


@dataclass
class Lowering:
    """Stages of a graph's computation, in order.

    Attributes:
        zeros: what is known of the graph.
        stages: so far.
        sizes: of the buffers that the stages write.
    """

    zeros: Zeros
    stages: list[Stage] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    _stored: dict[fx.Node, tuple[str, np.ndarray]] = field(default_factory=dict)
    _pieces_by_key: dict[tuple[fx.Node, bytes], Pieces] = field(default_factory=dict)

    def store_shared(self) -> None:
        """Store, in order, what is to be stored."""
        for group in groups(self.zeros):
            if group[0] in self.zeros.sums:
                self._store_sums(group)
            elif self.zeros.is_stored(group[0]):
                self._store_calls(group)
            else:
                self._store_steps(group)

    def result(self, buffer: str, node: fx.Node, columns: int) -> Fill:
        """Return the stage that writes a result, after all others."""
        size = self.zeros.size(node)
        return fill(buffer, self._pieces(node, np.arange(size)), size, columns)

    def _new(self, size: int) -> str:
        name = f"w{len(self.sizes)}"
        self.sizes[name] = size
        return name

    # ── components ────────────────────────────────────────────────────────────────────────────

    def _pieces(self, node: fx.Node, at: np.ndarray) -> Pieces:
        """Return the components of a step at some positions."""
        key = node, at.tobytes()
        if key not in self._pieces_by_key:
            mask = self.zeros.masks[node][at]
            live, zero = np.flatnonzero(mask), np.flatnonzero(~mask)
            pieces = self._components(node, at[live]) if len(live) else []
            self._pieces_by_key[key] = [
                *([(zero, ZERO)] if len(zero) else []),
                *((live[where], expression) for where, expression in pieces),
            ]
        return self._pieces_by_key[key]

    def _components(self, node: fx.Node, at: np.ndarray) -> Pieces:
        """Return components that may differ from zero."""
        zeros = self.zeros
        everything = np.arange(len(at))
        if node in self._stored:
            buffer, layout = self._stored[node]
            return [(everything, load(buffer, layout[at]))]
        if node in zeros.constants:
            return [(everything, constant(zeros.numbers(node)[at]))]
        if node in zeros.inputs:
            return [(everything, load(zeros.inputs[node], at))]
        if node in zeros.moved:
            return self._moved(node, at)
        if node in zeros.sums or node in zeros.products:
            return self._few_terms(node, at)
        return self._elementwise(node, at)

    def _moved(self, node: fx.Node, at: np.ndarray) -> Pieces:
        tensors, sources = self.zeros.moved[node]
        positions, start, pieces = sources[at], 0, []
        for tensor in tensors:
            end = start + self.zeros.size(tensor)
            here = np.flatnonzero((positions >= start) & (positions < end))
            if len(here):
                inner = self._pieces(tensor, positions[here] - start)
                pieces += [(here[where], expression) for where, expression in inner]
            start = end
        return grouped(pieces)

    def _elementwise(self, node: fx.Node, at: np.ndarray) -> Pieces:
        name = elementwise(node.target)
        assert name is not None
        factor = float(node.kwargs.get("alpha", 1))  # type: ignore[arg-type]

        def operand(part: object) -> Callable[[np.ndarray], Pieces]:
            if not isinstance(part, fx.Node):
                number = constant(float(part))  # type: ignore[arg-type]
                return lambda where: [(np.arange(len(where)), number)]
            positions = self.zeros.broadcast(part, node)[at]
            return lambda where: self._pieces(part, positions[where])

        operands = list(map(operand, node.args))
        return combined(len(at), operands, lambda parts: formula(name, parts, factor))

    def _few_terms(self, node: fx.Node, at: np.ndarray) -> Pieces:
        """Return a sum whose terms are written out."""
        terms = [
            self._term([(tensor, positions[at]) for tensor, positions in factors], present[at])
            for factors, present in self.zeros.terms(node)
        ]
        return combined(len(at), terms, added)

    def _term(
        self, positions: Sequence[tuple[fx.Node, np.ndarray]], present: np.ndarray
    ) -> Callable[[np.ndarray], Pieces]:
        def pieces(where: np.ndarray) -> Pieces:
            here, none = np.flatnonzero(present[where]), np.flatnonzero(~present[where])
            factors = [looked_up(self._pieces, tensor, at[where[here]]) for tensor, at in positions]
            products = combined(len(here), factors, multiplied)
            return [(none, ZERO)] * bool(len(none)) + [
                (here[w], expression) for w, expression in products
            ]

        return pieces

    # ── what is stored ────────────────────────────────────────────────────────────────────────

    def _store_steps(self, nodes: Sequence[fx.Node]) -> None:
        """Store components of equal steps, side by side those that may differ from zero."""
        shape, each = nodes[0].meta["val"].shape, self.zeros.size(nodes[0])
        columns = shape[-1] if len(shape) else 1
        live = [np.flatnonzero(self.zeros.masks[node]) for node in nodes]
        layouts = [np.arange(each)] * len(nodes)
        if packed := len(live[0]) <= MAX_LIVE_TO_PACK * each:
            layouts = [np.cumsum(self.zeros.masks[node]) - 1 for node in nodes]
            each = columns = max(1, len(live[0]))
        pieces = self._pieces_of(
            [(n, k if packed else np.arange(each)) for n, k in zip(nodes, live, strict=True)]
        )
        buffer = self._new(each * len(nodes))
        self.stages.append(fill(buffer, pieces, each * len(nodes), columns))
        self._keep(nodes, buffer, layouts, each)
        self._pieces_by_key.clear()

    def _store_sums(self, nodes: Sequence[fx.Node]) -> None:
        parts, count = [], self.zeros.size(nodes[0])
        for node in nodes:
            operand, index, largest = self.zeros.sums[node]
            parts.append((operand, index.reshape(-1)))
        pieces = self._pieces_of(parts)
        terms = pieces[0][1] if len(pieces) == 1 else self._contiguous(parts)
        buffer = self._new(count * len(nodes))
        self.stages.append(Sum(buffer, terms, count * len(nodes), index.shape[1], largest))
        self._keep(nodes, buffer, [np.arange(count)] * len(nodes), count)

    def _store_calls(self, nodes: Sequence[fx.Node]) -> None:
        calls = [self.zeros.calls.get(node) or product(self.zeros, node) for node in nodes]
        first = calls[0]
        operands = map(self._contiguous, zip(*(call.operands for call in calls), strict=True))
        buffer = self._new(first.size * len(nodes) + first.work)
        arguments = first.arguments[0] * len(nodes), *first.arguments[1:]
        self.stages.append(Call(buffer, first.function, tuple(operands), arguments, first.decides))
        self._keep(nodes, buffer, [call.layout for call in calls], first.size)

    def _keep(
        self, nodes: Sequence[fx.Node], buffer: str, layouts: Sequence[np.ndarray], each: int
    ) -> None:
        """Remember where the components of steps are stored, one step after the other."""
        for k, (node, layout) in enumerate(zip(nodes, layouts, strict=True)):
            self._stored[node] = buffer, layout + k * each

    def _pieces_of(self, parts: Sequence[tuple[fx.Node, np.ndarray]]) -> Pieces:
        """Return components of several steps, one after the other."""
        starts = np.cumsum([0, *(len(at) for _, at in parts)])
        pieces = [
            (where + start, expression)
            for start, (node, at) in zip(starts, parts, strict=False)
            for where, expression in self._pieces(node, at)
        ]
        return pieces if len(parts) == 1 else grouped(pieces)

    def _contiguous(self, parts: Sequence[tuple[fx.Node, np.ndarray]]) -> Expression:
        """Return components as constants or as a contiguous load, stored if necessary."""
        pieces, count = self._pieces_of(parts), sum(len(at) for _, at in parts)
        if all(expression.operation == CONSTANT for _, expression in pieces):
            return constant(fill("", pieces, count, 1).template)
        if len(pieces) == 1 and pieces[0][1].operation == LOAD:
            data = pieces[0][1].data
            if np.array_equal(data, np.arange(data[0], data[0] + len(data))):
                return pieces[0][1]
        buffer = self._new(count)
        self.stages.append(fill(buffer, pieces, count, count))
        return load(buffer, np.arange(count))
