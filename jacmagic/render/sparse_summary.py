"""Summary of a large sparse matrix: count, spy plot, some entries.

Knows no result object; allocates nothing as large as the whole matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jacmagic.render.heatmap import spy
from jacmagic.render.layout import Blocks
from jacmagic.render.text import number, spaced

if TYPE_CHECKING:
    import scipy.sparse as sp

HEAD, TAIL = 6, 2  # entries that are written out, about two lines
_MAX_DOTS = 32, 64  # rows and columns of the plot in a terminal: 8 lines of 32 characters
_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])  # of a braille letter


@dataclass(frozen=True)
class Entries:
    """A sparse matrix with its labels.

    Attributes:
        matrix: the stored entries (m, n), row by row.
        rows: m labels.
        columns: n labels.
        digits: significant digits.
        structural: whether the entries that are not stored are zero whatever the point.
    """

    matrix: sp.csr_array
    rows: Sequence[str]
    columns: Sequence[str]
    digits: int = 4
    structural: bool = True

    @property
    def count(self) -> str:
        """Number of entries, and of all that the matrix could have."""
        m, n = self.matrix.shape
        stored = self.matrix.nnz
        share = number(100 * stored / max(1, m * n), 2)
        counted = f"{spaced(stored)} of {spaced(m)} × {spaced(n)} entries ({share} %)"
        if not self.structural:
            return f"{counted} differ from zero at this point"
        return f"{counted} may differ from zero; the others are zero whatever the point"

    @property
    def indices(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of the entries."""
        m = self.matrix.shape[0]
        return np.repeat(np.arange(m), np.diff(self.matrix.indptr)), self.matrix.indices

    def picture(self, blocks: Blocks) -> str:
        """Draw the entries as SVG: positions and sizes."""
        return spy(
            self.indices,
            self.matrix.data,
            self.matrix.shape,
            rows=self.rows,
            columns=self.columns,
            blocks=blocks,
        )


def written(entries: Entries) -> list[str]:
    """Return lines for a terminal: count, braille plot, some entries.

    Example:
        >>> import scipy.sparse as sp
        >>> eye = sp.csr_array(np.eye(4))
        >>> for line in written(Entries(eye, ["∂f"] * 4, ["∂x"] * 4)):
        ...     print(line)
        4 of 4 × 4 entries (25 %) may differ from zero; the others are zero whatever the point
        ⠑⢄
        ∂f/∂x = 1, ∂f/∂x = 1, ∂f/∂x = 1, ∂f/∂x = 1
    """
    rows, columns = entries.indices
    picked = list(range(len(rows)))
    if len(picked) > HEAD + TAIL:
        picked = [*picked[:HEAD], -1, *picked[-TAIL:]]
    shown = [
        "…"
        if k < 0
        else f"{entries.rows[rows[k]]}/{entries.columns[columns[k]]} = "
        f"{number(float(entries.matrix.data[k]), entries.digits)}"
        for k in picked
    ]
    return [entries.count, *_braille(rows, columns, entries.matrix.shape), ", ".join(shown)]


def _braille(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> list[str]:
    """Draw the pattern in braille: a dot where a part of the matrix has an entry."""
    if not min(shape):
        return []
    max_tall, max_wide = _MAX_DOTS
    tall = min(shape[0], max_tall, max(4, max_wide * shape[0] // shape[1]))
    wide = min(shape[1], max_wide, max(2, max_tall * shape[1] // shape[0]))
    letters = np.zeros((-(-tall // 4), -(-wide // 2)), dtype=int)
    down, across = rows * tall // shape[0], columns.astype(np.int64) * wide // shape[1]
    np.bitwise_or.at(letters, (down // 4, across // 2), _DOTS[down % 4, across % 2])
    return ["".join(chr(0x2800 + letter) for letter in line) for line in letters]
