"""How long a node is when it is written out."""

from __future__ import annotations

from jacmagic.symbolic.graph import Graph


def size_of(graph: Graph, root: int) -> int:
    """Count a node's symbols, shared parts every time."""
    size: dict[int, int] = {}
    for node in graph.reach([root]):
        size[node] = 1 + sum(size[operand] for operand in graph.operands(node))
    return size[root]
