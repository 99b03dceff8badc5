"""Logistic functions, hyperbolic tangents and softplus written out by hand.

Rules: 1/(1 + e⁻ᵘ) = eᵘ/(1 + eᵘ) = ½(1 + tanh(u/2)) = σ(u), (eᵘ − e⁻ᵘ)/(eᵘ + e⁻ᵘ) = 2σ(2u) − 1 =
tanh u, max(u, 0) + ln(1 + e^−|u|) = ln(1 + eᵘ); all hold for every real u.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from jacmagic.symbolic.graph import ONE, ZERO, Graph
from jacmagic.symbolic.recognition.linear import Factor, added, halved, signed_terms, with_factor

Exponentials = dict[int, Factor]  # the factor c of each exponent u in Σ c·eᵘ


def _exponentials(graph: Graph, node: int) -> Exponentials | None:
    """Return a sum as Σ c·eᵘ, a number as c·e⁰; None for any other node."""
    found: Exponentials = {}
    for sign, term in signed_terms(graph, node):
        factor, rest = with_factor(graph, term)
        value = graph.value(rest)
        if value is not None:
            factor, exponent = factor * value, ZERO
        elif graph.operations[rest] == "exp":
            (exponent,) = graph.operands(rest)
        else:
            return None
        found[exponent] = found.get(exponent, 0) + sign * factor
    return found


def _logistic(graph: Graph, node: int) -> int | None:
    """(a + b·eᵛ)/(c + c·eᵛ) as σ or tanh."""
    above, below = _quotient(graph, node)
    terms = _exponentials(graph, below)
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


def _quotient(graph: Graph, node: int) -> tuple[int, int]:
    """Return a node as numerator and denominator: 1/v for v⁻¹, others over 1."""
    operation, operands = graph.operations[node], graph.operands(node)
    if operation == "pow" and graph.value(operands[1]) == -1:
        return ONE, operands[0]
    return (operands[0], operands[1]) if operation == "div" else (node, ONE)


def _of_two(graph: Graph, above: int, first: int, second: int, c: int) -> int | None:
    """Return above / (c·e^first + c·e^second)."""
    between = added(graph, second, first, -1)
    terms = _exponentials(graph, above)
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
        terms = _exponentials(graph, node)
        plain = terms is None or set(terms) == {ZERO}
        return node if plain and not _has_exponential(graph, node) else None
    operation, operands = graph.operations[node], graph.operands(node)
    if operation == "exp" and operands[0] == exponent:
        return ONE
    if operation == "neg":
        inner = _over_exponential(graph, operands[0], exponent)
        return None if inner is None else graph.neg(inner)
    if operation == "mul":
        for one, other in (operands, operands[::-1]):
            inner = _over_exponential(graph, one, exponent)
            if inner is not None:
                return graph.mul(inner, other)
    return None


def _has_exponential(graph: Graph, node: int) -> bool:
    """Whether a product has an exponential among its factors."""
    operation = graph.operations[node]
    if operation in ("mul", "neg", "div"):
        return any(_has_exponential(graph, one) for one in graph.operands(node))
    return operation == "exp"


def _affine(graph: Graph, node: int) -> int | None:
    """2σ(u) − 1 = tanh(u/2) and 1 ± tanh(u/2) = 2σ(±u), with any common factor."""
    terms = signed_terms(graph, node)
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


# ── ln(1 + eᵘ) ────────────────────────────────────────────────────────────────────────────────


def _softplus(graph: Graph, node: int) -> int | None:
    """max(u, 0) + ln(1 + e^−|u|) = ln(1 + eᵘ), also as two terms of a longer sum."""
    terms = [(sign, *with_factor(graph, term)) for sign, term in signed_terms(graph, node)]
    for k, (s, a, small) in enumerate(terms):
        u = _below_one(graph, small)
        for m, (t, b, large) in enumerate(terms if u is not None else ()):
            grown = None if u is None else _larger(graph, large, u, s * a == t * b, s * a == -t * b)
            if grown is not None:
                new = graph.mul(graph.number(a), graph.apply("log", grown))
                return _with_term(graph, node, terms, k, m, (s, new))
    return None


def _with_term(graph: Graph, node: int, terms: list, k: int, m: int, new: tuple[int, int]) -> int:
    """Return a sum with the term k replaced and the term m left out."""
    total = ZERO
    for position, (sign, factor, part) in enumerate(terms):
        if position == m:
            continue
        one = graph.mul(graph.number(factor), part)
        sign, one = new if position == k else (sign, one)
        total = graph.add(total, one) if sign > 0 else graph.sub(total, one)
    return total


def _below_one(graph: Graph, node: int) -> int | None:
    """Return u of ln(1 + e^−|u|)."""
    if graph.operations[node] != "log":
        return None
    terms = _exponentials(graph, graph.operands(node)[0])
    if terms is None or len(terms) != 2 or terms.get(ZERO) != 1 or set(terms.values()) != {1}:
        return None
    (exponent,) = set(terms) - {ZERO}
    if graph.operations[exponent] != "neg":
        return None
    (size,) = graph.operands(exponent)
    return graph.operands(size)[0] if graph.operations[size] == "abs" else None


def _larger(graph: Graph, node: int, u: int, equal: bool, opposite: bool) -> int | None:
    """Return 1 + eᵘ for max(u, 0), eᵃ + eᵇ for max(a, b) with |a − b| = |u|, 1 + e⁻ᵘ for −min."""
    operation, operands = graph.operations[node], graph.operands(node)
    grow = lambda v: ONE if v == ZERO else graph.apply("exp", v)  # noqa: E731 - one use, one line
    if operation == "relu":
        operation, operands = "max", (operands[0], ZERO)
    if operation not in ("max", "min") or not (equal if operation == "max" else opposite):
        return None
    a, b = operands
    gap = graph.sub(a, b)
    if u not in (gap, graph.neg(gap), graph.sub(b, a)):
        return None
    if operation == "min":
        a, b = graph.neg(a), graph.neg(b)
    return (
        graph.add(grow(b), grow(a)) if ZERO in (a, b) and a != ZERO else graph.add(grow(a), grow(b))
    )


Rules = dict[str, tuple[Callable[[Graph, int], "int | None"], ...]]

SIGMOIDS: Rules = {
    "div": (_logistic,),
    "pow": (_logistic,),
    "add": (_affine, _softplus),
    "sub": (_affine, _softplus),
}
