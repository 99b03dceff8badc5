"""What the view is told while a slider moves: torch's numbers in the formula that stands there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jacmagic.result import JacobianResult
from jacmagic.symbolic.validation import fits_at
from jacmagic.view import still as display
from jacmagic.view.explorer.copies import is_transposed


def moving(
    settled: JacobianResult, jacobian: JacobianResult, at: Sequence[float], status: dict[str, Any]
) -> dict[str, Any] | None:
    """Return what a point decides while a slider moves: torch's numbers, with no verdict yet.

    Args:
        settled: the JacobianResult whose formula is shown.
        jacobian: the one at the new point.
        at: the numbers of the sliders that it answers, before torch rounded them.
        status: what is said of the last point; its remarks are about the function.

    Returns:
        None where the formula that is shown may not be that of the new point.
    """
    if settled.numbers.connected != jacobian.numbers.connected or jacobian.large:
        return None
    matrix, reading = jacobian.matrix.detach().cpu().double().numpy(), settled.reading
    outputs = [x for one in jacobian.numbers.outputs.leaves for x in one.reshape(-1).tolist()]
    if reading is not None and not fits_at(reading.form, jacobian.problem, outputs, matrix):
        return None
    shown = () if reading is None else reading.numbers(jacobian.problem.flat_point).values()
    values = (matrix.T if is_transposed(jacobian) else matrix) + 0.0
    return {
        "values": np.ascontiguousarray(values, dtype="<f8").tobytes(),
        "numbers": np.array(list(shown), dtype="<f8").tobytes(),
        "at": np.array(at, dtype="<f8").tobytes(),
        "status": {
            **status,
            "point": display.whereabouts(jacobian, unicode=True),
            "verdict": "checking",
            "agreement": "checking against the other sources",
            "warnings": [],
            "marked": np.argwhere(~np.isfinite(values)).tolist(),
            "stale": "",
        },
    }
