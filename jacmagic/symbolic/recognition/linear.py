"""Linear forms Σ c·u of nodes u with numbers c."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from jacmagic.symbolic.graph import ZERO, Graph, signed_terms

Factor = int | Fraction | float


def with_factor(graph: Graph, node: int) -> tuple[Factor, int]:
    """Return a number c and u of a node c·u."""
    operation, operands = graph.operations[node], graph.operands(node)
    if operation == "neg":
        factor, rest = with_factor(graph, operands[0])
        return -factor, rest
    if operation == "mul":
        value = graph.value(operands[0])
        if value is not None:
            return value, operands[1]
    if operation == "div":
        value = graph.value(operands[1])
        if value is not None and value and not isinstance(value, float):
            factor, rest = with_factor(graph, operands[0])
            return factor / Fraction(value), rest
    return 1, node


def linear(graph: Graph, node: int) -> dict[int, Factor]:
    """Return the factors of a sum's terms; a number is a term of its own."""
    factors: dict[int, Factor] = {}
    for sign, term in signed_terms(graph, node):
        factor, rest = with_factor(graph, term)
        factors[rest] = factors.get(rest, 0) + sign * factor
    return {rest: factor for rest, factor in factors.items() if factor}


def combined(graph: Graph, factors: Iterable[tuple[int, Factor]]) -> int:
    """Return Σ c·u as a node."""
    total = ZERO
    for node, factor in factors:
        term = graph.mul(graph.number(factor if factor > 0 else -factor), node)
        total = graph.add(total, term) if factor > 0 else graph.sub(total, term)
    return total


def added(graph: Graph, a: int, b: int, sign: int) -> int:
    """Return a + b or a − b with like terms put together."""
    factors = linear(graph, a)
    for node, factor in linear(graph, b).items():
        factors[node] = factors.get(node, 0) + sign * factor
    return combined(graph, [(node, factor) for node, factor in factors.items() if factor])


def halved(graph: Graph, node: int) -> int:
    """Return u/2."""
    factor, rest = with_factor(graph, node)
    half = factor / 2 if isinstance(factor, float) else Fraction(factor) / 2
    return graph.mul(graph.number(half), rest)
