"""One-sided derivatives of a map of the plane at a kink, where they differ from side to side."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from jacmagic.view.pictures.slices import Slice

DIRECTIONS = 16  # in which Jacobians are compared, none along an axis
NEAR_SHARE = 1e-6  # of the radius: where they are
MIN_RELATIVE_JUMP = 1e-3  # relative difference of Jacobians that close to each other
MIN_JUMP_RATIO = 10  # over that at the next such step: a smooth Jacobian's is the same there

Along = Callable[[Sequence[float] | np.ndarray], np.ndarray]


def one_sided(part: Slice, radius: float) -> Along | None:
    """Return the derivative along a vector at a kink; None where there is none."""
    if not is_kink(part, part.centre, radius):
        return None

    def along(by: Sequence[float] | np.ndarray) -> np.ndarray:
        beside = _jacobian(part, part.centre + NEAR_SHARE * np.asarray(by))
        return (part.here.jacobian if beside is None else beside) @ np.asarray(by)

    return along


def is_kink(part: Slice, at: Sequence[float] | np.ndarray, radius: float) -> bool:
    """Whether the Jacobian jumps near a point of a window of half width `radius`."""
    jacobian = _jacobian(part, np.asarray(at))
    if jacobian is None or not part.has_derivatives:
        return False
    for angle in 2 * np.pi * (np.arange(DIRECTIONS) + 0.5) / DIRECTIONS:
        by = NEAR_SHARE * radius * np.array([np.cos(angle), np.sin(angle)])
        inner, outer = (_jacobian(part, np.asarray(at) + k * by) for k in (1, 2))
        if inner is None or outer is None:
            continue
        matrices = (inner - jacobian, outer - inner, inner, jacobian)
        jump, bend, *sizes = (math.hypot(*matrix.ravel().tolist()) for matrix in matrices)
        if jump > MIN_RELATIVE_JUMP * sum(sizes) and jump > MIN_JUMP_RATIO * bend:
            return True
    return False


def _jacobian(part: Slice, at: np.ndarray) -> np.ndarray | None:
    jet = part.at(at.tolist())
    return None if jet is None else jet.jacobian
