"""Slices: a function of many inputs as one of one or two of them, the others constant."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from jacmagic.function.interop.call_limit import REFUSALS
from jacmagic.function.problem import Problem
from jacmagic.function.silent_rerun import random_states, silent_rerun
from jacmagic.numeric.probe import Probe
from jacmagic.render.text import displayed
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.graph import BudgetExceeded

MAX_SECONDS = 2.0  # of all runs for one picture; what is missing then is left blank
MAX_OPERATIONS = 2000  # of a tape that is evaluated some thousand times: seconds in Python


@dataclass(frozen=True)
class Jet:
    """The 1-jet of a function at a point: its value (m,) and its Jacobian (m, n)."""

    value: np.ndarray
    jacobian: np.ndarray


Evaluate = Callable[[np.ndarray], "Jet | None"]


@dataclass(frozen=True)
class Slice:
    """Some inputs and outputs of a function, near a point.

    Attributes:
        here: value and Jacobian of the slice at the point.
        hessian: second derivatives there, of the function whose Hessian it is.
        centre: the point's components of the slice.
        inputs: their labels.
        outputs: labels of the outputs.
        texts: the centre's components that were typed as expressions, by their position.
        name: of the function.
        has_derivatives: whether `at` gives Jacobians; else they are nan.
        at: gives value and Jacobian at other numbers of the inputs, None where there are none.
    """

    here: Jet
    hessian: np.ndarray | None
    centre: np.ndarray
    inputs: Sequence[str]
    outputs: Sequence[str]
    texts: Mapping[int, str]
    name: str
    has_derivatives: bool
    at: Callable[[Sequence[float]], Jet | None]

    def where(self, digits: int) -> str:
        """Return the centre in words: "x = π/4", or "(x, y) = (1, 2)"."""
        numbers = enumerate(self.centre.tolist())
        shown = ", ".join(self.texts.get(k) or displayed(x, digits) for k, x in numbers)
        names = ", ".join(self.inputs)
        return f"{names} = {shown}" if len(self.inputs) == 1 else f"({names}) = ({shown})"


def slice_of(jacobian: JacobianResult, rows: Sequence[int], columns: Sequence[int]) -> Slice:
    """Return a slice of a Jacobian's function.

    Args:
        jacobian: the result at the point.
        rows: indices of outputs; of a Hessian, none for the function itself.
        columns: indices of inputs' components.
    """
    problem, at_point = jacobian.problem, Jet(jacobian.flat_value, jacobian._array)
    point, hessian = np.array(problem.flat_point), None
    drawn = problem if rows else problem.potential or problem
    by_tape = _by_tape(jacobian, of_potential=drawn is not problem)
    typed = jacobian.view.typed_at(problem.flat_point)
    outputs = [jacobian.rows[i].unicode for i in rows]
    evaluate = by_tape or _by_runs(drawn, (len(at_point.value) if rows else 1, len(point)))
    if drawn is not problem:
        jet = evaluate(point) if evaluate else None
        value = np.array([np.nan]) if jet is None else jet.value
        rows, outputs, hessian = [0], [drawn.title], at_point.jacobian[np.ix_(columns, columns)]
        at_point = Jet(value, at_point.value[None])
    return Slice(
        here=_part(at_point, rows, columns),
        hessian=hessian,
        centre=point[list(columns)],
        inputs=[jacobian.columns[j].unicode for j in columns],
        outputs=outputs,
        texts={k: typed[j].on_page for k, j in enumerate(columns) if j in typed},
        name=f"{'∇' if drawn.potential else ''}{drawn.title}",
        has_derivatives=by_tape is not None,
        at=partial(_at, evaluate, point, rows, columns),
    )


def _at(
    evaluate: Evaluate | None,
    point: np.ndarray,
    rows: Sequence[int],
    columns: Sequence[int],
    numbers: Sequence[float],
) -> Jet | None:
    if evaluate is None:
        return None
    moved = point.copy()
    moved[list(columns)] = numbers
    value = evaluate(moved)
    return None if value is None else _part(value, rows, columns)


def _part(jet: Jet, rows: Sequence[int], columns: Sequence[int]) -> Jet:
    return Jet(jet.value[list(rows)], jet.jacobian[np.ix_(list(rows), list(columns))])


def _by_tape(jacobian: JacobianResult, *, of_potential: bool) -> Evaluate | None:
    """Return the function by its closed form, None where it has none that is short enough.

    Args:
        jacobian: the result.
        of_potential: whether the function is the one whose Hessian it is.
    """
    form = jacobian.closed_form
    if form is None or jacobian.agreement.verdict != "agree":
        return None
    try:
        tape = form.live_tape()
    except BudgetExceeded:
        return None
    if len(tape.operations) > MAX_OPERATIONS:
        return None
    conditions, (m, n) = len(form.trace.assumptions), jacobian.shape

    def evaluate(point: np.ndarray) -> Jet | None:
        try:
            outputs = np.array(tape.evaluate(point.tolist()))
        except REFUSALS:
            return None
        if not outputs[:conditions].all():
            return None
        entries, value, potential = np.split(outputs[conditions:], [m * n, m * n + m])
        return Jet(potential, value[None]) if of_potential else Jet(value, entries.reshape(m, n))

    return evaluate


def _by_runs(problem: Problem, shape: tuple[int, int]) -> Evaluate | None:
    """Return a function (n,) → (m,) by running it, without derivatives."""
    run, unknown = probed(problem), np.full(shape, np.nan)
    if run is None:
        return None

    def evaluate(point: np.ndarray) -> Jet | None:
        value = run(point)
        return None if value is None or len(value) != len(unknown) else Jet(value, unknown)

    return evaluate


def probed(problem: Problem) -> Probed | None:
    """Return a function's values by running it; None where a run changes anything."""
    return None if problem.effects or problem.tangent is not None else Probed(problem)


class Probed:
    """The function's value at points (n,), without derivatives.

    It runs as for finite differences: nothing is printed twice, and random numbers are those of the
    first run. A run that takes far longer than at the point is broken off, and after two seconds
    there is no further one.
    """

    def __init__(self, problem: Problem) -> None:
        """Prepare without running."""
        self._random = random_states(problem.tensors, problem.function)
        self._tensors = problem.tensors
        self._probe = Probe(problem.function, self._tensors, None, self._random)
        self._spent = 0.0

    def __call__(self, point: np.ndarray) -> np.ndarray | None:
        """Return the m outputs; None where there are none or the deadline is over."""
        if self._spent > MAX_SECONDS:
            return None
        start = time.thread_time()
        try:
            with (
                torch.inference_mode(False),
                torch.enable_grad(),
                silent_rerun(self._tensors, self._random),
            ):
                return self._probe(point)
        except REFUSALS:
            return None
        finally:
            self._spent += time.thread_time() - start
