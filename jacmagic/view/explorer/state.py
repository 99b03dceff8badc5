"""Traits of the view: labels and layout once, numbers at each point.

While a slider moves they come without a verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jacmagic.render.mathml import to_mathml
from jacmagic.render.text import true_minus
from jacmagic.result.analysis.arrays import array_of
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.formula.display_form import DisplayForm
from jacmagic.symbolic.validation import fits_at
from jacmagic.view.captions import remarks, warnings
from jacmagic.view.explorer.live_tape import to_json
from jacmagic.view.pictures.choice import pictures_of
from jacmagic.view.pictures.colouring import colouring_of
from jacmagic.view.table import table_of


def spec(jacobian: JacobianResult) -> dict[str, Any]:
    """Return the constant trait: labels, blocks, digits, layout, first point."""
    table = table_of(jacobian)
    row_blocks, column_blocks = table.blocks
    return {
        "title": f"{jacobian.notation.noun} of {jacobian.title}",
        "entry": jacobian.notation.unicode(jacobian.title, "{output}", "{input}"),
        "rows": [label.unicode for label in table.rows],
        "columns": [label.unicode for label in table.columns],
        "row_blocks": row_blocks,
        "column_blocks": column_blocks,
        "digits": jacobian.view.digits,
        "transposed": jacobian.view.layout.is_transposed,
        "command": _command(jacobian),
        "pictures": [[kind, *axes] for kind, axes in pictures_of(jacobian).items()],
        "function": f"{'∇' if jacobian.problem.potential else ''}{jacobian.title}",
        "potential": jacobian.title if jacobian.problem.potential else "",
        "outputs": [label.unicode for label in jacobian.rows],
        "labels": [label.unicode for label in jacobian.columns],
        "inputs": [
            {"name": input_.name, "shape": list(input_.value.shape)}
            for input_ in jacobian.problem.inputs
        ],
        "typed": _typed(jacobian),
        "start": [to_json(number) for number in jacobian.problem.flat_point],
    }


def _typed(jacobian: JacobianResult) -> dict[str, Any]:
    """Return the components of the point that were typed as expressions, by their index."""
    return {
        str(k): {
            "value": number.value,
            "source": number.source,
            "text": number.shown.on_page,
            "math": to_mathml(number.shown.latex, display=False),
            "level": number.shown.level,
        }
        for k, number in jacobian.view.typed.items()
        if jacobian.problem.tangent is None
    }


def _command(jacobian: JacobianResult) -> list[str] | None:
    """Return the magic's line before and after its point, or None.

    The leaves of a dict or list have no names of their own in a line, and tangent vectors are not
    what a line gives, so that none is possible.
    """
    problem = jacobian.problem.potential or jacobian.problem
    if problem.arrange is not None or problem.tangent is not None:
        return None
    return list(jacobian.view.command or (f"%%{jacobian.notation.noun.lower()}", ""))


def numbers(jacobian: JacobianResult, at: Sequence[float]) -> dict[str, Any]:
    """Return the traits of a point: values, numbers in the formula, agreement.

    Args:
        jacobian: the Jacobian there.
        at: the numbers of the sliders that it answers, before torch rounded them.
    """
    table = table_of(jacobian)
    return {
        **_packed(jacobian, jacobian.reading, table.values, at),
        "zeros": np.ascontiguousarray(~table.pattern, dtype=np.uint8).tobytes(),
        "status": _status(jacobian, table.values),
    }


def colouring(jacobian: JacobianResult) -> dict[str, Any]:
    """Return grids of products and sentences about a sparse pattern; {} where none is saved."""
    colouring = colouring_of(jacobian)
    if colouring is None:
        return {}
    grids = [
        {"name": name, "width": cells.shape[1], "cells": cells.astype(np.uint8).tobytes()}
        for name, cells in colouring.grids
    ]
    return {"grids": grids, "words": colouring.words}


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
    matrix, reading = array_of(jacobian), settled.reading
    outputs = jacobian.flat_value.tolist()
    if reading is not None and not fits_at(reading.form, jacobian.problem, outputs, matrix):
        return None
    values = jacobian.view.layout.matrix(matrix)
    checking = {
        "verdict": "checking",
        "agreement": "checking against the other sources",
        "warnings": [],
        "marked": np.argwhere(~np.isfinite(values)).tolist(),
        "stale": "",
    }
    return {**_packed(jacobian, reading, values, at), "status": {**status, **checking}}


def _packed(
    jacobian: JacobianResult,
    reading: DisplayForm | None,
    values: np.ndarray,
    at: Sequence[float],
) -> dict[str, Any]:
    """Return as bytes the numbers of matrix, formula, function and sliders."""
    shown = () if reading is None else reading.numbers(jacobian.problem.flat_point).values()
    return {
        "values": np.ascontiguousarray(values, dtype="<f8").tobytes(),
        "numbers": np.array(list(shown), dtype="<f8").tobytes(),
        "outputs": jacobian.flat_value.astype("<f8").tobytes(),
        "at": np.array(at, dtype="<f8").tobytes(),
    }


def _status(jacobian: JacobianResult, values: np.ndarray) -> dict[str, Any]:
    agreement = jacobian.agreement
    pair = jacobian.view.layout.pair
    marked = [
        pair(disagreement.row, disagreement.column) for disagreement in agreement.disagreements
    ]
    marked += [(int(i), int(j)) for i, j in np.argwhere(~np.isfinite(values))]
    further = [
        [true_minus(line) for line in lines if line != str(agreement)]
        for lines in (warnings(jacobian), remarks(jacobian))
    ]
    return {
        "verdict": agreement.verdict,
        "closed": jacobian.reading is not None,
        "agreement": true_minus(str(agreement)),
        "warnings": further[0],
        "remarks": further[1],
        "marked": [list(cell) for cell in marked],
        "stale": "",
    }
