"""Polynomials in one variable, multiplied out where that is shorter.

Legendre, Chebyshev and Hermite polynomials come from recursions, others from Horner's scheme: what
the graph holds is far longer than the polynomial.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from jacmagic.symbolic.graph import ZERO, Graph, tree_sizes

MAX_DEGREE = 12  # of a polynomial that is read in full
_MAX_DIGITS = 10**9  # of a coefficient that is read

Coefficients = dict[int, Fraction]  # of each power
Polynomial = tuple[int | None, Coefficients]  # the variable and its coefficients


def expanded(graph: Graph, roots: Sequence[int]) -> list[int]:
    """Return roots with polynomials in one variable multiplied out, where that is shorter."""
    known: dict[int, Polynomial | None] = {}
    for node in graph.reach(roots):
        known[node] = _polynomial(graph, node, known)
    return [_shorter(graph, root, known[root]) for root in roots]


def _shorter(graph: Graph, root: int, polynomial: Polynomial | None) -> int:
    if polynomial is None or polynomial[0] is None:
        return root
    variable, coefficients = polynomial[0], polynomial[1]
    total = ZERO
    for power in sorted(coefficients, reverse=True):
        c = coefficients[power]
        raised = graph.pow(variable, graph.number(power))
        term = graph.mul(graph.number(abs(c)), raised)
        if c.numerator in (1, -1) and power:
            term = graph.div(raised, graph.number(c.denominator))
        total = graph.add(total, term) if c > 0 else graph.sub(total, term)
    return total if tree_sizes(graph, [total])[0] < tree_sizes(graph, [root])[0] else root


def _polynomial(graph: Graph, node: int, known: dict[int, Polynomial | None]) -> Polynomial | None:
    """Return a node as a polynomial with short rational coefficients; None for others."""
    operation, operands = graph.operations[node], graph.operands(node)
    if operation == "variable":
        return node, {1: Fraction(1)}
    value = graph.value(node)
    if value is not None:
        return None if isinstance(value, float) else (None, {0: Fraction(value)} if value else {})
    parts = [known[operand] for operand in operands]
    if operation not in ("add", "sub", "neg", "mul", "div", "pow") or None in parts:
        return None
    variables = {part[0] for part in parts if part} - {None}
    if len(variables) > 1:
        return None
    result = _combined(operation, [part[1] for part in parts if part])
    if result is None or max(result, default=0) > MAX_DEGREE:
        return None
    if any(max(abs(c.numerator), c.denominator) > _MAX_DIGITS for c in result.values()):
        return None
    return next(iter(variables), None), result


def _combined(operation: str, parts: Sequence[Coefficients]) -> Coefficients | None:
    first, second = parts[0], parts[-1]
    if operation == "neg":
        return _scaled(first, Fraction(-1))
    if operation in ("add", "sub"):
        return _sum(first, second if operation == "add" else _scaled(second, Fraction(-1)))
    if operation == "mul":
        return _product(first, second)
    if set(second) != {0}:
        return None
    if operation == "div":
        return _scaled(first, 1 / second[0])
    power = second[0]
    if power.denominator != 1 or not 0 <= power <= MAX_DEGREE:
        return None
    result: Coefficients = {0: Fraction(1)}
    for _ in range(int(power)):
        result = _product(result, first)
        if max(result, default=0) > MAX_DEGREE:
            return None
    return result


def _scaled(a: Coefficients, factor: Fraction) -> Coefficients:
    return {power: c * factor for power, c in a.items()}


def _sum(a: Coefficients, b: Coefficients) -> Coefficients:
    total = {power: a.get(power, Fraction(0)) + b.get(power, 0) for power in {**a, **b}}
    return {power: c for power, c in total.items() if c}


def _product(a: Coefficients, b: Coefficients) -> Coefficients:
    total: Coefficients = {}
    for i, c in a.items():
        for j, d in b.items():
            total[i + j] = total.get(i + j, Fraction(0)) + c * d
    return {power: c for power, c in total.items() if c}
