"""One-sided Jacobians at a kink, from the left and from the right.

Beside a kink a function is smooth, so its closed form there has a limit at the point: column j from
the right is the limit of ∂f/∂xⱼ at x + h·eⱼ as h falls to 0. The limit is taken by Richardson's
extrapolation and accepted only where difference quotients of the function itself agree; below
float32, which has no digits for these, those of the closed form. They are quotients of neighbours
beside the point, as rounding may have put the kink a little away from it; where the function may
jump, of the point and its neighbours, as a jump has no one-sided derivative. A slope that grows
without bound is ±∞.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import torch

from jacmagic.function.interop.call_limit import REFUSALS, Counted
from jacmagic.function.neighbourhood import sizes_of
from jacmagic.function.problem import Problem
from jacmagic.symbolic.branches import ClosedForms
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.formula.rounding import dtype_of
from jacmagic.symbolic.formula.singularities import edges
from jacmagic.symbolic.graph.tape import FLOAT64
from jacmagic.symbolic.sides import OneSided
from jacmagic.symbolic.validation import values_again

MAX_COLUMNS = 64  # of inputs; each is approached by ten evaluations of the function
# Distances from the point, in units of its size: halved four times, so that the extrapolated limit
# has an error of h⁵ ~ 1e-18, and so large that difference quotients keep ten digits. In float32
# the error is 1e-9, and quotients keep four.
_STEPS = tuple(2.0**-k for k in range(12, 17))
_LONG_STEPS = tuple(2.0**-k for k in range(4, 9))
_FLOAT32 = 2.0**-24  # its unit roundoff
_MAX_RELATIVE_GAP = 1e-3  # of the limit from a difference quotient, by the largest slope
_MAX_RELATIVE_ROUNDING = 1e-9  # of the slopes: a limit so near an integer is the integer
_MIN_GROWTH_PER_HALVING = 1.1  # of slopes, by 2^p: with p ≥ 0.14 they grow without bound


def one_sided(problem: Problem, forms: ClosedForms, form: ClosedForm) -> OneSided | None:
    """Return both sides of the kinks at a problem's point; None where there is none.

    Args:
        problem: the function and the point.
        forms: where closed forms of other branches come from.
        form: the closed form that is valid at the point.
    """
    point = problem.flat_point
    singularities = edges(form, point)
    if not singularities or len(point) > MAX_COLUMNS:
        return None
    values = None
    if any(singularity.jumps for singularity in singularities):
        coarse = _unit(form) > _FLOAT32
        values = form.outputs(point) if coarse else np.array(values_again(problem))
    sides = []
    for sign in (-1.0, 1.0):
        columns = [_column(problem, forms, form, j, sign, values) for j in range(len(point))]
        sides.append(torch.from_numpy(np.stack(columns, axis=1)))
    return OneSided(sides[0], sides[1], tuple(singularities))


def _column(
    problem: Problem,
    forms: ClosedForms,
    form_at_point: ClosedForm,
    j: int,
    sign: float,
    at_point: np.ndarray | None,
) -> np.ndarray:
    """Return the limit of column j from one side; nan where it is not confirmed."""
    m, steps = form_at_point.shape[0], _steps(form_at_point)
    towards = np.zeros(len(problem.flat_point))
    towards[j] = sign * sizes_of(problem.tensors)[j]
    slopes, values = [], []
    for step in steps:
        beside = _beside(problem, forms, form_at_point, step * towards)
        if beside is None or len(beside[0]) != m:
            return np.full(m, np.nan)
        values.append(beside[0])
        slopes.append(beside[1][:, j])
    fixed = at_point is not None
    nearer = [at_point] * len(steps) if fixed else values[1:]
    ends = [0.0] * len(steps) if fixed else steps[1:]
    with np.errstate(invalid="ignore"):  # outputs that are infinite or nan here
        quotients = [
            (far - near) / ((start - end) * towards[j])
            for far, near, start, end in zip(values, nearer, steps, ends, strict=False)
        ]
    limit, quotient = _limit(slopes), _limit(quotients)
    same_way = np.sign(slopes[-1]) == np.sign(quotients[-1])  # at a jump to −∞ they differ
    grows = _grows(slopes) & _grows(quotients) & same_way
    scale = np.max(np.abs(slopes), axis=0)
    with np.errstate(invalid="ignore"):
        confirmed = np.abs(limit - quotient) <= _MAX_RELATIVE_GAP * scale
    finite = np.where(confirmed, _rounded(limit, scale), np.nan)
    return np.where(grows, np.copysign(np.inf, slopes[-1]), finite)


def _beside(
    problem: Problem, forms: ClosedForms, form_at_point: ClosedForm, shift: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the values (m,) and slopes (m, n) of the branch beside the point; None without one."""
    moved = _moved(problem, shift)
    values = _values(moved, form_at_point)
    form = None if values is None else forms.form(moved, values.tolist())
    if values is None or not isinstance(form, ClosedForm):
        return None
    if _unit(form_at_point) <= _FLOAT32:
        return values, form.values(moved.flat_point)
    there = (problem.flat_point + shift).tolist()
    return (form.outputs(there), form.values(there)) if form.holds_at(there) else None


@np.errstate(over="ignore", invalid="ignore")
def are_linear(problem: Problem, form: ClosedForm, derivative: np.ndarray) -> np.ndarray:
    """Whether partial derivatives at a kink give the change along other directions too.

    They need not: the median of three equal numbers stays where it is if one of them moves, and
    moves if all of them do.

    Args:
        problem: the function and the point.
        form: the closed form that is valid at the point.
        derivative: partial derivatives (m, n), nan where there is none.

    Returns:
        (m,): whether along a random direction, nonzero where the row has derivatives, their
        combination is the derivative of the output from both sides.
    """
    defined = ~np.isnan(derivative)
    towards = sizes_of(problem.tensors) * np.random.default_rng(0).uniform(1, 2, defined.shape[1])
    values = np.array(values_again(problem))
    linear = np.ones(len(derivative), dtype=bool)
    for pattern in np.unique(defined, axis=0):
        rows = (defined == pattern).all(axis=1)
        expected = np.where(pattern, derivative[rows], 0) @ towards
        for sign in (-1.0, 1.0):
            slope, scale = _slope(problem, form, sign * pattern * towards, values)
            gap = np.abs(slope[rows] - sign * expected)
            linear[rows] &= gap <= _MAX_RELATIVE_GAP * np.maximum(scale[rows], np.abs(expected))
    return linear


def _slope(
    problem: Problem, form: ClosedForm, towards: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the derivatives (m,) along a direction, and the largest quotients on the way."""
    quotients = []
    for step in _steps(form):
        beside = _values(_moved(problem, step * towards), form)
        with np.errstate(invalid="ignore"):
            quotients.append(((np.nan if beside is None else beside) - values) / step)
    return _limit(quotients), np.max(np.abs(quotients), axis=0)


def _steps(form: ClosedForm) -> tuple[float, ...]:
    """Return the distances for the dtype in which a function is computed."""
    return _STEPS if _unit(form) <= FLOAT64 else _LONG_STEPS


def _unit(form: ClosedForm) -> float:
    return dtype_of(form.trace.dtypes).unit


def _values(problem: Problem, form: ClosedForm) -> np.ndarray | None:
    """Return the function's values; None where it fails, or does more than at the form's point."""
    try:
        with Counted(form.trace.calls):
            return np.array(values_again(problem))
    except REFUSALS:
        return None


def _moved(problem: Problem, shift: np.ndarray) -> Problem:
    """Return the problem with its point moved by n numbers."""
    return problem.at(problem.named(problem.flat_point + shift))


def _limit(values: Sequence[np.ndarray]) -> np.ndarray:
    """Extrapolate to step 0 by Neville's scheme for steps that halve."""
    table = [np.asarray(value, dtype=float) for value in values]
    for order in range(1, len(table)):
        factor = 2.0**order
        with np.errstate(invalid="ignore"):
            table = [
                (factor * fine - rough) / (factor - 1) for rough, fine in itertools.pairwise(table)
            ]
    return table[0]


def _grows(values: Sequence[np.ndarray]) -> np.ndarray:
    """Whether sizes grow by about the same factor each time the step is halved."""
    sizes = np.abs(np.array(values))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = sizes[1:] / sizes[:-1]
    return np.all(ratios > _MIN_GROWTH_PER_HALVING, axis=0)


def _rounded(limit: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Round a limit that is an integer to nine digits of the slopes beside it."""
    whole = np.round(limit)
    return np.where(np.abs(limit - whole) <= _MAX_RELATIVE_ROUNDING * scale, whole, limit) + 0.0
