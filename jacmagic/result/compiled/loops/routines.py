"""Linear algebra as calls of C functions: what is read, and where each result is written.

Matrices that are the same numbers are factored once, however often they are repeated, and all
right-hand sides of one matrix are columns of one. Transposes are a matter of indices.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, fx

from jacmagic.result.compiled.loops.operations import name_of
from jacmagic.result.compiled.obstacles import NotCompiled

MAX_ORDER = 64  # rows of a matrix up to which this is faster than LAPACK


class Known(Protocol):
    """What `zeros.Zeros` knows of the steps before one."""

    masks: dict[fx.Node, np.ndarray]
    products: dict[fx.Node, tuple[fx.Node, fx.Node, tuple[int, int, int, int]]]

    def origins(self, node: fx.Node) -> np.ndarray: ...


@dataclass(frozen=True)
class Routine:
    """One call of a function of `c_matrices`.

    Attributes:
        function: its name.
        operands: steps, and (count,) positions in each in the order in which it is read.
        arguments: what follows the operands; first how many matrices.
        layout: for each component of the step, one result after the other, its place in what is
            written; -1 for a zero.
        size: how many numbers are written, matrix by matrix.
        work: how many numbers more are needed while it runs.
        decides: whether torch may raise an error here, so that it must not be left out.
    """

    function: str
    operands: tuple[tuple[fx.Node, np.ndarray], ...]
    arguments: tuple[float, ...]
    layout: np.ndarray
    size: int
    work: int = 0
    decides: bool = False


def product(known: Known, node: fx.Node) -> Routine:
    """Return products of matrices, with the longer side contiguous."""
    left, right, (batch, rows, terms, columns) = known.products[node]
    a, b = _numbered(batch, rows, terms), _numbered(batch, terms, columns)
    layout = _numbered(batch, rows, columns)
    if rows > columns:
        left, right, a, b = right, left, b.swapaxes(1, 2), a.swapaxes(1, 2)
        layout = layout.reshape(batch, columns, rows).swapaxes(1, 2)
        rows, columns = columns, rows
    operands = (left, a.reshape(-1)), (right, b.reshape(-1))
    sizes = batch, rows, terms, columns
    return Routine("products", operands, sizes, layout.reshape(-1), batch * rows * columns)


def _cholesky(known: Known, node: fx.Node, matrix: fx.Node, *, upper: bool = False) -> Routine:
    n = _order(matrix)
    read = _matrices(matrix)
    first, group = _distinct(known, [(matrix, read)])
    count = len(first)
    read, written = read[first], _numbered(count, n, n)
    written = np.where(np.triu(np.ones((n, n), dtype=bool)), written, -1)
    if not upper:
        read, written = read.swapaxes(1, 2), written.swapaxes(1, 2)
    layout = np.concatenate([written[group].reshape(-1), np.full(len(group), -1)])
    arguments = count, n, _tiny(matrix)
    operands = ((matrix, read.reshape(-1)),)
    return Routine("cholesky", operands, arguments, layout, written.size, decides=True)


def _lu(known: Known, node: fx.Node, matrix: fx.Node, *, pivot: bool = True) -> Routine:
    """Return LU factors; determinants have those of Aᵀ where A is contiguous, as in torch."""
    name, n, read = name_of(node.target), _order(matrix), _matrices(matrix)
    if not pivot:
        raise NotCompiled("factors without pivots")
    if name != "linalg_lu_factor_ex" and matrix.meta["val"].is_contiguous():
        read = read.swapaxes(1, 2)
    first, group = _distinct(known, [(matrix, read)])
    places = _numbered(len(first), n * n + n + 3)[group]
    *_, det, sign, logarithm = places.T
    factors, none = [places[:, : n * n], places[:, n * n : -3]], np.full(len(group), -1)
    layout = {
        "linalg_lu_factor_ex": [*factors, none],
        "_linalg_det": [det, *factors],
        "_linalg_slogdet": [sign, logarithm, *factors],
    }[name]
    logs = int(name == "_linalg_slogdet")
    return Routine(
        "lu",
        ((matrix, read[first].reshape(-1)),),
        (len(first), n, _tiny(matrix), logs),
        np.concatenate([part.reshape(-1) for part in layout]),
        len(first) * (n * n + n + 3),
        decides=True,
    )


def _solve_triangular(
    known: Known,
    node: fx.Node,
    matrix: fx.Node,
    right: fx.Node,
    *,
    upper: bool,
    left: bool = True,
    unitriangular: bool = False,
) -> Routine:
    read = _matrices(matrix, node)
    if not left:  # X A = B is Aᵀ Xᵀ = Bᵀ
        read, upper = read.swapaxes(1, 2), not upper
    flags = upper, unitriangular
    return _solve(known, node, "solve_triangular", [(matrix, read)], right, left, flags)


def _solve_lu(
    known: Known,
    node: fx.Node,
    factors: fx.Node,
    rows: fx.Node,
    right: fx.Node,
    *,
    left: bool = True,
    adjoint: bool = False,
) -> Routine:
    matrices = _matrices(factors, node)
    shape = node.meta["val"].shape[:-2]
    exchanged = np.broadcast_to(
        _numbered(*rows.meta["val"].shape), (*shape, matrices.shape[-1])
    ).reshape(len(matrices), -1)
    read = [(factors, matrices), (rows, exchanged)]
    return _solve(known, node, "solve_lu", read, right, left, (adjoint == left,))


def _solve(
    known: Known,
    node: fx.Node,
    function: str,
    factors: list[tuple[fx.Node, np.ndarray]],
    right: fx.Node,
    left: bool,
    flags: tuple[bool, ...],
) -> Routine:
    """Return the solution of systems, each for all of its right-hand sides at once."""
    n = _order(factors[0][0])
    columns = _matrices(right, node)
    if not left:
        columns = columns.swapaxes(1, 2)
    first, group = _distinct(known, factors)
    per_matrix = np.bincount(group)
    if (per_matrix != per_matrix[0]).any():
        first = group = np.arange(len(group))
    count, order = len(first), np.argsort(group, kind="stable")
    together = columns[order].reshape(count, -1, n, columns.shape[2])
    shape = together.swapaxes(1, 2).shape
    together = together.swapaxes(1, 2).reshape(count, n, -1)
    live = known.masks[right][together].any((0, 1))
    written = np.full(together.shape, -1)
    written[:, :, live] = _numbered(count, n, int(live.sum()))
    apart = np.empty_like(columns)
    apart[order] = written.reshape(shape).swapaxes(1, 2).reshape(columns.shape)
    layout = (apart if left else apart.swapaxes(1, 2)).reshape(-1)
    operands = [(one, read[first].reshape(-1)) for one, read in factors]
    operands.append((right, together[:, :, live].reshape(-1)))
    arguments = count, n, int(live.sum()), *map(int, flags)
    return Routine(function, tuple(operands), arguments, layout, int((written >= 0).sum()))


def _exponential(known: Known, node: fx.Node, matrix: fx.Node) -> Routine:
    """Return exponentials; of [[A, E], [0, A]], as torch writes derivatives, in parts."""
    order, read = _order(matrix), _matrices(matrix)
    half = order // 2
    corner, same = read[:, half:, :half], [read[:, :half, :half], read[:, half:, half:]]
    origins = known.origins(matrix)
    blocks = [origins[block].reshape(len(read), -1) for block in same]
    dual = order == 2 * half > 0 and (origins[corner] < 0).all() and (blocks[0] == blocks[1]).all()
    n = half if dual else order
    first, group = _distinct(known, [(matrix, read[:, :n, :n])])
    per_matrix = np.bincount(group)
    if dual and (per_matrix != per_matrix[0]).any():
        first = group = np.arange(len(group))
    count, directions = len(first), len(group) // len(first) if dual else 0
    size = n * n * (1 + directions)
    start = size * _numbered(count)[:, None, None]
    written = np.full(read.shape, -1)
    written[:, :n, :n] = (start + _numbered(n, n))[group]
    operands = [(matrix, read[first, :n, :n].reshape(-1))]
    along = np.zeros(0, dtype=int)
    if dual:
        written[:, n:, n:] = written[:, :n, :n]
        turn = np.argsort(group, kind="stable")
        e = read[turn, :n, n:].reshape(count, directions, n, n).transpose(0, 2, 3, 1)
        along = e.reshape(-1)
        k = _numbered(directions)[:, None, None]
        of_one = n * n + directions * _numbered(n, n) + k
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
    "linalg_matrix_exp": _exponential,
}


def routine(known: Known, node: fx.Node) -> Routine:
    """Return the call for a step of linear algebra.

    Raises:
        NotCompiled: a dtype or a size that is beyond this.
    """
    keywords = {name: value for name, value in node.kwargs.items() if name != "check_errors"}
    return ROUTINES[name_of(node.target)](known, node, *node.args, **keywords)


def _numbered(*shape: int) -> np.ndarray:
    """Return 0, 1, 2 … in a shape."""
    return np.arange(int(np.prod(shape))).reshape(shape)


def _matrices(operand: fx.Node, result: fx.Node | None = None) -> np.ndarray:
    """Return the positions of an operand's matrices (count, n, m), repeated as the result's are."""
    shape = operand.meta["val"].shape
    leading = shape[:-2] if result is None else result.meta["val"].shape[:-2]
    read = np.broadcast_to(_numbered(*shape), (*leading, *shape[-2:]))
    return read.reshape(-1, *shape[-2:])


def _order(matrix: fx.Node) -> int:
    value: Any = matrix.meta["val"]
    *_, rows, columns = value.shape
    if rows != columns or rows > MAX_ORDER or value.numel() == 0:
        raise NotCompiled(f"a matrix of {rows}×{columns}")
    if value.dtype not in (torch.float32, torch.float64):
        raise NotCompiled(f"a matrix of {value.dtype}")
    return int(rows)


def _tiny(matrix: fx.Node) -> float:
    """Return n·ε, the relative error up to which rounding may change a pivot."""
    value: Tensor = matrix.meta["val"]
    return value.shape[-1] * torch.finfo(value.dtype).eps


def _distinct(
    known: Known, operands: list[tuple[fx.Node, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    """Find items that are the same numbers.

    Args:
        known: what is known of the graph.
        operands: steps, and positions (items, …) in each.

    Returns:
        (distinct,) the first of each kind, and (items,) the kind of each.
    """
    origins = [known.origins(one)[read].reshape(len(read), -1) for one, read in operands]
    rows = np.ascontiguousarray(np.concatenate(origins, 1))
    kinds = dict[bytes, int]()
    group = np.array([kinds.setdefault(row.tobytes(), len(kinds)) for row in rows])
    _, first = np.unique(group, return_index=True)
    return first, group
