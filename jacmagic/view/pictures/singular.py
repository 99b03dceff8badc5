"""Where the determinant of J is zero, and where it jumps across zero; see `static/singular.mjs`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import NamedTuple

import numpy as np

from jacmagic.render.plane import Point, Shape
from jacmagic.result.analysis.determinant import error_bound
from jacmagic.view.pictures.scene import line, shift
from jacmagic.view.pictures.slices import Slice

CELLS = 32  # along a side of the window
GRID_SHIFT_SHARE = (0.382, 0.293)  # of a cell: folds along axes and diagonals miss its points
SMALL_SHARE = 1e-3  # of the larger determinant at an edge's ends: what is less has gone to zero
HALVINGS = 30  # after which one that goes to zero like the cube root of the distance is small
LABELS = {"zero": "det J = 0", "kink": "kink"}
LABEL_SHARE = 0.9  # of the window, in which a label stands

Grid = tuple[int, int]  # column and row


class Cut(NamedTuple):
    """Where the determinant changes its sign, and whether it is "zero" there or a "kink"."""

    at: Point
    look: str


def determinant(matrix: np.ndarray) -> float:
    """Return the determinant of a square matrix, 0 where it is smaller than its own rounding."""
    if not np.isfinite(matrix).all():
        return math.nan
    number = float(np.linalg.det(matrix))
    is_zero = abs(number) <= error_bound(matrix, np.finfo(float).eps)
    return 0.0 if is_zero and math.isfinite(number) else number


def singular_values(matrix: np.ndarray) -> list[float]:
    """Return singular values, 0 for those that rounding alone makes; none of infinite matrices."""
    if not np.isfinite(matrix).all():
        return []
    numbers = np.linalg.svd(matrix, compute_uv=False)
    small = np.finfo(float).eps * max(matrix.shape) * numbers.max(initial=0.0)  # as in matrix_rank
    return np.where(numbers > small, numbers, 0.0).tolist()


def singular_lines(part: Slice, half: float) -> list[Shape]:
    """Return where a map is not invertible, in a window of that half width."""
    if not part.has_derivatives:
        return []
    search, (x, y) = _Search(part, half), part.centre.tolist()
    cells = [search.cuts(column, row) for row, column in np.ndindex(CELLS + 1, CELLS + 1)]
    pieces = [pair for cuts in cells for pair in _pairs(cuts)]
    shapes = []
    for look, label in LABELS.items():
        alike = [pair for pair in pieces if look == min(piece.look for piece in pair)]
        lines = _joined(alike)
        inside = [
            at for at in chain(*lines) if max(abs(at[0] - x), abs(at[1] - y)) < LABEL_SHARE * half
        ]
        shapes += [line(points, look) for points in lines]
        at = inside[-1:] if look == "kink" else inside[:1]  # apart from the other label
        shapes += [line(2 * at, look, label)] if at else []
    return shapes


def _joined(pieces: Sequence[Sequence[Cut]]) -> list[list[Point]]:
    """Return lines of pieces that share their ends."""
    lines: list[list[Cut]] = []
    ends: dict[Cut, list[Cut]] = {}
    for a, b in ((b, a) if b in ends else (a, b) for a, b in pieces):
        if a not in ends:
            lines.append([a])
            ends[a] = lines[-1]
        joined = ends[a] if len(ends[a]) == 1 else ends.pop(a)
        if joined[-1] != a:
            joined.reverse()
        joined.append(b)
        ends[b] = joined
    return [[piece.at for piece in joined] for joined in lines]


def singular_words(shapes: Sequence[Shape], name: str) -> list[str]:
    """Return what the lines mean."""
    looks = {shape.look for shape in shapes}
    meanings = {
        "zero": "On the red curve det J = 0.",
        "kink": f"On the dash-dotted line {name} has a kink: det J jumps to, from or across 0.",
    }
    return [meaning for look, meaning in meanings.items() if look in looks]


@dataclass(eq=False)
class _Search:
    """Changes of the determinant's sign along the edges of a grid."""

    part: Slice
    half: float

    def __post_init__(self) -> None:
        self.height, self.cut = cache(self._height), cache(self._cut)

    def cuts(self, column: int, row: int) -> list[Cut]:
        """Return those along the edges of a cell, one after another."""
        low, high = (column, row), (column + 1, row + 1)
        right, left = (column + 1, row), (column, row + 1)
        edges = [(low, right), (right, high), (left, high), (low, left)]
        return [cut for ends in edges if (cut := self.cut(*ends)) is not None]

    def _height(self, at: Point) -> float:
        jet = self.part.at(at)
        return math.nan if jet is None else determinant(jet.jacobian)

    def _place(self, index: Grid) -> Point:
        x, y = self.part.centre.tolist()
        return shift(
            (x, y),
            [
                self.half * (2 * (k - by) / CELLS - 1)
                for k, by in zip(index, GRID_SHIFT_SHARE, strict=True)
            ],
        )

    def _cut(self, start: Grid, end: Grid) -> Cut | None:
        """Halve an edge until both determinants are small, or it is as short as a jump."""
        a, b = self._place(start), self._place(end)
        p, q = self.height(a), self.height(b)
        first = max(abs(p), abs(q))
        for _ in range(HALVINGS):
            if not math.isfinite(p + q) or np.sign(p) == np.sign(q):
                return None
            if max(abs(p), abs(q)) <= SMALL_SHARE * first:
                return Cut(_between(a, b, p / (p - q)), "zero")
            middle = _between(a, b, 0.5)
            height = self.height(middle)
            if np.sign(height) == np.sign(p):
                a, p = middle, height
            else:
                b, q = middle, height
        return Cut(a, "kink") if max(abs(p), abs(q)) <= 2 * first else None  # else a pole


def _between(a: Point, b: Point, share: float) -> Point:
    return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])


def _pairs(cuts: Sequence[Cut]) -> Iterator[Sequence[Cut]]:
    """Yield the cuts of a cell that a line connects: two of a kind, of four the nearer ones."""
    if len(cuts) == 2:
        yield cuts
        return
    for look in LABELS:
        alike = [cut for cut in cuts if cut.look == look]
        if len(alike) == 4:
            a, b, c, d = alike
            turns = [[(a, b), (c, d)], [(b, c), (d, a)]]
            yield from min(turns, key=lambda turn: sum(math.dist(p.at, q.at) for p, q in turn))
        elif len(alike) == 2:
            yield alike
