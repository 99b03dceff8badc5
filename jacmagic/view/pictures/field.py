"""The picture of ẋ = f(x): the vector field, orbits, equilibria and the eigenvalues of J."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from jacmagic.render.plane import Point, Shape
from jacmagic.render.text import displayed
from jacmagic.view.pictures.kinks import is_kink
from jacmagic.view.pictures.plane_map import INFINITE
from jacmagic.view.pictures.scene import (
    Scene,
    arrow,
    dot,
    line,
    listed,
    panel_around,
    point_of,
    shift,
)
from jacmagic.view.pictures.slices import Slice

ARROWS = 11  # along a side
ORBITS = 5  # along a side, that start on a grid
ORBIT_STEPS = 90  # each way, of a fiftieth of the window
NEWTON_STEPS = 90  # to a zero of multiplicity k they get nearer by the factor 1 − 1/k
# Relative, of the Jacobian's singular values: of a line of zeros, Newton's finds one. As it stops
# at smaller ones, equilibria and their eigenvalues are known to this share of the usual ones.
DAMPING_SHARE = 1e-7
MIN_APART_SHARE = 1e-5  # of the radius: equilibria that are nearer are one
SMALL_FIELD_SHARE = 1e-9  # of the field's usual size: the residual at a zero
SEARCHES = 5  # along a side: points from which equilibria are searched
BESIDE = ((1, 0.7), (-0.7, 1), (-1, -0.7), (0.7, -1))  # directions in which there may be another
NEARBY_SHARE = 0.01  # of the radius: how far away it is searched
EXACT = 4 * float(np.finfo(float).eps)  # relative rounding of eigenvalues of a 2 × 2 matrix


def field_scene(part: Slice, radius: float, digits: int) -> Scene:
    """Return the scene of a vector field in a window of half width `radius`."""
    centre = point_of(part.centre)
    zeros = equilibria(part, radius) if part.has_derivatives else []
    kinds = [(at, _kind_at(part, at, radius, digits)) for at in zeros]
    starts = _grid(ORBITS, radius, centre)
    shapes = [
        *(line(_orbit(part, start, radius), "function") for start in starts),
        *_arrows(part, radius, centre),
        *(dot(at, "zero", kind.partition(",")[0]) for at, kind in kinds),
    ]
    (a, b), (c, d) = part.here.jacobian.tolist()
    rest = "dots mark equilibria" if kinds else "no equilibrium was found in this window"
    named = [f"At ({listed(at, digits)}): {kind}." for at, kind in kinds if kind]
    others = f"{'Other' if named else 'These'} equilibria are not isolated."
    at_point = (
        f"At the point: divergence {displayed(a + d, digits)}, curl {displayed(c - b, digits)}, "
        f"eigenvalues {_eigenvalues(part.here.jacobian, digits)}."
    )
    words = [
        f"The vector field of {part.name} with orbits{f'; {rest}' * part.has_derivatives}.",
        *named,
        *([others] if len(named) < len(kinds) else []),
        at_point if np.isfinite(part.here.jacobian).all() else INFINITE,
    ]
    return Scene([panel_around(centre, radius, part.inputs, shapes)], words)


def _grid(count: int, radius: float, centre: Point) -> list[Point]:
    steps = [0.9 * radius * (2 * k / (count - 1) - 1) for k in range(count)]
    return [shift(centre, (x, y)) for y in steps for x in steps]


def _unit(part: Slice, at: Point) -> Point | None:
    jet = part.at(at)
    if jet is None:
        return None
    x, y = jet.value.tolist()
    length = math.hypot(x, y)
    return (x / length, y / length) if length > 0 and math.isfinite(length) else None


def _arrows(part: Slice, radius: float, centre: Point) -> Iterator[Shape]:
    """Yield arrows of one length: the field's direction."""
    for start in _grid(ARROWS, radius, centre):
        way = _unit(part, start)
        if way is not None:
            half = [share * radius / ARROWS for share in way]
            yield arrow(shift(start, [-share for share in half]), shift(start, half), "grid")


def _orbit(part: Slice, start: Point, radius: float) -> list[Point]:
    """Return an orbit through a point, each way, by the midpoint rule in arc length."""

    def follow(step: float) -> Iterator[Point]:
        at = start
        for _ in range(ORBIT_STEPS):
            first = _unit(part, at)
            middle = first and _unit(part, shift(at, [share * step / 2 for share in first]))
            if not middle:
                return
            at = shift(at, [share * step for share in middle])
            if max(abs(at[0] - part.centre[0]), abs(at[1] - part.centre[1])) > radius:
                return
            yield at

    return [*reversed(list(follow(-radius / 50))), start, *follow(radius / 50)]


def equilibria(part: Slice, radius: float) -> list[Point]:
    """Return zeros of the field in the window, by Newton's method from a grid of points."""
    centre = point_of(part.centre)
    zeros = list[Point]()
    size = _usual_size(part, radius)
    for start in _grid(SEARCHES, radius, centre):
        at = _newton(part, start, radius, SMALL_FIELD_SHARE * size)
        if at is None or max(abs(at[0] - centre[0]), abs(at[1] - centre[1])) > radius:
            continue
        if all(math.dist(zero, at) >= MIN_APART_SHARE * radius for zero in zeros):
            zeros.append(at)
    return zeros


def _usual_size(part: Slice, radius: float) -> float:
    """Return the median length of the field where equilibria are searched."""
    starts = _grid(SEARCHES, radius, point_of(part.centre))
    lengths = [math.hypot(*run.value.tolist()) for run in map(part.at, starts) if run]
    sizes = sorted(filter(math.isfinite, lengths))
    return sizes[len(sizes) // 2] if sizes else 0.0


def _newton(part: Slice, start: Point, radius: float, small: float) -> Point | None:
    at, length = start, math.inf
    for _ in range(NEWTON_STEPS):
        jet = part.at(at)
        if jet is None:
            return None
        if not jet.value.any() or length < 1e-10 * radius:
            x, y = (
                0.0 if abs(coordinate) < DAMPING_SHARE * radius else coordinate for coordinate in at
            )
            nearby = part.at((x, y))  # a pole, where it has been approached along an axis
            is_zero = nearby is not None and np.isfinite(nearby.value).all()
            return (x, y) if is_zero and math.hypot(*jet.value.tolist()) <= small else None
        unit = np.abs(jet.jacobian).max() or 1.0  # squares of huge entries have no numbers
        (a, b), (c, d) = (jet.jacobian / unit).tolist()
        u, v = (jet.value / unit).tolist()
        damping = DAMPING_SHARE**2 * (a * a + b * b + c * c + d * d)
        p, q, r = a * a + c * c + damping, a * b + c * d, b * b + d * d + damping
        x, y, det = a * u + c * v, b * u + d * v, p * r - q * q
        step = [(q * y - r * x) / det, (q * x - p * y) / det] if det else [math.nan] * 2
        length = math.hypot(*step)
        if not math.isfinite(length):
            return None
        at = shift(at, step)
    return None


def _pair(matrix: np.ndarray, rounding: float) -> tuple[complex, complex]:
    """Return both eigenvalues of a 2 × 2 matrix, parts as small as the rounding as 0.

    The smaller of two real ones is det/λ, which keeps its digits beside a much larger one.
    """
    unit = float(np.abs(matrix).max()) or 1.0
    (a, b), (c, d) = (matrix / unit).tolist()
    mean, square = (a + d) / 2, ((a - d) / 2) ** 2 + b * c
    root = math.sqrt(abs(square))
    if square < 0:
        one, other = (0.0 if abs(part) <= rounding else part * unit for part in (mean, root))
        return complex(one, other), complex(one, -other)
    large = mean + math.copysign(root, mean)
    is_singular = abs(a * d - b * c) <= rounding * (abs(a * d) + abs(b * c))
    if abs(large) <= rounding:
        return 0.0, 0.0
    both = large * unit, 0.0 if is_singular else (a * d - b * c) / large * unit
    return max(both), min(both)


def _eigenvalues(matrix: np.ndarray, digits: int, rounding: float = EXACT) -> str:
    one, other = map(complex, _pair(matrix, rounding))
    if one.imag:
        return f"{displayed(one.real, digits)} ± {displayed(one.imag, digits)} i"
    return f"{displayed(one.real, digits)} and {displayed(other.real, digits)}"


def _kind_at(part: Slice, at: Point, radius: float, digits: int) -> str:
    """Return the kind of an equilibrium and its eigenvalues; "" where it is not isolated."""
    jet, size = part.at(at), _usual_size(part, radius)
    if jet is None or not np.isfinite(jet.jacobian).all():
        return "J is not finite"
    small = DAMPING_SHARE * size / radius  # rows and columns that vanish at a zero of higher order
    sizes = np.abs(jet.jacobian)
    row, column = sizes.max(axis=1, keepdims=True), sizes.max(axis=0, keepdims=True)
    matrix = np.where(np.minimum(row, column) <= small, 0.0, jet.jacobian)
    is_smooth, kind = not is_kink(part, at, radius), _kind(matrix)
    if (kind == "degenerate" or not is_smooth) and _has_others(
        part, at, radius, SMALL_FIELD_SHARE * size
    ):
        return ""
    return (
        f"{kind}, λ = {_eigenvalues(matrix, digits, DAMPING_SHARE)}" if is_smooth else "at a kink"
    )


def _has_others(part: Slice, at: Point, radius: float, small: float) -> bool:
    """Whether other equilibria lie right beside one."""
    for way in BESIDE:
        start = shift(at, [NEARBY_SHARE * radius * share for share in way])
        zero = _newton(part, start, radius, small)
        if zero and NEARBY_SHARE / 4 < math.dist(zero, at) / radius < 2 * NEARBY_SHARE:
            return True
    return False


def _kind(matrix: np.ndarray) -> str:
    """Return the kind of an equilibrium by the eigenvalues there."""
    one, other = map(complex, _pair(matrix, DAMPING_SHARE))
    if one.imag:
        if not one.real:
            return "centre of the linear part"
        return "stable spiral" if one.real < 0 else "unstable spiral"
    if not (one.real and other.real):
        return "degenerate"
    if one.real > 0 > other.real:
        return "saddle"
    return "stable node" if one.real < 0 else "unstable node"
