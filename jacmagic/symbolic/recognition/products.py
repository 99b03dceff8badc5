"""Linear forms Σ c·u, and sums multiplied out, Σ c·Πuᵏ, with numbers c and nodes u."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import reduce

from jacmagic.symbolic.graph import ONE, ZERO, Graph, signed_terms

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


Powers = tuple[tuple[int, int], ...]  # (node, power), sorted by node
Products = dict[Powers, Factor]

MAX_TERMS = 48  # of a sum that is multiplied out; the search for pairs grows with their square
MAX_NODES = 400  # nodes of such a sum
MAX_DEPTH = 100  # of its nesting; Python allows about 1,000 nested calls, two for each node
_MAX_EXPONENT = 4  # of a sum that is multiplied out


class TooManyTerms(Exception):
    """A sum that is too long when multiplied out."""


def multiplied_out(graph: Graph, node: int) -> Products:
    """Return a node as a sum of products.

    Raises:
        TooManyTerms: if there are more than `MAX_TERMS`, or very many or deep ones on the way.
    """
    return _Expansion(graph).of(node)


class _Expansion:
    """The nodes of one sum multiplied out so far, shared parts once."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._known: dict[int, Products] = {}
        self._depth = 0

    def of(self, node: int) -> Products:
        """Return a node as a sum of products."""
        if node not in self._known:
            if len(self._known) > MAX_NODES or self._depth >= MAX_DEPTH:
                raise TooManyTerms
            self._depth += 1
            self._known[node] = self._expanded(node)
            self._depth -= 1
        return self._known[node]

    def _expanded(self, node: int) -> Products:
        graph = self.graph
        operation, operands = graph.operations[node], graph.operands(node)
        value = graph.value(node)
        if value is not None:
            return {(): value} if value else {}
        if operation in ("add", "sub"):
            left, right = map(self.of, operands)
            return _sum(left, right, 1 if operation == "add" else -1)
        if operation == "neg":
            return {powers: -c for powers, c in self.of(operands[0]).items()}
        if operation == "mul":
            return _product(*map(self.of, operands))
        if operation == "div":
            return self._quotient(node, *operands)
        power = graph.value(operands[1]) if operation == "pow" else None
        if isinstance(power, int) and 1 < power <= _MAX_EXPONENT:
            return reduce(_product, [self.of(operands[0])] * power)
        return {((node, 1),): 1}

    def _quotient(self, node: int, above: int, below: int) -> Products:
        value = self.graph.value(below)
        if value is None:
            return _product(self.of(above), {((below, -1),): 1})
        if not value or isinstance(value, float):
            return {((node, 1),): 1}
        return _product(self.of(above), {(): Fraction(1) / value})


def _sum(a: Products, b: Products, sign: int) -> Products:
    total = dict(a)
    for powers, c in b.items():
        total[powers] = total.get(powers, 0) + sign * c
    if len(total) > MAX_TERMS:
        raise TooManyTerms
    return {powers: c for powers, c in total.items() if c}


def _product(a: Products, b: Products) -> Products:
    if len(a) * len(b) > MAX_TERMS:
        raise TooManyTerms
    total: Products = {}
    for left, c in a.items():
        for right, d in b.items():
            powers = multiplied(left, right)
            total[powers] = total.get(powers, 0) + c * d
    return {powers: c for powers, c in total.items() if c}


def multiplied(a: Powers, b: Powers) -> Powers:
    """Return the product of two products of powers."""
    if not a or not b:
        return a or b
    powers = dict(a)
    for node, power in b:
        powers[node] = powers.get(node, 0) + power
    return tuple(sorted((node, power) for node, power in powers.items() if power))


def written(graph: Graph, products: Mapping[Powers, Factor]) -> int:
    """Return a sum of products as a node."""
    total = ZERO
    for powers, c in products.items():
        above, below = ONE, ONE
        for node, power in powers:
            factor = graph.pow(node, graph.number(abs(power)))
            above, below = (
                (graph.mul(above, factor), below)
                if power > 0
                else (above, graph.mul(below, factor))
            )
        size = c if c > 0 else -c
        if isinstance(size, Fraction) and size.numerator == 1:
            below = graph.mul(graph.number(size.denominator), below)
        else:
            above = graph.mul(graph.number(size), above)
        term = graph.div(above, below)
        total = graph.add(total, term) if c > 0 else graph.sub(total, term)
    return total
