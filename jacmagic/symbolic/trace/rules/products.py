"""Rules for products of vectors, matrices and batches of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.symbolic.graph import Graph
from jacmagic.symbolic.trace.rules.arrays import Rule, each, scaled
from jacmagic.symbolic.trace.rules.arrays import reduce as along
from jacmagic.symbolic.trace.rules.formula import Formula


def matmul(g: Graph, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(p, q) times (q, r) gives (p, r)."""
    columns = b.T.tolist()
    result = [
        [g.total(g.mul(x, y) for x, y in zip(row, column, strict=True)) for column in columns]
        for row in a.tolist()
    ]
    return np.array(result, dtype=np.int64).reshape(a.shape[0], b.shape[1])


def mv(g: Graph, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(p, q) times (q,) gives (p,)."""
    return matmul(g, a, b[:, None])[:, 0]


def dot(g: Graph, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Σ aᵢ bᵢ."""
    return matmul(g, a[None], b[:, None])[0, 0]


def bmm(g: Graph, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n, p, q) times (n, q, r) gives (n, p, r)."""
    result = [matmul(g, x, y) for x, y in zip(a, b, strict=True)]
    shape = (a.shape[0], a.shape[1], b.shape[2])
    return np.array(result, dtype=np.int64).reshape(shape)


def _plus(product: Callable[..., np.ndarray]) -> Rule:
    """Return the rule of β·input + α·(a product)."""

    def rule(g: Graph, x: Any, a: Any, b: Any, *, beta: float = 1, alpha: float = 1) -> np.ndarray:
        result = scaled(g, product(g, a, b), alpha)
        return result if beta == 0 else each(g, g.add, result, scaled(g, x, beta))

    return rule


def _trilinear(
    a: Tensor,
    b: Tensor,
    c: Tensor,
    expand1: Sequence[int],
    expand2: Sequence[int],
    expand3: Sequence[int],
    sumdim: Sequence[int],
    unroll_dim: int = 1,
) -> Tensor:
    """Return sums of products of three tensors along some axes: bilinear forms."""
    factors = (
        reduce(torch.unsqueeze, axes, factor)
        for factor, axes in ((a, expand1), (b, expand2), (c, expand3))
    )
    return reduce(torch.mul, factors).sum(list(sumdim))


def _cross(a: Tensor, b: Tensor, *, dim: int = -1) -> Tensor:
    """aⱼbₖ − aₖbⱼ; torch's own decomposition loads SymPy."""
    return a.roll(-1, dim) * b.roll(-2, dim) - a.roll(-2, dim) * b.roll(-1, dim)


PRODUCTS: dict[str, Rule | Formula] = {
    "mm": matmul,
    "mv": mv,
    "dot": dot,
    "vdot": dot,
    "bmm": bmm,
    "addmm": _plus(matmul),
    "addmv": _plus(mv),
    "addr": _plus(lambda g, a, b: each(g, g.mul, a[:, None], b[None])),
    "baddbmm": _plus(bmm),
    "addbmm": _plus(lambda g, a, b: along(bmm(g, a, b), 0, False, g.total)),
    "_trilinear": Formula(_trilinear),
    "linalg_cross": Formula(_cross),
}
