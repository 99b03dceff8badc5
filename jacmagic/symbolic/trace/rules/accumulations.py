"""Rules for writes that add to, multiply or compare with what is there already.

The indices are whole numbers known while tracing; each target element becomes the fold of all the
sources that are sent to it, in torch's order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.symbolic.graph import ONE, ZERO, Graph
from jacmagic.symbolic.trace.rules.arrays import Rule, each, nodes_of, truth, whole_numbers

_FOLDS = {
    "sum": "add", "add": "add", "prod": "mul", "multiply": "mul", "amax": "max", "amin": "min",
    "mean": "add",
}  # fmt: skip


def _gathered(
    g: Graph, target: np.ndarray, positions: Any, source: np.ndarray, reduce: str, keep: bool = True
) -> np.ndarray:
    """Fold the sources into the positions of a flat copy of the target."""
    operation = _FOLDS.get(reduce)
    if operation is None:
        raise Unsupported("scatter_reduce", f"with {reduce!r} has no rule yet")
    result: list[int] = target.reshape(-1).tolist()
    counts = [int(keep)] * len(result)
    sources = source.reshape(-1).tolist()
    for position, node in zip(np.ravel(positions).tolist(), sources, strict=True):
        result[position] = g.apply(operation, result[position], node) if counts[position] else node
        counts[position] += 1
    if reduce == "mean":
        result = [g.div(u, g.number(max(n, 1))) for u, n in zip(result, counts, strict=True)]
    return np.array(result, dtype=np.int64).reshape(target.shape)


def _along(dim: int, index: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return flat positions in the target for scatter indices along one axis."""
    if target.ndim == 0:
        return np.zeros_like(index)
    grid: list[Any] = list(np.indices(index.shape))
    grid[dim % target.ndim] = index
    return np.asarray(np.ravel_multi_index(tuple(grid), target.shape)) if index.size else index


def _index_reduce(
    g: Graph,
    x: np.ndarray,
    dim: int,
    index: np.ndarray,
    source: np.ndarray,
    reduce: str,
    include_self: bool = True,
) -> np.ndarray:
    picks = whole_numbers(g, index).reshape(-1)
    rank = max(x.ndim, 1)
    shape = [1] * rank
    shape[dim % rank] = len(picks)
    wide = np.broadcast_to(picks.reshape(shape), source.shape or (1,))
    return _gathered(g, x, _along(dim, wide, x), source, reduce, include_self)


def _scatter_reduce(
    g: Graph,
    x: np.ndarray,
    dim: int,
    index: np.ndarray,
    src: Any,
    reduce: str = "sum",
    include_self: bool = True,
) -> np.ndarray:
    picks = whole_numbers(g, index)
    source = np.broadcast_to(src, picks.shape) if np.ndim(src) == 0 else src
    source = nodes_of(g, source)[tuple(slice(n) for n in picks.shape)]
    return _gathered(g, x, _along(dim, picks, x), source, reduce, include_self)


def _index_put(
    g: Graph, x: np.ndarray, indices: list, values: np.ndarray, accumulate: bool = False, *_: Any
) -> np.ndarray:
    """x[i] += v, repeated indices adding up; or x[mask] = v with one value for all."""
    if not accumulate:
        mask = indices[0].reshape(indices[0].shape + (1,) * (x.ndim - indices[0].ndim))
        return each(g, lambda c, v, u: g.where(truth(g, c), v, u), mask, values.reshape(()), x)
    positions = np.arange(x.size).reshape(x.shape)
    picked = positions[
        tuple(slice(None) if index is None else whole_numbers(g, index) for index in indices)
    ]
    return _gathered(g, x, picked, np.broadcast_to(values, picked.shape), "sum")


def _put(
    g: Graph, x: np.ndarray, index: np.ndarray, source: np.ndarray, accumulate: bool = False
) -> np.ndarray:
    return _gathered(g, x, whole_numbers(g, index) % x.size, source, "sum")


def _bincount(g: Graph, x: np.ndarray, weights: np.ndarray, minlength: int = 0) -> np.ndarray:
    picks = whole_numbers(g, x)
    size = max(minlength, int(picks.max(initial=-1)) + 1)
    return _gathered(g, np.full(size, ZERO), picks, weights, "sum")


def _bag(kind: int) -> Callable[[Graph, list[int]], int]:
    def total(g: Graph, terms: list[int]) -> int:
        summed = g.total(terms)
        return g.div(summed, g.number(len(terms))) if kind == 1 and terms else summed

    return total


def _embedding_bag(
    g: Graph,
    weight: np.ndarray,
    indices: np.ndarray,
    offsets: np.ndarray,
    scale_grad_by_freq: bool = False,
    mode: int = 0,
    sparse: bool = False,
    per_sample_weights: np.ndarray | None = None,
    include_last_offset: bool = False,
    padding_idx: int = -1,
) -> tuple:
    """Return sums (0) or means (1) of the rows of each bag."""
    if mode == 2 or padding_idx >= 0:
        raise Unsupported("embedding_bag", "with max or padding has no rule yet")
    picks, starts = whole_numbers(g, indices), whole_numbers(g, offsets).tolist()
    ends = [*starts[1:], len(picks)] if not include_last_offset else starts[1:]
    factors = np.full(len(picks), ONE) if per_sample_weights is None else per_sample_weights
    rows = each(g, g.mul, factors[:, None], weight[picks])
    fold = _bag(mode)
    result = [
        [fold(g, rows[a:b, column].tolist()) for column in range(weight.shape[1])]
        for a, b in zip(starts, ends, strict=False)
    ]
    return np.array(result, dtype=np.int64).reshape(-1, weight.shape[1]), None, None, None


ACCUMULATIONS: dict[str, Rule] = {
    "index_reduce": _index_reduce,
    "scatter_add": _scatter_reduce,
    "scatter_reduce": _scatter_reduce,
    "scatter.reduce": lambda g, x, dim, index, src, *, reduce: _scatter_reduce(
        g, x, dim, index, src, reduce
    ),
    "scatter.value_reduce": lambda g, x, dim, index, value, *, reduce: _scatter_reduce(
        g, x, dim, index, nodes_of(g, value), reduce
    ),
    "index_put": _index_put,
    "_index_put_impl": _index_put,
    "put": _put,
    "bincount": _bincount,
    "_embedding_bag": _embedding_bag,
}
