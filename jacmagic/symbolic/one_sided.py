"""At a kink: the Jacobian from the left and from the right.

Beside a kink a function is smooth, so its closed form there has a limit at the point: column j from
the right is the limit of ∂f/∂xⱼ at x + h·eⱼ as h falls to 0. The limit is taken by Richardson's
extrapolation and believed only where difference quotients of the function itself agree; a jump has
no one-sided derivative, and a slope that grows without bound is ±∞.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from jacmagic.function.interop.call_limit import REFUSALS, Counted
from jacmagic.function.interop.silence import silent
from jacmagic.function.neighbourhood import sizes_of
from jacmagic.function.outputs import flatten
from jacmagic.function.problem import Problem
from jacmagic.symbolic.branches import ClosedForms, point_of
from jacmagic.symbolic.formula import ClosedForm
from jacmagic.symbolic.formula.singularities import Singularity, boundaries, kinks
from jacmagic.symbolic.trace import Refusal

MOST_COLUMNS = 64  # inputs up to which both sides are looked at
_STEPS = tuple(2.0**-k for k in range(12, 17))  # distances from the point, in units of its size
_TOLERANCE = 1e-3  # between the limit and a difference quotient


@dataclass(frozen=True)
class OneSided:
    """Both sides of a kink.

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
        known = ~(np.isnan(left) | np.isnan(right))
        with np.errstate(invalid="ignore"):
            gap = np.abs(left - right) > 1e-6 * (np.abs(left) + np.abs(right))
        infinite = np.isinf(left) | np.isinf(right)
        return [(int(i), int(j)) for i, j in np.argwhere(known & (gap | infinite))]

    def around(self, matrix: np.ndarray) -> np.ndarray:
        """Boolean (m, n): where the sides differ and a matrix's entry lies between them."""
        left, right = self.left.numpy(), self.right.numpy()
        found = np.zeros(matrix.shape, dtype=bool)
        for i, j in self.entries:
            low, high = sorted((left[i, j], right[i, j]))
            margin = 1e-9 * max(
                (abs(side) for side in (low, high) if np.isfinite(side)), default=0.0
            )
            found[i, j] = low - margin <= matrix[i, j] <= high + margin
        return found


def one_sided(problem: Problem, forms: ClosedForms, form: ClosedForm) -> OneSided | None:
    """Both sides of the kinks at a problem's point; None where there is none.

    Args:
        problem: the function and the point.
        forms: where closed forms of other branches come from.
        form: the closed form that is valid at the point.
    """
    point = point_of(problem)
    found = [*kinks(form, point), *boundaries(form, point)]
    if not found or len(point) > MOST_COLUMNS:
        return None
    values = _values(problem)
    sides = []
    for sign in (-1.0, 1.0):
        columns = [_column(problem, forms, form, j, sign, values) for j in range(len(point))]
        sides.append(torch.from_numpy(np.stack(columns, axis=1)))
    return OneSided(sides[0], sides[1], tuple(found))


def _column(
    problem: Problem,
    forms: ClosedForms,
    here: ClosedForm,
    place: int,
    sign: float,
    values: np.ndarray,
) -> np.ndarray:
    """Return the limit of column `place` from one side; nan where it is not confirmed."""
    size = float(sizes_of([one.value for one in problem.inputs])[place])
    slopes, quotients = [], []
    for step in _STEPS:
        distance = sign * step * size
        moved = _moved(problem, place, distance)
        try:
            with Counted(here.trace.calls):
                beside = _values(moved)
        except REFUSALS:
            return np.full(len(values), np.nan)
        form = forms.form(moved, beside.tolist())
        if isinstance(form, Refusal) or len(beside) != len(values):
            return np.full(len(values), np.nan)
        slopes.append(form.values(point_of(moved))[:, place])
        quotients.append((beside - values) / distance)
    limit, quotient = _limit(slopes), _limit(quotients)
    grows = _grows(slopes) & _grows(quotients)
    scale = np.max(np.abs(slopes), axis=0)
    with np.errstate(invalid="ignore"):
        confirmed = np.abs(limit - quotient) <= _TOLERANCE * scale
    known = np.where(confirmed, _rounded(limit, scale), np.nan)
    return np.where(grows, np.copysign(np.inf, slopes[-1]), known)


def _limit(values: Sequence[np.ndarray]) -> np.ndarray:
    """Neville's scheme for steps that halve: the value at step 0."""
    table = [np.asarray(value, dtype=float) for value in values]
    for order in range(1, len(table)):
        factor = 2.0**order
        table = [
            (factor * fine - rough) / (factor - 1) for rough, fine in itertools.pairwise(table)
        ]
    return table[0]


def _grows(values: Sequence[np.ndarray]) -> np.ndarray:
    """Whether sizes grow by about the same factor each time the step is halved."""
    sizes = np.abs(np.array(values))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = sizes[1:] / sizes[:-1]
    return np.all(ratios > 1.1, axis=0)


def _rounded(limit: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return what is a whole number to nine digits of the slopes beside it is that number."""
    whole = np.round(limit)
    return np.where(np.abs(limit - whole) <= 1e-9 * scale, whole, limit) + 0.0


def _moved(problem: Problem, place: int, distance: float) -> Problem:
    """Return the problem with one component of its point moved."""
    inputs, start = [], 0
    for one in problem.inputs:
        value = one.value.detach().clone()
        if start <= place < start + value.numel():
            value.reshape(-1)[place - start] += distance
        inputs.append(dataclasses.replace(one, value=value))
        start += value.numel()
    return dataclasses.replace(problem, inputs=tuple(inputs))


def _values(problem: Problem) -> np.ndarray:
    """Return the m outputs at the problem's point."""
    with torch.no_grad(), silent():
        leaves = flatten(problem.function(*(one.value.clone() for one in problem.inputs))).leaves
    return np.array([v for leaf in leaves for v in leaf.reshape(-1).double().tolist()])


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
