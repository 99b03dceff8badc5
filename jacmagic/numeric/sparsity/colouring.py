"""Colouring: which columns and rows of a sparse matrix are computed together.

Columns without a row in common can be added up, and one product with the sum gives all of them;
likewise rows. Groups are colours of a graph whose edges are conflicts (Curtis, Powell and Reid
1974; Gebremedhin, Manne and Pothen, SIAM Review 47, 2005). Where a few rows (or columns) are dense,
these are computed as rows (as columns) and the rest the other way, which is a star bicolouring of
the simplest kind (Hossain and Steihaug 1998; Coleman and Verma 1998).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import scipy.sparse as sp

NONE = -1  # colour of what need not be computed
_SPARE_COLOURS = 1  # colours above the lower bound that are not worth another attempt
_MAX_RETRIES = 4  # how often a colouring is tried again in another order
_MAX_ENTRIES_TO_RETRY = 2**18  # for which a first fit takes 0.05 s


@dataclass(frozen=True)
class Plan:
    """A schedule that computes a matrix of known pattern from a few products.

    Attributes:
        pattern: boolean (m, n), sorted; its stored entries are those that are computed.
        columns: (n,) the colour of each column, `NONE` where it is in no product J·s.
        rows: (m,) the colour of each row, `NONE` where it is in no product sᵀ·J.
        source: (entries,) where each entry stands among the products: first all J·s, then all
            sᵀ·J, one after the other.
    """

    pattern: sp.csr_array
    columns: np.ndarray
    rows: np.ndarray
    source: np.ndarray

    @cached_property
    def forward(self) -> int:
        """How many products J·s."""
        return int(self.columns.max(initial=NONE)) + 1

    @cached_property
    def backward(self) -> int:
        """How many products sᵀ·J."""
        return int(self.rows.max(initial=NONE)) + 1

    @property
    def passes(self) -> int:
        """How many products in all."""
        return self.forward + self.backward


def plan(pattern: sp.csr_array) -> Plan:
    """Choose the cheapest plan: by columns or rows, with or without the dense ones.

    Args:
        pattern: boolean (m, n) with sorted columns.

    Returns:
        The plan with the fewest products; of two with as many, the one with more sᵀ·J, which
        torch takes quicker: a forward formula often runs as several operations in Python.

    Example:
        >>> import scipy.sparse as sp
        >>> arrow = sp.csr_array(np.eye(5, dtype=bool))
        >>> plan(arrow).passes
        1
    """
    turned = _transposed(pattern)
    by_rows, by_columns = np.diff(pattern.indptr), np.diff(turned.indptr)
    ways = []
    for direct, other, sizes, is_turned in (
        (turned, pattern, by_rows, False),
        (pattern, turned, by_columns, True),
    ):
        few = _dense(sizes)
        bound = few + int(np.sort(sizes)[::-1][few : few + 1].max(initial=0))
        ways.append((bound, is_turned, few, direct, other))
    best: tuple[int, bool, np.ndarray, np.ndarray] | None = None
    for bound, is_turned, few, direct, other in sorted(ways, key=lambda w: (w[0], not w[1])):
        if best is not None and best[0] <= bound:
            continue
        for left in {few, 0}:
            colours, apart = _without_dense(direct, other, left)
            count = int(colours.max(initial=NONE)) + int(apart.max(initial=NONE)) + 2
            if best is None or count < best[0]:
                best = count, is_turned, colours, apart
    assert best is not None
    _, is_turned, colours, apart = best
    columns, rows = (apart, colours) if is_turned else (colours, apart)
    return Plan(pattern, columns, rows, _sources(pattern, columns, rows, first_rows=not is_turned))


def _dense(sizes: np.ndarray) -> int:
    """Return how many rows are dense: rows taken out + largest left is least."""
    falling = np.append(np.sort(sizes)[::-1], 0)
    return int(np.argmin(falling + np.arange(len(falling))))


def _without_dense(
    direct: sp.csr_array, other: sp.csr_array, few: int
) -> tuple[np.ndarray, np.ndarray]:
    """Colour the rows of `direct` without the `few` largest of `other`; and these."""
    apart = np.full(other.shape[0], NONE)
    if not few:
        return greedy(direct), apart
    sizes = np.diff(other.indptr)
    dense = np.sort(np.argsort(-sizes, kind="stable")[:few])
    left = np.setdiff1d(np.arange(other.shape[0]), dense, assume_unique=True)
    apart[dense] = greedy(other[dense])
    return greedy(_transposed(other[left])), apart


def greedy(objects: sp.csr_array) -> np.ndarray:
    """Colour the rows of a boolean matrix so that rows of one colour share no column.

    First fit in the given order, then from the largest row to the smallest, then by the classes
    found, which never needs more colours (Culberson 1992), until the lower bound (the fullest
    column) is close.

    Returns:
        A colour for each row, counted from 0; `NONE` for empty rows.
    """
    starts, columns = objects.indptr.tolist(), objects.indices.tolist()
    bound = int(np.bincount(objects.indices, minlength=1).max(initial=0))
    if bound <= 1:
        return np.where(np.diff(objects.indptr) > 0, 0, NONE)

    def fitted(order: np.ndarray) -> np.ndarray:
        return _first_fit(order.tolist(), starts, columns, objects.shape[1])

    best = fitted(np.arange(objects.shape[0]))
    sizes = np.diff(objects.indptr)
    for attempt in range(_MAX_RETRIES if len(columns) <= _MAX_ENTRIES_TO_RETRY else 0):
        if best.max(initial=NONE) + 1 <= bound + _SPARE_COLOURS:
            break
        order = np.argsort(-sizes if attempt == 0 else -best, kind="stable")
        result = fitted(order)
        if attempt and result.max() == best.max():
            break
        best = min(best, result, key=lambda colours: int(colours.max()))
    return best


def _first_fit(order: list[int], starts: list[int], columns: list[int], width: int) -> np.ndarray:
    """Give each row the first colour free in its columns; a bit set for each column."""
    used = [0] * width
    colours = [NONE] * len(order)
    for item in order:
        mine = columns[starts[item] : starts[item + 1]]
        used_colours = 0
        for column in mine:
            used_colours |= used[column]
        free = ~used_colours & (used_colours + 1)
        for column in mine:
            used[column] |= free
        if mine:
            colours[item] = free.bit_length() - 1
    return np.array(colours, dtype=np.int64)


def _sources(
    pattern: sp.csr_array, columns: np.ndarray, rows: np.ndarray, *, first_rows: bool
) -> np.ndarray:
    """Return the position of each entry among the products."""
    m, n = pattern.shape
    i = np.repeat(np.arange(m, dtype=np.int64), np.diff(pattern.indptr))
    j = pattern.indices.astype(np.int64)
    forward = (int(columns.max(initial=NONE)) + 1) * m
    from_column, from_row = columns[j] * m + i, forward + rows[i] * n + j
    if first_rows:  # columns, but for the rows that are coloured
        return np.where(rows[i] == NONE, from_column, from_row)
    return np.where(columns[j] == NONE, from_row, from_column)


def _transposed(matrix: sp.csr_array) -> sp.csr_array:
    return matrix.T.tocsr()
