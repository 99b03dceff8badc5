"""One-sided derivatives of a map of the plane at a kink, where they differ from side to side."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from jacmagic.view.pictures.slices import Slice

DIRECTIONS = 16  # in which Jacobians are compared, none along an axis
NEAR = 1e-6  # of the radius: where they are
KINK = 1e-3  # relative difference of Jacobians that close to each other

Along = Callable[[Sequence[float] | np.ndarray], np.ndarray]


def one_sided(part: Slice, radius: float) -> Along | None:
    """Return the derivative along a vector, None where there is no kink.

    Args:
        part: the slice of two inputs.
        radius: half the square's side.
    """
    if not (part.has_derivatives and any(_bends(part, radius, k) for k in range(DIRECTIONS))):
        return None

    def along(by: Sequence[float] | np.ndarray) -> np.ndarray:
        there = _near(part, NEAR * np.asarray(by))
        return (part.here.jacobian if there is None else there) @ np.asarray(by)

    return along


def _near(part: Slice, by: np.ndarray) -> np.ndarray | None:
    there = part.at((part.centre + by).tolist())
    return None if there is None else there.jacobian


def _bends(part: Slice, radius: float, direction: int) -> bool:
    """Whether the Jacobian jumps between the point and one beside it."""
    angle = 2 * np.pi * (direction + 0.5) / DIRECTIONS
    by = NEAR * radius * np.array([np.cos(angle), np.sin(angle)])
    here, inner, outer = (_near(part, k * by) for k in range(3))
    if here is None or inner is None or outer is None:
        return False
    jump, bend = np.linalg.norm(inner - here), np.linalg.norm(outer - inner)
    sizes = np.linalg.norm(inner) + np.linalg.norm(here)
    return bool(jump > KINK * sizes and jump > 10 * bend)
