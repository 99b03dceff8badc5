"""A function's value and Jacobian in the order of differentiation that takes fewest operations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from jacmagic.symbolic.economy.counts import count
from jacmagic.symbolic.economy.economical import MAX_NODES_TO_COMPARE, Program, economical
from jacmagic.symbolic.economy.elimination import eliminate
from jacmagic.symbolic.graph import ZERO, BudgetExceeded, Graph, stable_if_affordable
from jacmagic.symbolic.graph.differentiation import Row, backwards

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
    programs: list[tuple[int, int, Program]] = []
    orders = _orders(graph, variables, outputs, rows) if reorder else [rows]
    for k, candidate in enumerate(orders):
        entries = [candidate[i].get(j, ZERO) for i, j in positions]
        results = stable_if_affordable(graph, [*(outputs if value else ()), *entries])
        program = economical(graph, variables, [*guards, *results])
        total = count(program.graph, program.roots).total
        programs.append((total, k, program))
    return min(programs)[-1]


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
