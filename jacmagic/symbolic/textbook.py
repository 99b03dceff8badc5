"""A closed form in the forms that textbooks print; its values stay those of the trace.

The rules of `recognition` run on the function before it is differentiated, and on the entries
afterwards. The result is taken only if it has the original's values at the point and at random
points around it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from jacmagic.symbolic.closed_form import symmetric
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.formula.time_limit import bounded
from jacmagic.symbolic.graph import BudgetExceeded, differentiate
from jacmagic.symbolic.recognition import MAX_NODES, are_equal_nearby, recognised

# For each closed form its textbook form; None where nothing is recognised.
_KNOWN: WeakKeyDictionary[ClosedForm, ClosedForm | None] = WeakKeyDictionary()


def textbook_form(form: ClosedForm, point: Sequence[float]) -> ClosedForm:
    """Return a closed form with what is recognised in it; the form itself where nothing is.

    Args:
        form: the closed form.
        point: n numbers at which it is valid.
    """
    if form not in _KNOWN:
        recognised = _recognised(form)
        is_right = recognised is not None and _are_equal(form, recognised, point)
        _KNOWN[form] = recognised if is_right else None
    return _KNOWN[form] or form


def _recognised(form: ClosedForm) -> ClosedForm | None:
    """Return the form rewritten; None where it stays as it is, or takes too long."""
    graph = form.graph
    if len(graph.reach([*form.trace.outputs, *form.entries])) > MAX_NODES:
        return None
    graph.limit = max(graph.limit, math.ceil(1.5 * len(graph)))
    try:
        with bounded(graph, form.budget):
            rewritten = _rewritten(form)
    except BudgetExceeded:
        return None
    is_same = rewritten.entries == form.entries and rewritten.expressed == form.trace.outputs
    return None if is_same else rewritten


def _rewritten(form: ClosedForm) -> ClosedForm:
    """Recognise the outputs, differentiate what has changed, recognise the entries."""
    trace = form.trace
    outputs, variables = form.potential or trace.outputs, tuple(trace.variables)
    new = recognised(form.graph, [*outputs, *variables])
    labels = dict(zip(new[len(outputs) :], trace.variables.values(), strict=True))
    rewritten = dataclasses.replace(
        form,
        trace=dataclasses.replace(trace, variables={**labels, **trace.variables}),
        expressed=tuple(new[: len(outputs)]),
    )
    if form.potential:
        return _of_gradient(rewritten, form)
    return (
        _with_entries(rewritten) if rewritten.expressed == outputs else _differentiated(rewritten)
    )


def _of_gradient(rewritten: ClosedForm, form: ClosedForm) -> ClosedForm:
    """Return a Hessian whose function, gradient and entries are rewritten one after the other."""
    if rewritten.expressed == form.potential:
        gradient = tuple(recognised(form.graph, form.trace.outputs))
    else:
        gradient = tuple(_differentiated(rewritten).entries)
    rewritten = dataclasses.replace(rewritten, expressed=gradient)
    same = gradient == form.trace.outputs
    return _with_entries(rewritten) if same else symmetric(_differentiated(rewritten))


def _differentiated(form: ClosedForm) -> ClosedForm:
    rows = differentiate(form.graph, form.expressed, form.trace.inputs)
    return _with_entries(dataclasses.replace(form, rows=tuple(rows)))


def _with_entries(form: ClosedForm) -> ClosedForm:
    """Return a form with what is recognised in its entries."""
    return form.with_entries(recognised(form.graph, form.entries))


def _are_equal(form: ClosedForm, rewritten: ClosedForm, point: Sequence[float]) -> bool:
    """Whether outputs and entries have the same values."""
    return are_equal_nearby(
        form.graph,
        [*form.trace.outputs, *form.entries],
        [*rewritten.expressed, *rewritten.entries],
        form.trace.inputs,
        point,
        form.holds_at,
    )
