"""Graph nodes as SymPy expressions, and a closed form in the inputs' symbols alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import sympy

from jacmagic.labels import Label
from jacmagic.labels import symbols as distinct_symbols
from jacmagic.symbolic.formula.attempt import attempt, by_sympy
from jacmagic.symbolic.formula.shortest import tidied
from jacmagic.symbolic.formula.sympy_numbers import number
from jacmagic.symbolic.formula.sympy_operations import CANONICAL, UNEVALUATED
from jacmagic.symbolic.graph import Graph, Sums
from jacmagic.symbolic.graph.numbers import Number
from jacmagic.symbolic.graph.passes import tree_sizes
from jacmagic.symbolic.trace import Refusal, Trace


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


MAX_CONDITION_SYMBOLS = 200  # symbols of an assumption that is written out


class SympyForm:
    """Expressions of a function and of its Jacobian.

    Attributes:
        symbols: the n real symbols, in column order.
        names: LaTeX of each symbol.
    """

    def __init__(
        self, trace: Trace, columns: Sequence[Label], entries: Sequence[int], budget: float | None
    ) -> None:
        """Convert nothing yet.

        Args:
            trace: what was traced.
            columns: the n labels of the inputs' components.
            entries: the m·n nodes of the Jacobian in row-major order.
            budget: seconds that reading may take; None for no bound.
        """
        self._trace, self._entries, self._budget = trace, entries, budget
        self.symbols = tuple(sympy.Symbol(name, real=True) for name in distinct_symbols(columns))
        self.names = {s: label.tex for s, label in zip(self.symbols, columns, strict=True)}
        base = {
            variable.node: sympy.Symbol(variable.label.symbol, real=True) for variable in trace.base
        }
        self._by_node = {**dict(zip(trace.inputs, self.symbols, strict=True)), **base}

    @cached_property
    def expressions(self) -> sympy.Matrix:
        """The function's outputs, a column (m, 1)."""
        outputs = self._trace.outputs
        return sympy.Matrix(len(outputs), 1, self.converted(outputs))

    @cached_property
    def matrix(self) -> sympy.Matrix:
        """The Jacobian, (m, n), each entry in the shortest of a few equal forms."""
        shape = len(self._trace.outputs), len(self.symbols)
        return sympy.Matrix(*shape, tidied(self.converted(self._entries)))

    @cached_property
    def assumptions(self) -> list[tuple[sympy.Basic, int | None]]:
        """Each distinct condition that is short enough to read, with the line that asked."""
        assumed = self._trace.assumptions
        sizes = tree_sizes(self._trace.graph, [assumption.condition for assumption in assumed])
        short = [
            assumption
            for assumption, size in zip(assumed, sizes, strict=True)
            if size <= MAX_CONDITION_SYMBOLS
        ]
        read = attempt(
            lambda: self.converted([assumption.condition for assumption in short]), self._budget
        )
        if isinstance(read, Refusal):
            return []
        lines = [assumption.line for assumption in short]
        distinct = dict.fromkeys(zip(read, lines, strict=True))
        return [(condition, line) for condition, line in distinct if condition != sympy.true]

    def converted(self, nodes: Sequence[int]) -> list[sympy.Expr]:
        """Return nodes as SymPy expressions in the inputs' symbols."""
        return to_sympy(self._trace.graph, nodes, self._by_node)
