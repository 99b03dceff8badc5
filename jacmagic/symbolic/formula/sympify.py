"""Graph nodes as SymPy expressions, and how long they are when written out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sympy

from jacmagic.symbolic.formula.attempt import by_sympy
from jacmagic.symbolic.formula.sympy_operations import CANONICAL, UNEVALUATED
from jacmagic.symbolic.graph import Graph, Sums
from jacmagic.symbolic.graph.numbers import Number
from jacmagic.symbolic.numbers import number


def to_sympy(
    graph: Graph,
    roots: Sequence[int],
    symbols: Mapping[int, sympy.Symbol],
    *,
    table: Mapping[str, Callable[..., Any]] = CANONICAL,
    number: Callable[[Number], Any] = number,
) -> list[Any]:
    """Convert nodes to SymPy expressions; shared nodes become shared objects.

    Args:
        graph: the expression graph that holds the nodes.
        roots: nodes to convert.
        symbols: the symbol of each variable node.
        table: `CANONICAL` or `WRITTEN`.
        number: gives the SymPy number of a graph's number.
    """
    expressions: dict[int, Any] = {}
    sums = Sums(graph)
    reached = graph.reach(roots, symbols)
    inside = sums.inside([node for node in reached if node not in symbols], roots)
    for node in reached:
        operation, arguments = graph.operations[node], graph.arguments[node]
        if node in symbols:
            expressions[node] = symbols[node]
        elif node in inside:
            continue
        elif operation == "number":
            expressions[node] = number(arguments[0])
        elif operation == "add" and arguments[0] in inside:
            expressions[node] = table["sum"](
                *(expressions[term] for term in sums.terms(node, inside))
            )
        else:
            operands = _operands(graph, operation, arguments, expressions)
            expressions[node] = _applied(table[operation], operation, operands)
    return [expressions[root] for root in roots]


def _applied(function: Callable[..., Any], operation: str, operands: Sequence[Any]) -> Any:
    """Return an operation in SymPy's normal form; unevaluated where SymPy fails."""
    try:
        return function(*operands)
    except Exception as error:
        if operation not in UNEVALUATED or not by_sympy(error):
            raise
        return UNEVALUATED[operation](*operands)


def _operands(
    graph: Graph, operation: str, arguments: tuple, expressions: Mapping[int, Any]
) -> list[Any]:
    """Return converted arguments; as truth values 1 and 0 are true and false."""
    converted = [expressions[argument] for argument in arguments]
    truths = {"and": (0, 1), "or": (0, 1), "not": (0,), "where": (0,)}.get(operation, ())
    for k in truths:
        if graph.operations[arguments[k]] == "number":
            converted[k] = sympy.true if converted[k] != 0 else sympy.false
        elif not graph.is_condition(arguments[k]) and not _is_truth(converted[k]):
            converted[k] = sympy.Ne(converted[k], 0)
    return converted


def _is_truth(value: Any) -> bool:
    return isinstance(value, sympy.logic.boolalg.Boolean) and not isinstance(value, sympy.Symbol)
