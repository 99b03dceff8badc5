"""One-sided Jacobians at a kink, from the left and from the right.

Beside a kink a function is smooth, so its closed form there has a limit at the point: column j from
the right is the limit of ∂f/∂xⱼ at x + h·eⱼ as h falls to 0. The limit is taken by Richardson's
extrapolation and accepted only where difference quotients of the function itself agree; a jump has
no one-sided derivative, and a slope that grows without bound is ±∞.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from jacmagic.function.interop.call_limit import REFUSALS, Counted
from jacmagic.function.neighbourhood import sizes_of
from jacmagic.function.problem import Problem
from jacmagic.symbolic.branches import ClosedForms
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.formula.rounding import dtype_of
from jacmagic.symbolic.formula.singularities import Singularity, boundaries, kinks
from jacmagic.symbolic.graph.tape import FLOAT64
from jacmagic.symbolic.validation import values_again

MAX_COLUMNS = 64  # of inputs; each is approached by ten evaluations of the function
# Distances from the point, in units of its size: halved four times, so that the extrapolated limit
# has an error of h⁵ ~ 1e-18, and so large that difference quotients keep ten digits. In float32
# the error is 1e-9, and quotients keep four.
_STEPS = tuple(2.0**-k for k in range(12, 17))
_LONG_STEPS = tuple(2.0**-k for k in range(4, 9))
_MAX_RELATIVE_GAP = 1e-3  # of the limit from a difference quotient, by the largest slope
_MAX_RELATIVE_ROUNDING = 1e-9  # of the slopes: a limit so near an integer is the integer
_MIN_RELATIVE_JUMP = 1e-6  # relative difference of the sides beyond the errors of their limits
_RELATIVE_MARGIN = 1e-9  # relative rounding of an entry that lies at one of the sides
_MIN_GROWTH_PER_HALVING = 1.1  # of slopes, by 2^p: with p ≥ 0.14 they grow without bound


@dataclass(frozen=True)
class OneSided:
    """The one-sided Jacobians at a kink.

    Attributes:
        left: (m, n) float64, column j approached from below along input j; nan where the function
            jumps or no limit was confirmed.
        right: (m, n), approached from above.
        kinks: the kinks at the point, with their lines.
    """

    left: torch.Tensor
    right: torch.Tensor
    kinks: tuple[Singularity, ...]

    @property
    def entries(self) -> list[tuple[int, int]]:
        """Where the two sides differ."""
        left, right = self.left.numpy(), self.right.numpy()
        confirmed = ~(np.isnan(left) | np.isnan(right))
        with np.errstate(invalid="ignore"):
            gap = np.abs(left - right) > _MIN_RELATIVE_JUMP * (np.abs(left) + np.abs(right))
        infinite = np.isinf(left) | np.isinf(right)
        return [(int(i), int(j)) for i, j in np.argwhere(confirmed & (gap | infinite))]

    def derivative(self) -> np.ndarray:
        """Return the derivative (m, n) where both sides have the same; nan elsewhere."""
        left, right = self.left.numpy(), self.right.numpy()
        with np.errstate(invalid="ignore"):
            same = np.abs(left - right) <= _MIN_RELATIVE_JUMP * (np.abs(left) + np.abs(right))
            return np.where(same, (left + right) / 2, np.nan)

    def around(self, matrix: np.ndarray) -> np.ndarray:
        """Boolean (m, n): where the sides differ and a matrix's entry lies between them."""
        left, right = self.left.numpy(), self.right.numpy()
        between = np.zeros(matrix.shape, dtype=bool)
        for i, j in self.entries:
            low, high = sorted((left[i, j], right[i, j]))
            margin = _RELATIVE_MARGIN * max(
                (abs(side) for side in (low, high) if np.isfinite(side)), default=0.0
            )
            between[i, j] = low - margin <= matrix[i, j] <= high + margin
        return between


def one_sided(problem: Problem, forms: ClosedForms, form: ClosedForm) -> OneSided | None:
    """Return both sides of the kinks at a problem's point; None where there is none.

    Args:
        problem: the function and the point.
        forms: where closed forms of other branches come from.
        form: the closed form that is valid at the point.
    """
    point = problem.flat_point
    singularities = [*kinks(form, point), *boundaries(form, point)]
    if not singularities or len(point) > MAX_COLUMNS:
        return None
    values = np.array(values_again(problem))
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
    values: np.ndarray,
) -> np.ndarray:
    """Return the limit of column j from one side; nan where it is not confirmed."""
    towards = np.zeros(len(problem.flat_point))
    towards[j] = sign * sizes_of(problem.tensors)[j]
    slopes, quotients = [], []
    for step in _steps(form_at_point):
        moved = _moved(problem, step * towards)
        beside = _values(moved, form_at_point)
        form = None if beside is None else forms.form(moved, beside.tolist())
        if beside is None or not isinstance(form, ClosedForm) or len(beside) != len(values):
            return np.full(len(values), np.nan)
        slopes.append(form.values(moved.flat_point)[:, j])
        with np.errstate(invalid="ignore"):  # outputs that are infinite or nan here
            quotients.append((beside - values) / (step * towards[j]))
    limit, quotient = _limit(slopes), _limit(quotients)
    same_way = np.sign(slopes[-1]) == np.sign(quotients[-1])  # at a jump to −∞ they differ
    grows = _grows(slopes) & _grows(quotients) & same_way
    scale = np.max(np.abs(slopes), axis=0)
    with np.errstate(invalid="ignore"):
        confirmed = np.abs(limit - quotient) <= _MAX_RELATIVE_GAP * scale
    finite = np.where(confirmed, _rounded(limit, scale), np.nan)
    return np.where(grows, np.copysign(np.inf, slopes[-1]), finite)


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
    return _STEPS if dtype_of(form.trace.dtypes).unit <= FLOAT64 else _LONG_STEPS


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


def sentences(
    both: OneSided,
    truth: np.ndarray,
    *,
    name: Callable[[int, int], str],
    number: Callable[[float], str],
) -> list[str]:
    """Return what each entry that differs is from both sides, and what torch takes.

    Args:
        both: the two sides.
        truth: torch's matrix (m, n).
        name: what an entry is called.
        number: a number as text.
    """
    return [
        f"{name(i, j)} is {number(float(both.left[i, j]))} from the left "
        f"and {number(float(both.right[i, j]))} from the right; "
        f"torch takes {number(float(truth[i, j]))}"
        for i, j in both.entries
    ]


def limits(
    both: OneSided,
    point: Sequence[float],
    *,
    name: Callable[[int, int], str],
    variables: Sequence[str],
    number: Callable[[float], str],
) -> list[str]:
    r"""Return the same as equations in LaTeX: \lim_{x \uparrow 0} ∂f/∂x = −1.

    Args:
        both: the two sides.
        point: the n numbers of the point.
        name: LaTeX of an entry's name.
        variables: LaTeX of the n components.
        number: a number in LaTeX.
    """
    return [
        rf"\lim_{{{variables[j]} {arrow} {number(point[j])}}} {name(i, j)} "
        f"= {number(float(side[i, j]))}"
        for i, j in both.entries[:6]
        for arrow, side in ((r"\uparrow", both.left), (r"\downarrow", both.right))
    ]
