"""How long nodes are when they are written out."""

from __future__ import annotations

from collections.abc import Container, Sequence

from jacmagic.symbolic.graph.nodes import Graph


def tree_sizes(graph: Graph, roots: Sequence[int], *, ends: Container[int] = ()) -> list[int]:
    """Count each root's symbols when written out, shared parts every time.

    Args:
        graph: the expression graph that holds the nodes.
        roots: the nodes to measure.
        ends: nodes that count as one symbol, except where they are the root.
    """
    size: dict[int, int] = {}
    for node in graph.reach(roots):
        size[node] = 1 + sum(
            1 if operand in ends else size[operand] for operand in graph.operands(node)
        )
    return [size[root] for root in roots]
