"""The lines of an interval, a square or a cube around the point, and their images under f and J."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from jacmagic.render.plane import Point, Shape
from jacmagic.view.pictures.curves import sample_curve
from jacmagic.view.pictures.scene import line
from jacmagic.view.pictures.slices import Slice

LINES = {2: 9, 3: 3}  # each way, of the square and of the cube
MAX_OVERSHOOT = 2.5  # of the curved image beyond the linear one, in the window


def lattice(k: int, radius: float) -> list[np.ndarray]:
    """Return both ends (2, k) of the lines, from the centre; of a cube those of its surface."""
    if k == 1:
        return [np.array([[-radius], [radius]])]
    steps = [radius * (2 * i / (LINES[k] - 1) - 1) for i in range(LINES[k])]
    others = [(a,) for a in steps] if k == 2 else [(a, b) for a in steps for b in steps]
    outside = [rest for rest in others if k == 2 or any(rest)]
    return [
        np.array([[*rest[:axis], end, *rest[axis:]] for end in (-radius, radius)])
        for axis in range(k)
        for rest in outside
    ]


@dataclass(frozen=True)
class Images:
    """The images of the lines, from the value at the point.

    Attributes:
        part: the slice.
        radius: half the side of the square or the cube.
        along: the derivative along a vector; J times it by default.
    """

    part: Slice
    radius: float
    along: Callable[[np.ndarray], np.ndarray] | None = None

    @cached_property
    def lines(self) -> list[np.ndarray]:
        """Both ends of each line, from the centre."""
        return lattice(len(self.part.centre), self.radius)

    @cached_property
    def ends(self) -> list[tuple[np.ndarray, np.ndarray | None]]:
        """The linear image of every end, and the function's."""
        along = self.along or self.part.here.jacobian.__matmul__
        return [(along(end), self._at(end)) for ends in self.lines for end in ends]

    def _at(self, by: np.ndarray) -> np.ndarray | None:
        jet = self.part.at((self.part.centre + by).tolist())
        return None if jet is None else jet.value - self.part.here.value

    def extent(self, measure: Callable[[np.ndarray], float]) -> float:
        """Return the largest size of the linear image, or a little more of the curved one."""
        linear = max(measure(image) for image, _ in self.ends)
        images = (image for _, image in self.ends if image is not None)
        finite = (image for image in images if np.isfinite(image).all())
        curved = max(map(measure, finite), default=0.0)
        extent = max(linear, min(curved, MAX_OVERSHOOT * linear)) if linear else curved
        return float(extent) if math.isfinite(extent) else 0.0

    def bent(self, seen: Callable[[np.ndarray], Point], size: float) -> Iterator[Shape]:
        """Yield the lines' images under the function, in a window of a size."""
        for start, end in self.lines:

            def curve(t: float, start: np.ndarray = start, end: np.ndarray = end) -> Point | None:
                by = self._at(start + t * (end - start))
                return None if by is None else seen(by)

            yield from (line(points, "function") for points in sample_curve(curve, size))

    def deviation(self, units: np.ndarray | float = 1.0) -> float:
        """Return the largest distance between f and its linear part at the ends, in units."""
        apart = [(image - linear) / units for linear, image in self.ends if image is not None]
        lengths = [float(np.linalg.norm(by)) for by in apart]
        return max(filter(math.isfinite, lengths), default=0.0)
