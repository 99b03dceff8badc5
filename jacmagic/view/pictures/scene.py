"""Scenes: what a picture shows, as plain data; see `static/scene.mjs`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jacmagic.render.text import number
from jacmagic.view.pictures.curves import Point


@dataclass(frozen=True)
class Shape:
    """One thing that is drawn.

    Attributes:
        kind: "line", "area", "arrow" or "dot".
        points: of a line or an outline; both ends of an arrow; where a dot stands.
        look: grid, function, linear, quadratic, quiet, zero, kink, point, step, cotangent, axis.
        label: beside its last point; "" for none.
    """

    kind: str
    points: Sequence[Point]
    look: str
    label: str = ""


@dataclass(frozen=True)
class Panel:
    """A part of a plane with shapes in it.

    Attributes:
        axes: labels; "" for both where numbers beside the frame mean nothing.
        across: ends of the horizontal axis.
        up: ends of the vertical axis.
        shapes: in the order of drawing.
    """

    axes: tuple[str, str]
    across: Point
    up: Point
    shapes: Sequence[Shape]


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


def shift(centre: Point, by: Sequence[float]) -> Point:
    """Return a point moved by a vector."""
    return centre[0] + by[0], centre[1] + by[1]


def shown(value: float, digits: int) -> str:
    """Return a number as text, with a true minus sign."""
    return number(value, digits).replace("-", "−").replace("inf", "∞")


def listed(values: Sequence[float], digits: int) -> str:
    """Return numbers as text, apart by commas."""
    return ", ".join(shown(value, digits) for value in values)
