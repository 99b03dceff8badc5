"""Detection of dependences that a closed form misses: tensors made bare numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from jacmagic.function.components import components
from jacmagic.function.neighbourhood import beside
from jacmagic.function.problem import Problem
from jacmagic.numeric.steadiness import independent
from jacmagic.result.verdict.findings import (
    MAX_SHARE_OF_VARIATION,
    TRUSTED_ERRORS,
    finite_differences,
)
from jacmagic.symbolic.closed_form import trace_problem
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.graph import write_tape
from jacmagic.symbolic.trace import Refusal

TEXT_FACTOR = 1 + 2.0**-6  # of numbers read from texts, to see whether they matter


def lost_dependence(form: ClosedForm, problem: Problem) -> Refusal | None:
    """Return a refusal if a number left torch and the formula misses a dependence.

    `float(x)` leaves no expression behind. Where it does not matter (a value that is only printed)
    finite differences confirm every entry of the formula, at the point and beside it.
    """
    for leak in form.trace.leaks:
        if not leak.lost_dependence:
            continue
        matters = not _confirmed(form, problem) if leak.habit == "float()" else _reads_text(problem)
        if matters:
            return Refusal(
                leak.habit, leak.line, f"turns a tensor into a bare number; {leak.advice}"
            )
    return None


def _reads_text(problem: Problem) -> bool:
    """Whether values change with the numbers that are read from texts of tensors.

    Text of few digits changes in steps, which finite differences may take for a constant.
    """
    base, values = problem.potential or problem, []
    for factor in (1.0, TEXT_FACTOR):
        traced = trace_problem(base, None, text_factor=factor)
        if isinstance(traced, Refusal):
            return True
        tape = write_tape(traced.graph, traced.outputs, traced.inputs)
        values.append(tape.evaluate(problem.flat_point))
    return not np.array_equal(values[0], values[1], equal_nan=True)


def _confirmed(form: ClosedForm, problem: Problem) -> bool:
    flat = [input_.value.detach() for input_ in problem.inputs]
    return all(_confirmed_at(form, problem, point) for point in (flat, next(beside(flat))))


def _confirmed_at(form: ClosedForm, problem: Problem, tensors: Sequence[torch.Tensor]) -> bool:
    point = components(tensors).tolist()
    if not form.holds_at(point):
        return False
    scalar = problem.potential or problem
    expected = form.values(point) if problem.potential is None else gradient(form, point)
    estimate = finite_differences(scalar, len(expected), tensors)
    if estimate is None:
        return False
    with np.errstate(invalid="ignore"):
        allowed = TRUSTED_ERRORS * estimate.error + MAX_SHARE_OF_VARIATION**2 * estimate.scale
        confirmed = (np.abs(expected - estimate.value) <= allowed) & estimate.decisive
    columns = np.flatnonzero(~confirmed.all(axis=0))
    confirmed[:, columns] |= independent(scalar.function, tensors, columns.tolist()) & (
        expected[:, columns] == 0
    )
    return bool(confirmed.all())


def gradient(form: ClosedForm, point: Sequence[float]) -> np.ndarray:
    """Return the gradient (1, n) of which a Hessian's closed form is the Jacobian."""
    return np.array(form.tape.evaluate(point)[: form.shape[0]]).reshape(1, -1)
