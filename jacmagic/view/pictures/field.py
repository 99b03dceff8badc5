"""The picture of ẋ = f(x): the vector field, orbits, equilibria and the eigenvalues of J."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from jacmagic.view.pictures.curves import Point
from jacmagic.view.pictures.kinks import KINK, NEAR
from jacmagic.view.pictures.scene import Panel, Scene, Shape, arrow, dot, line, listed, shift, shown
from jacmagic.view.pictures.slices import Slice

ARROWS = 11  # along a side
ORBITS = 5  # along a side, that start on a grid
ORBIT_STEPS = 90  # each way, of a fiftieth of the window
NEWTON_STEPS = 90  # to a zero of multiplicity k they get nearer by the factor 1 − 1/k
DAMPING = (
    1e-7  # relative, of the Jacobian's singular values: of a line of zeros, Newton's finds one
)
SMALL = 1e-9  # of the field's usual size: the residual at a zero
ISOLATED = 3  # degenerate equilibria; more of them are a line
SEARCHES = 5  # along a side: points from which equilibria are searched
BESIDE = ((1, 0.7), (-0.7, 1), (-1, -0.7), (0.7, -1))  # directions in which there may be a kink
TOGETHER = "These equilibria are degenerate and not isolated."
ROUNDING = 1e-9  # relative, of the Jacobian at an equilibrium


def field_scene(part: Slice, radius: float, digits: int) -> Scene:
    """Return the scene of two inputs and two outputs as a vector field.

    Args:
        part: the slice.
        radius: half the window's width.
        digits: significant digits.
    """
    centre = (float(part.centre[0]), float(part.centre[1]))
    found = equilibria(part, radius) if part.has_derivatives else []
    kinds = [(at, _kind_at(part, at, radius, digits)) for at in found]
    starts = _grid(ORBITS, radius, centre)
    together = sum(kind.startswith("degenerate") for _, kind in kinds) > ISOLATED
    shapes = [
        *(line(_orbit(part, start, radius), "function") for start in starts),
        *_arrows(part, radius, centre),
        *(dot(at, "zero", "" if together else kind.partition(",")[0]) for at, kind in kinds),
        dot(centre, "point"),
    ]
    (a, b), (c, d) = part.here.jacobian.tolist()
    rest = "dots mark equilibria" if kinds else "no equilibrium was found in this window"
    listed_kinds = [f"At ({listed(at, digits)}): {kind}." for at, kind in kinds]
    words = [
        f"The vector field of {part.name} with orbits{f'; {rest}' * part.has_derivatives}.",
        *([TOGETHER] if together else listed_kinds),
        f"At the point: divergence {shown(a + d, digits)}, curl {shown(c - b, digits)}, "
        f"eigenvalues {_eigenvalues(part.here.jacobian, digits)}.",
    ]
    across, up = ((one - radius, one + radius) for one in centre)
    return Scene([Panel((part.inputs[0], part.inputs[1]), across, up, shapes)], words)


def _grid(count: int, radius: float, centre: Point) -> list[Point]:
    steps = [0.9 * radius * (2 * k / (count - 1) - 1) for k in range(count)]
    return [shift(centre, (x, y)) for y in steps for x in steps]


def _unit(part: Slice, at: Point) -> Point | None:
    there = part.at(at)
    if there is None:
        return None
    x, y = there.value.tolist()
    length = math.hypot(x, y)
    return (x / length, y / length) if length > 0 and math.isfinite(length) else None


def _arrows(part: Slice, radius: float, centre: Point) -> Iterator[Shape]:
    """Yield arrows of one length: the field's direction."""
    for start in _grid(ARROWS, radius, centre):
        way = _unit(part, start)
        if way is not None:
            half = [one * radius / ARROWS for one in way]
            yield arrow(shift(start, [-one for one in half]), shift(start, half), "grid")


def _orbit(part: Slice, start: Point, radius: float) -> list[Point]:
    """Return an orbit through a point, each way, by the midpoint rule in arc length."""

    def follow(step: float) -> Iterator[Point]:
        at = start
        for _ in range(ORBIT_STEPS):
            first = _unit(part, at)
            middle = first and _unit(part, shift(at, [one * step / 2 for one in first]))
            if not middle:
                return
            at = shift(at, [one * step for one in middle])
            if max(abs(at[0] - part.centre[0]), abs(at[1] - part.centre[1])) > radius:
                return
            yield at

    return [*reversed(list(follow(-radius / 50))), start, *follow(radius / 50)]


def equilibria(part: Slice, radius: float) -> list[Point]:
    """Return zeros of the field in the window, by Newton's method from a grid of points."""
    centre = (float(part.centre[0]), float(part.centre[1]))
    starts, found = _grid(SEARCHES, radius, centre), list[Point]()
    sizes = sorted(float(np.linalg.norm(one.value)) for one in map(part.at, starts) if one)
    small = SMALL * sizes[len(sizes) // 2] if sizes else 0.0
    for start in starts:
        at = _newton(part, start, radius, small)
        if at is None or max(abs(at[0] - centre[0]), abs(at[1] - centre[1])) > radius:
            continue
        if all(math.dist(one, at) >= 1e-6 * radius for one in found):
            found.append(at)
    return found


def _newton(part: Slice, start: Point, radius: float, small: float) -> Point | None:
    at, length = start, math.inf
    for _ in range(NEWTON_STEPS):
        there = part.at(at)
        if there is None:
            return None
        if not there.value.any() or length < 1e-10 * radius:
            if np.linalg.norm(there.value) > small:
                return None
            x, y = (0.0 if abs(one) < 1e-9 * radius else one for one in at)
            return x, y
        (a, b), (c, d) = there.jacobian.tolist()
        u, v = there.value.tolist()
        damping = DAMPING**2 * (a * a + b * b + c * c + d * d)
        p, q, r = a * a + c * c + damping, a * b + c * d, b * b + d * d + damping
        x, y, det = a * u + c * v, b * u + d * v, p * r - q * q
        step = [(q * y - r * x) / det, (q * x - p * y) / det] if det else [math.nan] * 2
        length = math.hypot(*step)
        if not math.isfinite(length):
            return None
        at = shift(at, step)
    return None


def _pair(matrix: np.ndarray, rounding: float) -> tuple[complex, complex]:
    """Return both eigenvalues of a 2 × 2 matrix, parts as small as the rounding as 0."""
    (a, b), (c, d) = matrix.tolist()
    mean, square = (a + d) / 2, ((a - d) / 2) ** 2 + b * c
    root = math.sqrt(abs(square))
    parts = [mean, root] if square < 0 else [mean + root, mean - root]
    small = rounding * float(np.abs(matrix).max())
    one, other = (0.0 if abs(part) <= small else part for part in parts)
    return (complex(one, other), complex(one, -other)) if square < 0 else (one, other)


def _eigenvalues(matrix: np.ndarray, digits: int, rounding: float = 0.0) -> str:
    one, other = map(complex, _pair(matrix, rounding))
    if one.imag:
        return f"{shown(one.real, digits)} ± {shown(one.imag, digits)} i"
    return f"{shown(one.real, digits)} and {shown(other.real, digits)}"


def _kind_at(part: Slice, at: Point, radius: float, digits: int) -> str:
    there = part.at(at)
    matrix = part.here.jacobian if there is None else there.jacobian
    beside = [part.at(shift(at, (NEAR * radius * x, NEAR * radius * y))) for x, y in BESIDE]
    sizes = np.linalg.norm(matrix) + np.linalg.norm(part.here.jacobian)
    if any(one and np.linalg.norm(one.jacobian - matrix) > KINK * sizes for one in beside):
        return "at a kink"
    largest = float(np.abs(part.here.jacobian).max())
    if math.isfinite(largest):  # entries that vanish at a zero of higher order
        matrix = np.where(np.abs(matrix) <= ROUNDING * largest, 0.0, matrix)
    return f"{_kind(matrix)}, λ = {_eigenvalues(matrix, digits, ROUNDING)}"


def _kind(matrix: np.ndarray) -> str:
    """Return the kind of an equilibrium by the eigenvalues there."""
    one, other = map(complex, _pair(matrix, ROUNDING))
    if one.imag:
        if not one.real:
            return "centre of the linear part"
        return "stable spiral" if one.real < 0 else "unstable spiral"
    if not (one.real and other.real):
        return "degenerate"
    if one.real > 0 > other.real:
        return "saddle"
    return "stable node" if one.real < 0 else "unstable node"
