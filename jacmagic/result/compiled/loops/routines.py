"""Linear algebra as calls of C functions: what is read, and where each result is written.

Matrices that are the same numbers are factored once, however often they are repeated, and all
right-hand sides of one matrix are columns of one. Transposes are a matter of indices.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from torch import fx

from jacmagic.result.compiled.loops.matrices import (
    MAX_ORDER,
    Analysis,
    Routine,
    distinct,
    matrices_of,
    numbered,
    order_of,
    require,
    rounding,
)
from jacmagic.result.compiled.loops.operations import name_of
from jacmagic.result.compiled.obstacles import NotCompiled


def product(zeros: Analysis, node: fx.Node) -> Routine:
    """Return products of matrices, with the longer side contiguous."""
    left, right, (batch, rows, terms, columns) = zeros.products[node]
    a, b = numbered(batch, rows, terms), numbered(batch, terms, columns)
    layout = numbered(batch, rows, columns)
    if rows > columns:
        left, right, a, b = right, left, b.swapaxes(1, 2), a.swapaxes(1, 2)
        layout = layout.reshape(batch, columns, rows).swapaxes(1, 2)
        rows, columns = columns, rows
    operands = (left, a.reshape(-1)), (right, b.reshape(-1))
    sizes = batch, rows, terms, columns
    return Routine("products", operands, sizes, layout.reshape(-1), batch * rows * columns)


def _cholesky(zeros: Analysis, node: fx.Node, matrix: fx.Node, *, upper: bool = False) -> Routine:
    n = order_of(matrix)
    read = matrices_of(matrix)
    first, group = distinct(zeros, [(matrix, read)])
    count = len(first)
    read, written = read[first], numbered(count, n, n)
    written = np.where(np.triu(np.ones((n, n), dtype=bool)), written, -1)
    if not upper:
        read, written = read.swapaxes(1, 2), written.swapaxes(1, 2)
    layout = np.concatenate([written[group].reshape(-1), np.full(len(group), -1)])
    arguments = count, n, rounding(matrix)
    operands = ((matrix, read.reshape(-1)),)
    return Routine("cholesky", operands, arguments, layout, written.size, decides=True)


def _lu(zeros: Analysis, node: fx.Node, matrix: fx.Node, *, pivot: bool = True) -> Routine:
    """Return LU factors; determinants have those of Aᵀ where A is contiguous, as in torch."""
    name, n, read = name_of(node.target), order_of(matrix), matrices_of(matrix)
    if not pivot:
        raise NotCompiled("factors without pivots")
    if name != "linalg_lu_factor_ex" and matrix.meta["val"].is_contiguous():
        read = read.swapaxes(1, 2)
    first, group = distinct(zeros, [(matrix, read)])
    positions = numbered(len(first), n * n + n + 3)[group]
    *_, det, sign, logarithm = positions.T
    factors, none = [positions[:, : n * n], positions[:, n * n : -3]], np.full(len(group), -1)
    layout = {
        "linalg_lu_factor_ex": [*factors, none],
        "_linalg_det": [det, *factors],
        "_linalg_slogdet": [sign, logarithm, *factors],
    }[name]
    logs = int(name == "_linalg_slogdet")
    return Routine(
        "lu",
        ((matrix, read[first].reshape(-1)),),
        (len(first), n, rounding(matrix), logs),
        np.concatenate([part.reshape(-1) for part in layout]),
        len(first) * (n * n + n + 3),
        decides=True,
    )


def _solve_triangular(
    zeros: Analysis,
    node: fx.Node,
    matrix: fx.Node,
    right: fx.Node,
    *,
    upper: bool,
    left: bool = True,
    unitriangular: bool = False,
) -> Routine:
    read = matrices_of(matrix, node)
    if not left:  # X A = B is Aᵀ Xᵀ = Bᵀ
        read, upper = read.swapaxes(1, 2), not upper
    flags = upper, unitriangular
    return _solve(zeros, node, "solve_triangular", [(matrix, read)], right, left, flags)


def _solve_lu(
    zeros: Analysis,
    node: fx.Node,
    factors: fx.Node,
    rows: fx.Node,
    right: fx.Node,
    *,
    left: bool = True,
    adjoint: bool = False,
) -> Routine:
    matrices = matrices_of(factors, node)
    shape = node.meta["val"].shape[:-2]
    exchanged = np.broadcast_to(
        numbered(*rows.meta["val"].shape), (*shape, matrices.shape[-1])
    ).reshape(len(matrices), -1)
    read = [(factors, matrices), (rows, exchanged)]
    return _solve(zeros, node, "solve_lu", read, right, left, (adjoint == left,))


def _solve(
    zeros: Analysis,
    node: fx.Node,
    function: str,
    factors: list[tuple[fx.Node, np.ndarray]],
    right: fx.Node,
    left: bool,
    flags: tuple[bool, ...],
) -> Routine:
    """Return the solution of systems, each for all of its right-hand sides at once."""
    n = order_of(factors[0][0])
    columns = matrices_of(right, node)
    if not left:
        columns = columns.swapaxes(1, 2)
    first, group = distinct(zeros, factors, evenly=True)
    count, order = len(first), np.argsort(group, kind="stable")
    grouped = columns[order].reshape(count, -1, n, columns.shape[2]).swapaxes(1, 2)
    together = grouped.reshape(count, n, -1)
    live = zeros.masks[right][together].any((0, 1))
    written = np.full(together.shape, -1)
    written[:, :, live] = numbered(count, n, int(live.sum()))
    apart = np.empty_like(columns)
    apart[order] = written.reshape(grouped.shape).swapaxes(1, 2).reshape(columns.shape)
    layout = (apart if left else apart.swapaxes(1, 2)).reshape(-1)
    operands = [(node, read[first].reshape(-1)) for node, read in factors]
    operands.append((right, together[:, :, live].reshape(-1)))
    arguments = count, n, int(live.sum()), *map(int, flags)
    return Routine(function, tuple(operands), arguments, layout, int((written >= 0).sum()))


def _qr(zeros: Analysis, node: fx.Node, matrix: fx.Node, mode: str = "reduced") -> Routine:
    read = matrices_of(matrix)
    *_, m, n = read.shape
    require(matrix, n <= m <= MAX_ORDER and (mode == "reduced" or (mode == "complete" and m == n)))
    first, group = distinct(zeros, [(matrix, read)])
    written = numbered(len(first), (m + n) * n)
    q, r = written[:, : m * n], written[:, m * n :].reshape(-1, n, n)
    r = np.where(np.triu(np.ones((n, n), dtype=bool)), r, -1)
    layout = np.concatenate([q[group].reshape(-1), r[group].reshape(-1)])
    operands = ((matrix, read[first].reshape(-1)),)
    arguments = len(first), m, n, rounding(matrix)
    return Routine("qr", operands, arguments, layout, written.size, work=(m + 1) * n)


def _exponential(zeros: Analysis, node: fx.Node, matrix: fx.Node) -> Routine:
    """Return exponentials; of [[A, E], [0, A]], as torch writes derivatives, in parts."""
    order, read = order_of(matrix), matrices_of(matrix)
    half = order // 2
    corner, same = read[:, half:, :half], [read[:, :half, :half], read[:, half:, half:]]
    origins = zeros.origins(matrix)
    blocks = [origins[block].reshape(len(read), -1) for block in same]
    dual = order == 2 * half > 0 and (origins[corner] < 0).all() and (blocks[0] == blocks[1]).all()
    n = half if dual else order
    first, group = distinct(zeros, [(matrix, read[:, :n, :n])], evenly=True)
    count, directions = len(first), len(group) // len(first) if dual else 0
    size = n * n * (1 + directions)
    start = size * numbered(count)[:, None, None]
    written = np.full(read.shape, -1)
    written[:, :n, :n] = (start + numbered(n, n))[group]
    operands = [(matrix, read[first, :n, :n].reshape(-1))]
    along = np.zeros(0, dtype=int)
    if dual:
        written[:, n:, n:] = written[:, :n, :n]
        turn = np.argsort(group, kind="stable")
        e = read[turn, :n, n:].reshape(count, directions, n, n).transpose(0, 2, 3, 1)
        along = e.reshape(-1)
        k = numbered(directions)[:, None, None]
        of_one = n * n + directions * numbered(n, n) + k
        written[turn, :n, n:] = (start[:, None] + of_one).reshape(len(read), n, n)
    operands.append((matrix, along))
    return Routine(
        "exponential",
        tuple(operands),
        (count, n, directions),
        written.reshape(-1),
        count * size,
        work=5 * size + n * n,
    )


ROUTINES: dict[str, Callable[..., Routine]] = {
    "linalg_cholesky_ex": _cholesky,
    **dict.fromkeys(("linalg_lu_factor_ex", "_linalg_det", "_linalg_slogdet"), _lu),
    "linalg_solve_triangular": _solve_triangular,
    "linalg_lu_solve": _solve_lu,
    "linalg_qr": _qr,
    "linalg_matrix_exp": _exponential,
}


def routine(zeros: Analysis, node: fx.Node) -> Routine:
    """Return the call for a step of linear algebra.

    Raises:
        NotCompiled: a dtype or a size that is beyond this.
    """
    keywords = {name: value for name, value in node.kwargs.items() if name != "check_errors"}
    return ROUTINES[name_of(node.target)](zeros, node, *node.args, **keywords)
