"""Curves of a function by adaptive sampling, level lines of a grid, round numbers of an axis."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from jacmagic.render.plane import Point
from jacmagic.view.reach import round_step

Polyline = list[Point]

FIRST_PIECES = 8  # of a curve, before pieces that bend are halved
MAX_HALVINGS = 6  # of one of these: 512 pieces in all
MAX_DEVIATION_SHARE = 0.0012  # of the window, of a piece from the curve: a third of a pixel
SHORT_SHARE = 0.01  # of the window's size: what is shorter is drawn, whatever is in it
END_SHARE = 0.1  # of a longer piece: its middle is not a closer to an end, as it is at a jump
JUMP_HALVINGS = 30  # after which a piece of a continuous curve is short, a cube root's too


def sample_curve(curve: Callable[[float], Point | None], size: float) -> list[Polyline]:
    """Return a curve as polylines, finer where it bends.

    It is broken where the function has no value, and at jumps and poles: where a piece stays long
    however short its parameter's interval is.

    Args:
        curve: of a parameter from 0 to 1; None where there is no value.
        size: of the window, in the curve's units.
    """
    pieces = _Pieces(curve, size)
    for k in range(FIRST_PIECES):
        low, high = k / FIRST_PIECES, (k + 1) / FIRST_PIECES
        pieces.add(low, pieces.at(low), high, pieces.at(high), 0)
    pieces.break_off()
    return pieces.lines


class _Pieces:
    """The polylines of a curve while it is sampled."""

    def __init__(self, curve: Callable[[float], Point | None], size: float) -> None:
        self.curve, self.size = curve, size
        self.lines: list[Polyline] = []
        self.line: Polyline = []

    def at(self, t: float) -> Point | None:
        point = self.curve(t)
        return point if point is not None and all(map(math.isfinite, point)) else None

    def break_off(self) -> None:
        if len(self.line) > 1:
            self.lines.append(self.line)
        self.line = []

    def add(self, low: float, a: Point | None, high: float, b: Point | None, depth: int) -> None:
        """Add the piece between two parameters, in halves where it is not flat."""
        middle = (low + high) / 2
        c = self.at(middle)
        flat = a is not None and b is not None and c is not None and self._is_flat(a, b, c)
        if depth < MAX_HALVINGS and not flat and not (a is b is c is None):
            self.add(low, a, middle, c, depth + 1)
            self.add(middle, c, high, b, depth + 1)
        elif a is not None and b is not None and (flat or not self._jumps(low, a, high, b)):
            self.line.extend([a, b] if not self.line else [b])
        else:
            self.break_off()

    def _is_flat(self, a: Point, b: Point, c: Point) -> bool:
        """Whether c stands beside the segment from a to b, near it: not at a pole or a jump."""
        (p, q), (u, v) = (  # in units of the window, whose squares do not overflow
            [(x - start) / self.size for x, start in zip(end, a, strict=True)] for end in (b, c)
        )
        along, length = u * p + v * q, math.hypot(p, q)
        distance = abs(p * v - u * q) / length if length else math.hypot(u, v)
        rest = END_SHARE * length * length if length > SHORT_SHARE else 0.0
        return rest <= along <= length * length - rest and distance <= MAX_DEVIATION_SHARE

    def _jumps(self, low: float, a: Point, high: float, b: Point) -> bool:
        """Whether the longer half stays long however often it is halved again."""
        first = math.dist(a, b)
        if first <= SHORT_SHARE * self.size:
            return False
        for _ in range(JUMP_HALVINGS):
            middle = (low + high) / 2
            c = self.at(middle)
            if c is None:
                return True
            if math.dist(a, c) > math.dist(c, b):
                high, b = middle, c
            else:
                low, a = middle, c
        return math.dist(a, b) > first / 4


def level_line(
    heights: np.ndarray, level: float, point_at: Callable[[float, float], Point]
) -> list[Polyline]:
    """Return a level line by marching squares: segments, each across one square of a grid.

    Args:
        heights: (rows, columns), from low y to high y; nan where there is none.
        level: the height.
        point_at: the point of a fractional index (column, row).
    """
    rows, columns = heights.shape
    return [
        [point_at(*a), point_at(*b)]
        for i in range(rows - 1)
        for j in range(columns - 1)
        for a, b in _crossings(heights, level, i, j)
    ]


def _crossings(heights: np.ndarray, level: float, i: int, j: int) -> Iterator[tuple[Point, Point]]:
    """Yield the segments of one square, in fractional indices (column, row)."""
    corners = [(j, i), (j + 1, i), (j + 1, i + 1), (j, i + 1)]
    above = [float(heights[y, x]) - level for x, y in corners]
    if not all(map(math.isfinite, above)):
        return
    cut = list(_cuts(corners, above))
    if len(cut) == 2:
        yield cut[0], cut[1]
    elif len(cut) == 4:  # a saddle: the mean decides which corners are connected
        if (sum(above) >= 0) == (above[0] >= 0):
            yield from ((cut[0], cut[1]), (cut[2], cut[3]))
        else:
            yield from ((cut[3], cut[0]), (cut[1], cut[2]))


def _cuts(corners: Sequence[tuple[int, int]], above: Sequence[float]) -> Iterator[Point]:
    """Yield where the level crosses the sides of a square."""
    for k in range(4):
        p, q = above[k], above[(k + 1) % 4]
        if (p >= 0) != (q >= 0):
            (x0, y0), (x1, y1), share = corners[k], corners[(k + 1) % 4], p / (p - q)
            yield x0 + share * (x1 - x0), y0 + share * (y1 - y0)


def round_numbers(low: float, high: float, about: int) -> list[float]:
    """Return multiples of 1, 2 or 5 times a power of ten between two ends."""
    raw = (high - low) / about
    if not raw > 0 or not math.isfinite(raw):
        return []
    step = round_step(raw)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [float(f"{k * step:.12g}") for k in range(first, last + 1)]
