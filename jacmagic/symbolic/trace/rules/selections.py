"""Arguments and results of the rules of operations that choose by values.

A rule gets what other rules get and the numbers as well; it returns a `Selection`. Where the
extreme value itself is the result it stays valid everywhere, as max or min; only which element it
is, is assumed, and only if its index is used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from jacmagic.symbolic.graph import Graph
from jacmagic.symbolic.trace.rules.pairs import ComplexNodes


@dataclass(frozen=True)
class Operands:
    """Numeric inputs and results of an operation that chooses by values.

    Attributes:
        inputs: of its tensor arguments, in order.
        results: of its results.
    """

    inputs: list[np.ndarray]
    results: list[np.ndarray]


@dataclass(frozen=True)
class Selection:
    """What an operation's results stand for.

    Attributes:
        values: the nodes of each result; None for an index, which stays the number it is.
        now: conditions under which the same would be found again.
        later: conditions under which the same indices would be found, should they be used.
        chosen: results with nodes that hold under `later` only, as indices do.
        poison: whether results without nodes are unknown instead of being indices.
    """

    values: tuple[np.ndarray | ComplexNodes | None, ...]
    now: list[int] = field(default_factory=list)
    later: list[int] = field(default_factory=list)
    poison: bool = False
    chosen: frozenset[int] = frozenset()


SelectionRule = Callable[..., Selection]


def ordering(g: Graph, line: np.ndarray, picks: np.ndarray, descending: bool) -> list[int]:
    """Return the conditions under which the picked elements keep their order."""
    relation = "ge" if descending else "le"
    chosen = [int(line[p]) for p in picks]
    left = [int(line[k]) for k in range(len(line)) if k not in set(picks.tolist())]
    pairs = [*pairwise(chosen), *((chosen[-1], r) for r in left)]
    return [g.apply(relation, a, b) for a, b in pairs if a != b]


def picked(nodes: np.ndarray, picks: np.ndarray, dim: int) -> np.ndarray:
    return nodes if nodes.ndim == 0 else np.take_along_axis(nodes, picks, dim)


def slices(nodes: np.ndarray, picks: np.ndarray, dim: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Every line along an axis with what was picked there."""
    if nodes.ndim == 0:
        return []
    lines, chosen = np.moveaxis(nodes, dim, -1), np.moveaxis(picks, dim, -1)
    return [(lines[i], chosen[i]) for i in np.ndindex(*lines.shape[:-1]) if chosen.shape[-1]]


def tied_mean(g: Graph, line: np.ndarray, ties: np.ndarray) -> tuple[int, list[int]]:
    """Return the mean of tied elements, and the conditions that they tie."""
    tied = list(dict.fromkeys(line[ties].tolist()))
    total = g.total(line[ties].tolist())
    equal = [g.apply("eq", tied[0], other) for other in tied[1:]]
    return g.div(total, g.number(len(line[ties]))) if equal else tied[0], equal
