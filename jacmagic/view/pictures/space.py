"""The picture of a map into space, seen by a camera: see `static/scene_space.mjs`.

One input gives a curve and its velocity, two a piece of a surface and the parallelogram J·dx in its
tangent plane, three a cube's image and the parallelepiped J·dx.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from jacmagic.render.plane import Panel, Point, Shape
from jacmagic.render.text import displayed
from jacmagic.view.pictures.lattice import Images
from jacmagic.view.pictures.plane_map import SQUARE_SHARE, percent, square_grid
from jacmagic.view.pictures.scene import Scene, arrow, dot, line, listed, panel_around, point_of
from jacmagic.view.pictures.singular import determinant, singular_values
from jacmagic.view.pictures.slices import Slice
from jacmagic.view.pictures.units import unitless

MAX_ASPECT = 5  # of the image's extents, beyond which each axis has a scale of its own
FRAME_FACTOR = 1.3  # half the window, times the image's largest distance from the point
BOX_SHARE = 0.75  # of that distance: half a side of the box whose edges are the axes
CUBE_BOX_FACTOR = 1.25  # half the box around the cube before it is mapped, by half the cube's side
TURN, TILT = 60.0, 25.0  # degrees, of the camera
_SIGNS = ((-1, -1), (1, -1), (1, 1), (-1, 1))
_WINDOW = (-FRAME_FACTOR, FRAME_FACTOR)


def space_scene(
    part: Slice, radius: float, digits: int, turn: float = TURN, tilt: float = TILT
) -> Scene:
    """Return the scene of one to three inputs and three outputs.

    Args:
        part: the slice.
        radius: half the side of the square or the cube, in units of the inputs.
        digits: significant digits.
        turn: degrees of the camera around the vertical axis.
        tilt: degrees above the horizontal plane.
    """
    view = _View(part, radius, digits, turn, tilt)
    columns = list(part.here.jacobian.T * radius)
    shapes = [
        *view.axes(part.outputs, part.here.value, BOX_SHARE * view.units),
        *view.images.bent(view.seen, 2),
        *(Shape("area", [view.seen(end) for end in face], "linear") for face in _faces(columns)),
        *(
            arrow((0.0, 0.0), view.seen(column), "linear", f"∂{part.name}/∂{unitless(name)}")
            for column, name in zip(columns, part.inputs, strict=True)
        ),
        dot((0.0, 0.0), "point"),
    ]
    before = [] if len(columns) == 1 else [view.square if len(columns) == 2 else view.cube]
    return Scene([*before, Panel(("", ""), _WINDOW, _WINDOW, shapes)], view.words)


@dataclass(frozen=True)
class _View:
    """A slice as the camera sees it."""

    part: Slice
    radius: float
    digits: int
    turn: float
    tilt: float

    @cached_property
    def camera(self) -> tuple[np.ndarray, np.ndarray]:
        """The screen's axes (2, 3), and the direction to the camera (3,)."""
        a, e = math.radians(self.turn), math.radians(self.tilt)
        right = (-math.sin(a), math.cos(a), 0.0)
        up = (-math.sin(e) * math.cos(a), -math.sin(e) * math.sin(a), math.cos(e))
        away = (math.cos(e) * math.cos(a), math.cos(e) * math.sin(a), math.sin(e))
        return np.array([right, up]), np.array(away)

    def project(self, by: np.ndarray) -> Point:
        """Return a vector on the screen."""
        across, up = (self.camera[0] @ by).tolist()
        return across, up

    def seen(self, by: np.ndarray) -> Point:
        """Return a vector of the image on the screen, in its units."""
        return self.project(by / self.units)

    def axes(self, labels: Sequence[str], centre: np.ndarray, sides: np.ndarray) -> Iterator[Shape]:
        """Yield three edges of a box: those that meet far from the camera, at the bottom."""
        away = self.camera[1]
        corner = np.array([-1 if k == 2 or away[k] > 0 else 1 for k in range(3)]) * BOX_SHARE
        for k, label in enumerate(labels):
            end = corner.copy()
            end[k] *= -1
            number = displayed(float(centre[k] + np.sign(end[k]) * sides[k]), self.digits)
            ends = [self.project(corner), self.project(end)]
            yield line(ends, "axis", f"{label} = {number}")

    @cached_property
    def images(self) -> Images:
        """The images of the lines of the interval, square or cube."""
        return Images(self.part, self.radius)

    @cached_property
    def units(self) -> np.ndarray:
        """The unit of each axis of the image: its largest distance from the point.

        It is the same on all axes unless the image would be a needle or a leaf.
        """
        extents = [self.images.extent(lambda by, k=k: abs(by[k])) for k in range(3)]  # type: ignore[misc]
        largest = max(extents)
        is_thin = largest > MAX_ASPECT * min(extent or largest for extent in extents)
        common = largest or self.radius
        scales = np.array([extent if is_thin and extent else common for extent in extents])
        return scales * (self.images.extent(lambda by: math.hypot(*(by / scales))) or 1.0)

    @property
    def square(self) -> Panel:
        """The square before it is mapped."""
        centre, half = point_of(self.part.centre), self.radius / SQUARE_SHARE
        return panel_around(centre, half, self.part.inputs, square_grid(centre, self.radius))

    @property
    def cube(self) -> Panel:
        """The cube before it is mapped."""
        part, unit = self.part, CUBE_BOX_FACTOR / BOX_SHARE * self.radius
        lines = [[self.project(end / unit) for end in ends] for ends in self.images.lines]
        shapes = [
            *self.axes(part.inputs, part.centre, np.full(3, CUBE_BOX_FACTOR * self.radius)),
            *(line(ends, "grid") for ends in lines),
            dot((0.0, 0.0), "point"),
        ]
        return Panel(("", ""), _WINDOW, _WINDOW, shapes)

    @property
    def words(self) -> list[str]:
        """The picture in sentences."""
        part, digits, jacobian = self.part, self.digits, self.part.here.jacobian
        if jacobian.shape[1] == 1:
            velocity = jacobian[:, 0].tolist()
            return [
                f"The curve of {part.name} in space and its velocity at {part.where(digits)}: "
                f"({listed(velocity, digits)}), of length "
                f"{displayed(math.hypot(*velocity), digits)}."
            ]
        sigmas = singular_values(jacobian)
        is_plane = jacobian.shape[1] == 2
        units = self.units.tolist()
        return [
            *(self._surface(sigmas) if is_plane else self._volume()),
            *([f"The singular values are {listed(sigmas, digits)}."] if sigmas else []),
            f"In this {'square' if is_plane else 'cube'} {part.name} differs from its linear part "
            f"by at most {percent(self.images.deviation(self.units))} of the image's half width.",
            *(["Each axis of the image has a scale of its own."] if len(set(units)) > 1 else []),
        ]

    def _opening(self, shape: str, image: str) -> str:
        part, digits = self.part, self.digits
        return (
            f"A {shape} of side {displayed(2 * self.radius, digits)} around "
            f"{part.where(digits)} and its image under {part.name}, {image}"
        )

    def _surface(self, sigmas: Sequence[float]) -> list[str]:
        end = f"dashed under {self.part.name} + J·dx, a parallelogram in the tangent plane."
        opening = self._opening("square", f"a piece of a surface, {end}")
        if not sigmas:
            return [opening]
        area = displayed(sigmas[0] * sigmas[1], self.digits)
        return [opening, f"J multiplies areas by {area}, the root of det JᵀJ."]

    def _volume(self) -> list[str]:
        det = determinant(self.part.here.jacobian)
        turned = "and reverses" if det < 0 else "and keeps"
        volumes = (
            f"multiplies volumes by {displayed(abs(det), self.digits)} {turned} their orientation"
        )
        flat = "flattens volumes to a plane, a line or a point"
        end = f"dashed under {self.part.name} + J·dx, a parallelepiped."
        return [
            self._opening("cube", end),
            *(
                [f"J {volumes if det else flat}: det J = {displayed(det, self.digits)}."]
                if math.isfinite(det)
                else []
            ),
        ]


def _faces(columns: Sequence[np.ndarray]) -> list[list[np.ndarray]]:
    """Return outlines of the linear image: a parallelogram, or the sides of a parallelepiped."""
    sums = [list(signs) for signs in _SIGNS]
    if len(columns) < 3:
        return [[_sum(signs, columns) for signs in sums]] if len(columns) == 2 else []
    return [
        [_sum([*signs[:axis], side, *signs[axis:]], columns) for signs in sums]
        for axis in range(3)
        for side in (-1, 1)
    ]


def _sum(signs: Sequence[int], columns: Sequence[np.ndarray]) -> np.ndarray:
    return np.sum([sign * column for sign, column in zip(signs, columns, strict=True)], axis=0)
