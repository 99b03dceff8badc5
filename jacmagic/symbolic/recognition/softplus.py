"""The logarithm of a sum of two exponentials, written so that it does not overflow.

max(u, 0) + ln(1 + e^−|u|) = ln(1 + eᵘ), −min(u, 0) + ln(1 + e^−|u|) = ln(1 + e⁻ᵘ) and
max(a, b) + ln(1 + e^−|a − b|) = ln(eᵃ + eᵇ); all hold for every real number.
"""

from __future__ import annotations

from jacmagic.symbolic.graph import ONE, ZERO, Graph, signed_terms, summed
from jacmagic.symbolic.recognition.products import Factor, with_factor
from jacmagic.symbolic.recognition.sigmoids import exponentials


def softplus(graph: Graph, node: int) -> int | None:
    """Return a sum with the two terms of a stable logarithm put together."""
    terms = list(signed_terms(graph, node))
    for small in terms:
        sign, factor, part = _parted(graph, small)
        u = _below_one(graph, part)
        for large in terms if u is not None else ():
            other, weight, extreme = _parted(graph, large)
            pair = None if abs(weight) != abs(factor) else _extreme(graph, extreme)
            rises = other * weight == sign * factor
            if u is None or pair is None or pair[0] != ("max" if rises else "min"):
                continue
            gap = graph.sub(*pair[1:])
            if u in (gap, graph.neg(gap), graph.sub(*pair[:0:-1])):
                new = graph.mul(graph.number(factor), _logarithm(graph, *pair))
                others = [(sign, new) if term == small else term for term in terms if term != large]
                return summed(graph, others)
    return None


def positive_part(graph: Graph, node: int) -> int | None:
    """(max(u, 0) + u − min(u, 0))/2 = max(u, 0), as `torch.distributions.Binomial` has it."""
    above, below = graph.operands(node)
    if graph.value(below) != 2 or graph.operations[above] != "sub":
        return None
    left, low = graph.operands(above)
    extreme = _extreme(graph, low)
    if extreme is None or extreme[0] != "min" or graph.operations[left] != "add":
        return None
    high, u = graph.operands(left)
    return high if extreme[1:] == (u, ZERO) and _extreme(graph, high) == ("max", u, ZERO) else None


def _parted(graph: Graph, term: tuple[int, int]) -> tuple[int, Factor, int]:
    return term[0], *with_factor(graph, term[1])


def _below_one(graph: Graph, node: int) -> int | None:
    """Return u of ln(1 + e^−|u|)."""
    if graph.operations[node] != "log":
        return None
    terms = exponentials(graph, graph.operands(node)[0])
    if terms is None or len(terms) != 2 or terms.get(ZERO) != 1 or set(terms.values()) != {1}:
        return None
    (exponent,) = set(terms) - {ZERO}
    size = graph.neg(exponent)
    return graph.operands(size)[0] if graph.operations[size] == "abs" else None


def _extreme(graph: Graph, node: int) -> tuple[str, int, int] | None:
    """Return a node as max(a, b) or min(a, b)."""
    operation, operands = graph.operations[node], graph.operands(node)
    if operation in ("max", "min"):
        return operation, operands[0], operands[1]
    if operation == "relu":
        return "max", operands[0], ZERO
    if operation == "where" and operands[1] == ZERO:
        relation, u = graph.operations[operands[0]], operands[2]
        if relation in ("lt", "le", "gt", "ge") and graph.operands(operands[0]) == (u, ZERO):
            return ("max" if relation.startswith("l") else "min"), u, ZERO
    return None


def _logarithm(graph: Graph, extreme: str, a: int, b: int) -> int:
    """Return ln(eᵃ + eᵇ), for a minimum ln(e⁻ᵃ + e⁻ᵇ), with a 1 in front."""
    if extreme == "min":
        a, b = graph.neg(a), graph.neg(b)
    first, second = (b, a) if b == ZERO else (a, b)
    grown = [
        ONE if exponent == ZERO else graph.apply("exp", exponent) for exponent in (first, second)
    ]
    return graph.apply("log", graph.add(*grown))
