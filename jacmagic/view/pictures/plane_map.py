"""The picture of a map of the plane: a square, its image under f, and under f + J·dx.

Lengths of both axes of a plane are drawn to one scale, so that areas and angles are true.
"""

from __future__ import annotations

import math

import numpy as np

from jacmagic.view.pictures.curves import Point, sample_curve
from jacmagic.view.pictures.kinks import Along, one_sided
from jacmagic.view.pictures.scene import Panel, Scene, Shape, arrow, dot, line, shift, shown
from jacmagic.view.pictures.singular import (
    determinant,
    singular_lines,
    singular_values,
    singular_words,
)
from jacmagic.view.pictures.slices import Slice
from jacmagic.view.pictures.units import unitless

GRID_LINES = 9  # each way, of the square around the point
CIRCLE_PIECES = 72  # one for each five degrees
SQUARE_SHARE = 0.68  # of the window's half width
IMAGE_SHARE = 0.85  # the same of the image
INFINITE = "J is not finite here: there is no linear part."
ROUNDED_SHARE = 1e-12  # of the image: a share that some thousand roundings of the function make
SIDED = "f′(x; dx)"  # the one-sided derivative along dx
MAX_OVERSHOOT = 2.5  # of the curved image beyond the linear one, in the window


def plane_scene(part: Slice, radius: float, digits: int) -> Scene:
    """Return the scene of a square of half side `radius`, in units of the inputs."""
    centre, value = _point(part.centre), _point(part.here.value)
    reach, half = _reach(part, radius), radius / SQUARE_SHARE
    columns = [_point(column * radius) for column in part.here.jacobian.T]
    sided = one_sided(part, radius)
    singular = singular_lines(part, half)
    left = Panel(
        (part.inputs[0], part.inputs[1]),
        *_window(centre, half),
        [
            *singular,
            *(line([shift(centre, a), shift(centre, b)], "grid") for a, b in grid_ends(radius)),
            line(ellipse(centre, (radius, 0), (0, radius)), "quiet"),
            dot(centre, "point"),
        ],
    )
    right = Panel(
        (part.outputs[0], part.outputs[1]),
        *_window(value, reach / IMAGE_SHARE),
        [
            *_warped(part, radius, reach),
            *(_bent(value, sided, radius) if sided else _straight(part, radius, digits)),
            *(
                arrow(value, shift(value, column), "linear", f"∂{part.name}/∂{unitless(name)}")
                for column, name in zip(columns, part.inputs, strict=True)
            ),
            dot(value, "point"),
        ],
    )
    words = _words(part, radius, reach, digits, sided)
    return Scene([left, right], [*words, *singular_words(singular, part.name)])


def _point(numbers: np.ndarray) -> Point:
    return float(numbers[0]), float(numbers[1])


def _window(centre: Point, half: float) -> tuple[Point, Point]:
    return (centre[0] - half, centre[0] + half), (centre[1] - half, centre[1] + half)


def grid_ends(radius: float) -> list[tuple[Point, Point]]:
    """Return both ends of each line of the square's grid, from its centre."""
    steps = [radius * (2 * k / (GRID_LINES - 1) - 1) for k in range(GRID_LINES)]
    across: list[tuple[Point, Point]] = [((-radius, y), (radius, y)) for y in steps]
    return [*across, *(((x, -radius), (x, radius)) for x in steps)]


def _reach(part: Slice, radius: float) -> float:
    """Return half the width of the image, of the curved one where that is a little wider."""
    linear = float(radius * np.abs(part.here.jacobian).sum(axis=1).max())
    images = [
        part.at(shift(_point(part.centre), end)) for ends in grid_ends(radius) for end in ends
    ]
    apart = [np.abs(image.value - part.here.value).max() for image in images if image is not None]
    curved = float(max([one for one in apart if np.isfinite(one)], default=0.0))
    reach = max(linear, min(curved, MAX_OVERSHOOT * linear)) if linear else curved
    return reach if reach > 0 and np.isfinite(reach) else radius


def _warped(part: Slice, radius: float, reach: float) -> list[Shape]:
    """Return the grid's image under the function."""
    centre = _point(part.centre)
    shapes = []
    for start, end in grid_ends(radius):

        def curve(t: float, start: Point = start, end: Point = end) -> Point | None:
            by = [a + t * (b - a) for a, b in zip(start, end, strict=True)]
            jet = part.at(shift(centre, by))
            return None if jet is None else _point(jet.value)

        shapes += [line(points, "function") for points in sample_curve(curve, 2 * reach)]
    return shapes


def _straight(part: Slice, radius: float, digits: int) -> list[Shape]:
    """Return the images of square and circle under f + J·dx, and the half axes of the latter."""
    value = _point(part.here.value)
    columns = [_point(column * radius) for column in part.here.jacobian.T]
    square = Shape("area", _corners(value, *columns), "linear")
    return [square, line(ellipse(value, *columns), "linear"), *_axes(part, radius, digits)]


def _bent(value: Point, sided: Along, radius: float) -> list[Shape]:
    """Return the images of square and circle by one-sided derivatives."""
    circle = ellipse((0, 0), (radius, 0), (0, radius))
    square = [
        (x * radius / max(abs(x), abs(y)), y * radius / max(abs(x), abs(y))) for x, y in circle
    ]
    images = [[shift(value, _point(sided(by))) for by in ends] for ends in (square, circle)]
    return [Shape("area", images[0], "linear"), line(images[1], "linear")]


def _corners(value: Point, a: Point, b: Point) -> list[Point]:
    signs = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    return [shift(value, (s * a[0] + t * b[0], s * a[1] + t * b[1])) for s, t in signs]


def ellipse(centre: Point, a: Point, b: Point) -> list[Point]:
    """Return an ellipse with two conjugate half diameters."""
    angles = [2 * np.pi * k / CIRCLE_PIECES for k in range(CIRCLE_PIECES + 1)]
    pairs = [(float(np.cos(angle)), float(np.sin(angle))) for angle in angles]
    return [shift(centre, (c * a[0] + s * b[0], c * a[1] + s * b[1])) for c, s in pairs]


def _axes(part: Slice, radius: float, digits: int) -> list[Shape]:
    """Return the ellipse's half axes: singular values along left singular vectors."""
    sigmas, value = singular_values(part.here.jacobian), _point(part.here.value)
    left = np.linalg.svd(part.here.jacobian)[0] if sigmas else np.eye(2)
    return [
        line(
            [value, shift(value, _point(-radius * sigma * left[:, k]))],
            "quiet",
            f"σ{'₁₂'[k]} = {shown(sigma, digits)}",
        )
        for k, sigma in enumerate(sigmas)
    ]


def _words(part: Slice, radius: float, reach: float, digits: int, sided: Along | None) -> list[str]:
    det, name = determinant(part.here.jacobian), part.name
    turned = "and turns them over" if det < 0 else "and keeps their orientation"
    areas = f"multiplies areas by {shown(abs(det), digits)} {turned}"
    sigmas = singular_values(part.here.jacobian)
    stretched = " and ".join(shown(sigma, digits) for sigma in sigmas)
    share = _deviation(part, radius, sided or part.here.jacobian.__matmul__) / reach
    linear = [
        f"J {areas if det else 'flattens areas to a line or a point'}: "
        f"det J = {shown(det, digits)}.",
        f"It takes a circle to an ellipse that is stretched by {stretched}.",
    ]
    deviation = (
        f"In this square {name} differs from its {'one-sided' if sided else 'linear'} part "
        f"by at most {percent(share)} of the image's half width."
    )
    kink = (
        f"At this kink the derivatives {SIDED} differ from side to side, "
        f"and no single J describes {name}."
    )
    return [
        f"A square of side {shown(2 * radius, digits)} around ({', '.join(part.inputs)}) = "
        f"({', '.join(shown(one, digits) for one in part.centre.tolist())}) "
        f"and its image under {name}, dashed under {name} + {SIDED if sided else 'J·dx'}.",
        *([kink] if sided else linear if sigmas else [INFINITE]),
        *([deviation] if sided or sigmas else []),
    ]


def percent(share: float) -> str:
    """Return a share in percent, 0 where it is smaller than what rounding makes."""
    return f"{shown(100 * share if share > ROUNDED_SHARE else 0.0, 2)} %"


def _deviation(part: Slice, radius: float, along: Along) -> float:
    """Return the largest distance between f and its linear part on the square's border."""
    apart = [0.0]
    for ends in grid_ends(radius):
        for end in ends:
            jet = part.at(shift(_point(part.centre), end))
            if jet is not None:
                linear = part.here.value + along(np.array(end))
                apart.append(math.hypot(*(jet.value - linear).tolist()))
    return max(filter(math.isfinite, apart))
