"""A panel of a picture in SVG: axes, lines, areas, arrows, dots and labels.

Knows no result object: numbers and strings in, SVG elements out. The background is transparent
and text has the page's colour, for light and dark pages and for print; a second mark, dashes or a
width, tells what a colour tells.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import chain

Point = tuple[float, float]

SIDE_UNITS = 300  # of the square that shapes are drawn in, in the SVG's own units
LEFT, RIGHT, TOP, BOTTOM = 50, 14, 22, 30  # margins, for ticks and names of the axes
WIDTH, HEIGHT = LEFT + SIDE_UNITS + RIGHT, TOP + SIDE_UNITS + BOTTOM
HEAD_UNITS = 8  # of an arrow
TEXT_UNITS = 12  # size of all text: 10 pixels where a panel is as narrow as on a phone
LETTER_UNITS = 6.5  # of a label: its width on average
AXIS_MARGIN_UNITS = 38  # from the frame to the middle of the label of an axis inside it
BLUE, ORANGE, RED, GREY = "#1976d2", "#ef6c00", "#d32f2f", "#888"
_STROKES = {
    "grid": f'stroke="{GREY}" stroke-opacity="0.55"',
    "quiet": f'stroke="{GREY}"',
    "function": f'stroke="{BLUE}" stroke-width="1.5"',
    "linear": f'stroke="{ORANGE}" stroke-width="2" stroke-dasharray="6 4"',
    "zero": f'stroke="{RED}" stroke-width="2"',
    "kink": 'stroke="currentColor" stroke-width="1.5" stroke-dasharray="9 3 2 3"',
    "quadratic": 'stroke="currentColor" stroke-width="1.5" stroke-dasharray="2 3"',
}


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


def drawing(
    panel: Panel,
    ticks: Callable[[Point, str], tuple[Sequence[tuple[float, str]], str]],
    identity: str,
) -> str:
    """Return a panel as one SVG group, WIDTH × HEIGHT.

    Args:
        panel: what is drawn.
        ticks: numbers and texts of an axis with these ends and label, and its label with them.
        identity: of the clipping rectangle, unlike any other's on the page.
    """
    shapes, axes, across, up = panel.shapes, panel.axes, panel.across, panel.up

    def at(point: Point) -> Point:
        x = SIDE_UNITS * (point[0] - across[0]) / (across[1] - across[0])
        y = SIDE_UNITS * (up[1] - point[1]) / (up[1] - up[0])
        return _bounded(x), _bounded(y)

    if not all(map(math.isfinite, (*across, *up))):
        shapes = []  # where the value is not finite, nothing has a place
    shapes = [
        shape for shape in shapes if all(map(math.isfinite, chain.from_iterable(shape.points)))
    ]
    drawn = [_shape(shape, [at(point) for point in shape.points]) for shape in shapes]
    has_ticks = any(axes)
    (marks, below), (heights, above) = ticks(across, axes[0]), ticks(up, axes[1])
    horizontal = [(at((value, up[0]))[0], text) for value, text in marks if has_ticks]
    vertical = [(at((across[0], value))[1], text) for value, text in heights if has_ticks]
    return "".join(
        [
            f'<clipPath id="{escape(identity)}">'
            f'<rect width="{SIDE_UNITS}" height="{SIDE_UNITS}"/></clipPath>',
            f'<g transform="translate({LEFT} {TOP})">',
            f'<rect width="{SIDE_UNITS}" height="{SIDE_UNITS}" fill="none" stroke="{GREY}"/>',
            f'<g clip-path="url(#{escape(identity)})">{"".join(drawn)}</g>',
            *(_text(text, x, SIDE_UNITS + 14, "middle") for x, text in horizontal),
            *(_text(text, -5, y + 4, "end") for y, text in vertical),
            *([_text(below, SIDE_UNITS, SIDE_UNITS + 28, "end")] if has_ticks else []),
            *([_text(above, 0, -8, "start")] if has_ticks else []),
            *_labels(shapes, at),
            "</g>",
        ]
    )


def _bounded(value: float) -> float:
    """Return a coordinate that SVG can hold; the frame hides what is beyond it."""
    return min(max(value, -100.0 * SIDE_UNITS), 100.0 * SIDE_UNITS)


def _shape(shape: Shape, at: Sequence[Point]) -> str:
    if shape.kind == "dot":
        fill = RED if shape.look == "zero" else "currentColor"
        return f'<circle cx="{at[0][0]:.1f}" cy="{at[0][1]:.1f}" r="4" fill="{fill}"/>'
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in at)
    stroke = _STROKES.get(shape.look, _STROKES["quiet"])
    if shape.kind == "area":
        return f'<path d="{path}Z" fill="{ORANGE}" fill-opacity="0.14" {stroke}/>'
    if shape.kind == "arrow":
        solid = stroke.replace(' stroke-dasharray="6 4"', "")
        return f'<path d="{path}{_head(at[0], at[1])}" fill="none" {solid}/>'
    return f'<path d="{path}" fill="none" {stroke}/>'


def _head(start: Point, end: Point) -> str:
    length = math.dist(start, end)
    if length < 1:
        return ""
    head = min(HEAD_UNITS, length / 2)
    u, v = ((b - a) / length * head for a, b in zip(start, end, strict=True))
    x, y = end
    left, right = (x - u - v / 2, y - v + u / 2), (x - u + v / 2, y - v - u / 2)
    return f"M{left[0]:.1f} {left[1]:.1f}L{x:.1f} {y:.1f}L{right[0]:.1f} {right[1]:.1f}"


def _labels(shapes: Sequence[Shape], at: Callable[[Point], Point]) -> Iterator[str]:
    """Yield the labels of shapes, placed so that none overlaps another."""
    occupied: list[tuple[float, float, float]] = []  # ends and height of each
    for shape in shapes:
        if not shape.label:
            continue
        x, y = at(shape.points[-1])
        if shape.look == "axis":
            yield _axis_label(shape.label, x, y)
            continue
        if not (0 <= x <= SIDE_UNITS and 0 <= y <= SIDE_UNITS):
            continue
        height = min(max(y, 12.0), SIDE_UNITS - 4.0)
        is_left, width = x < SIDE_UNITS / 2, LETTER_UNITS * len(shape.label)
        left = x + 6 if is_left else x - 6 - width
        right = left + width
        while any(a < right and left < b and abs(y - height) < 12 for a, b, y in occupied):
            height += 12
        occupied.append((left, right, height))
        yield _text(shape.label, x + (6 if is_left else -6), height, "start" if is_left else "end")


def _axis_label(label: str, x: float, y: float) -> str:
    """Return a label beyond the end of an axis that is drawn inside the frame."""
    inside = min(max(x, AXIS_MARGIN_UNITS), SIDE_UNITS - AXIS_MARGIN_UNITS)
    return _text(label, inside, y - 6 if y < SIDE_UNITS / 2 else y + 14, "middle")


def _text(text: str, x: float, y: float, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{TEXT_UNITS}">'
        f"{escape(text)}</text>"
    )
