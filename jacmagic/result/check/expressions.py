"""Entries of a matrix on a graph, evaluated at many points at once, and written as text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

import numpy as np

from jacmagic.labels import Label
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.sympify import to_sympy
from jacmagic.symbolic.formula.typeset import plain
from jacmagic.symbolic.graph import Graph
from jacmagic.symbolic.graph.arrays import ARRAYS, by_number
from jacmagic.symbolic.graph.passes import tree_sizes
from jacmagic.symbolic.trace import Refusal, Trace

MAX_SYMBOLS_WRITTEN = 40  # symbols of an expression in a sentence, about half a line
_MAX_SECONDS_TO_WRITE = 0.2  # for one expression: SymPy needs milliseconds


@dataclass(frozen=True)
class Expressions:
    """The m·n entries of a matrix, row-major, as nodes of a graph.

    Attributes:
        graph: holds the nodes.
        inputs: the n variable nodes.
        entries: the m·n nodes.
        symbols: a SymPy symbol for each input.
        names: text of each symbol.
        outputs: the m nodes of the function itself, where they are known.
    """

    graph: Graph
    inputs: Sequence[int]
    entries: Sequence[int]
    symbols: Sequence[Any]
    names: Mapping[Any, str]
    outputs: Sequence[int] = ()

    @classmethod
    def of(
        cls, trace: Trace, entries: Sequence[int], symbols: Sequence[Any], columns: Sequence[Label]
    ) -> Self:
        """Return nodes on a trace's graph, the symbols named as the columns are."""
        names = {s: label.unicode for s, label in zip(symbols, columns, strict=True)}
        return cls(trace.graph, trace.inputs, entries, symbols, names)

    def text(self, node: int) -> str:
        """Return a node as text; "" where it is too long for a sentence."""
        if tree_sizes(self.graph, [node])[0] > MAX_SYMBOLS_WRITTEN:
            return ""
        written = attempt(
            lambda: plain(self.sympy(node, self.symbols), self.names), _MAX_SECONDS_TO_WRITE
        )
        return "" if isinstance(written, Refusal) else _typeset(written)

    def sympy(self, node: int, symbols: Sequence[Any]) -> Any:
        """Return a node as SymPy, in a symbol for each input."""
        symbol_of = dict(zip(self.inputs, symbols, strict=True))
        return to_sympy(self.graph, [node], symbol_of)[0]

    def values(self, points: np.ndarray) -> Values:
        """Return the values of nodes at points (k, n)."""
        return Values(self.graph, self.inputs, points)


_POWER = re.compile(r"\*\*(\d+)(?![\d.])")
_FRACTION = re.compile(r"(?<![\w.*/])(\d+)/(\d+)(?![\w.])")
_HIGH = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def as_typed(text: str) -> str:
    """Return text with 9.8 for 49/5: decimals for fractions whose digits end, from fifths on."""

    def decimal(fraction: re.Match[str]) -> str:
        above, below = int(fraction[1]), int(fraction[2])
        ends = below > 4 and 10 ** below.bit_length() % below == 0
        return f"{Decimal(above) / Decimal(below)}" if ends else fraction[0]

    return _FRACTION.sub(decimal, text)


def _typeset(text: str) -> str:
    """Return text with · for products and raised exponents; "" where it is too long."""
    raised = _POWER.sub(lambda power: power[1].translate(_HIGH), as_typed(text))
    return "" if len(raised) > MAX_SYMBOLS_WRITTEN else raised.replace("*", "·").replace("··", "**")


class Values:
    """Values of a graph's nodes at k points, computed when they are asked for.

    Attributes:
        count: how many operations have been evaluated, each at all points.
    """

    def __init__(self, graph: Graph, inputs: Sequence[int], points: np.ndarray) -> None:
        """Hold the inputs' values."""
        self.graph, self.size, self.count = graph, len(points), 0
        self._values = {node: points[:, j] for j, node in enumerate(inputs)}

    def of(self, node: int) -> np.ndarray:
        """Return a node's values, (k,)."""
        if node not in self._values:
            with np.errstate(all="ignore"):
                for below in self.graph.reach([node]):
                    if below not in self._values:
                        operands = [self._values[k] for k in self.graph.operands(below)]
                        self._values[below] = self.applied(below, operands)
        return self._values[node]

    def applied(self, node: int, operands: Sequence[np.ndarray]) -> np.ndarray:
        """Return a node's operation applied to other operands."""
        operation = self.graph.operations[node]
        if operation in ("number", "constant"):
            return np.full(self.size, float(self.graph.arguments[node][-1]))
        self.count += 1
        return apply(operation, *operands)

    def edited(self, order: Sequence[int], node: int, value: np.ndarray) -> np.ndarray:
        """Return the last node's values if a node had other ones.

        Args:
            order: the nodes of an expression in topological order, its root last.
            node: the node that changes.
            value: its other values.
        """
        changed = {node: value}
        with np.errstate(all="ignore"):
            for user in order:
                operands = self.graph.operands(user)
                if user > node and any(k in changed for k in operands):
                    parts = [changed[k] if k in changed else self.of(k) for k in operands]
                    changed[user] = self.applied(user, parts)
        return changed.get(order[-1], self.of(order[-1]))


def apply(operation: str, *operands: np.ndarray) -> np.ndarray:
    """Return an operation on arrays, as float64."""
    function = ARRAYS.get(operation) or by_number(operation)
    return np.asarray(function(*operands), dtype=np.float64)
