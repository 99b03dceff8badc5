"""Functions of functions that cancel, exact values of angles, and signs taken out."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np

from jacmagic.symbolic.graph import ONE, ZERO, Graph, signed_terms, summed
from jacmagic.symbolic.recognition.products import added, without

_ODD = ("sin", "tan", "tanh", "sinh", "asin", "atan", "asinh", "atanh", "erf")
_MAX_ABSOLUTE_GUARD = 1e-6  # the largest default of torch's functions that divide by a norm
_ROUNDOFFS = (2.0**-52, 2.0**-23)  # of float64 and float32
_EVEN = ("cos", "cosh", "abs")


def _exp_of_log(graph: Graph, node: int) -> int | None:
    """e^(u ± ln v) = eᵘ·v or eᵘ/v; where the logarithm is real, v > 0."""
    terms = list(signed_terms(graph, graph.operands(node)[0]))
    logarithms = [term for term in terms if graph.operations[term[1]] == "log"]
    if not logarithms:
        return None
    rest = summed(graph, (term for term in terms if term not in logarithms))
    grown = ONE if rest == ZERO else graph.apply("exp", rest)
    above, below = (
        graph.product(graph.operands(term)[0] for sign, term in logarithms if sign == side)
        for side in (1, -1)
    )
    return graph.div(graph.mul(grown, above), below)


def _log_of_exp(graph: Graph, node: int) -> int | None:
    """Ln eᵘ = u."""
    (inside,) = graph.operands(node)
    return graph.operands(inside)[0] if graph.operations[inside] == "exp" else None


def _size(graph: Graph, node: int) -> int | None:
    """v·sign(u)/|u| = v/u."""
    above, below = graph.operands(node)
    if graph.operations[below] != "abs":
        return None
    rest = without(graph, above, graph.apply("sign", *graph.operands(below)))
    return None if rest is None else graph.div(rest, graph.operands(below)[0])


def _ratio(graph: Graph, node: int) -> int | None:
    """Sin u/cos u = tan u, sinh u/cosh u = tanh u."""
    above, below = graph.operands(node)
    pair = graph.operations[above], graph.operations[below]
    if graph.operands(above) != graph.operands(below) or not graph.operands(above):
        return None
    name = {("sin", "cos"): "tan", ("sinh", "cosh"): "tanh"}.get(pair)
    return None if name is None else graph.apply(name, *graph.operands(above))


def _with_sign(graph: Graph, node: int) -> int | None:
    """f(−u) = −f(u) of odd functions, f(u) of even ones."""
    (u,) = graph.operands(node)
    if graph.operations[u] != "neg":
        return None
    name = graph.operations[node]
    inner = graph.apply(name, *graph.operands(u))
    return graph.neg(inner) if name in _ODD else inner


def _where(graph: Graph, node: int) -> int | None:
    """Return the branch that has a value, where the other is nan; a norm that is kept from 0.

    Of the derivative of aᵛ by v, which is 0 where a = 0 and v ≥ 0, the case aᵛ·ln a.
    """
    condition, a, b = graph.operands(node)
    if a == ZERO and graph.operations[b] == "mul":
        power, logarithm = graph.operands(b)
        if graph.operations[power] == "pow" and graph.operations[logarithm] == "log":
            base, exponent = graph.operands(power)
            at_zero = graph.apply("eq", base, ZERO), graph.apply("ge", exponent, ZERO)
            if condition == graph.apply("and", *at_zero) and graph.operands(logarithm) == (base,):
                return b
    if graph.operations[condition] in ("lt", "le") and graph.value(a) is not None:
        u, low = graph.operands(condition)
        if graph.operations[u] == "sqrt" and 0 < (graph.value(low) or 0) <= _MAX_ABSOLUTE_GUARD:
            return b
    for one, other in ((a, b), (b, a)):
        value = graph.value(one)
        if value is not None and value != value:
            return other
    return None


# ── angles ────────────────────────────────────────────────────────────────────────────────────

_MAX_ABSOLUTE_ZERO = 1e-6  # of what rounding leaves of a sine or cosine that is 0
_SHORT, _SMALL = 6, 1e-4  # digits and size of a length that a person types
_QUARTERS = range(-8, 9)  # multiples of π/2 whose sine and cosine are recognised


def _right_angle(graph: Graph, node: int) -> int | None:
    """Sine and cosine of a constant that is the float64 nearest to k·π/2: 0, 1 or −1."""
    (angle,) = graph.operands(node)
    if graph.operations[angle] != "constant":
        return None
    value = graph.arguments[angle][1]
    k = next((k for k in _QUARTERS if k and value == k * math.pi / 2), None)
    if k is None:
        return None
    quarter = k if graph.operations[node] == "sin" else k + 1
    return graph.number((0, 1, 0, -1)[quarter % 4])


def _zero_of_angle(graph: Graph, node: int) -> int | None:
    """Return 0 for cos(π/2) = 6.1·10⁻¹⁷ and its like, alone or times a short decimal."""
    value = graph.arguments[node][-1]
    if not isinstance(value, float) or not 0 < abs(value) < _MAX_ABSOLUTE_ZERO:
        return None
    return ZERO if any(_is_short(abs(value) / zero) for zero in _zeros()) else None


@cache
def _zeros() -> frozenset[float]:
    """Return what cos(k·π/2) and sin(k·π) come to in float64 and float32, and products of two."""
    exact = {abs(math.cos(k * math.pi / 2)) for k in range(1, 12, 2)}
    exact |= {abs(math.sin(k * math.pi)) for k in range(1, 6)}
    single = {abs(float(np.cos(np.float32(math.pi / 2)))), abs(float(np.sin(np.float32(math.pi))))}
    return frozenset(exact | single | {a * b for a in exact for b in exact})


def _is_short(ratio: float) -> bool:
    """Whether a number is a decimal of few digits, but for its last bit."""
    typed = float(f"{ratio:.{_SHORT}g}")
    return abs(typed - ratio) <= 2 * math.ulp(typed) and _SMALL < ratio < 1 / _SMALL


def _odds(graph: Graph, node: int) -> int | None:
    """σ(ln a − ln b) = a/(a + b), which is p for the logarithm of the odds p/(1 − p)."""
    (u,) = graph.operands(node)
    is_falling = graph.operations[u] == "neg"
    (u,) = graph.operands(u) if is_falling else (u,)
    if graph.operations[u] != "sub":
        return None
    logarithms = graph.operands(u)[::-1] if is_falling else graph.operands(u)
    if any(graph.operations[logarithm] != "log" for logarithm in logarithms):
        return None
    a, b = (graph.operands(logarithm)[0] for logarithm in logarithms)
    return graph.div(a, added(graph, a, b, 1))


def _probability(graph: Graph, node: int) -> int | None:
    """clamp(p, ε, 1 − ε) = p: `torch.distributions` keeps p a roundoff away from 0 and 1."""
    inner, *ends = graph.operands(node)
    low, high = map(graph.value, ends)
    return inner if low in _ROUNDOFFS and high == 1 - low else None


def _log_of_sum(graph: Graph, node: int) -> int:
    """log1p(u) = ln(1 + u)."""
    return graph.apply("log", graph.add(ONE, graph.operands(node)[0]))


def _one_number(graph: Graph, node: int) -> int | None:
    """−0.17 + u + 0.74 = u + 0.57: the numbers of a sum are added to the last one."""
    terms = list(signed_terms(graph, node))
    numbers = {
        k: sign * v for k, (sign, u) in enumerate(terms) if (v := graph.value(u)) is not None
    }
    if len(numbers) < 2:
        return None
    last = max(numbers)
    terms[last] = (1, graph.number(sum(numbers.values())))
    return summed(graph, (term for k, term in enumerate(terms) if k == last or k not in numbers))


CANCELLATIONS: dict[str, tuple[Callable[[Graph, int], int | None], ...]] = {
    "exp": (_exp_of_log,),
    "log": (_log_of_exp,),
    "log1p": (_log_of_sum,),
    "div": (_ratio, _size),
    "clamp": (_probability,),
    "sigmoid": (_odds,),
    "add": (_one_number,),
    "sub": (_one_number,),
    "number": (_zero_of_angle,),
    "constant": (_zero_of_angle,),
    "where": (_where,),
    **dict.fromkeys((*_ODD, *_EVEN), (_with_sign,)),
}
for _name in ("sin", "cos"):
    CANCELLATIONS[_name] = (*CANCELLATIONS[_name], _right_angle)
