"""Rules for factorisations that depend on choices: LU's pivots, QR's signs.

The choice that LAPACK made is read off its result and becomes an assumption; the factors follow
from it by the textbook. Golub & Van Loan, Matrix Computations, §3.4 and §5.2; for the order of two
eigenvalues LAPACK's dlanv2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.symbolic.graph import ZERO, Graph
from jacmagic.symbolic.trace.rules.arrays import MAX_RELATIVE_ROUNDING, Rule, norm
from jacmagic.symbolic.trace.rules.formula import Formula, formulas
from jacmagic.symbolic.trace.rules.matrices import FACTORING, MAX_ROWS, batched
from jacmagic.symbolic.trace.rules.pairs import ComplexNodes
from jacmagic.symbolic.trace.rules.products import matmul
from jacmagic.symbolic.trace.rules.selections import Operands, Selection

_MAX_RELATIVE_GAP = 1e-7  # of a double eigenvalue, to which rounding does √ε (1.5e-8)
_MAX_RELATIVE_ZERO = 1e-12  # of a diagonal entry that is rounding alone: 4 500 ε


def _single(operation: str, a: np.ndarray) -> np.ndarray:
    if a.ndim != 2:
        raise Unsupported(operation, "of a batch has no rule yet; take one matrix at a time")
    if max(a.shape) > MAX_ROWS:
        raise Unsupported(operation, f"of a matrix larger than {MAX_ROWS}×{MAX_ROWS} is too long")
    return a


# ── LU ────────────────────────────────────────────────────────────────────────────────────────


def _permutation(pivots: np.ndarray, size: int) -> np.ndarray:
    """Return the order of rows after LAPACK's exchanges, which it counts from 1."""
    order = np.arange(size)
    for position, other in enumerate(np.asarray(pivots).tolist()):
        order[[position, other - 1]] = order[[other - 1, position]]
    return order


def _eliminated(g: Graph, m: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """Return L and U in one matrix, and the conditions under which the pivots stay."""
    result, conditions = m.copy(), []
    for k in range(min(m.shape)):
        pivot = int(result[k, k])
        for i in range(k + 1, len(result)):
            size = g.apply("abs", int(result[i, k]))
            conditions.append(g.apply("ge", g.apply("abs", pivot), size))
            result[i, k] = g.div(int(result[i, k]), pivot)
            for j in range(k + 1, result.shape[1]):
                product = g.mul(int(result[i, k]), int(result[k, j]))
                result[i, j] = g.sub(int(result[i, j]), product)
    return result, conditions


def _lu_factor(
    g: Graph, operands: Operands, a: np.ndarray, *, pivot: bool = True, **_: Any
) -> Selection:
    conditions: list[int] = []

    def kernel(m: np.ndarray, row: np.ndarray) -> np.ndarray:
        _single("lu_factor", m)
        result, met = _eliminated(g, m[_permutation(row[0], len(m))])
        conditions.extend(met)
        return result

    pivots = operands.results[1]
    result = batched(kernel, a, pivots[..., None, :])
    whole = np.vectorize(g.number, otypes=[np.int64])(pivots)
    return Selection((result, whole, np.array(ZERO)), conditions if pivot else [])


def _lu_solve(
    factors: Tensor, pivots: Tensor, b: Tensor, *, left: bool = True, adjoint: bool = False
) -> Tensor:
    """Solve with P L U by substitution; X A = B is Aᵀ Xᵀ = Bᵀ."""
    if not left:
        return _lu_solve(factors, pivots, b.mT, adjoint=not adjoint).mT
    solve, order = torch.linalg.solve_triangular, _unpacked(factors, pivots)[0]
    if adjoint:
        half = solve(factors.mT, b, upper=False)
        return order @ solve(factors.mT, half, upper=True, unitriangular=True)
    return solve(factors, solve(factors, order.mT @ b, upper=False, unitriangular=True), upper=True)


def _unpacked(
    factors: Tensor, pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True
) -> tuple[Tensor, Tensor, Tensor]:
    """P, L and U of A = P L U."""
    rows, columns = factors.shape[-2:]
    first = min(rows, columns)
    exchanged = [_permutation(row, rows) for row in pivots.reshape(-1, first).cpu().numpy()]
    orders = torch.from_numpy(np.array(exchanged).reshape(*pivots.shape[:-1], rows))
    lower = factors[..., :first].tril(-1) + torch.eye(rows, first).to(factors)
    turned = torch.eye(rows).to(factors)[orders].mT
    return turned, lower, factors[..., :first, :].triu()


def _product_of(factors: np.ndarray, pivots: np.ndarray) -> np.ndarray:
    """Return the numbers of P L U."""
    size = len(factors)
    result = np.empty_like(factors)
    whole = (np.tril(factors, -1) + np.eye(size)) @ np.triu(factors)
    result[_permutation(pivots, size)] = whole
    return result


def _with_factors(rule: Rule, position: int) -> Callable[..., Selection]:
    """Return a rule that gives LU factors and pivots from `position` on.

    The result needs no pivots; only where the factors are used, the choice of pivots is assumed.
    Torch factors Aᵀ instead of A where that lies better in memory.
    """

    def order(g: Graph, operands: Operands, a: np.ndarray, *args: Any, **kwargs: Any) -> Selection:
        conditions: list[int] = []

        def kernel(m: np.ndarray, right: np.ndarray, lu: np.ndarray, row: np.ndarray) -> np.ndarray:
            if not np.allclose(_product_of(lu, row[0]), right, rtol=MAX_RELATIVE_ROUNDING):
                m = m.T
            result, met = _eliminated(g, m[_permutation(row[0], len(m))])
            conditions.extend(met)
            return result

        values = list(rule(g, a, *args, **kwargs))
        lu, pivots = operands.results[position], operands.results[position + 1][..., None, :]
        values[position] = batched(kernel, a, operands.inputs[0], lu, pivots)
        values[position + 1] = None
        return Selection(tuple(values), later=conditions, chosen=frozenset({position}))

    return order


# ── QR ────────────────────────────────────────────────────────────────────────────────────────


def _leading(g: Graph, m: np.ndarray) -> list[tuple[int, int]]:
    """Return the diagonal of Householder's reflections, and squared norms below it.

    A reflection turns the diagonal around; where all below it is 0 there is none.
    """
    work, diagonal = m.copy(), []
    for k in range(min(m.shape)):
        below = g.total(g.square(int(u)) for u in work[k + 1 :, k])
        diagonal.append((int(work[k, k]), below))
        if below == ZERO:
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
    return diagonal


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


def _qr(g: Graph, operands: Operands, a: np.ndarray, mode: str = "reduced") -> Selection:
    m = _single("linalg_qr", a)
    rows, columns = m.shape
    if mode != "reduced" and rows != columns:
        raise Unsupported("linalg_qr", f"with mode {mode!r} has a rule for square matrices only")
    first = min(rows, columns)
    diagonal = np.diagonal(operands.results[1])[:first]
    if (np.abs(diagonal) <= _MAX_RELATIVE_ZERO * np.abs(diagonal).max(initial=0)).any():
        raise Unsupported("linalg_qr", "of a matrix without full rank has no derivative")
    signs = np.sign(diagonal).astype(int).tolist()
    q, r = _orthogonal(g, m[:, :first], signs)
    conditions = []
    reflected = np.linalg.qr(operands.inputs[0], mode="raw")[1][:first] != 0
    leading = _leading(g, m[:, :first])
    for sign, turns, (node, below) in zip(signs, reflected.tolist(), leading, strict=True):
        conditions.append(g.apply("lt" if (sign > 0) == turns else "ge", node, ZERO))
        if g.value(below) is None:
            conditions.append(g.apply("ne" if turns else "eq", below, ZERO))
    if columns > first:
        r = np.concatenate([r, matmul(g, q.T, m[:, first:])], 1)
    return Selection((q, r), conditions)


# ── eigenvalues ───────────────────────────────────────────────────────────────────────────────


def _eigenvalues(g: Graph, operands: Operands, a: np.ndarray, *_: Any) -> Selection:
    """Return (a + d)/2 ± √(((a − d)/2)² + bc), real or a pair of conjugates."""
    m = _single("linalg_eig", a)
    if m.shape != (2, 2):
        raise Unsupported(
            "linalg_eig", "of a matrix larger than 2×2 has no closed form worth reading"
        )
    (p, q), (r, s) = m.tolist()
    two, numbers = g.number(2), np.asarray(operands.results[0])
    center, half = g.div(g.add(p, s), two), g.div(g.sub(p, s), two)
    inside = g.add(g.square(half), g.mul(q, r))
    if abs(numbers[0] - numbers[1]) <= _MAX_RELATIVE_GAP * np.abs(operands.inputs[0]).max():
        raise Unsupported("linalg_eig", "has no closed form here where two eigenvalues meet")
    if numbers.imag.any():
        root = g.apply("sqrt", g.neg(inside))
        im = [root, g.neg(root)] if numbers[0].imag > 0 else [g.neg(root), root]
        values = ComplexNodes(np.array([center] * 2), np.array(im))
        return Selection((values, None), [g.apply("lt", inside, ZERO)], poison=True)
    root = g.apply("sqrt", inside)
    falling = numbers[0].real > numbers[1].real
    ends = [g.add(center, root), g.sub(center, root)]
    values = ComplexNodes(np.array(ends if falling else ends[::-1]), np.full(2, ZERO))
    level = operands.inputs[0][0, 0] == operands.inputs[0][1, 1]
    order = g.apply("eq" if level else "gt" if falling else "lt", half, ZERO)
    conditions = [g.apply("gt", inside, ZERO)] + ([] if g.value(half) is not None else [order])
    return Selection((values, None), conditions, poison=True)


FACTORED: dict[str, Formula] = formulas(linalg_lu_solve=_lu_solve, lu_unpack=_unpacked)
FACTORS: dict[str, Callable[..., Selection]] = {
    **{name: _with_factors(*factoring) for name, factoring in FACTORING.items()},
    "linalg_lu_factor_ex": _lu_factor,
    "linalg_qr": _qr,
    "linalg_eig": _eigenvalues,
}
