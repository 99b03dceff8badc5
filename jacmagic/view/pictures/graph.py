"""The picture of a function of one number: its graph and tangent, or its curve and velocity."""

from __future__ import annotations

import math

from jacmagic.render.plane import Panel, Point
from jacmagic.render.text import displayed
from jacmagic.view.pictures.curves import sample_curve
from jacmagic.view.pictures.kinks import MIN_JUMP_RATIO, MIN_RELATIVE_JUMP, NEAR_SHARE
from jacmagic.view.pictures.scene import Scene, arrow, dot, line, listed, panel_around, point_of
from jacmagic.view.pictures.slices import Slice

PIECES = 48  # at which the height of the frame is found
MAX_RISES = 4  # times the tangent's rise, beyond which a graph is cut, or the other way round
FRAME_FACTOR = 1.15  # of the frame around what it shows


def graph_scene(part: Slice, radius: float, digits: int) -> Scene:
    """Return the scene of one input, over an interval of half width `radius`."""
    if len(part.outputs) == 1:
        return _graph(part, radius, digits)
    return _curve(part, radius, digits)


def _graph(part: Slice, radius: float, digits: int) -> Scene:
    centre, y = float(part.centre[0]), float(part.here.value[0])
    slope = float(part.here.jacobian[0, 0])
    low, high = centre - radius, centre + radius
    up = _heights(part, low, high, slope * radius)
    size = up[1] - up[0]

    def scaled(t: float) -> Point | None:
        jet = part.at([low + t * (high - low)])
        return None if jet is None else (t * size, float(jet.value[0]))

    lines = [
        [(low + x / size * (high - low), height) for x, height in points]
        for points in sample_curve(scaled, size)
    ]
    left, right = _sides(part, radius) or (slope, slope)
    sides = [[(low, y - left * radius), (centre, y)], [(high, y + right * radius), (centre, y)]]
    tangents = [line(ends, "linear") for ends in sides] if math.isfinite(left + right + y) else []
    shapes = [*(line(points, "function") for points in lines), *tangents, dot((centre, y), "point")]
    where = part.where(digits)
    if not math.isfinite(y):
        words = f"; it has no tangent at {where}"
    elif math.isnan(slope):
        words = f"; its slope at {where} is nan"
    elif left == right:
        words = f" and its tangent at {where}, of slope {displayed(slope, digits)}"
    else:
        slopes = " and ".join(displayed(slope, digits) for slope in (left, right))
        words = f" and its one-sided tangents at the kink {where}, of slopes {slopes}"
    panel = Panel((part.inputs[0], part.outputs[0]), (low, high), up, shapes)
    return Scene([panel], [f"The graph of {part.name}{words}."])


def _heights(part: Slice, low: float, high: float, rise: float) -> Point:
    """Return the frame's ends: the graph, cut where it leaves far from the tangent."""
    values = [part.at([low + (high - low) * k / PIECES]) for k in range(PIECES + 1)]
    heights = [float(value.value[0]) for value in values if value is not None]
    heights = sorted(filter(math.isfinite, heights)) or [0.0]
    y = float(part.here.value[0])
    y = y if math.isfinite(y) else heights[len(heights) // 2]
    widest = max(y - heights[0], heights[-1] - y)
    rise = abs(rise) if math.isfinite(rise) else 0.0
    tall = max(rise / MAX_RISES, min(widest, MAX_RISES * (rise or widest)))
    half = FRAME_FACTOR * (tall if tall > 0 else max(abs(y), 1) / 2)
    return y - half, y + half


def _sides(part: Slice, radius: float) -> Point | None:
    """Return slopes just left and right of the point, if it is a kink."""
    values = [part.at([float(part.centre[0]) + by * NEAR_SHARE * radius]) for by in (-2, -1, 1, 2)]
    outer, left, right, beyond = (
        math.nan if value is None else float(value.jacobian[0, 0]) for value in values
    )
    bend = max(abs(left - outer), abs(beyond - right))
    jump = abs(right - left)
    is_kink = jump > MIN_RELATIVE_JUMP * (abs(left) + abs(right)) and jump > MIN_JUMP_RATIO * bend
    return (left, right) if is_kink else None


def _curve(part: Slice, radius: float, digits: int) -> Scene:
    centre = point_of(part.here.value)
    slope = part.here.jacobian[:2, 0].tolist()
    speed = math.hypot(*slope)

    def at(t: float) -> Point | None:
        jet = part.at([float(part.centre[0]) + (2 * t - 1) * radius])
        return None if jet is None else point_of(jet.value)

    rough = [point for points in sample_curve(at, max(speed * radius, 1e-300)) for point in points]
    apart = [abs(a - b) for kink in rough for a, b in zip(kink, centre, strict=True)]
    reach = max([*apart, speed * radius]) or 1.0
    half = FRAME_FACTOR * min(reach, MAX_RISES * speed * radius or reach)
    tip = (centre[0] + slope[0] * radius, centre[1] + slope[1] * radius)
    shapes = [
        *(line(points, "function") for points in sample_curve(at, half)),
        arrow(centre, tip, "linear", f"∂/∂{part.inputs[0]}"),
    ]
    words = (
        f"The curve of {part.name} and its velocity at {part.where(digits)}: "
        f"({listed(slope, digits)}), of length {displayed(speed, digits)}."
    )
    return Scene([panel_around(centre, half, part.outputs, shapes)], [words])
