"""Patterns in the graph: softmax, norm and logistic functions, by structure.

The structure is recognised, not the call: `torch.exp(x) / torch.exp(x).sum()` is a softmax, the
root of a sum of squares a norm.
"""

from __future__ import annotations

from collections.abc import Container

from jacmagic.symbolic.graph.nodes import ONE, Graph


class Sums:
    """The terms of nested sums, cached, and the patterns made of them."""

    def __init__(self, graph: Graph) -> None:
        """Read a graph; nodes may be added to it afterwards."""
        self.graph = graph
        self._terms: dict[int, tuple[int, ...]] = {}

    def terms(self, node: int, inside: Container[int] | None = None) -> tuple[int, ...]:
        """Return the terms of a sum from left to right; the node itself if it is none.

        Args:
            node: the sum.
            inside: the partial sums that may be taken apart; all by default.
        """
        if inside is not None:
            return self._taken_apart(node, inside)
        if node not in self._terms:
            self._terms[node] = self._taken_apart(node, None)
        return self._terms[node]

    def _taken_apart(self, node: int, inside: Container[int] | None) -> tuple[int, ...]:
        terms, first = [], node
        while self.graph.operations[first] == "add":
            if inside is not None and first != node and first not in inside:
                break
            first, last = self.graph.arguments[first]
            terms.append(last)
        return (first, *reversed(terms))

    def softmax(self, node: int) -> tuple[int, ...] | None:
        """Return the exponentials eᵘʲ of a node eᵘⁱ / Σ eᵘʲ of two terms or more."""
        graph = self.graph
        if graph.operations[node] != "div":
            return None
        above, below = graph.arguments[node]
        if graph.operations[above] != "exp" or graph.operations[below] != "add":
            return None
        terms = self.terms(below)
        grown = all(graph.operations[term] == "exp" for term in terms)
        return terms if grown and len(set(terms)) == len(terms) and above in terms else None

    def norm(self, node: int) -> tuple[int, ...] | None:
        """Return the components uⱼ of a node √(Σ uⱼ²) of two terms or more."""
        graph = self.graph
        if graph.operations[node] != "sqrt":
            return None
        terms = self.terms(graph.arguments[node][0])
        squares = [
            graph.operations[term] == "pow" and graph.value(graph.arguments[term][1]) == 2
            for term in terms
        ]
        if len(terms) < 2 or not all(squares):
            return None
        return tuple(graph.arguments[term][0] for term in terms)


def log_sigmoid(graph: Graph, node: int) -> tuple[int, int] | None:
    """Return u and the derivative by u of ln σ(u) or ln(1 − σ(u)); else None.

    Neither goes by 1/σ or 1/(1 − σ), which may be 1/0.
    """
    if graph.operations[node] != "log":
        return None
    (inside,) = graph.operands(node)
    if graph.operations[inside] == "sigmoid":
        return graph.operands(inside)[0], graph.sub(ONE, inside)
    if graph.operations[inside] == "sub" and graph.operands(inside)[0] == ONE:
        sigmoid = graph.operands(inside)[1]
        if graph.operations[sigmoid] == "sigmoid":
            return graph.operands(sigmoid)[0], graph.neg(sigmoid)
    return None


def logistic(graph: Graph, node: int) -> tuple[int, int] | None:
    """Return u and the derivative by u of a written-out logistic function; else None.

    With σ(u) = 1/(1 + e⁻ᵘ), that of 1/(1 + e⁻ᵘ) and of eᵘ/(1 + eᵘ) is σ(u)·(1 − σ(u)), and that
    of 1/(1 + eᵘ) its negative.
    """
    above, below = _quotient(graph, node)
    if graph.operations[below] != "add" or ONE not in graph.operands(below):
        return None
    exponential = next((term for term in graph.operands(below) if term != ONE), ONE)
    if graph.operations[exponential] != "exp" or above not in (ONE, exponential):
        return None
    (u,) = graph.operands(exponential)
    falls = above == ONE
    if graph.operations[u] == "neg":
        (u,), falls = graph.operands(u), not falls
    sigmoid = graph.apply("sigmoid", u)
    slope = graph.mul(sigmoid, graph.sub(ONE, sigmoid))
    return u, graph.neg(slope) if falls else slope


def _quotient(graph: Graph, node: int) -> tuple[int, int]:
    """Return a node as numerator and denominator: 1/v for v⁻¹, others over 1."""
    operation, operands = graph.operations[node], graph.operands(node)
    if operation == "pow" and graph.value(operands[1]) == -1:
        return ONE, operands[0]
    return (operands[0], operands[1]) if operation == "div" else (node, ONE)
