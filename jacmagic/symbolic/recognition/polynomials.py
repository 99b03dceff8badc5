"""Polynomials in one variable, multiplied out where that is shorter.

Legendre, Chebyshev and Hermite polynomials come from recursions, others from Horner's scheme: what
the graph holds is far longer than the polynomial.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
from numpy.polynomial.polynomial import polyadd, polymul, polypow, polysub

from jacmagic.symbolic.graph import ZERO, Graph, tree_sizes

MAX_DEGREE = 12  # of a polynomial that is read in full
_MAX_COEFFICIENT = 10**9  # of a coefficient that is read
_ARITHMETIC: dict[str, Callable[..., np.ndarray]] = {
    "neg": operator.neg, "add": polyadd, "sub": polysub, "mul": polymul
}  # fmt: skip

Coefficients = np.ndarray  # of fractions, the constant first
Polynomial = tuple[int | None, Coefficients]  # the variable and its coefficients


def expanded(graph: Graph, roots: Sequence[int]) -> list[int]:
    """Return roots with polynomials in one variable multiplied out, where that is shorter."""
    polynomials: dict[int, Polynomial | None] = {}
    for node in graph.reach(roots):
        polynomials[node] = _polynomial(graph, node, polynomials)
    return [_shorter(graph, root, polynomials[root]) for root in roots]


def _shorter(graph: Graph, root: int, polynomial: Polynomial | None) -> int:
    if polynomial is None or polynomial[0] is None:
        return root
    variable, coefficients = polynomial[0], polynomial[1]
    total = ZERO
    for power, c in reversed([*enumerate(coefficients)]):
        if not c:
            continue
        raised = graph.pow(variable, graph.number(power))
        term = graph.mul(graph.number(abs(c)), raised)
        if c.numerator in (1, -1) and power:
            term = graph.div(raised, graph.number(c.denominator))
        total = graph.add(total, term) if c > 0 else graph.sub(total, term)
    return total if tree_sizes(graph, [total])[0] < tree_sizes(graph, [root])[0] else root


def _polynomial(
    graph: Graph, node: int, polynomials: dict[int, Polynomial | None]
) -> Polynomial | None:
    """Return a node as a polynomial with short rational coefficients; None for others."""
    operation, operands = graph.operations[node], graph.operands(node)
    if operation == "variable":
        return node, np.array([Fraction(0), Fraction(1)])
    value = graph.value(node)
    if value is not None:
        return None if isinstance(value, float) else (None, np.array([Fraction(value)]))
    parts = [polynomials[operand] for operand in operands]
    if operation not in (*_ARITHMETIC, "div", "pow") or any(part is None for part in parts):
        return None
    variables = {part[0] for part in parts if part} - {None}
    if len(variables) > 1:
        return None
    result = _combined(operation, [part[1] for part in parts if part])
    if result is None or len(result) > MAX_DEGREE + 1:
        return None
    if any(max(abs(c.numerator), c.denominator) > _MAX_COEFFICIENT for c in result):
        return None
    return next(iter(variables), None), result


def _combined(operation: str, parts: Sequence[Coefficients]) -> Coefficients | None:
    if operation in _ARITHMETIC:
        return _ARITHMETIC[operation](*parts)
    first, second = parts
    if len(second) != 1 or not second[0]:
        return None
    if operation == "div":
        return first / second[0]
    power = second[0]
    degree = power * max(len(first) - 1, 1)
    is_whole = power.denominator == 1 and 0 <= degree <= MAX_DEGREE
    return polypow(first, int(power)) if is_whole else None
