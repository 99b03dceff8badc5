"""Slices: a function of many numbers seen as one of one or two of its inputs, the others held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from jacmagic.function.interop.call_limit import REFUSALS
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.formula.live import live_tape
from jacmagic.symbolic.graph import BudgetExceeded
from jacmagic.view.pictures.probed import probed

MAX_OPERATIONS = 2000  # of a tape that is evaluated some thousand times: seconds in Python


@dataclass(frozen=True)
class There:
    """The function at one point: its value (m,) and its Jacobian (m, n)."""

    value: np.ndarray
    jacobian: np.ndarray


Evaluate = Callable[[np.ndarray], "There | None"]


@dataclass(frozen=True)
class Slice:
    """Some inputs and outputs of a function, near a point.

    Attributes:
        here: value and Jacobian of the slice at the point.
        centre: the point's components of the slice.
        inputs: their labels.
        outputs: labels of the outputs.
        name: of the function.
        has_derivatives: whether `at` gives Jacobians; else they are nan.
    """

    here: There
    centre: np.ndarray
    inputs: Sequence[str]
    outputs: Sequence[str]
    name: str
    has_derivatives: bool
    _evaluate: Evaluate | None
    _point: np.ndarray
    _rows: Sequence[int]
    _columns: Sequence[int]

    def at(self, numbers: Sequence[float]) -> There | None:
        """Return value and Jacobian at other numbers of the inputs, None where there are none."""
        if self._evaluate is None:
            return None
        moved = self._point.copy()
        moved[list(self._columns)] = numbers
        found = self._evaluate(moved)
        return None if found is None else _part(found, self._rows, self._columns)


def slice_of(jacobian: JacobianResult, rows: Sequence[int], columns: Sequence[int]) -> Slice:
    """Return a slice of a Jacobian's function.

    Args:
        jacobian: the result at the point.
        rows: indices of outputs.
        columns: indices of inputs' components.
    """
    point = np.array(jacobian.problem.flat_point)
    matrix = jacobian.matrix.detach().cpu().double().numpy()
    here = There(jacobian.flat_value, matrix)
    by_tape = _by_tape(jacobian)
    return Slice(
        here=_part(here, rows, columns),
        centre=point[list(columns)],
        inputs=[jacobian.columns[j].unicode for j in columns],
        outputs=[jacobian.rows[i].unicode for i in rows],
        name=f"{'∇' if jacobian.problem.potential else ''}{jacobian.title}",
        has_derivatives=by_tape is not None,
        _evaluate=by_tape or _by_runs(jacobian),
        _point=point,
        _rows=rows,
        _columns=columns,
    )


def _part(there: There, rows: Sequence[int], columns: Sequence[int]) -> There:
    return There(there.value[list(rows)], there.jacobian[np.ix_(list(rows), list(columns))])


def _by_tape(jacobian: JacobianResult) -> Evaluate | None:
    """Return the function by its closed form, None where it has none that is short enough."""
    form = jacobian.closed_form
    if form is None or jacobian.agreement.verdict != "agree":
        return None
    try:
        tape = live_tape(form)
    except BudgetExceeded:
        return None
    if len(tape.operations) > MAX_OPERATIONS:
        return None
    conditions, (m, n) = len(form.trace.assumptions), jacobian.shape

    def evaluate(point: np.ndarray) -> There | None:
        try:
            outputs = np.array(tape.evaluate(point.tolist()))
        except REFUSALS:
            return None
        if not outputs[:conditions].all():
            return None
        entries, value = np.split(outputs[conditions:], [m * n])
        return There(value, entries.reshape(m, n))

    return evaluate


def _by_runs(jacobian: JacobianResult) -> Evaluate | None:
    """Return the function by running it, without derivatives."""
    run, unknown = probed(jacobian), np.full(jacobian.shape, np.nan)
    if run is None:
        return None

    def evaluate(point: np.ndarray) -> There | None:
        value = run(point)
        return None if value is None or len(value) != len(unknown) else There(value, unknown)

    return evaluate
