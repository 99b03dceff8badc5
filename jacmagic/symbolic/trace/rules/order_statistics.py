"""Order statistics: sorting, the k largest, the median, the k-th smallest.

The order of the numbers becomes an assumption, as far as the result depends on it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.symbolic.graph import Graph
from jacmagic.symbolic.trace.rules.selections import (
    Operands,
    Selection,
    SelectionRule,
    ordering,
    picked,
    slices,
    tied_mean,
)


def _along(
    g: Graph, nodes: np.ndarray, picks: np.ndarray, dim: int, *, descending: bool
) -> Selection:
    """Gather along one axis what the indices picked, line by line."""
    found = [ordering(g, line, at, descending) for line, at in slices(nodes, picks, dim)]
    return Selection((picked(nodes, picks, dim), None), [c for chain in found for c in chain])


def _sort(g: Graph, operands: Operands, nodes: np.ndarray, *args: Any, **kwargs: Any) -> Selection:
    if "stable" in kwargs or (args and (args[0] is None or isinstance(args[0], bool))):
        args = args[1:] if args and (args[0] is None or isinstance(args[0], bool)) else args
    dim = args[0] if args else kwargs.get("dim", -1)
    falling = args[1] if len(args) > 1 else kwargs.get("descending", False)
    return _along(g, nodes, operands.results[-1], dim, descending=bool(falling))


def _topk(
    g: Graph,
    operands: Operands,
    nodes: np.ndarray,
    k: int,
    dim: int = -1,
    largest: bool = True,
    sorted: bool = True,
) -> Selection:
    return _along(g, nodes, operands.results[1], dim, descending=largest)


def _ranked(g: Graph, line: np.ndarray, pick: int, numbers: np.ndarray, rank: int) -> list[int]:
    """Return the conditions under which the picked element keeps its rank.

    Of elements that tie with the one picked, so many count as smaller as are missing.
    """
    below = [k for k in range(len(line)) if numbers[k] < numbers[pick]]
    ties = [k for k in range(len(line)) if k != pick and numbers[k] == numbers[pick]]
    smaller = {*below, *ties[: rank - len(below)]}
    winner = int(line[pick])
    return [
        g.apply("le" if k in smaller else "ge", int(node), winner)
        for k, node in enumerate(line)
        if k != pick and numbers[k] == numbers[k]  # nanmedian passes over nan
    ]


def _ranks(
    g: Graph,
    nodes: np.ndarray,
    numbers: np.ndarray,
    picks: np.ndarray,
    dim: int,
    keepdim: bool,
    rank: Callable[[np.ndarray], int],
) -> Selection:
    """One element of each line by its rank: the median, the k-th smallest."""
    if nodes.ndim == 0:
        return Selection((nodes, None))
    wide = picks if keepdim else np.expand_dims(picks, dim)
    conditions: list[int] = []
    operands = slices(numbers, wide, dim)
    for (line, at), (values, _) in zip(slices(nodes, wide, dim), operands, strict=True):
        conditions += _ranked(g, line, int(at[0]), values, rank(values))
    result = picked(nodes, wide, dim)
    return Selection((result if keepdim else np.squeeze(result, dim), None), conditions)


def _middle(values: np.ndarray) -> int:
    """How many numbers lie below the median, which is the lower of two."""
    return (int((values == values).sum()) - 1) // 2


def _kth(
    g: Graph, operands: Operands, nodes: np.ndarray, k: int, dim: int = -1, keepdim: bool = False
) -> Selection:
    return _ranks(g, nodes, operands.inputs[0], operands.results[1], dim, keepdim, lambda _: k - 1)


def _median_along(
    g: Graph, operands: Operands, nodes: np.ndarray, dim: int, keepdim: bool = False
) -> Selection:
    return _ranks(g, nodes, operands.inputs[0], operands.results[1], dim, keepdim, _middle)


def _median(g: Graph, operands: Operands, nodes: np.ndarray) -> Selection:
    flat, line = operands.inputs[0].reshape(-1), nodes.reshape(-1)
    ties = np.flatnonzero(flat == operands.results[0])
    if not len(ties):  # nan, or the median of nothing
        raise Unsupported("median", "of nan has no closed form")
    result, equal = tied_mean(g, line, ties)
    return Selection(
        (np.array(result),), equal + _ranked(g, line, int(ties[0]), flat, _middle(flat))
    )


ORDER_STATISTICS: dict[str, SelectionRule] = {
    "sort": _sort,
    "topk": _topk,
    "kthvalue": _kth,
    "median": _median,
    "nanmedian": _median,
    "median.dim": _median_along,
    "nanmedian.dim": _median_along,
}
