"""Rewrite the part of a graph that some nodes need with fewer operations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jacmagic.symbolic.economy.counts import count
from jacmagic.symbolic.economy.factoring import Factoring, substituted
from jacmagic.symbolic.economy.reading import Reader
from jacmagic.symbolic.economy.sharing import share_products, share_sums
from jacmagic.symbolic.economy.writing import Writer
from jacmagic.symbolic.graph import Graph

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
    for factors in (True, False)[: 1 + (size <= MAX_NODES_TO_COMPARE)]:
        program = _rewritten(graph, variables, roots, factors=factors)
        total = count(program.graph, program.roots).total
        if total < least:
            best, least = program, total
    return best


def _rewritten(
    graph: Graph, variables: Sequence[int], roots: Sequence[int], *, factors: bool
) -> Program:
    reader = Reader(graph, roots)
    terms, values = reader.terms, [reader.values[root] for root in roots]
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
