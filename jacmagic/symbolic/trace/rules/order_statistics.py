"""Order statistics: sorting, the k largest, the median, the k-th smallest.

The order of the numbers becomes an assumption, as far as the result depends on it.
"""

from __future__ import annotations

from collections.abc import Callable

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
    g: Graph, operands: Operands, nodes: np.ndarray, dim: int = -1, descending: bool = False
) -> Selection:
    """Gather along one axis what the indices picked, line by line."""
    picks = operands.results[1]
    conditions = [ordering(g, line, at, descending) for line, at in slices(nodes, picks, dim)]
    return Selection((picked(nodes, picks, dim), None), [c for chain in conditions for c in chain])


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
    operands: Operands,
    nodes: np.ndarray,
    dim: int,
    keepdim: bool,
    rank: Callable[[np.ndarray], int],
) -> Selection:
    """One element of each line by its rank: the median, the k-th smallest."""
    if nodes.ndim == 0:
        return Selection((nodes, None))
    numbers, picks = operands.inputs[0], operands.results[1]
    wide = picks if keepdim else np.expand_dims(picks, dim)
    pairs = zip(slices(nodes, wide, dim), slices(numbers, wide, dim), strict=True)
    conditions = [
        condition
        for (line, at), (values, _) in pairs
        for condition in _ranked(g, line, int(at[0]), values, rank(values))
    ]
    result = picked(nodes, wide, dim)
    return Selection((result if keepdim else np.squeeze(result, dim), None), conditions)


def _middle(values: np.ndarray) -> int:
    """How many numbers lie below the median, which is the lower of two."""
    return (int((values == values).sum()) - 1) // 2


def _median_along(
    g: Graph, operands: Operands, nodes: np.ndarray, dim: int, keepdim: bool = False
) -> Selection:
    return _ranks(g, operands, nodes, dim, keepdim, _middle)


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
    "sort": _along,
    "sort.stable": lambda g, operands, nodes, *, stable, dim=-1, descending=False: _along(
        g, operands, nodes, dim, descending
    ),
    "topk": lambda g, operands, nodes, k, dim=-1, largest=True, sorted=True: _along(
        g, operands, nodes, dim, largest
    ),
    "kthvalue": lambda g, operands, nodes, k, dim=-1, keepdim=False: _ranks(
        g, operands, nodes, dim, keepdim, lambda values: k - 1
    ),
    "median": _median,
    "nanmedian": _median,
    "median.dim": _median_along,
    "nanmedian.dim": _median_along,
}
