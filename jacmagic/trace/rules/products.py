"""Rules for products of matrices and for small dense linear algebra."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jacmagic.graph import ONE, ZERO, Graph
from jacmagic.trace.rules.elementwise import each, scaled
from jacmagic.trace.rules.unsupported import Unsupported

LARGEST = 4  # determinants of larger matrices have closed forms that nobody can read


def matmul(g: Graph, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(p, q) times (q, r) gives (p, r)."""
    columns = b.T.tolist()
    made = [
        [g.total(g.mul(x, y) for x, y in zip(row, column, strict=True)) for column in columns]
        for row in a.tolist()
    ]
    return np.array(made, dtype=np.int64).reshape(a.shape[0], b.shape[1])


def _mv(g: Graph, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return matmul(g, a, b[:, None])[:, 0]


def _dot(g: Graph, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return matmul(g, a[None], b[:, None])[0, 0]


def _bmm(g: Graph, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    made = [matmul(g, x, y) for x, y in zip(a, b, strict=True)]
    shape = (a.shape[0], a.shape[1], b.shape[2])
    return np.array(made, dtype=np.int64).reshape(shape)


def _plus(product: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """The rule of β·input + α·(a product)."""

    def rule(g: Graph, x: Any, a: Any, b: Any, *, beta: float = 1, alpha: float = 1) -> np.ndarray:
        made = scaled(g, product(g, a, b), alpha)
        return made if beta == 0 else each(g, g.add, made, scaled(g, x, beta))

    return rule


def _linear(g: Graph, x: np.ndarray, weight: np.ndarray, bias: Any = None) -> np.ndarray:
    made = matmul(g, x.reshape(-1, x.shape[-1]), weight.T).reshape(*x.shape[:-1], len(weight))
    return made if bias is None else each(g, g.add, made, bias)


def _cross(g: Graph, a: np.ndarray, b: np.ndarray, *, dim: int = -1) -> np.ndarray:
    a, b = np.broadcast_arrays(a, b)
    a, b = np.moveaxis(a, dim, 0), np.moveaxis(b, dim, 0)

    def minor(p: int, q: int, r: int, s: int) -> int:
        return g.sub(g.mul(p, q), g.mul(r, s))

    made = [
        each(g, minor, a[(i + 1) % 3], b[(i + 2) % 3], a[(i + 2) % 3], b[(i + 1) % 3])
        for i in range(3)
    ]
    return np.moveaxis(np.stack(made), 0, dim)


def _batched(kernel: Callable[..., np.ndarray], *arrays: np.ndarray) -> np.ndarray:
    """Apply a function of matrices to every matrix of a batch."""
    batch = arrays[0].shape[:-2]
    if not batch:
        return kernel(*arrays)
    parts = [array.reshape(-1, *array.shape[len(batch) :]) for array in arrays]
    made = np.array([kernel(*one) for one in zip(*parts, strict=True)], dtype=np.int64)
    return made.reshape(*batch, *made.shape[1:])


def _minor(m: np.ndarray, i: int, j: int) -> np.ndarray:
    return np.delete(np.delete(m, i, 0), j, 1)


def determinant(g: Graph, m: np.ndarray) -> np.ndarray:
    """Laplace's expansion along the first row."""
    if len(m) > LARGEST:
        raise Unsupported("det", f"of a matrix larger than {LARGEST}×{LARGEST}")
    if len(m) == 0:
        return np.array(ONE, dtype=np.int64)
    if len(m) == 1:
        return m[0, 0]
    result = ZERO
    for j in range(len(m)):
        term = g.mul(int(m[0, j]), int(determinant(g, _minor(m, 0, j))))
        result = g.sub(result, term) if j % 2 else g.add(result, term)
    return np.array(result, dtype=np.int64)


def _inverse(g: Graph, m: np.ndarray) -> np.ndarray:
    """The adjugate over the determinant."""
    whole = int(determinant(g, m))
    made = np.empty_like(m)
    for i, j in np.ndindex(*m.shape):
        cofactor = int(determinant(g, _minor(m, j, i)))
        made[i, j] = g.div(g.neg(cofactor) if (i + j) % 2 else cofactor, whole)
    return made


def _solution(g: Graph, m: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Cramer's rule."""
    columns = right if right.ndim == 2 else right[:, None]
    whole = int(determinant(g, m))
    made = np.empty_like(columns)
    for i, k in np.ndindex(*columns.shape):
        replaced = m.copy()
        replaced[:, i] = columns[:, k]
        made[i, k] = g.div(int(determinant(g, replaced)), whole)
    return made.reshape(right.shape)


def _det(g: Graph, a: np.ndarray) -> tuple:
    return _batched(lambda m: determinant(g, m), a), None, None


def _slogdet(g: Graph, a: np.ndarray) -> tuple:
    whole = _batched(lambda m: determinant(g, m), a)
    size = each(g, lambda d: g.apply("log", g.apply("abs", d)), whole)
    return each(g, lambda d: g.apply("sign", d), whole), size, None, None


def _inv(g: Graph, a: np.ndarray, **_: Any) -> tuple:
    return _batched(lambda m: _inverse(g, m), a), None


def _solve(g: Graph, a: np.ndarray, b: np.ndarray, *, left: bool = True, **_: Any) -> tuple:
    if not left or a.ndim != 2:
        raise Unsupported("linalg.solve", "from the right or in batches has no rule yet")
    return _solution(g, a, b), None, None, None


PRODUCTS: dict[str, Callable[..., Any]] = {
    "mm": matmul,
    "mv": _mv,
    "dot": _dot,
    "vdot": _dot,
    "bmm": _bmm,
    "addmm": _plus(matmul),
    "addmv": _plus(_mv),
    "addr": _plus(lambda g, a, b: each(g, g.mul, a[:, None], b[None])),
    "baddbmm": _plus(_bmm),
    "linear": _linear,
    "linalg_cross": _cross,
    "_linalg_det": _det,
    "_linalg_slogdet": _slogdet,
    "linalg_inv_ex": _inv,
    "_linalg_solve_ex": _solve,
}
