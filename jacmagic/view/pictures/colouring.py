"""The picture of a sparse pattern: which entries one product gives, and the compressed matrix.

The browser draws these grids, see `static/squares.mjs`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jacmagic.numeric.sparsity.colouring import plan
from jacmagic.result.core import JacobianResult

MIN_SIDE = 4  # rows and columns from which saving a product is worth a picture, and loading SciPy
MAX_SIDE = 200  # rows or columns that are drawn
MAX_PRODUCTS = 255  # that a byte can count


@dataclass(frozen=True)
class Colouring:
    """The product that gives each entry.

    Attributes:
        groups: bytes (m, n): 0 where an entry is zero everywhere, else 1 + the product's number,
            those J·s first.
        forward: how many products J·s.
        backward: how many products sᵀ·J.
    """

    groups: np.ndarray
    forward: int
    backward: int

    @property
    def grids(self) -> list[tuple[str, np.ndarray]]:
        """The pattern and the compressed matrices, each with its name, as product numbers."""
        m, n = self.groups.shape
        compressed = np.zeros((m, self.forward), int)
        pulled = np.zeros((self.backward, n), int)
        for i, j in np.argwhere(self.groups):
            group = int(self.groups[i, j])
            if group <= self.forward:
                compressed[i, group - 1] = group
            else:
                pulled[group - 1 - self.forward, j] = group
        grids = [("J", self.groups), ("J·S", compressed), ("Sᵀ·J", pulled)]
        return [(name, cells) for name, cells in grids if cells.size]

    @property
    def words(self) -> list[str]:
        """The picture in sentences."""
        m, n = self.groups.shape
        count, passes = int(np.count_nonzero(self.groups)), self.forward + self.backward
        forward = f"{_counted(self.forward)} J·s of columns without a row in common"
        backward = f"{_counted(self.backward)} sᵀ·J of rows without a column in common"
        used = [text for text, many in ((forward, self.forward), (backward, self.backward)) if many]
        return [
            f"The pattern of J: {count} of {m} × {n} entries are not zero everywhere.",
            f"All of them come from {' and '.join(used)}: {passes} passes instead of {min(m, n)}.",
            "An entry has the number and the colour of its product; "
            "beside it stand the products, the compressed matrix.",
        ]


def colouring_of(jacobian: JacobianResult) -> Colouring | None:
    """Return the colouring of a pattern, None where it saves no pass, is tiny, or is too large."""
    m, n = jacobian.shape
    if jacobian.large or min(m, n) < MIN_SIDE or max(m, n) > MAX_SIDE:
        return None
    present = jacobian.pattern.cpu().numpy().astype(bool)
    if present.all():
        return None
    import scipy.sparse as sp  # only sparse matrices need it

    pattern = sp.csr_array(present)
    pattern.sort_indices()
    schedule = plan(pattern)
    if not 0 < schedule.passes < min(m, n, MAX_PRODUCTS + 1):
        return None
    groups = np.zeros((m, n), np.uint8)
    rows, columns = pattern.nonzero()
    groups[rows, columns] = 1 + _products(schedule.source, schedule.forward, (m, n))
    return Colouring(groups, schedule.forward, schedule.backward)


def _counted(count: int) -> str:
    return f"{count} product{'s' * (count > 1)}"


def _products(source: np.ndarray, forward: int, shape: Sequence[int]) -> np.ndarray:
    """Return the product of each entry from where it stands among all products."""
    m, n = shape
    return np.where(source < forward * m, source // m, forward + (source - forward * m) // n)
