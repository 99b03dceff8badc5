"""Linear forms Σ c·u, and sums multiplied out, Σ c·Πuᵏ, with numbers c and nodes u."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import reduce

from jacmagic.symbolic.graph import ONE, Graph, signed_terms, summed, tree_sizes

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
    return summed(graph, ((c, graph.mul(graph.number(max(c, -c)), u)) for u, c in factors))


def added(graph: Graph, a: int, b: int, sign: int) -> int:
    """Return a + b or a − b with like terms put together."""
    factors = linear(graph, a)
    for node, factor in linear(graph, b).items():
        factors[node] = factors.get(node, 0) + sign * factor
    return combined(graph, [(node, factor) for node, factor in factors.items() if factor])


def without(graph: Graph, product: int, factor: int) -> int | None:
    """Return a product without one of its factors; None where it is none of them."""
    if product == factor:
        return ONE
    operation, operands = graph.operations[product], graph.operands(product)
    if operation == "neg":
        rest = without(graph, operands[0], factor)
        return None if rest is None else graph.neg(rest)
    for one, other in (operands, operands[::-1]) if operation == "mul" else ():
        rest = without(graph, one, factor)
        if rest is not None:
            return graph.mul(rest, other)
    return None


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
MAX_DEGREE = 12  # of a polynomial that is read in full
_MAX_COEFFICIENT = 10**9  # of such a polynomial
_ARITHMETIC = frozenset("add sub neg mul div pow number variable".split())


class TooManyTerms(Exception):
    """A sum that is too long when multiplied out."""


def multiplied_out(graph: Graph, node: int, largest: int = 4, most: int = MAX_TERMS) -> Products:
    """Return a node as a sum of products.

    Args:
        graph: the expression graph that holds the nodes.
        node: to multiply out.
        largest: power of a sum up to which it is multiplied out.
        most: terms of one sum times those of another, up to which they are multiplied.

    Raises:
        TooManyTerms: if there are more than `MAX_TERMS`, or very many or deep ones on the way.
    """
    return _Expansion(graph, largest, most).of(node)


class _Expansion:
    """The nodes of one sum multiplied out so far, shared parts once."""

    def __init__(self, graph: Graph, largest: int, most: int) -> None:
        self.graph, self.largest, self.most = graph, largest, most
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
            return self._product(*map(self.of, operands))
        if operation == "div":
            return self._quotient(node, *operands)
        power = graph.value(operands[1]) if operation == "pow" else None
        if isinstance(power, int) and 1 < power <= self.largest:
            return reduce(self._product, [self.of(operands[0])] * power)
        return {((node, 1),): 1}

    def _quotient(self, node: int, above: int, below: int) -> Products:
        value = self.graph.value(below)
        if value is None:
            return self._product(self.of(above), {((below, -1),): 1})
        if not value or isinstance(value, float):
            return {((node, 1),): 1}
        return self._product(self.of(above), {(): Fraction(1) / value})

    def _product(self, a: Products, b: Products) -> Products:
        if len(a) * len(b) > self.most:
            raise TooManyTerms
        total: Products = {}
        for left, c in a.items():
            for right, d in b.items():
                powers = multiplied(left, right)
                total[powers] = total.get(powers, 0) + c * d
        return {powers: c for powers, c in total.items() if c}


def _sum(a: Products, b: Products, sign: int) -> Products:
    total = dict(a)
    for powers, c in b.items():
        total[powers] = total.get(powers, 0) + sign * c
    if len(total) > MAX_TERMS:
        raise TooManyTerms
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
    return summed(graph, ((c, _term(graph, powers, max(c, -c))) for powers, c in products.items()))


def _term(graph: Graph, powers: Powers, size: Factor) -> int:
    above, below = (
        graph.product(graph.pow(u, graph.number(abs(k))) for u, k in powers if (k > 0) == is_above)
        for is_above in (True, False)
    )
    if isinstance(size, Fraction) and size.numerator == 1:
        return graph.div(above, graph.mul(graph.number(size.denominator), below))
    return graph.div(graph.mul(graph.number(size), above), below)


def polynomial(graph: Graph, node: int) -> int:
    """Return a polynomial in one variable multiplied out, where that is shorter.

    Legendre, Chebyshev and Hermite polynomials come from recursions, others from Horner's scheme:
    what the graph holds is far longer than the polynomial.
    """
    reached = graph.reach([node])
    operations = [graph.operations[inner] for inner in reached]
    if operations.count("variable") != 1 or not _ARITHMETIC.issuperset(operations):
        return node
    try:
        products = multiplied_out(graph, node, MAX_DEGREE, (MAX_DEGREE + 1) ** 2)
    except TooManyTerms:
        return node
    by_degree = {sum(power for _, power in powers): powers for powers in products}
    variable = reached[operations.index("variable")]
    if any(
        isinstance(c, float)
        or max(abs(Fraction(c).numerator), Fraction(c).denominator) > _MAX_COEFFICIENT
        or any(base != variable or not 0 < power <= MAX_DEGREE for base, power in powers)
        for powers, c in products.items()
    ):
        return node
    falling = [by_degree[degree] for degree in sorted(by_degree, reverse=True)]
    result = written(graph, {powers: products[powers] for powers in falling})
    return result if tree_sizes(graph, [result])[0] < tree_sizes(graph, [node])[0] else node
