"""Patterns in the graph: softmax, norm and logistic functions, by structure.

The structure is recognised, not the call: `torch.exp(x) / torch.exp(x).sum()` is a softmax, the
root of a sum of squares a norm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from jacmagic.symbolic.graph.nodes import ONE, ZERO, Graph
from jacmagic.symbolic.graph.numbers import Number


def signed_terms(
    graph: Graph, root: int, is_whole: Callable[[int], bool] = lambda node: False
) -> Iterator[tuple[int, int]]:
    """Yield (sign, term) of a nested sum or difference, from left to right.

    Args:
        graph: the expression graph that holds the nodes.
        root: the sum.
        is_whole: whether a sum below the root is not taken apart.
    """
    waiting = [(1, root)]
    while waiting:
        sign, node = waiting.pop()
        operation, operands = graph.operations[node], graph.operands(node)
        if operation not in ("add", "sub", "neg") or (node != root and is_whole(node)):
            yield sign, node
            continue
        if operation != "neg":
            waiting.append((-sign if operation == "sub" else sign, operands[1]))
        waiting.append((-sign if operation == "neg" else sign, operands[0]))


def summed(graph: Graph, terms: Iterable[tuple[Number, int]]) -> int:
    """Return the sum of (sign, term) from left to right, the way back of `signed_terms`."""
    total = ZERO
    for sign, term in terms:
        total = graph.add(total, term) if sign > 0 else graph.sub(total, term)
    return total


class Sums:
    """The terms of nested sums, cached, and the patterns made of them."""

    def __init__(self, graph: Graph) -> None:
        """Read a graph; nodes may be added to it afterwards."""
        self.graph = graph
        self._terms: dict[int, tuple[int, ...]] = {}
        self._spreads: dict[int, Standardised | None] = {}

    def inside(self, reached: Sequence[int], roots: Sequence[int]) -> set[int]:
        """Return the sums that are the first term of one longer sum and nothing else, no root."""
        graph = self.graph
        sums = {node for node in reached if graph.operations[node] == "add"}
        uses = Counter(operand for node in reached for operand in graph.operands(node))
        firsts = {graph.arguments[node][0] for node in sums}
        return {node for node in sums & firsts if uses[node] == 1}.difference(roots)

    def terms(self, node: int, inside: Container[int] | None = None) -> tuple[int, ...]:
        """Return the terms of a sum from left to right; the node itself if it is none.

        Args:
            node: the sum.
            inside: the partial sums that may be taken apart; all by default.
        """
        if inside is None and node in self._terms:
            return self._terms[node]
        terms, first = [], node
        while self.graph.operations[first] == "add":
            if inside is not None and first != node and first not in inside:
                break
            first, last = self.graph.arguments[first]
            terms.append(last)
        whole = (first, *reversed(terms))
        if inside is None:
            self._terms[node] = whole
        return whole

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

    def standardised(self, node: int) -> Standardised | None:
        """Return the parts of a node (uᵢ − μ)/√(Σ(uⱼ − μ)²/N + ε), μ the mean of the uⱼ or 0."""
        graph = self.graph
        if graph.operations[node] != "div":
            return None
        above, root = graph.arguments[node]
        if graph.operations[root] != "sqrt":
            return None
        if root not in self._spreads:
            self._spreads[root] = self._spread(root)
        spread = self._spreads[root]
        return spread if spread is not None and above in spread.gaps else None

    def _spread(self, root: int) -> Standardised | None:
        graph = self.graph
        (inside,) = graph.arguments[root]
        shifted = graph.operations[inside] == "add" and not graph.operands(
            graph.arguments[inside][1]
        )
        total, divisor = self._over_number(graph.arguments[inside][0] if shifted else inside)
        squares = self.terms(total)
        if len(squares) < 2 or not divisor or not all(map(self._is_square, squares)):
            return None
        gaps = tuple(graph.arguments[square][0] for square in squares)
        members, mean = self._centred(gaps)
        if mean is None and divisor == 1 and not shifted:
            return None  # a norm
        return Standardised(members, gaps, mean, root, divisor)

    def _centred(self, gaps: tuple[int, ...]) -> tuple[tuple[int, ...], int | None]:
        """Return the uⱼ and μ of nodes uⱼ − μ; the nodes themselves where μ is not the mean."""
        graph = self.graph
        if any(graph.operations[gap] != "sub" for gap in gaps):
            return gaps, None
        members, means = zip(*(graph.arguments[gap] for gap in gaps), strict=True)
        whole, count = self._over_number(means[0])
        is_mean = len(set(means)) == 1 and count == len(gaps) and self.terms(whole) == members
        return (members, means[0]) if is_mean else (gaps, None)

    def _over_number(self, node: int) -> tuple[int, Number | None]:
        """Return u and the number c of a node u/c or (1/c)·u."""
        graph, arguments = self.graph, self.graph.arguments[node]
        if graph.operations[node] == "div":
            return arguments[0], graph.value(arguments[1])
        share = graph.value(arguments[0]) if graph.operations[node] == "mul" else None
        if share and not isinstance(share, float):
            return arguments[1], 1 / Fraction(share)
        return node, 1

    def _is_square(self, node: int) -> bool:
        graph = self.graph
        if graph.operations[node] == "mul":
            return graph.arguments[node][0] == graph.arguments[node][1]
        return graph.operations[node] == "pow" and graph.value(graph.arguments[node][1]) == 2


@dataclass(frozen=True)
class Standardised:
    """The parts of (uᵢ − μ)/r with r = √(Σ(uⱼ − μ)²/N + ε).

    Attributes:
        members: the nodes uⱼ, of which μ is the mean.
        gaps: the nodes uⱼ − μ.
        mean: the node μ; None for 0.
        root: the node r.
        divisor: N, the number of members or one less.
    """

    members: tuple[int, ...]
    gaps: tuple[int, ...]
    mean: int | None
    root: int
    divisor: Number

    def partials(self, graph: Graph, node: int) -> Iterator[tuple[int, int]]:
        """Yield uⱼ and ∂yᵢ/∂uⱼ = (δᵢⱼ − 1/n − yᵢyⱼ/N)/r of the node yᵢ; without 1/n for μ = 0."""
        n, divisor = len(self.members), self.divisor
        share = Fraction(0 if self.mean is None else 1, n)
        factor = Fraction(1 if share and divisor != n else divisor)  # a common denominator
        for member, gap in zip(self.members, self.gaps, strict=True):
            other = graph.div(gap, self.root)
            both = graph.mul(node, other)
            if factor == 1:
                both = graph.div(both, graph.number(divisor))
            own = graph.number(factor * ((1 if other == node else 0) - share))
            below = graph.mul(graph.number(factor), self.root)
            if graph.value(own) and other == node:
                yield member, graph.div(graph.sub(own, both), below)
            else:
                yield member, graph.neg(graph.div(graph.add(graph.neg(own), both), below))


def inside_log_sigmoid(graph: Graph, node: int) -> tuple[int, bool] | None:
    """Return σ(u), and whether it falls, of a node ln σ(u) or ln(1 − σ(u)); else None."""
    if graph.operations[node] != "log":
        return None
    (inside,) = graph.operands(node)
    falls = graph.operations[inside] == "sub" and graph.operands(inside)[0] == ONE
    sigmoid = graph.operands(inside)[1] if falls else inside
    return (sigmoid, falls) if graph.operations[sigmoid] == "sigmoid" else None


def log_sigmoid(graph: Graph, node: int) -> tuple[int, int] | None:
    """Return u and the derivative by u of ln σ(u) or ln(1 − σ(u)); else None.

    Neither goes by 1/σ or 1/(1 − σ), which may be 1/0.
    """
    inside = inside_log_sigmoid(graph, node)
    if inside is None:
        return None
    sigmoid, falls = inside
    slope = graph.neg(sigmoid) if falls else graph.sub(ONE, sigmoid)
    return graph.operands(sigmoid)[0], slope


def logistic(graph: Graph, node: int) -> tuple[int, int] | None:
    """Return u and the derivative by u of a written-out logistic function; else None.

    With σ(u) = 1/(1 + e⁻ᵘ), that of 1/(1 + e⁻ᵘ) and of eᵘ/(1 + eᵘ) is σ(u)·(1 − σ(u)), and that
    of 1/(1 + eᵘ) its negative.
    """
    above, below = quotient(graph, node)
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


def quotient(graph: Graph, node: int) -> tuple[int, int]:
    """Return a node as numerator and denominator: 1/v for v⁻¹, others over 1."""
    operation, operands = graph.operations[node], graph.operands(node)
    if operation == "pow" and graph.value(operands[1]) == -1:
        return ONE, operands[0]
    return (operands[0], operands[1]) if operation == "div" else (node, ONE)
