"""Addition theorems: products of sines and cosines as functions of a sum.

cos a cos b ∓ sin a sin b = cos(a ± b), sin a cos b ± cos a sin b = sin(a ± b), with a = b also
sin² + cos² = 1 and cos² − sin² = cos 2a; 1 − sin² = cos²; 2 sin a cos a = sin 2a; and
cosh² − sinh² = 1.
A sum is rewritten only where that makes it shorter, also where terms multiplied out cancel:
(1 − y)σ − y(1 − σ) = σ − y.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations

from jacmagic.symbolic.graph import ONE, ZERO, Graph, signed_terms, tree_sizes
from jacmagic.symbolic.recognition.products import (
    Factor,
    Powers,
    Products,
    TooManyTerms,
    added,
    multiplied,
    multiplied_out,
    written,
)

_MAX_SYMBOLS_CANCELLED = 13  # of a sum multiplied out; a longer one loses common parts
_CIRCULAR = {"sin", "cos"}
_HYPERBOLIC = {"sinh", "cosh"}


def addition_theorems(graph: Graph, node: int) -> int | None:
    """Return a sum multiplied out, the theorems applied; None where that is not shorter."""
    try:
        products = multiplied_out(graph, node)
    except TooManyTerms:
        return None
    operations = {graph.operations[base] for powers in products for base, _ in powers}
    changed = False
    while not operations.isdisjoint(_CIRCULAR | _HYPERBOLIC):
        merged = _merged(graph, products)
        if merged is None:
            break
        products, changed = merged, True
    if not changed and not _has_cancelled(graph, node, products):
        return None
    result = written(graph, products)
    return result if tree_sizes(graph, [result])[0] < tree_sizes(graph, [node])[0] else None


def _has_cancelled(graph: Graph, node: int, products: Products) -> bool:
    """Whether a sum has no more terms when it is multiplied out, and no divisor in them."""
    if tree_sizes(graph, [node])[0] > _MAX_SYMBOLS_CANCELLED:
        return False
    whole = all(power > 0 for powers in products for _, power in powers)
    return whole and len(products) <= sum(1 for _ in signed_terms(graph, node))


def double_angle(graph: Graph, node: int) -> int | None:
    """2 sin a cos a = sin 2a in a product with an even factor in front."""
    seen, waiting = set(), [node]
    while waiting:
        operation, operands = graph.operations[waiting[-1]], graph.operands(waiting.pop())
        seen.add(operation)
        waiting += operands if operation == "mul" else ()
    return addition_theorems(graph, node) if seen >= _CIRCULAR | {"number"} else None


def _merged(graph: Graph, products: Products) -> Products | None:
    """Return a sum with one pair of its products merged; None where none fits."""
    for first, second in combinations(products, 2):
        new = _pair(graph, (first, products[first]), (second, products[second]))
        if new is not None:
            return _replaced(products, first, second, new)
    return _doubled(graph, products)


def _replaced(
    products: Products, first: Powers, second: Powers | None, new: tuple[Powers, Factor]
) -> Products:
    """Return a sum with one or two products replaced by another."""
    total: Products = {}
    for powers, c in products.items():
        if powers == second:
            continue
        powers, c = new if powers == first else (powers, c)
        total[powers] = total.get(powers, 0) + c
    return {powers: c for powers, c in total.items() if c}


def _pair(
    graph: Graph, one: tuple[Powers, Factor], other: tuple[Powers, Factor]
) -> tuple[Powers, Factor] | None:
    """Return the product that is the sum of two; None where no theorem fits."""
    (left, c), (right, d) = one, other
    if abs(c) != abs(d):
        return None
    first, second = Counter(dict(left)), Counter(dict(right))
    common = first & second
    a, b = list((first - common).elements()), list((second - common).elements())
    if any(
        power < 0 and dict(left).get(node) != dict(right).get(node)
        for node, power in (*left, *right)
    ):
        return None
    shared = tuple(sorted([*common.items(), *((n, p) for n, p in left if p < 0)]))
    theorem = _theorem(graph, a, b, 1 if c == d else -1)
    if theorem is None:
        return None
    sign, node = theorem
    factors: Powers = () if node == ONE else ((node, 1),)
    if graph.operations[node] == "pow":
        factors = ((graph.operands(node)[0], 2),)
    return multiplied(shared, factors), sign * c


def _theorem(graph: Graph, a: list[int], b: list[int], sign: int) -> tuple[int, int] | None:
    """Return the sign and the function that a₁·a₂ ± b₁·b₂ is."""
    if not a or not b:
        return _complement(graph, a or b, sign, swapped=bool(a))
    if len(a) != 2 or len(b) != 2:
        return None
    names = (
        sorted(graph.operations[node] for node in a),
        sorted(graph.operations[node] for node in b),
    )
    (p, q), (r, s) = (sorted(nodes, key=lambda n: graph.operations[n]) for nodes in (a, b))
    u, v, x, y = (graph.operands(n)[0] if graph.operands(n) else n for n in (p, q, r, s))
    if names in (_PAIRS["cos"], _PAIRS["cos"][::-1]) and sorted((u, v)) == sorted((x, y)):
        outer = 1 if names[0] == ["cos", "cos"] else sign
        return outer, _function(graph, "cos", (min(u, v), max(u, v)), -sign)
    if names == (["cos", "sin"], ["cos", "sin"]) and (u, v) == (y, x) and u != v:
        return 1, _function(graph, "sin", (v, u), sign)
    if names in (_PAIRS["cosh"], _PAIRS["cosh"][::-1]) and u == v == x == y and sign < 0:
        return (1 if names[0] == ["cosh", "cosh"] else -1), ONE
    return None


_PAIRS = {
    "cos": (["cos", "cos"], ["sin", "sin"]),
    "cosh": (["cosh", "cosh"], ["sinh", "sinh"]),
}


def _complement(
    graph: Graph, square: list[int], sign: int, *, swapped: bool
) -> tuple[int, int] | None:
    """1 − sin² = cos², 1 − cos² = sin², cosh² − 1 = sinh², 1 + sinh² = cosh²."""
    if len(square) != 2 or square[0] != square[1]:
        return None
    name, others = graph.operations[square[0]], {"sin": "cos", "cos": "sin"}
    others |= {"sinh": "cosh", "cosh": "sinh"}
    if name not in others or sign != (1 if name == "sinh" else -1):
        return None
    outer = -1 if swapped and name in _CIRCULAR else 1
    if name == "cosh":
        outer = 1 if swapped else -1
    other = graph.apply(others[name], *graph.operands(square[0]))
    return outer, graph.square(other)


def _function(graph: Graph, name: str, angles: tuple[int, int], sign: int) -> int:
    """Return a function of a ± b; cosine does not depend on the order of a difference."""
    a, b = angles if sign < 0 else (min(angles), max(angles))
    inner = added(graph, a, b, sign)
    if inner == ZERO:
        return ONE if name == "cos" else ZERO
    return graph.apply(name, inner)


def _doubled(graph: Graph, products: Products) -> Products | None:
    """2 sin a cos a = sin 2a, with any even factor."""
    for powers, c in products.items():
        if isinstance(c, float) or c % 2 or any(power < 0 for _, power in powers):
            continue
        for node, power in powers:
            if graph.operations[node] != "sin" or power != 1:
                continue
            (angle,) = graph.operands(node)
            cosine = graph.apply("cos", angle)
            if dict(powers).get(cosine) != 1:
                continue
            double = graph.apply("sin", graph.mul(graph.number(2), angle))
            rest = tuple(power for power in powers if power[0] not in (node, cosine))
            new = multiplied(rest, ((double, 1),)), c / 2 if c % 2 else c // 2
            return _replaced(products, powers, None, new)
    return None
