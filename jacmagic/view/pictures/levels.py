"""The picture of a number that depends on two: level lines, gradient, and curvature."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from jacmagic.render.plane import Point, Shape
from jacmagic.render.text import displayed
from jacmagic.view.pictures.curves import level_line, round_numbers
from jacmagic.view.pictures.kinks import is_kink
from jacmagic.view.pictures.plane_map import ellipse
from jacmagic.view.pictures.scene import Scene, arrow, line, listed, panel_around, point_of, shift
from jacmagic.view.pictures.slices import Slice

CELLS = 48  # along a side of the grid that level lines are found on
LEVELS = 12  # about how many lines are drawn
ARROW_SHARE = 0.6  # of the window's half width
SHORT_AXIS_SHARE = 0.25  # of the window's half width: half the shorter axis of the conic
LONGEST_AXIS_SHARE = 0.9  # the same of an axis that is drawn
INFINITE_AXIS_SHARE = 4.0  # half the axis of a conic that has no end
BRANCH, BRANCH_PIECES = 4.0, 96  # of a hyperbola: its parameter's end, beyond the window
# A step of the differences of the gradient: ∛eps balances rounding and truncation.
DIFFERENCE = float(np.cbrt(np.finfo(float).eps))
FLAT_SHARE = 1e-6  # relative size of an eigenvalue that the differences cannot tell from zero


def level_scene(part: Slice, radius: float, digits: int) -> Scene:
    """Return the scene of level lines in a window of half width `radius`."""
    centre = point_of(part.centre)
    value, gradient = float(part.here.value[0]), part.here.jacobian[0]
    length = math.hypot(*gradient.tolist())
    bends = is_kink(part, centre, radius)
    hessian = _differences(part, radius) if part.hessian is None else part.hessian
    hessian = None if bends else hessian
    lines = _lines(part, radius, centre, value)
    shapes = [*lines, *_curvature(centre, hessian, radius, digits)]
    if length > 0 and math.isfinite(length) and not bends:
        tip = shift(centre, (ARROW_SHARE * radius / length * gradient).tolist())
        shapes.append(arrow(centre, tip, "linear", "∇"))
    has_own = any(
        curve.look == "function" and curve.points[0] != curve.points[1] for curve in lines
    )
    words = [
        f"Level lines of {part.name} around {part.where(digits)}; "
        f"{'the strong one is' if has_own else 'here'} "
        f"{part.outputs[0]} = {displayed(value, digits)}.",
        _slope(part.outputs[0], gradient.tolist(), digits, bends),
    ]
    if hessian is not None:
        eigenvalues = " and ".join(
            displayed(eigenvalue, digits) for eigenvalue, _ in _eigen(hessian)
        )
        words.append(
            f"The second derivatives have the eigenvalues {eigenvalues}: {_kind(hessian)}."
        )
        if hessian.any():
            words.append(
                f"Dotted: the {_shape(hessian)} where |dxᵀ·H·dx| has one value, and the axes."
            )
    return Scene([panel_around(centre, radius, part.inputs, shapes)], words)


def _slope(output: str, gradient: Sequence[float], digits: int, bends: bool) -> str:
    if bends:
        return f"At this kink {output} has no single gradient."
    if not all(map(math.isfinite, gradient)):
        return f"The gradient ({listed(gradient, digits)}) is not finite."
    if not any(gradient):
        return "The gradient is 0: no direction is the steepest."
    return (
        f"The gradient ({listed(gradient, digits)}) is orthogonal to it; "
        f"its length, the steepest slope, is {displayed(math.hypot(*gradient), digits)}."
    )


def _lines(part: Slice, radius: float, centre: Point, value: float) -> list[Shape]:
    def point_at(column: float, row: float) -> Point:
        return shift(centre, [radius * (2 * k / CELLS - 1) for k in (column, row)])

    heights = np.full((CELLS + 1, CELLS + 1), np.nan)
    for i, j in np.ndindex(heights.shape):
        jet = part.at(point_at(j, i))
        if jet is not None:
            heights[i, j] = jet.value[0]
    others = [
        line(points, "grid")
        for level in _levels(heights)
        for points in level_line(heights, level, point_at)
    ]
    return [*others, *(line(points, "function") for points in level_line(heights, value, point_at))]


def _levels(heights: np.ndarray) -> list[float]:
    """Return round heights; a pole's, a fiftieth at each end, would take them all."""
    finite = np.sort(heights[np.isfinite(heights)])
    if not finite.size:
        return []
    cut = finite.size // 50
    return round_numbers(float(finite[cut]), float(finite[finite.size - 1 - cut]), LEVELS)


def _differences(part: Slice, radius: float) -> np.ndarray | None:
    """Return second derivatives (2, 2) by central differences of the gradient.

    Those with half the step improve them (Richardson); what is smaller than the change is 0.
    """
    steps = [DIFFERENCE * max(abs(float(coordinate)), radius) for coordinate in part.centre]
    far, near = (
        np.array([_difference(part, k, share * steps[k]) for k in range(2)]).T
        for share in (1.0, 0.5)
    )
    hessian = near + (near - far) / 3
    hessian[np.abs(hessian) <= np.abs(near - far)] = 0.0
    return (hessian + hessian.T) / 2 if np.isfinite(hessian).all() else None


def _difference(part: Slice, k: int, h: float) -> np.ndarray:
    """Return the derivative (2,) of the gradient along an input, nan where it has none."""
    step = np.eye(2)[k] * h
    more, less = part.at((part.centre + step).tolist()), part.at((part.centre - step).tolist())
    if more is None or less is None:
        return np.full(2, np.nan)
    difference: np.ndarray = (more.jacobian[0] - less.jacobian[0]) / (2 * h)
    return difference


def _eigen(hessian: np.ndarray) -> list[tuple[float, Point]]:
    """Return eigenvalues and unit eigenvectors, the larger first; 0 where the differences err."""
    (a, b), (_, d) = hessian.tolist()
    mean, half = (a + d) / 2, (a - d) / 2
    root, angle = math.hypot(half, b), math.atan2(b, half) / 2
    values, small = (mean + root, mean - root), FLAT_SHARE * (abs(mean) + root)
    one, other = (value if abs(value) > small else 0.0 for value in values)
    return [
        (one, (math.cos(angle), math.sin(angle))),
        (other, (-math.sin(angle), math.cos(angle))),
    ]


def _shape(hessian: np.ndarray) -> str:
    (one, _), (other, _) = _eigen(hessian)
    if not one or not other:
        return "pair of lines"
    return "ellipse" if (one > 0) == (other > 0) else "hyperbolas"


def _kind(hessian: np.ndarray) -> str:
    (one, _), (other, _) = _eigen(hessian)
    if other > 0:
        return "curved upwards in all directions"
    if one < 0:
        return "curved downwards in all directions"
    if one > 0 > other:
        return "a saddle"
    return "flat in a direction" if one or other else "flat in all directions"


def _curvature(
    centre: Point, hessian: np.ndarray | None, radius: float, digits: int
) -> list[Shape]:
    """Return the conic dxᵀ·H·dx = ±c and its axes."""
    if hessian is None or not hessian.any():
        return []
    strongest = max(abs(value) for value, _ in _eigen(hessian))
    halves, shapes = [], []
    for k, (value, direction) in enumerate(_eigen(hessian)):
        share = SHORT_AXIS_SHARE * math.sqrt(strongest / abs(value)) if value else math.inf
        half = [min(share, LONGEST_AXIS_SHARE) * radius * component for component in direction]
        ends = [shift(centre, [-component for component in half]), shift(centre, half)]
        shapes.append(line(ends, "quiet", f"λ{'₁₂'[k]} = {displayed(value, digits)}"))
        halves.append(
            [min(share, INFINITE_AXIS_SHARE) * radius * component for component in direction]
        )
    return [*(line(points, "quadratic") for points in _conic(centre, hessian, *halves)), *shapes]


def _conic(centre: Point, hessian: np.ndarray, a: list[float], b: list[float]) -> list[list[Point]]:
    """Return an ellipse, both hyperbolas, or two lines, from half axes."""

    def at(s: float, t: float) -> Point:
        return shift(centre, [s * x + t * y for x, y in zip(a, b, strict=True)])

    shape, signs = _shape(hessian), (-1, 1)
    if shape == "pair of lines":
        is_first = bool(_eigen(hessian)[0][0])
        return [[at(k, end) if is_first else at(end, k) for end in signs] for k in signs]
    if shape == "ellipse":
        return [ellipse(centre, (a[0], a[1]), (b[0], b[1]))]
    angles = [BRANCH * (2 * k / BRANCH_PIECES - 1) for k in range(BRANCH_PIECES + 1)]
    pairs = [(math.cosh(t), math.sinh(t)) for t in angles]
    return [
        *([at(sign * c, s) for c, s in pairs] for sign in signs),
        *([at(s, sign * c) for c, s in pairs] for sign in signs),
    ]
