"""Indices as affine functions of a loop's counters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jacmagic.result.compiled.loops.expressions import (
    CONSTANT,
    Expression,
    constant,
    load,
    rebuilt,
)
from jacmagic.result.compiled.loops.stages import Fill

MIN_PART_TO_EXTEND = 0.75  # of a buffer, from which a formula is computed for all of it


def affine(array: np.ndarray, rows: int, columns: int) -> tuple[int, int, int] | None:
    """Return (start, step of i, step of j) of indices (rows · columns,), or None."""
    start = int(array[0])
    step = int(array[columns]) - start if rows > 1 else 0
    inner = int(array[1]) - start if columns > 1 else 0
    i, j = np.arange(rows)[:, None], np.arange(columns)
    fits = (array.reshape(rows, columns) == start + step * i + inner * j).all()
    return (start, step, inner) if fits else None


def loop_bounds(arrays: Sequence[np.ndarray], columns: int) -> tuple[int, int]:
    """Return the loop bounds with which most indices are affine."""
    count = len(arrays[0])
    candidates = {count: 0, columns: 0}
    for array in arrays:
        steps = np.diff(array)
        breaks = np.flatnonzero(steps != steps[0]) if len(steps) else steps
        if len(breaks):
            candidates[int(breaks[0]) + 1] = 0
    for inner in candidates:
        if inner and count % inner == 0:
            candidates[inner] = 1 + sum(
                affine(array, count // inner, inner) is not None for array in arrays
            )
    best = max(candidates, key=lambda inner: (candidates[inner], inner))
    return count // best, best


def extended(
    stage: Fill, piece: tuple[np.ndarray, Expression], sizes: dict[str, int]
) -> Expression | None:
    """Return a formula of most components as one of all, if its indices are affine.

    What it computes where it does not belong is overwritten afterwards.
    """
    where, expression = piece
    size, columns = len(stage.template), stage.columns
    if not MIN_PART_TO_EXTEND * size <= len(where) < size or size % columns:
        return None
    failed = False

    def leaf(same: Sequence[Expression]) -> Expression:
        nonlocal failed
        first, data = same[0], same[0].data
        if first.operation == CONSTANT:
            if len(data) == 1:
                return first
            whole = np.zeros(size)
            whole[where] = data
            return constant(whole)
        positions = plane(where // columns, where % columns, data, size // columns, columns)
        if positions is None or positions.min() < 0 or positions.max() >= sizes[first.buffer]:
            failed = True
            return first
        return load(first.buffer, positions)

    positions = rebuilt([expression], leaf)
    return None if failed else positions


def plane(
    i: np.ndarray, j: np.ndarray, data: np.ndarray, rows: int, columns: int
) -> np.ndarray | None:
    """Return the affine function of i and j that gives `data`, on the whole grid."""
    right = np.flatnonzero((i[1:] == i[:-1]) & (j[1:] == j[:-1] + 1))
    if not len(right):
        return None
    inner = data[right[0] + 1] - data[right[0]]
    rest = data - inner * j
    other = np.flatnonzero(i != i[0])
    step = (rest[other[0]] - rest[0]) // (i[other[0]] - i[0]) if len(other) else 0
    start = rest[0] - step * i[0]
    if not np.array_equal(data, start + step * i + inner * j):
        return None
    return (start + step * np.arange(rows)[:, None] + inner * np.arange(columns)).reshape(-1)
