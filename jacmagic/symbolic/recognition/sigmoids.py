"""Logistic functions and hyperbolic tangents written out by hand.

Rules: 1/(1 + e⁻ᵘ) = eᵘ/(1 + eᵘ) = ½(1 + tanh(u/2)) = σ(u), (eᵘ − e⁻ᵘ)/(eᵘ + e⁻ᵘ) = 2σ(2u) − 1 =
tanh u; all hold for every real u.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from jacmagic.symbolic.graph import ONE, ZERO, Graph, signed_terms
from jacmagic.symbolic.graph.passes import rebuilt
from jacmagic.symbolic.graph.patterns import quotient
from jacmagic.symbolic.recognition.products import Factor, added, halved, with_factor, without

Exponentials = dict[int, Factor]  # the factor c of each exponent u in Σ c·eᵘ


def exponentials(graph: Graph, node: int) -> Exponentials | None:
    """Return a sum as Σ c·eᵘ, a number as c·e⁰; None for any other node."""
    factors: Exponentials = {}
    for sign, term in signed_terms(graph, node):
        factor, rest = with_factor(graph, term)
        value = graph.value(rest)
        if value is not None:
            factor, exponent = factor * value, ZERO
        elif graph.operations[rest] == "exp":
            (exponent,) = graph.operands(rest)
        else:
            return None
        factors[exponent] = factors.get(exponent, 0) + sign * factor
    return factors


def _logistic(graph: Graph, node: int) -> int | None:
    """Return (a + b·eᵛ)/(c + c·eᵛ) as σ or tanh."""
    above, below = quotient(graph, node)
    terms = exponentials(graph, below)
    if terms is None or len(terms) != 2:
        return None
    (first, c), (second, d) = terms.items()
    if c != d or c <= 0:
        return None
    if ZERO in terms:
        second, first = (first, ZERO) if second == ZERO else (second, ZERO)
    elif first != graph.neg(second):
        return None  # two of a softmax
    return _of_two(graph, above, first, second, graph.number(c))


def _of_two(graph: Graph, above: int, first: int, second: int, c: int) -> int | None:
    """Return above / (c·e^first + c·e^second)."""
    between = added(graph, second, first, -1)
    terms = exponentials(graph, above)
    if terms is not None and set(terms) == {first, second} and terms[first] == -terms[second]:
        slope = graph.div(graph.number(terms[second]), c)
        return graph.mul(slope, graph.apply("tanh", halved(graph, between)))
    for exponent, u in ((first, graph.neg(between)), (second, between)):
        rest = _over_exponential(graph, above, exponent)
        if rest is not None:
            return graph.mul(graph.div(rest, c), graph.apply("sigmoid", u))
    return None


def _over_exponential(graph: Graph, node: int, exponent: int) -> int | None:
    """Return v of a product v·e^exponent that holds no other exponential in a sum."""
    if exponent == ZERO:
        terms = exponentials(graph, node)
        plain = terms is None or set(terms) == {ZERO}
        return node if plain and not _has_exponential(graph, node) else None
    return without(graph, node, graph.apply("exp", exponent))


def _has_exponential(graph: Graph, node: int) -> bool:
    """Whether a product has an exponential among its factors."""
    operation = graph.operations[node]
    if operation in ("mul", "neg", "div"):
        return any(_has_exponential(graph, operand) for operand in graph.operands(node))
    return operation == "exp"


def _affine(graph: Graph, node: int) -> int | None:
    """2σ(u) − 1 = tanh(u/2) and 1 ± tanh(u/2) = 2σ(±u), with any common factor."""
    terms = list(signed_terms(graph, node))
    if len(terms) != 2:
        return None
    parts = [(sign, *with_factor(graph, term)) for sign, term in terms]
    for (s, a, u), (t, b, v) in (parts, parts[::-1]):
        value, slope = graph.value(u), t * b
        if value is None or not value:
            continue
        constant = s * a * value
        if graph.operations[v] == "sigmoid" and slope == -2 * constant:
            inner = halved(graph, graph.operands(v)[0])
            return graph.mul(graph.number(Fraction(1, 2) * slope), graph.apply("tanh", inner))
        if graph.operations[v] == "tanh" and abs(slope) == abs(constant):
            return _of_tanh(graph, constant, graph.operands(v)[0], constant == slope)
    return None


def _of_tanh(graph: Graph, constant: Factor, inner: int, rises: bool) -> int | None:
    """c·(1 ± tanh(u/2)) = 2c·σ(±u), for an argument that is written as a half."""
    half, u = with_factor(graph, inner)
    if half * 2 not in (1, -1):
        return None
    argument = u if rises == (half > 0) else graph.neg(u)
    return graph.mul(graph.number(2 * constant), graph.apply("sigmoid", argument))


def without_mirrored(graph: Graph, roots: Sequence[int]) -> list[int]:
    """Return roots with 1 − σ(u) for σ(−u) where σ(u) occurs as well."""
    reached = graph.reach(roots)
    arguments = {
        graph.operands(inner)[0] for inner in reached if graph.operations[inner] == "sigmoid"
    }
    mirrored = {u for u in arguments if graph.operations[u] == "neg" and graph.neg(u) in arguments}
    new: dict[int, int] = {}
    for node in reached if mirrored else ():
        new[node] = rebuilt(graph, node, new)
        if graph.operations[node] == "sigmoid" and (u := graph.operands(node)[0]) in mirrored:
            new[node] = graph.sub(ONE, graph.apply("sigmoid", graph.neg(new[u])))
    return [new.get(root, root) for root in roots]


Rules = dict[str, tuple[Callable[[Graph, int], "int | None"], ...]]

SIGMOIDS: Rules = {
    "div": (_logistic,),
    "pow": (_logistic,),
    "add": (_affine,),
    "sub": (_affine,),
}
