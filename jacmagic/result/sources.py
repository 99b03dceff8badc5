"""What can be held against torch's Jacobian: finite differences, and how exact torch can be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from jacmagic.function.components import components
from jacmagic.function.neighbourhood import beside
from jacmagic.function.problem import Problem
from jacmagic.numeric import Differences, differences, independent
from jacmagic.result.comparison import SMALL_PART, TRUSTED
from jacmagic.symbolic.formula import ClosedForm
from jacmagic.symbolic.trace import Refusal

MOST_COLUMNS = 64  # inputs up to which finite differences are taken column by column
MOST_ROWS = 4096


def finite_differences(
    problem: Problem, rows: int, tensors: Sequence[torch.Tensor] | None = None
) -> Differences | None:
    """Finite differences (m, n); None where they are too many, too slow, or fail.

    Nor are there any of a function that changes something whenever it runs.
    """
    tensors = problem.tensors if tensors is None else tensors
    if sum(tensor.numel() for tensor in tensors) > MOST_COLUMNS or rows > MOST_ROWS:
        return None
    if not tensors or problem.effects:
        return None
    found = differences(problem.function, tensors)
    return found if found is not None and len(found.matrix) == rows else None


def lost_dependence(form: ClosedForm, problem: Problem) -> Refusal | None:
    """A refusal if a number left torch on the way and the formula therefore misses a dependence.

    `float(x)` leaves no expression behind. Where it does not matter (a value that is only printed)
    finite differences confirm every entry of the formula, at the point and beside it.
    """
    for leak in form.trace.leaks:
        if leak.lost_dependence and not _confirmed(form, problem):
            return Refusal(
                leak.habit, leak.line, f"turns a tensor into a bare number; {leak.advice}"
            )
    return None


def _confirmed(form: ClosedForm, problem: Problem) -> bool:
    here = [one.value.detach() for one in problem.inputs]
    return all(_confirmed_at(form, problem, point) for point in (here, next(beside(here))))


def _confirmed_at(form: ClosedForm, problem: Problem, tensors: Sequence[torch.Tensor]) -> bool:
    point = components(tensors).tolist()
    if not form.holds_at(point):
        return False
    asked = problem.potential or problem
    said = form.values(point) if problem.potential is None else gradient(form, point)
    found = finite_differences(asked, len(said), tensors)
    if found is None:
        return False
    value, error, scale = (part.numpy() for part in (found.matrix, found.error, found.scale))
    with np.errstate(invalid="ignore"):
        close = np.abs(said - value) <= TRUSTED * error + SMALL_PART**2 * scale
    known = close & found.decisive.numpy()
    columns = np.flatnonzero(~known.all(axis=0))
    known[:, columns] |= independent(asked.function, tensors, columns.tolist()) & (
        said[:, columns] == 0
    )
    return bool(known.all())


def gradient(form: ClosedForm, point: Sequence[float]) -> np.ndarray:
    """Return the gradient (1, n) of which a Hessian's closed form is the Jacobian."""
    return np.array(form.tape.evaluate(point)[: form.shape[0]]).reshape(1, -1)
