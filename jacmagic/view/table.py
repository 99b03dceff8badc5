"""The table of a Jacobian in its layout: numbers, labels, pattern; the determinant beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jacmagic.labels import Label, mapped
from jacmagic.render.page import MAX_PAGE_ROWS
from jacmagic.render.sparse_summary import Entries
from jacmagic.result.analysis.arrays import array_of
from jacmagic.result.analysis.determinant import Determinant, determinant_of
from jacmagic.result.analysis.verbs import AnalysedResult
from jacmagic.result.core import JacobianResult


@dataclass(frozen=True)
class Table:
    """The matrix as it is shown.

    Attributes:
        values: numbers (rows, columns).
        rows: labels.
        columns: labels.
        pattern: boolean (rows, columns), False where an entry is zero whatever the point.
        blocks: sizes of the row blocks and of the column blocks.
    """

    values: np.ndarray
    rows: Sequence[Label]
    columns: Sequence[Label]
    pattern: np.ndarray
    blocks: tuple[list[int], list[int]]

    @property
    def heads(self) -> tuple[list[str], list[str]]:
        """Heads of the rows and of the columns: ∂f₁ and ∂x₁."""
        return [f"∂{label.unicode}" for label in self.rows], [
            f"∂{label.unicode}" for label in self.columns
        ]


def table_of(jacobian: JacobianResult) -> Table:
    """Return the table of a Jacobian that is small enough for one."""
    layout = jacobian.view.layout
    return Table(
        layout.matrix(array_of(jacobian)),
        *layout.pair(list(jacobian.rows), list(jacobian.columns)),
        layout.matrix(jacobian.pattern.cpu().numpy()),
        blocks_of(jacobian),
    )


def blocks_of(jacobian: JacobianResult) -> tuple[list[int], list[int]]:
    """Return sizes of row and column blocks; none where each is one entry."""
    return jacobian.view.layout.pair(*jacobian.block_sizes)


def summary_of(jacobian: JacobianResult) -> Entries:
    """Return the entries of a large sparse Jacobian with row and column heads."""
    layout = jacobian.view.layout
    rows, columns = layout.pair(jacobian.rows, jacobian.columns)
    return Entries(
        layout.matrix(jacobian.entries).tocsr(),
        mapped(lambda label: f"∂{label.unicode}", rows),
        mapped(lambda label: f"∂{label.unicode}", columns),
        jacobian.view.digits,
        jacobian.numbers.sparse is not None,
    )


def shown_determinant(jacobian: JacobianResult) -> Determinant | None:
    """Return the determinant that a display shows; None where the matrix is not square.

    A single entry is its own determinant, and a table of more than 40 rows is not shown in full.
    """
    m, n = jacobian.shape
    if m != n or not 1 < n <= MAX_PAGE_ROWS or jacobian.large:
        return None
    determinant = jacobian.det if isinstance(jacobian, AnalysedResult) else determinant_of(jacobian)
    return determinant if np.isfinite(determinant) else None
