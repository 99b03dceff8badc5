"""The picture of a map of the plane: a square, its image under f, and under f + J·dx.

Lengths of both axes of a plane are drawn to one scale, so that areas and angles are true.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jacmagic.render.plane import Point, Shape
from jacmagic.render.text import displayed
from jacmagic.view.pictures.kinks import Along, one_sided
from jacmagic.view.pictures.lattice import Images, lattice
from jacmagic.view.pictures.scene import Scene, arrow, line, panel_around, point_of, shift
from jacmagic.view.pictures.singular import (
    determinant,
    singular_lines,
    singular_values,
    singular_words,
)
from jacmagic.view.pictures.slices import Slice
from jacmagic.view.pictures.units import unitless

CIRCLE_PIECES = 72  # one for each five degrees
SQUARE_SHARE = 0.68  # of the window's half width
IMAGE_SHARE = 0.85  # the same of the image
INFINITE = "J is not finite here: there is no linear part."
ROUNDED_SHARE = 1e-12  # of the image: a share that some thousand roundings of the function make
SIDED = "f′(x; dx)"  # the one-sided derivative along dx


def plane_scene(part: Slice, radius: float, digits: int) -> Scene:
    """Return the scene of a square of half side `radius`, in units of the inputs."""
    centre, value = point_of(part.centre), point_of(part.here.value)
    sided = one_sided(part, radius)
    images, half = Images(part, radius, sided), radius / SQUARE_SHARE
    reach = Images(part, radius).extent(lambda by: np.abs(by).max()) or radius
    columns = [point_of(column * radius) for column in part.here.jacobian.T]
    singular = singular_lines(part, half)
    ring = line(ellipse(centre, (radius, 0), (0, radius)), "quiet")
    squares = [*singular, *square_grid(centre, radius), ring]
    left = panel_around(centre, half, part.inputs, squares)
    shapes = [
        *images.bent(lambda by: shift(value, by.tolist()), 2 * reach),
        *(_bent(value, sided, radius) if sided else _straight(part, radius, digits)),
        *(
            arrow(value, shift(value, column), "linear", f"∂{part.name}/∂{unitless(name)}")
            for column, name in zip(columns, part.inputs, strict=True)
        ),
    ]
    right = panel_around(value, reach / IMAGE_SHARE, part.outputs, shapes)
    words = _words(part, radius, images.deviation() / reach, digits, sided)
    return Scene([left, right], [*words, *singular_words(singular, part.name)])


def square_grid(centre: Point, radius: float) -> list[Shape]:
    """Return the lines of the square around a point."""
    return [
        line([shift(centre, end.tolist()) for end in ends], "grid") for ends in lattice(2, radius)
    ]


def _straight(part: Slice, radius: float, digits: int) -> list[Shape]:
    """Return the images of square and circle under f + J·dx, and the half axes of the latter."""
    value = point_of(part.here.value)
    columns = [point_of(column * radius) for column in part.here.jacobian.T]
    square = Shape("area", _corners(value, *columns), "linear")
    return [square, line(ellipse(value, *columns), "linear"), *_axes(part, radius, digits)]


def _bent(value: Point, sided: Along, radius: float) -> list[Shape]:
    """Return the images of square and circle by one-sided derivatives."""
    circle = ellipse((0, 0), (radius, 0), (0, radius))
    square = [
        (x * radius / max(abs(x), abs(y)), y * radius / max(abs(x), abs(y))) for x, y in circle
    ]
    images = [[shift(value, point_of(sided(by))) for by in ends] for ends in (square, circle)]
    return [Shape("area", images[0], "linear"), line(images[1], "linear")]


def _corners(value: Point, a: Point, b: Point) -> list[Point]:
    return _spanned(value, a, b, [(-1, -1), (1, -1), (1, 1), (-1, 1)])


def ellipse(centre: Point, a: Point, b: Point) -> list[Point]:
    """Return an ellipse with two conjugate half diameters."""
    angles = [2 * np.pi * k / CIRCLE_PIECES for k in range(CIRCLE_PIECES + 1)]
    pairs = [(float(np.cos(angle)), float(np.sin(angle))) for angle in angles]
    return _spanned(centre, a, b, pairs)


def _spanned(centre: Point, a: Point, b: Point, pairs: Sequence[Point]) -> list[Point]:
    return [shift(centre, (s * a[0] + t * b[0], s * a[1] + t * b[1])) for s, t in pairs]


def _axes(part: Slice, radius: float, digits: int) -> list[Shape]:
    """Return the ellipse's half axes: singular values along left singular vectors."""
    sigmas, value = singular_values(part.here.jacobian), point_of(part.here.value)
    left = np.linalg.svd(part.here.jacobian)[0] if sigmas else np.eye(2)
    return [
        line(
            [value, shift(value, point_of(-radius * sigma * left[:, k]))],
            "quiet",
            f"σ{'₁₂'[k]} = {displayed(sigma, digits)}",
        )
        for k, sigma in enumerate(sigmas)
    ]


def _words(part: Slice, radius: float, share: float, digits: int, sided: Along | None) -> list[str]:
    det, name = determinant(part.here.jacobian), part.name
    turned = "and turns them over" if det < 0 else "and keeps their orientation"
    areas = f"multiplies areas by {displayed(abs(det), digits)} {turned}"
    sigmas = singular_values(part.here.jacobian)
    stretched = " and ".join(displayed(sigma, digits) for sigma in sigmas)
    linear = [
        f"J {areas if det else 'flattens areas to a line or a point'}: "
        f"det J = {displayed(det, digits)}.",
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
        f"A square of side {displayed(2 * radius, digits)} around {part.where(digits)} "
        f"and its image under {name}, dashed under {name} + {SIDED if sided else 'J·dx'}.",
        *([kink] if sided else linear if sigmas else [INFINITE]),
        *([deviation] if sided or sigmas else []),
    ]


def percent(share: float) -> str:
    """Return a share in percent, 0 where it is smaller than what rounding makes."""
    return f"{displayed(100 * share if share > ROUNDED_SHARE else 0.0, 2)} %"
