"""Passes over the nodes of a graph: what depends on what, sizes, copies."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from jacmagic.symbolic.graph.nodes import Graph


def rebuilt(graph: Graph, node: int, new: Mapping[int, int]) -> int:
    """Return a node with new operands; itself where these stay the same."""
    operands = graph.operands(node)
    fresh = tuple(new[operand] for operand in operands)
    return node if fresh == operands else graph.apply(graph.operations[node], *fresh)


def copy(source: Graph, roots: Sequence[int], target: Graph, copies: dict[int, int]) -> list[int]:
    """Copy nodes to another graph.

    Args:
        source: the graph that holds the roots.
        roots: the nodes to copy, with what they depend on.
        target: the graph that grows.
        copies: nodes of the target that replace nodes of the source; the copies are added.

    Returns:
        The nodes of the target that the roots have become.

    Raises:
        BudgetExceeded: if the target outgrows its limit.
    """
    for node in source.reach(roots, copies.copy()):
        if node in copies:
            continue
        operation, arguments = source.operations[node], source.arguments[node]
        target.line = source.lines[node]
        if operation == "number":
            copies[node] = target.number(*arguments)
        elif operation == "constant":
            copies[node] = target.constant(*arguments)
        elif operation == "variable":
            copies[node] = target.variable(*arguments)
        else:
            copies[node] = target.apply(operation, *(copies[operand] for operand in arguments))
    target.line = None
    return [copies[root] for root in roots]


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
