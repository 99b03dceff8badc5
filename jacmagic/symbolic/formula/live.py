"""The tape of a closed form that a browser runs, whether or not the formula is written out."""

from __future__ import annotations

from collections.abc import Sequence

from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.graph import Tape, stable, write_tape


def live_tape(form: ClosedForm, parts: Sequence[int] = ()) -> Tape:
    """Write a tape from a point to conditions (1 or 0), parts, the m·n entries and the m outputs.

    Of a Hessian, the function itself follows its gradient.

    Args:
        form: the closed form.
        parts: nodes whose values are wanted beside the entries.

    Raises:
        BudgetExceeded: if it grows too large.
    """
    conditions = [one.condition for one in form.trace.assumptions]
    shown = [*parts, *form.entries, *form.trace.outputs, *form.potential]
    roots = [*conditions, *stable(form.graph, shown)]
    return write_tape(form.graph, roots, form.trace.inputs)
