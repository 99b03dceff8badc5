"""What a page shows, evaluated and compared with the numbers of the closed form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jacmagic.function.precision import MAX_ERROR_BOUNDS
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.formula.display_form import DisplayForm
from jacmagic.symbolic.formula.evaluate import Unknown, evaluate
from jacmagic.symbolic.formula.rounding import bounded, dtype_of
from jacmagic.symbolic.validation import is_close

_MAX_RELATIVE_GAP = 1e-6  # relative to the largest; rounding stays below, a wrong formula above


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
    if not is_close(clauses, named, _MAX_RELATIVE_GAP):
        return False
    if is_close(entries, expected, _MAX_RELATIVE_GAP):
        return True
    return is_close(
        _without_rounding(entries, expected, reading, form, point), expected, _MAX_RELATIVE_GAP
    )


def _without_rounding(
    entries: np.ndarray,
    expected: np.ndarray,
    reading: DisplayForm,
    form: ClosedForm,
    point: Sequence[float],
) -> np.ndarray:
    """Return the entries shown, those replaced whose terms cancel so far that rounding is left.

    N operations in another order have an error of at most N times the bound of these.
    """
    _, bounds = bounded(form, point, dtype_of([]))
    allowed = MAX_ERROR_BOUNDS * len(form.tape.operations) * bounds
    rounding = np.array([allowed[i, j] for i, j in reading.page_entries])
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(entries - expected) <= rounding, expected, entries)
