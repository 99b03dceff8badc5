"""Traits of the view while a slider moves: numbers without a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jacmagic.result import JacobianResult
from jacmagic.symbolic.validation import fits_at
from jacmagic.view.captions import whereabouts
from jacmagic.view.table import values_of


def moving(
    settled: JacobianResult, jacobian: JacobianResult, at: Sequence[float], status: dict[str, Any]
) -> dict[str, Any] | None:
    """Return the traits of a point while sliders move, without a verdict.

    Args:
        settled: the result whose formula is shown.
        jacobian: the result at the new point.
        at: the numbers of the sliders that it answers, before torch rounded them.
        status: of the last point; its remarks are about the function.

    Returns:
        None where the formula that is shown may not be that of the new point.
    """
    if settled.numbers.connected != jacobian.numbers.connected or jacobian.large:
        return None
    matrix, reading = values_of(jacobian), settled.reading
    outputs = [x for one in jacobian.numbers.outputs.leaves for x in one.reshape(-1).tolist()]
    if reading is not None and not fits_at(reading.form, jacobian.problem, outputs, matrix):
        return None
    shown = () if reading is None else reading.numbers(jacobian.problem.flat_point).values()
    values = jacobian.view.layout.matrix(matrix)
    return {
        "values": np.ascontiguousarray(values, dtype="<f8").tobytes(),
        "numbers": np.array(list(shown), dtype="<f8").tobytes(),
        "at": np.array(at, dtype="<f8").tobytes(),
        "status": {
            **status,
            "point": whereabouts(jacobian, unicode=True),
            "verdict": "checking",
            "agreement": "checking against the other sources",
            "warnings": [],
            "marked": np.argwhere(~np.isfinite(values)).tolist(),
            "stale": "",
        },
    }
