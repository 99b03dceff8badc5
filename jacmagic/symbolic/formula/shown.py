"""Check of the displayed expressions against the tape's numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.formula.display_form import DisplayForm
from jacmagic.symbolic.formula.evaluate import Unknown, evaluate

_TOLERANCE = 1e-6  # relative to the scale; rounding stays below, a wrong formula above


def shows(reading: DisplayForm, form: ClosedForm, point: Sequence[float]) -> bool:
    """Whether the entries on a page come to the numbers of a closed form at a point.

    Args:
        reading: what would be shown.
        form: the closed form (m, n) it stands for.
        point: n numbers at which the form is valid.

    Returns:
        False only where numbers contradict each other: what has no finite value in one of them, or
        holds a function without a value here, is left out.
    """
    try:
        numbers = reading.numbers(point)
        clauses = evaluate([clause.definition for clause in reading.clauses], numbers)
        entries = evaluate([reading.shown(i, j) for i, j in reading.page_entries], numbers)
    except Unknown:
        return True
    truth = form.values(point)
    expected = np.array([truth[i, j] for i, j in reading.page_entries])
    named = np.array([numbers[clause.symbol] for clause in reading.clauses])
    return _agree(entries, expected) and _agree(clauses, named)


def _agree(values: np.ndarray, expected: np.ndarray) -> bool:
    finite = np.isfinite(values) & np.isfinite(expected)
    scale = np.abs(expected[finite]).max(initial=0.0)
    return bool(np.all(np.abs(values[finite] - expected[finite]) <= _TOLERANCE * scale))
