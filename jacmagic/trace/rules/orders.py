"""Operations that sort or pick by value: the order they found becomes an assumption.

`ORDERS[name](graph, nodes, results, *arguments)` gets the input's nodes and the operation's results
as NumPy arrays; it returns the nodes of the first result (None if that is an index) and the
conditions under which the same order would be found again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jacmagic.graph import Graph

Ordered = tuple[np.ndarray | None, list[int]]


def _chain(g: Graph, line: np.ndarray, picks: np.ndarray, descending: bool) -> list[int]:
    """Each picked element is not beaten by the next, nor the last one by any that was left."""
    relation = "ge" if descending else "le"
    chosen = [int(line[p]) for p in picks]
    left = [int(line[k]) for k in range(len(line)) if k not in set(picks.tolist())]
    pairs = list(zip(chosen[:-1], chosen[1:], strict=True)) + [(chosen[-1], r) for r in left]
    return [g.apply(relation, a, b) for a, b in pairs]


def _picked(
    g: Graph, nodes: np.ndarray, picks: np.ndarray, dim: int, descending: Callable[[int], bool]
) -> Ordered:
    """Gather along one axis what the indices picked, line by line."""
    if nodes.ndim == 0:
        return nodes, []
    lines, places = np.moveaxis(nodes, dim, -1), np.moveaxis(picks, dim, -1)
    conditions: list[int] = []
    for index in np.ndindex(*lines.shape[:-1]):
        if places.shape[-1]:
            conditions += _chain(g, lines[index], places[index], descending(len(conditions)))
    return np.take_along_axis(nodes, picks, dim), conditions


def _sort(g: Graph, nodes: np.ndarray, results: list, *args: Any, **kwargs: Any) -> Ordered:
    if "stable" in kwargs or (args and (args[0] is None or isinstance(args[0], bool))):
        args = args[1:]  # sort.stable takes `stable` first
    dim = args[0] if args else kwargs.get("dim", -1)
    falling = args[1] if len(args) > 1 else kwargs.get("descending", False)
    return _picked(g, nodes, results[1], dim, lambda _: bool(falling))


def _topk(
    g: Graph,
    nodes: np.ndarray,
    results: list,
    k: int,
    dim: int = -1,
    largest: bool = True,
    sorted: bool = True,
) -> Ordered:
    return _picked(g, nodes, results[1], dim, lambda _: largest)


def _winner(relation: str) -> Callable[..., Ordered]:
    """argmax and argmin: the winner is not beaten by any other."""

    def rule(
        g: Graph, nodes: np.ndarray, results: list, dim: int | None = None, keepdim: bool = False
    ) -> Ordered:
        lines = nodes.reshape(1, -1) if dim is None else np.moveaxis(nodes, dim, -1)
        picks = results[0].reshape(lines.shape[:-1])
        conditions = [
            g.apply(relation, int(lines[index][picks[index]]), int(other))
            for index in np.ndindex(*lines.shape[:-1])
            for place, other in enumerate(lines[index])
            if place != picks[index]
        ]
        return None, conditions

    return rule


def _argsort(g: Graph, nodes: np.ndarray, results: list, *args: Any, **kwargs: Any) -> Ordered:
    _, conditions = _sort(g, nodes, [None, results[0]], *args, **kwargs)
    return None, conditions


ORDERS: dict[str, Callable[..., Ordered]] = {
    "sort": _sort,
    "argsort": _argsort,
    "topk": _topk,
    "argmax": _winner("ge"),
    "argmin": _winner("le"),
}
