"""Rewrite what some nodes need with fewer operations, in the cheapest order of differentiation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from jacmagic.symbolic.economy.counts import count
from jacmagic.symbolic.economy.elimination import eliminate
from jacmagic.symbolic.economy.factoring import Factoring, substituted
from jacmagic.symbolic.economy.reading import Reader
from jacmagic.symbolic.economy.sharing import share_products, share_sums
from jacmagic.symbolic.economy.terms import Terms, Value
from jacmagic.symbolic.economy.writing import Writer
from jacmagic.symbolic.graph import ZERO, BudgetExceeded, Graph, stable_if_affordable
from jacmagic.symbolic.graph.differentiation import Row, backwards

MAX_NODES = 10_000  # of what is rewritten, some seconds; more stays as it is
MAX_NODES_TO_COMPARE = 3_000  # up to which it is rewritten in several ways, within a second each


@dataclass(frozen=True)
class Program:
    """A part of a graph.

    Attributes:
        graph: the expression graph that holds the nodes.
        variables: the nodes of the inputs.
        roots: the nodes wanted.
    """

    graph: Graph
    variables: tuple[int, ...]
    roots: tuple[int, ...]


def economical(graph: Graph, variables: Sequence[int], roots: Sequence[int]) -> Program:
    """Return a program of the same values with fewer operations, or no more.

    Args:
        graph: the expression graph that holds the roots; it is not changed.
        variables: the variable nodes of the inputs.
        roots: the nodes wanted.
    """
    best = Program(graph, tuple(variables), tuple(roots))
    size, least = len(graph.reach(roots)), count(graph, roots).total
    if size > MAX_NODES:
        return best
    reader = Reader(graph, roots)
    values = [reader.values[root] for root in roots]
    for factors in (True, False)[: 1 + (size <= MAX_NODES_TO_COMPARE)]:
        program = _rewritten(graph, variables, reader.terms.copy(), values, factors=factors)
        total = count(program.graph, program.roots).total
        if total < least:
            best, least = program, total
    return best


def _rewritten(
    graph: Graph, variables: Sequence[int], terms: Terms, values: list[Value], *, factors: bool
) -> Program:
    if factors:
        Factoring(terms, [monomial for _, monomial in values]).run()
        values = substituted(terms, values)
    share_sums(terms, [monomial for _, monomial in values])
    values = substituted(terms, values)
    values = share_products(terms, values)
    writer = Writer(terms, graph, values)
    nodes = writer.write()
    return Program(
        writer.graph, tuple(writer.copy(variable) for variable in variables), tuple(nodes)
    )


MAX_NODES_OF_ALL = 1_000  # of an order, up to which every order is rewritten
MAX_VISITS = 20_000  # outputs times nodes, up to which other orders are tried, about a second

Position = tuple[int, int]  # row and column of an entry


def cheapest(
    graph: Graph,
    variables: Sequence[int],
    outputs: Sequence[int],
    rows: Sequence[Row],
    positions: Sequence[Position],
    *,
    guards: Sequence[int] = (),
    value: bool = True,
    reorder: bool = True,
) -> Program:
    """Return guards, outputs and entries as the roots of one program.

    Args:
        graph: the expression graph, to which nodes are added.
        variables: the n variable nodes.
        outputs: the m nodes of the function's value.
        rows: for each row of the Jacobian, its entries by column.
        positions: row and column of the entries wanted.
        guards: conditions that are computed as they are written.
        value: whether the outputs are wanted.
        reorder: whether the rows are derivatives by the variables, in whatever order.
    """
    candidates = []
    for candidate in _orders(graph, variables, outputs, rows) if reorder else [rows]:
        entries = [candidate[i].get(j, ZERO) for i, j in positions]
        results = stable_if_affordable(graph, [*(outputs if value else ()), *entries])
        candidates.append([*guards, *results])
    if len(graph.reach(candidates[0])) > MAX_NODES_OF_ALL:
        candidates = [min(candidates, key=lambda roots: count(graph, roots).total)]
    programs = [economical(graph, variables, roots) for roots in candidates]
    return min(programs, key=lambda program: count(program.graph, program.roots).total)


def _orders(
    graph: Graph, variables: Sequence[int], outputs: Sequence[int], rows: Sequence[Row]
) -> Iterator[Sequence[Row]]:
    """Yield the Jacobian as it was derived, then in other orders where that is affordable."""
    yield rows
    size = len(graph.reach([entry for row in rows for entry in row.values()]))
    visits = len(outputs) * len(graph.reach(outputs))
    if len(outputs) != len(rows) or visits > MAX_VISITS or size > MAX_NODES_TO_COMPARE:
        return
    column = {node: j for j, node in enumerate(variables)}
    with suppress(BudgetExceeded):
        yield [backwards(graph, output, column) for output in outputs]
    with suppress(BudgetExceeded):
        yield eliminate(graph, outputs, variables)
