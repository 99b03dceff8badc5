"""Max pooling: the winner of every window becomes an assumption."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from jacmagic.symbolic.graph import Graph
from jacmagic.symbolic.trace.rules.arrays import every
from jacmagic.symbolic.trace.rules.selections import Operands, Selection

Window = tuple[int, ...]


def _regular(
    shape: Sequence[int], out: Sequence[int], kernel: Any, stride: Any, padding: Any, dilation: Any
) -> Iterator[tuple[tuple[int, ...], list[Window]]]:
    """Each output position with the input positions of its window."""
    rank = len(shape)
    size = every(kernel, rank)
    step = every(stride, rank) if stride not in ([], ()) else size
    edge, gap = every(padding, rank), every(dilation, rank)
    for position in itertools.product(*map(range, out)):
        axes = [
            [q for q in range(p * s - e, p * s - e + d * k, d) if 0 <= q < n]
            for p, s, e, d, k, n in zip(position, step, edge, gap, size, shape, strict=True)
        ]
        yield position, list(itertools.product(*axes))


def _adaptive(
    shape: Sequence[int], out: Sequence[int]
) -> Iterator[tuple[tuple[int, ...], list[Window]]]:
    """Yield the same for windows that divide each axis as evenly as they can."""
    for position in itertools.product(*map(range, out)):
        axes = [
            range(p * n // m, -(-(p + 1) * n // m))
            for p, n, m in zip(position, shape, out, strict=True)
        ]
        yield position, list(itertools.product(*axes))


def _winners(g: Graph, operands: Operands, nodes: np.ndarray, windows: Any, rank: int) -> Selection:
    picks = operands.results[1]
    shape = nodes.shape[-rank:]
    planes = nodes.reshape(-1, *shape)
    chosen = picks.reshape(-1, *picks.shape[-rank:])
    result, conditions = np.zeros_like(chosen), []
    for plane, at, target in zip(planes, chosen, result, strict=True):
        for position, window in windows:
            winner = int(plane.reshape(-1)[at[position]])
            target[position] = winner
            others = [int(plane[other]) for other in window]
            conditions += [g.apply("ge", winner, other) for other in others if other != winner]
    return Selection((result.reshape(picks.shape), None), conditions)


def _max_pool(rank: int) -> Any:
    def rule(
        g: Graph,
        operands: Operands,
        x: np.ndarray,
        kernel: Any,
        stride: Any = (),
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
    ) -> Selection:
        out = operands.results[1].shape[-rank:]
        windows = list(_regular(x.shape[-rank:], out, kernel, stride, padding, dilation))
        return _winners(g, operands, x, windows, rank)

    return rule


def _adaptive_max_pool(rank: int) -> Any:
    def rule(g: Graph, operands: Operands, x: np.ndarray, output_size: Any) -> Selection:
        windows = list(_adaptive(x.shape[-rank:], operands.results[1].shape[-rank:]))
        return _winners(g, operands, x, windows, rank)

    return rule


POOLS: dict[str, Callable[..., Selection]] = {
    "max_pool2d_with_indices": _max_pool(2),
    "max_pool3d_with_indices": _max_pool(3),
    "adaptive_max_pool2d": _adaptive_max_pool(2),
    "adaptive_max_pool3d": _adaptive_max_pool(3),
}
