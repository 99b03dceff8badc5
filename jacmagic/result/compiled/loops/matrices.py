"""Steps of linear algebra: which matrices they read, and which of those are the same numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, fx

from jacmagic.result.compiled.obstacles import NotCompiled

MAX_ORDER = 64  # rows of a matrix up to which this is faster than LAPACK


class Analysis(Protocol):
    """What `zeros.Zeros` has found out about the steps before one."""

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


def numbered(*shape: int) -> np.ndarray:
    """Return 0, 1, 2 … in a shape."""
    return np.arange(int(np.prod(shape))).reshape(shape)


def matrices_of(operand: fx.Node, result: fx.Node | None = None) -> np.ndarray:
    """Return the positions of an operand's matrices (count, n, m), repeated as the result's are."""
    shape = operand.meta["val"].shape
    leading = shape[:-2] if result is None else result.meta["val"].shape[:-2]
    read = np.broadcast_to(numbered(*shape), (*leading, *shape[-2:]))
    return read.reshape(-1, *shape[-2:])


def order_of(matrix: fx.Node) -> int:
    """Return the number of rows of square matrices."""
    rows, columns = matrix.meta["val"].shape[-2:]
    require(matrix, rows == columns <= MAX_ORDER)
    return int(rows)


def require(matrix: fx.Node, fits: bool) -> None:
    """Raise `NotCompiled` for empty matrices, other dtypes, and sizes that do not fit."""
    value: Tensor = matrix.meta["val"]
    if not fits or not value.numel() or value.dtype not in (torch.float32, torch.float64):
        rows, columns = value.shape[-2:]
        raise NotCompiled(f"matrices of {rows} × {columns} of {value.dtype}")


def rounding(matrix: fx.Node) -> float:
    """Return n·ε, the relative error up to which rounding may change a pivot."""
    value: Tensor = matrix.meta["val"]
    return max(value.shape[-2:]) * torch.finfo(value.dtype).eps


def distinct(
    zeros: Analysis, operands: list[tuple[fx.Node, np.ndarray]], *, evenly: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Find items that are the same numbers.

    Args:
        zeros: the steps before, and which of their components are equal.
        operands: steps, and positions (items, …) in each.
        evenly: only where all kinds have as many items; otherwise each is a kind of its own.

    Returns:
        (distinct,) the first of each kind, and (items,) the kind of each.
    """
    origins = [zeros.origins(node)[read].reshape(len(read), -1) for node, read in operands]
    rows = np.ascontiguousarray(np.concatenate(origins, 1))
    kinds = dict[bytes, int]()
    group = np.array([kinds.setdefault(row.tobytes(), len(kinds)) for row in rows])
    _, first, counts = np.unique(group, return_index=True, return_counts=True)
    alone = np.arange(len(group))
    return (alone, alone) if evenly and (counts != counts[0]).any() else (first, group)
