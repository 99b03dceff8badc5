"""Values of a Jacobian and of a hand-derived one at random points around x.

Points are x_j (1 + r u) with u between −1 and 1, and r u where x_j is 0. The radius r begins at
1/2 and is halved until enough points lie in the function's domain and in the branch of x.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from jacmagic.function.interop.call_limit import REFUSALS
from jacmagic.function.interop.silence import silent
from jacmagic.result.analysis.arrays import epsilon_of
from jacmagic.result.check.expressions import Expressions, Values
from jacmagic.result.check.hand import Hand
from jacmagic.result.core import JacobianResult

MIN_POINTS = 32  # in the branch; with fewer, points are moved towards x
POINTS = 64  # beside x: a wrong formula that is right at all of them is right
FEW_POINTS = 8  # without a closed form, where each costs a Jacobian by torch
MAX_ENTRIES = 2**18  # of all points together: 2 MiB for each array
HALVINGS = 10  # of the radius, down to 1/2000 of x; of points' distance from x
RELATIVE_RADIUS = 0.5
RELATIVE_STEP = (
    2.0**-22
)  # relative, of the line on which noise is estimated: smooth parts give 1e-26


@dataclass(frozen=True)
class Samples:
    """Both Jacobians at x, the first point, and at others.

    Attributes:
        points: (k, n).
        truth: the Jacobian (k, m, n).
        hand: the hand-derived one, (k, m, n); nan where it has no value.
        noise: an estimate of the rounding errors of both, (k, m, n).
    """

    points: np.ndarray
    truth: np.ndarray
    hand: np.ndarray
    noise: np.ndarray

    @property
    def sizes(self) -> np.ndarray:
        """A size for each input, (n,): the mean of its absolute values."""
        return np.abs(self.points).mean(axis=0)


def sample(result: JacobianResult, hand: Hand) -> Samples:
    """Evaluate both Jacobians at x and around it; at x alone where one is known only there."""
    point = np.array(result.problem.flat_point)
    unit = epsilon_of(result)
    truth_here = result.to_numpy().astype(np.float64)
    points, truth = point[None], truth_here[None]
    if not hand.only_here:
        points, truth = around(result, point, truth_here)
    with silent():
        first = hand.evaluate(points[0])
        values = np.concatenate([first[None], _careful(hand.evaluate, points[1:], first.shape)])
    return Samples(points, truth, values, unit * np.abs(values))


def with_noise(samples: Samples, result: JacobianResult, hand: Hand) -> Samples:
    """Return the same values with an estimate of the errors of both, which takes many more."""
    if len(samples.points) == 1:
        return samples
    shape = samples.hand.shape[1:]
    with silent():
        noise = spread(lambda at: _careful(hand.evaluate, at, shape), samples.points, samples.hand)
    form = result.closed_form
    if form is not None:
        values = form.values_at(samples.points)  # at x too, where torch may have another
        noise = noise + spread(form.values_at, samples.points, values)
    return replace(samples, noise=samples.noise + noise)


def _careful(
    evaluate: Callable[[np.ndarray], np.ndarray], points: np.ndarray, shape: tuple[int, ...]
) -> np.ndarray:
    """Return matrices (k, m, n) at points; nan where one raises, or has another shape."""
    values = np.full((len(points), *shape), np.nan)
    for k, point in enumerate(points):
        with contextlib.suppress(*REFUSALS):
            value = evaluate(point)
            if value.shape == shape:
                values[k] = value
    return values


def spread(
    values_at: Callable[[np.ndarray], np.ndarray], points: np.ndarray, values: np.ndarray
) -> np.ndarray:
    """Return an estimate of the rounding errors of the values at points, (k, ...).

    Differences of third and fourth order along a short line cancel what is smooth and keep the
    errors: J. J. Moré and S. M. Wild, Estimating computational noise, SIAM J. Sci. Comput. 33
    (2011). Where a point's own errors happen to be small, those of half of the points count.
    """
    signs = np.random.default_rng(1).choice([-1.0, 1.0], size=points.shape)
    moved = [values_at(points * (1 + k * RELATIVE_STEP * signs)) for k in range(1, 5)]
    lines = [values, *(np.broadcast_to(line, values.shape) for line in moved)]
    with np.errstate(all="ignore"):
        third = np.abs(np.diff(lines, 3, axis=0)).max(axis=0) / np.sqrt(20)
        fourth = np.abs(np.diff(lines, 4, axis=0)).max(axis=0) / np.sqrt(70)
        own = np.minimum(third, 4 * fourth)
        relative = own / np.abs(values)
        usual = np.median(np.where(np.isfinite(relative), relative, 0.0), axis=0)
        noise = np.fmax(own, usual * np.abs(values))
    return np.where(np.isfinite(noise), noise, 0.0)


def around(
    result: JacobianResult, point: np.ndarray, truth_here: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return x and random points in its branch, with the Jacobians there."""
    form = result.closed_form
    count = POINTS if form is not None else FEW_POINTS
    count = max(FEW_POINTS, min(count, MAX_ENTRIES // max(truth_here.size, 1)))
    random = np.random.default_rng(0)
    points, truths = [point[None]], [truth_here[None]]
    missing, radius = count, RELATIVE_RADIUS
    for _ in range(HALVINGS):
        drawn = random.uniform(-1, 1, size=(missing, len(point)))
        moved = np.where(point == 0, radius * drawn, point * (1 + radius * drawn))
        values = _jacobians(result, moved)
        good = np.isfinite(values).all(axis=(1, 2))
        if form is not None:
            good &= form.hold_at(moved) & np.isfinite(form.runner.at_all(moved)).all(axis=1)
        points.append(moved[good])
        truths.append(values[good])
        missing -= int(good.sum())
        if missing <= 0:
            break
        radius /= 2
    return np.concatenate(points), np.concatenate(truths)


def _jacobians(result: JacobianResult, points: np.ndarray) -> np.ndarray:
    """Return the Jacobian at points (k, n): of the closed form, else of torch."""
    form = result.closed_form
    if form is not None:
        return form.values_at(points)
    with silent():
        named = result.problem.named
        return _careful(lambda at: result.at(**named(at)).to_numpy(), points, result.shape)


def in_branch(form: Expressions, points: np.ndarray) -> np.ndarray:
    """Return points in the branch of the first one, (k, n); the first one stays first.

    Args:
        form: the function's outputs and entries on its graph.
        points: x, and points around it.
    """
    candidates = points
    for _ in range(HALVINGS):
        same_side = candidates[_same_sides(form, candidates)]
        if len(same_side) >= min(MIN_POINTS, len(points)):
            return same_side
        candidates = points[0] + (candidates - points[0]) / 2
    return candidates[_same_sides(form, candidates)]


def _same_sides(form: Expressions, points: np.ndarray) -> np.ndarray:
    """Return which points lie on the same sides as the first one, boolean (k,)."""
    values, same = form.values(points), np.ones(len(points), dtype=bool)
    with np.errstate(all="ignore"):
        for node in form.graph.reach([*form.outputs, *form.entries]):
            side = _side(form, values, node)
            if side is not None:
                same &= side == side[0]
    return same


def _side(form: Expressions, values: Values, node: int) -> np.ndarray | None:
    """Return the side on which a condition or kink is, (k,); None of a smooth operation."""
    operation, operands = form.graph.operations[node], form.graph.operands(node)
    if operation == "where":
        return values.of(operands[0]) != 0
    if operation in ("abs", "sign", "relu"):
        return np.sign(values.of(operands[0]))
    if operation in ("max", "min"):
        return np.sign(values.of(operands[0]) - values.of(operands[1]))
    if operation == "clamp":
        x, low, high = map(values.of, operands)
        return np.sign(x - low) + np.sign(x - high)
    return values.of(node) if operation in ("floor", "ceil") else None
