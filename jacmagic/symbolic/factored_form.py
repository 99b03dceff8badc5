"""The factored form of a problem: from a trace with the code's names, compared with its numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from functools import partial

import numpy as np

from jacmagic.function.problem import Problem
from jacmagic.labels import Label
from jacmagic.symbolic.closed_form import differentiate_trace
from jacmagic.symbolic.factored.form import FactoredForm, factor
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.formula.display_form import DisplayForm
from jacmagic.symbolic.formula.rounding import dtype_of
from jacmagic.symbolic.formula.time_limit import bounded
from jacmagic.symbolic.graph import BudgetExceeded
from jacmagic.symbolic.named_form import named_trace, shows
from jacmagic.symbolic.trace import Refusal, Trace
from jacmagic.symbolic.validation import is_close

_ON_MANIFOLDS = Refusal("the factored form", None, "is not derived by tangent vectors")
_OTHER = Refusal("the factored form", None, "has other numbers: please report this function")


def factored_form(
    problem: Problem,
    form: ClosedForm,
    rows: Sequence[Label],
    taken_names: Collection[str],
    budget: float | None,
) -> FactoredForm | Refusal:
    """Factor the Jacobian of a problem along the variables of its code.

    Args:
        problem: the function, at a point where the form is valid.
        form: its closed form, whose numbers the factors have to multiply to.
        rows: labels of the m outputs.
        taken_names: names that stand for something else on the page.
        budget: seconds for each of tracing, factoring and reading; None for no bound.
    """
    trace = _trace(problem, form, budget)
    if isinstance(trace, Refusal):
        return trace
    try:
        with bounded(trace.graph, budget):
            factored = factor(trace, problem, rows, taken_names)
    except BudgetExceeded as exceeded:
        return Refusal("the factored form", None, f"is too large: {exceeded}")
    if not has_numbers(factored, form, problem.flat_point):
        return _OTHER
    return _readable(factored, problem.flat_point, budget)


def _trace(problem: Problem, form: ClosedForm, budget: float | None) -> Trace | Refusal:
    """Return a trace that keeps the code's names; the form's own where another run has effects."""
    if problem.tangent is not None:
        return _ON_MANIFOLDS
    if problem.effects:
        return form.trace
    trace = named_trace(problem, budget)
    if problem.potential is None or isinstance(trace, Refusal):
        return trace
    gradient = differentiate_trace(problem.potential, trace, budget)
    if isinstance(gradient, Refusal):
        return gradient
    return dataclasses.replace(trace, outputs=tuple(gradient.entries), expression=None)


def has_numbers(factored: FactoredForm, form: ClosedForm, point: Sequence[float]) -> bool:
    """Whether the factors multiply to the numbers of a closed form at a point."""
    tolerance = dtype_of(form.trace.dtypes).half  # constants are read as short decimals
    with np.errstate(all="ignore"):
        return is_close(factored.product(point), form.values(point), tolerance)


def _shows(reading: DisplayForm, form: ClosedForm, point: Sequence[float]) -> bool:
    reading.prepare()
    return shows(reading, form, point)


def _readable(
    factored: FactoredForm, point: Sequence[float], budget: float | None
) -> FactoredForm | Refusal:
    """Convert what a page shows; a stage whose formula has other numbers is shown plainly."""
    values, readings = factored.values(point), dict[int, DisplayForm]()
    for position, reading in factored.readings.items():
        local = factored.local_point(position, values)
        plain = DisplayForm(reading.form, named=False)
        for candidate in (reading, plain):
            checked = attempt(partial(_shows, candidate, reading.form, local), budget)
            if checked is True:
                readings[position] = candidate
                break
        else:
            return checked if isinstance(checked, Refusal) else _OTHER
    return dataclasses.replace(factored, readings=readings)
