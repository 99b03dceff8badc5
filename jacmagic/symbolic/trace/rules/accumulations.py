"""Rules for writes that add to, multiply or compare with what is there already.

The indices are integers known while tracing; each target element becomes the fold of all the
sources that are sent to it, in torch's order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.symbolic.graph import Graph
from jacmagic.symbolic.trace.rules.arrays import Rule, each, nodes_of, truth, whole_numbers
from jacmagic.symbolic.trace.rules.formula import Formula, formulas

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
    x: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    shape = [1] * x.ndim
    shape[dim] = len(index)
    index = index.reshape(shape).expand(source.shape)
    return x.scatter_reduce(dim, index, source, reduce, include_self=include_self)


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
    source = nodes_of(g, src)
    if not source.ndim:
        source = np.broadcast_to(source, picks.shape)
    source = source[tuple(slice(n) for n in picks.shape)]
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


def _embedding_bag(
    weight: Tensor,
    indices: Tensor,
    offsets: Tensor,
    scale_grad_by_freq: bool = False,
    mode: int = 0,
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int = -1,
) -> Tensor:
    """Return sums (0) or means (1) of the rows of each bag."""
    if mode == 2 or padding_idx >= 0:
        raise Unsupported("embedding_bag", "with max or padding has no rule yet")
    starts, rows = offsets.tolist(), weight[indices]
    if per_sample_weights is not None:
        rows = per_sample_weights[:, None] * rows
    ends = starts[1:] if include_last_offset else [*starts[1:], len(indices)]
    bags = [rows[a:b] for a, b in zip(starts, ends, strict=False)]
    return torch.stack([bag.mean(0) if mode and len(bag) else bag.sum(0) for bag in bags])


ACCUMULATIONS: dict[str, Rule | Formula] = {
    "index_reduce": Formula(_index_reduce),
    "scatter_add": _scatter_reduce,
    "scatter_reduce": _scatter_reduce,
    "scatter.reduce": _scatter_reduce,
    "scatter.value_reduce": _scatter_reduce,
    "index_put": _index_put,
    "_index_put_impl": _index_put,
    **formulas(
        put=lambda x, index, source, accumulate: (
            x.reshape(-1)
            .index_add(0, index.reshape(-1) % x.numel(), source.reshape(-1))
            .reshape(x.shape)
        ),
        bincount=lambda x, weights, minlength=0: weights.new_zeros(
            max([minlength, *(x + 1).tolist()])
        ).index_add(0, x, weights),
        _embedding_bag=_embedding_bag,
    ),
}
