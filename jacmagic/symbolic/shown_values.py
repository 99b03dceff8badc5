"""What a page shows, evaluated and compared with the numbers of the closed form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.formula.display_form import DisplayForm
from jacmagic.symbolic.formula.evaluate import Unknown, evaluate
from jacmagic.symbolic.validation import is_close

_TOLERANCE_SHOWN = 1e-6  # relative to the largest; rounding stays below, a wrong formula above


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
    return is_close(entries, expected, _TOLERANCE_SHOWN) and is_close(
        clauses, named, _TOLERANCE_SHOWN
    )
