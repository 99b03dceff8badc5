"""Rules for normalisations: (x − mean)/√(variance + ε), scaled and shifted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jacmagic.symbolic.graph import ONE, ZERO, Graph
from jacmagic.symbolic.trace.rules.arrays import Rule, each, mean, norm, reduce, variance


def _standardised(
    g: Graph, x: np.ndarray, center: np.ndarray, spread: np.ndarray, eps: float
) -> np.ndarray:
    small = g.number(eps)

    def formula(u: int, c: int, s: int) -> int:
        return g.div(g.sub(u, c), g.apply("sqrt", g.add(s, small)))

    return each(g, formula, x, center, spread)


def _inverse_root(g: Graph, spread: np.ndarray, eps: float) -> np.ndarray:
    """1/√(s + ε)."""
    small = g.number(eps)
    return each(g, lambda s: g.div(ONE, g.apply("sqrt", g.add(s, small))), spread)


def _affine(g: Graph, x: np.ndarray, weight: Any, bias: Any) -> np.ndarray:
    result = x if weight is None else each(g, g.mul, x, weight)
    return result if bias is None else each(g, g.add, result, bias)


def _moments(g: Graph, x: np.ndarray, axes: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    return (
        reduce(x, axes, True, lambda terms: mean(g, terms)),
        reduce(x, axes, True, lambda terms: variance(g, terms, 0)),
    )


def _by_channel(values: Any, ndim: int) -> Any:
    """One value per channel, ready to meet (N, C, …)."""
    return None if values is None else np.reshape(values, (1, -1) + (1,) * (ndim - 2))


def _batch_norm(
    g: Graph,
    x: np.ndarray,
    weight: Any,
    bias: Any,
    running_mean: Any,
    running_var: Any,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple:
    if training:
        center, spread = _moments(g, x, [axis for axis in range(x.ndim) if axis != 1])
    else:
        center, spread = _by_channel(running_mean, x.ndim), _by_channel(running_var, x.ndim)
    result = _standardised(g, x, center, spread, eps)
    result = _affine(g, result, _by_channel(weight, x.ndim), _by_channel(bias, x.ndim))
    if not training:
        return result, None, None
    return result, center.reshape(-1), _inverse_root(g, spread, eps).reshape(-1)


def _group_norm(
    g: Graph,
    x: np.ndarray,
    weight: Any,
    bias: Any,
    samples: int,
    channels: int,
    positions: int,
    groups: int,
    eps: float,
) -> tuple:
    grouped = x.reshape(samples, groups, channels // groups * positions)
    center, spread = _moments(g, grouped, [2])
    result = _standardised(g, grouped, center, spread, eps).reshape(x.shape)
    result = _affine(g, result, _by_channel(weight, x.ndim), _by_channel(bias, x.ndim))
    return result, center[..., 0], _inverse_root(g, spread, eps)[..., 0]


def _renormed(g: Graph, x: np.ndarray, p: float, dim: int, maxnorm: float) -> np.ndarray:
    """Scale slices down whose norm exceeds the bound; torch adds 10⁻⁷ to the norm."""
    axes = [axis for axis in range(x.ndim) if axis != dim % x.ndim]
    bound, small = g.number(maxnorm), g.number(1e-7)

    def formula(u: int, size: int) -> int:
        shrunk = g.mul(u, g.div(bound, g.add(size, small)))
        return g.where(g.apply("gt", size, bound), shrunk, u)

    return each(g, formula, x, reduce(x, axes, True, lambda terms: norm(g, terms, p)))


def _distances(g: Graph, x: np.ndarray, y: np.ndarray, p: float, *_: Any) -> np.ndarray:
    """Return the p-norm of every row of x minus every row of y, batch by batch."""
    shape = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    x, y = (np.broadcast_to(a, shape + a.shape[-2:]) for a in (x, y))
    gaps = each(g, g.sub, x[..., :, None, :], y[..., None, :, :])
    return reduce(gaps, -1, False, lambda terms: norm(g, terms, p) if terms else ZERO)


def _pairwise(g: Graph, x: np.ndarray, p: float = 2) -> np.ndarray:
    i, j = np.triu_indices(len(x), 1)
    return reduce(each(g, g.sub, x[i], x[j]), -1, False, lambda terms: norm(g, terms, p))


NORMALIZATIONS: dict[str, Rule] = {
    "native_batch_norm": _batch_norm,
    "native_group_norm": _group_norm,
    "renorm": _renormed,
    "_cdist_forward": _distances,
    "_pdist_forward": _pairwise,
}
