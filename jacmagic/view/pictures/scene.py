"""Scenes: what a picture shows, as plain data; see `static/scene.mjs`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jacmagic.render.plane import Panel, Point, Shape
from jacmagic.render.text import displayed


@dataclass(frozen=True)
class Scene:
    """The panels of a picture, and the same in sentences."""

    panels: Sequence[Panel]
    words: Sequence[str]


def line(points: Sequence[Point], look: str, label: str = "") -> Shape:
    """Return a line through points."""
    return Shape("line", points, look, label)


def arrow(start: Point, end: Point, look: str, label: str = "") -> Shape:
    """Return an arrow."""
    return Shape("arrow", [start, end], look, label)


def dot(at: Point, look: str, label: str = "") -> Shape:
    """Return a dot."""
    return Shape("dot", [at], look, label)


def panel_around(
    centre: Point, half: float, labels: Sequence[str], shapes: Sequence[Shape]
) -> Panel:
    """Return a panel of half width `half` around a point, which has a dot above the shapes."""
    across, up = ((coordinate - half, coordinate + half) for coordinate in centre)
    return Panel((labels[0], labels[1]), across, up, [*shapes, dot(centre, "point")])


def point_of(numbers: Sequence[float] | np.ndarray) -> Point:
    """Return the first two numbers as a point."""
    return float(numbers[0]), float(numbers[1])


def shift(centre: Point, by: Sequence[float]) -> Point:
    """Return a point moved by a vector."""
    return centre[0] + by[0], centre[1] + by[1]


def listed(values: Sequence[float], digits: int) -> str:
    """Return numbers as text, apart by commas."""
    return ", ".join(displayed(value, digits) for value in values)
