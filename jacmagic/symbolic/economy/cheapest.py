"""A function's value and Jacobian in the order of differentiation that takes fewest operations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from jacmagic.symbolic.economy.counts import count
from jacmagic.symbolic.economy.economical import Program, economical
from jacmagic.symbolic.economy.elimination import eliminate
from jacmagic.symbolic.graph import ZERO, BudgetExceeded, Graph, stable_if_affordable
from jacmagic.symbolic.graph.differentiation import Row, backwards

MAX_VISITS = 60_000  # outputs times nodes, up to which other orders are tried, about a second

Position = tuple[int, int]  # row and column of an entry


def cheapest(
    graph: Graph,
    variables: Sequence[int],
    outputs: Sequence[int],
    rows: Sequence[Row],
    positions: Sequence[Position],
    *,
    guards: Sequence[int] = (),
) -> Program:
    """Return guards, outputs and entries as the roots of one program.

    Args:
        graph: the graph; it grows.
        variables: the n variable nodes.
        outputs: the m nodes of the function's value; none leaves the value out.
        rows: for each row of the Jacobian, its entries by column.
        positions: row and column of the entries wanted.
        guards: conditions that are computed as they are written.
    """
    found: list[tuple[int, int, Program]] = []
    for k, candidate in enumerate(_orders(graph, variables, outputs, rows)):
        entries = [candidate[i].get(j, ZERO) for i, j in positions]
        results = stable_if_affordable(graph, [*outputs, *entries])
        program = economical(graph, variables, [*guards, *results])
        total = count(program.graph, program.roots).total
        found.append((total, k, program))
    return min(found)[-1]


def _orders(
    graph: Graph, variables: Sequence[int], outputs: Sequence[int], rows: Sequence[Row]
) -> Iterator[Sequence[Row]]:
    """Yield the Jacobian as it was derived, then in other orders where that is affordable."""
    yield rows
    if len(outputs) != len(rows) or len(outputs) * len(graph.reach(outputs)) > MAX_VISITS:
        return
    column = {node: j for j, node in enumerate(variables)}
    with suppress(BudgetExceeded):
        yield [backwards(graph, output, column) for output in outputs]
    with suppress(BudgetExceeded):
        yield eliminate(graph, outputs, variables)
