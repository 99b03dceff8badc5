"""Rules for factors that depend on choices: LU with its pivots, QR with its signs, eigenvalues.

The choice that LAPACK made is read off its result and becomes an assumption; the factors follow
from it by the textbook. Golub & Van Loan, Matrix Computations, §3.4 and §5.2; for the order of two
eigenvalues LAPACK's dlanv2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jacmagic.graph import ZERO, Graph
from jacmagic.trace.rules.arrays import Rule, norm, whole_numbers
from jacmagic.trace.rules.matrices import LARGEST, substituted
from jacmagic.trace.rules.orders import Order, Seen
from jacmagic.trace.rules.pairs import Pair
from jacmagic.trace.rules.products import matmul
from jacmagic.trace.rules.unsupported import Unsupported


def _single(operation: str, a: np.ndarray) -> np.ndarray:
    if a.ndim != 2:
        raise Unsupported(operation, "of a batch has no rule yet; take one matrix at a time")
    if max(a.shape) > LARGEST:
        raise Unsupported(operation, f"of a matrix larger than {LARGEST}×{LARGEST} is too long")
    return a


# ── LU ────────────────────────────────────────────────────────────────────────────────────────


def _permutation(pivots: np.ndarray, size: int) -> np.ndarray:
    """The order of rows after LAPACK's exchanges, which it counts from 1."""
    order = np.arange(size)
    for place, other in enumerate(np.asarray(pivots).tolist()):
        order[[place, other - 1]] = order[[other - 1, place]]
    return order


def _eliminated(g: Graph, m: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """L below the diagonal and U on and above it; and that no pivot is smaller than its rivals."""
    made, conditions = m.copy(), []
    for k in range(min(m.shape)):
        pivot = int(made[k, k])
        for i in range(k + 1, len(made)):
            size = g.apply("abs", int(made[i, k]))
            conditions.append(g.apply("ge", g.apply("abs", pivot), size))
            made[i, k] = g.div(int(made[i, k]), pivot)
            for j in range(k + 1, made.shape[1]):
                taken = g.mul(int(made[i, k]), int(made[k, j]))
                made[i, j] = g.sub(int(made[i, j]), taken)
    return made, conditions


def _lu_factor(g: Graph, seen: Seen, a: np.ndarray, *, pivot: bool = True, **_: Any) -> Order:
    m = _single("lu_factor", a)
    pivots = seen.results[1]
    made, conditions = _eliminated(g, m[_permutation(pivots, len(m))])
    whole = np.array([g.number(int(p)) for p in pivots], dtype=np.int64)
    return Order((made, whole, np.array(ZERO)), conditions if pivot else [])


def lu_solve(
    g: Graph,
    factors: np.ndarray,
    pivots: np.ndarray,
    b: np.ndarray,
    *,
    left: bool = True,
    adjoint: bool = False,
) -> np.ndarray:
    """Solve P L U x = b by substitution, forwards and backwards."""
    m = _single("lu_solve", factors)
    if b.ndim != 2 or not left or adjoint:
        raise Unsupported("lu_solve", "has a rule for A X = B with one matrix B only")
    right = b[_permutation(whole_numbers(g, pivots), len(m))]
    half = substituted(g, m, right, upper=False, unit=True)
    return substituted(g, m, half, upper=True, unit=False)


# ── QR ────────────────────────────────────────────────────────────────────────────────────────


def _leading(g: Graph, m: np.ndarray) -> list[tuple[int, bool]]:
    """What Householder's reflections find on the diagonal, and whether they turn it around."""
    work, found = m.copy(), []
    for k in range(min(m.shape)):
        turns = bool((work[k + 1 :, k] != ZERO).any())
        found.append((int(work[k, k]), turns))
        if not turns:
            continue
        size = norm(g, work[k:, k].tolist(), 2)
        toward = g.where(g.apply("ge", int(work[k, k]), ZERO), size, g.neg(size))
        v = work[k:, k].copy()
        v[0] = g.add(int(v[0]), toward)
        scale = g.div(g.number(2), g.total(g.square(int(u)) for u in v))
        for j in range(k + 1, m.shape[1]):
            along = g.total(g.mul(int(u), int(w)) for u, w in zip(v, work[k:, j], strict=True))
            step = g.mul(scale, along)
            for i, u in enumerate(v.tolist()):
                work[k + i, j] = g.sub(int(work[k + i, j]), g.mul(step, u))
    return found


def _orthogonal(g: Graph, m: np.ndarray, signs: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Gram and Schmidt's Q and R, each column turned by its sign."""
    q, r = np.full_like(m, ZERO), np.full((m.shape[1], m.shape[1]), ZERO)
    for j in range(m.shape[1]):
        rest = m[:, j].tolist()
        for k in range(j):
            r[k, j] = matmul(g, q[None, :, k], m[:, j, None])[0, 0]
            rest = [
                g.sub(u, g.mul(int(r[k, j]), int(w))) for u, w in zip(rest, q[:, k], strict=True)
            ]
        size = norm(g, rest, 2)
        r[j, j] = size if signs[j] > 0 else g.neg(size)
        q[:, j] = [g.div(u, int(r[j, j])) for u in rest]
    return q, r


def _qr(g: Graph, seen: Seen, a: np.ndarray, mode: str = "reduced") -> Order:
    m = _single("linalg_qr", a)
    rows, columns = m.shape
    if mode != "reduced" and rows != columns:
        raise Unsupported("linalg_qr", f"with mode {mode!r} has a rule for square matrices only")
    first = min(rows, columns)
    diagonal = np.diagonal(seen.results[1])[:first]
    if not diagonal.all():
        raise Unsupported("linalg_qr", "of a matrix without full rank has no derivative")
    signs = np.sign(diagonal).astype(int).tolist()
    q, r = _orthogonal(g, m[:, :first], signs)
    conditions = []
    for sign, (node, turns) in zip(signs, _leading(g, m[:, :first]), strict=True):
        conditions.append(g.apply("lt" if (sign > 0) == turns else "ge", node, ZERO))
    if columns > first:
        r = np.concatenate([r, matmul(g, q.T, m[:, first:])], 1)
    return Order((q, r), conditions)


# ── eigenvalues ───────────────────────────────────────────────────────────────────────────────


def _eigenvalues(g: Graph, seen: Seen, a: np.ndarray, *_: Any) -> Order:
    """(a + d)/2 ± √(((a − d)/2)² + bc), real or a pair of conjugates."""
    m = _single("linalg_eig", a)
    if m.shape != (2, 2):
        raise Unsupported(
            "linalg_eig", "of a matrix larger than 2×2 has no closed form worth reading"
        )
    (p, q), (r, s) = m.tolist()
    two, found = g.number(2), np.asarray(seen.results[0])
    center, half = g.div(g.add(p, s), two), g.div(g.sub(p, s), two)
    inside = g.add(g.square(half), g.mul(q, r))
    if found.imag.any():
        root = g.apply("sqrt", g.neg(inside))
        im = [root, g.neg(root)] if found[0].imag > 0 else [g.neg(root), root]
        values = Pair(np.array([center] * 2), np.array(im))
        return Order((values, None), [g.apply("lt", inside, ZERO)], poison=True)
    root = g.apply("sqrt", inside)
    falling = found[0].real > found[1].real
    ends = [g.add(center, root), g.sub(center, root)]
    values = Pair(np.array(ends if falling else ends[::-1]), np.full(2, ZERO))
    order = g.apply("gt" if falling else "lt", half, ZERO)
    conditions = [g.apply("gt", inside, ZERO)] + ([] if g.value(half) is not None else [order])
    return Order((values, None), conditions, poison=True)


FACTORED: dict[str, Rule] = {"linalg_lu_solve": lu_solve}
FACTORS: dict[str, Callable[..., Order]] = {
    "linalg_lu_factor_ex": _lu_factor,
    "linalg_qr": _qr,
    "linalg_eig": _eigenvalues,
}
