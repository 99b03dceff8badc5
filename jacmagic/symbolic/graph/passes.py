"""Passes over the nodes of a graph: what depends on what, sizes, copies."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence

from jacmagic.symbolic.graph.nodes import Graph


def dependent(graph: Graph, nodes: Iterable[int], sources: Iterable[int]) -> set[int]:
    """Return the nodes, of some in topological order, that depend on sources; and these."""
    moving = set(sources)
    for node in nodes:
        if not moving.isdisjoint(graph.operands(node)):
            moving.add(node)
    return moving


def rebuilt(graph: Graph, node: int, new: Mapping[int, int]) -> int:
    """Return a node with new operands; itself where these stay the same."""
    operands = graph.operands(node)
    fresh = tuple(new[operand] for operand in operands)
    return node if fresh == operands else graph.apply(graph.operations[node], *fresh)


def copy(
    source: Graph,
    roots: Sequence[int],
    target: Graph,
    copies: dict[int, int],
    build: Callable[..., int] | None = None,
) -> list[int]:
    """Copy nodes to another graph.

    Args:
        source: the graph that holds the roots.
        roots: the nodes to copy, with what they depend on.
        target: the graph that grows.
        copies: nodes of the target that replace nodes of the source; the copies are added.
        build: makes the target's nodes; by default `target.apply`, which folds numbers.

    Returns:
        The nodes of the target that the roots have become.

    Raises:
        BudgetExceeded: if the target outgrows its limit.
    """
    for node in source.reach(roots, copies):
        if node in copies:
            continue
        operation, arguments = source.operations[node], source.arguments[node]
        target.line = source.lines[node]
        if operation in ("number", "constant", "variable"):
            copies[node] = getattr(target, operation)(*arguments)
        else:
            operands = (copies[operand] for operand in arguments)
            copies[node] = (build or target.apply)(operation, *operands)
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
