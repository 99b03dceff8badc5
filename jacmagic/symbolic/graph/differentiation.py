"""The chain rule on a graph: sparse forward mode, reverse mode for long rows.

Both give the same Jacobian; forward mode writes its entries as one does by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from jacmagic.symbolic.graph.derivatives import PARTIALS
from jacmagic.symbolic.graph.nodes import ONE, ZERO, BudgetExceeded, Graph
from jacmagic.symbolic.graph.passes import dependent
from jacmagic.symbolic.graph.patterns import Sums, log_sigmoid, logistic

MIN_ENTRIES_TO_REVERSE = 20_000  # of all rows; below, forward mode takes milliseconds
MAX_ENTRIES = 4_000_000  # of all rows in memory: about 100 bytes each, 400 MB

Row = dict[int, int]


def differentiate(graph: Graph, outputs: Sequence[int], inputs: Sequence[int]) -> list[Row]:
    """Return the Jacobian of some nodes by others, as new nodes of the same graph.

    Sparse forward mode: each node carries only the derivatives that are not structurally zero.
    Where few outputs depend on many inputs the rows on the way grow long; reverse mode, which
    carries one number a node, then takes over. A sum is taken as a whole, its partial sums carry
    nothing.

    Args:
        graph: the expression graph, to which nodes are added.
        outputs: the m nodes to differentiate.
        inputs: the n variable nodes to differentiate by.

    Returns:
        m rows, each a dict from column (0 … n−1) to the node of ∂outputᵢ/∂inputⱼ. A column that is
        absent is a structural zero.

    Raises:
        BudgetExceeded: if the graph outgrows its limit or its deadline, or the rows their memory.
    """
    column = {node: j for j, node in enumerate(inputs)}
    try:
        return _forwards(graph, outputs, column)
    except _TooLong:
        return [backwards(graph, output, column) for output in outputs]
    finally:
        graph.line = None


class _TooLong(Exception):
    """Forward mode's rows have more entries than reverse mode visits."""


def _forwards(graph: Graph, outputs: Sequence[int], column: dict[int, int]) -> list[Row]:
    """Forward mode: a row for each node, from the inputs up."""
    reached = graph.reach(outputs)
    rows: dict[int, Row] = {}
    sums, carried = Sums(graph), 0
    inside = sums.inside(reached, outputs)
    most = max(MIN_ENTRIES_TO_REVERSE, 2 * len(set(outputs)) * len(reached))
    for node in reached:
        graph.line = graph.lines[node]
        if node in inside:
            continue
        if node in column:
            rows[node] = {column[node]: ONE}
        elif graph.operations[node] == "add" and graph.operands(node)[0] in inside:
            terms = sums.terms(node, inside)
            rows[node] = _summed(graph, (item for term in terms for item in rows[term].items()))
        elif any(rows[operand] for operand in graph.operands(node)):
            rows[node] = _row(graph, sums, node, rows)
        else:
            rows[node] = {}
        carried += len(rows[node])
        if len(rows[node]) > 256:
            graph.check_deadline()
        if carried > most:
            raise _TooLong
        if carried > MAX_ENTRIES:
            raise BudgetExceeded("its derivatives take too much memory")
    return [rows[node] for node in outputs]


def _summed(graph: Graph, terms: Iterable[tuple[int, int]]) -> Row:
    """Sum terms (column, node) by column, from left to right."""
    row: Row = {}
    for j, term in terms:
        row[j] = graph.add(row[j], term) if j in row else term
    return {j: entry for j, entry in row.items() if entry != ZERO}


def backwards(graph: Graph, output: int, column: dict[int, int]) -> Row:
    """Reverse mode: ∂output/∂node for each node, from the output down."""
    slopes: dict[int, int] = {output: ONE}
    row: Row = {}
    reached = graph.reach([output])
    sums = Sums(graph)
    depends = dependent(graph, reached, column)
    for count, node in enumerate(reversed(reached)):
        if count % 512 == 0:
            graph.check_deadline()
        slope = slopes.pop(node, ZERO)
        if slope == ZERO or node not in depends:
            continue
        graph.line = graph.lines[node]
        if node in column:
            row[column[node]] = slope
            continue
        for operand, term in contributions(graph, sums, node, slope):
            if operand in depends:
                slopes[operand] = graph.add(slopes[operand], term) if operand in slopes else term
    return dict(sorted(row.items()))


def contributions(graph: Graph, sums: Sums, node: int, slope: int) -> list[tuple[int, int]]:
    """Return the adjoint contributions of a node to its operands."""
    if graph.is_condition(node):
        return []
    if graph.operations[node] == "where":
        condition, a, b = graph.operands(node)
        return [(a, graph.where(condition, slope, ZERO)), (b, graph.where(condition, ZERO, slope))]
    return [(operand, graph.mul(slope, p)) for operand, p in _partials(graph, sums, node)]


def _partials(graph: Graph, sums: Sums, node: int) -> Iterator[tuple[int, int]]:
    """Yield u and ∂node/∂u for the operands of a node, or of a pattern that ends in it."""
    members = sums.softmax(node)
    pattern = None if members else log_sigmoid(graph, node) or logistic(graph, node)
    if members is not None:
        for exponential in members:
            yield graph.operands(exponential)[0], _softmax_partial(graph, node, exponential)
    elif pattern is not None:
        yield pattern
    else:
        operands = graph.operands(node)
        partials = PARTIALS[graph.operations[node]](graph, node, *operands)
        yield from ((u, p) for u, p in zip(operands, partials, strict=True) if p is not None)


def _softmax_partial(graph: Graph, node: int, exponential: int) -> int:
    """sᵢ(δᵢⱼ − sⱼ) for the node sᵢ and the exponential eᵘʲ."""
    share = graph.div(exponential, graph.operands(node)[1])
    slope = graph.sub(ONE, node) if share == node else graph.neg(share)
    return graph.mul(node, slope)


def _row(graph: Graph, sums: Sums, node: int, rows: dict[int, Row]) -> Row:
    """Apply the chain rule at one node, or at the end of a pattern such as softmax."""
    if graph.is_condition(node):
        return {}
    if graph.operations[node] == "where":
        condition, a, b = graph.operands(node)
        columns = sorted(rows[a].keys() | rows[b].keys())
        row = {
            j: graph.where(condition, rows[a].get(j, ZERO), rows[b].get(j, ZERO)) for j in columns
        }
        return {j: entry for j, entry in row.items() if entry != ZERO}
    standardised = sums.standardised(node)  # (u − μ)/r, as in layer normalisation
    partials = standardised.partials(graph, node) if standardised else _partials(graph, sums, node)
    return _summed(graph, ((j, graph.mul(p, d)) for u, p in partials for j, d in rows[u].items()))
