"""The displayed form: from a second trace that keeps the names of constants.

The trace for computing folds all numbers. What is read comes from another trace of the same run,
and only if it has the numbers of the form that it is shown for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial

import numpy as np
import sympy

from jacmagic.function.precision import MAX_ERROR_BOUNDS
from jacmagic.function.problem import Problem
from jacmagic.symbolic.closed_form import differentiate_gradient, differentiate_trace, trace_problem
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.formula.display_form import DisplayForm
from jacmagic.symbolic.formula.evaluate import Unknown, evaluate
from jacmagic.symbolic.formula.part_names import is_wide
from jacmagic.symbolic.formula.rounding import bounded, dtype_of
from jacmagic.symbolic.graph import write_tape
from jacmagic.symbolic.textbook import textbook_form
from jacmagic.symbolic.trace import Constant, Naming, Refusal, Trace
from jacmagic.symbolic.validation import are_equal, is_close

_DIGITS = 50
MAX_COUNTS = 4  # integers in a formula tested one by one; each test runs the function again


def display_form(
    problem: Problem,
    form: ClosedForm,
    budget: float | None,
    *,
    names: bool,
    taken_names: Collection[str],
) -> DisplayForm | Refusal:
    """Convert what a page shows of a closed form, with constants named.

    Args:
        problem: the function, at a point where the form is valid.
        form: the closed form.
        budget: seconds for each of tracing, differentiating and reading; None for no bound.
        names: False shows the constants as numbers.
        taken_names: names that stand for something else on the page.
    """
    point, refusal = problem.flat_point, None
    textbook = textbook_form(form, point)
    reading = DisplayForm(textbook, taken_names=taken_names)
    if _may_gain(problem, reading, names) and not problem.effects:
        named = _named(problem, form, budget, names)
        if named is not None:
            reading = DisplayForm(textbook_form(named, point), taken_names=taken_names)
    for candidate in (reading, DisplayForm(textbook, named=False), DisplayForm(form, named=False)):
        refusal = attempt(candidate.prepare, budget)
        if refusal is None:
            checked = attempt(partial(shows, candidate, form, point), budget)
            if checked is True:
                return candidate
            refusal = checked if isinstance(checked, Refusal) else None
    return refusal or Refusal(
        "the closed form", None, "has other values as it is displayed: please report it"
    )


def _may_gain(problem: Problem, reading: DisplayForm, names: bool) -> bool:
    """Whether a trace with names may read better."""
    has_constants = reading.form.trace.has_constants or bool(problem.parameters)
    has_vectors = any(
        input_.value.ndim >= 1 and len(input_.labels) > 1 for input_ in problem.inputs
    )
    return (names and (has_constants or has_vectors)) or is_wide(
        reading.form, reading.form.sizes[len(reading.form.rows) :]
    )


def _named(
    problem: Problem, form: ClosedForm, budget: float | None, names: bool
) -> ClosedForm | None:
    """Return the form of a trace that keeps names; None where it is not equal."""
    trace = named_trace(problem, budget, names)
    named = differentiate_trace(problem.potential or problem, trace, budget)
    if problem.potential is not None and isinstance(named, ClosedForm):
        named = differentiate_gradient(named, budget)
    if isinstance(named, Refusal) or named.too_large is not None:
        return None
    return named if are_equal(named, form, problem.flat_point) else None


def named_trace(problem: Problem, budget: float | None, names: bool = True) -> Trace | Refusal:
    """Trace a problem's function, of a Hessian its potential, and keep the code's names.

    Args:
        problem: the function, at its point.
        budget: seconds for each trace; None for no bound.
        names: False leaves constants numbers; variables have names nevertheless.
    """
    base = problem.potential or problem
    shown = frozenset(label.tex for label in base.columns)
    naming = Naming(problem.parameters, constants=names, shown=shown)
    trace = trace_problem(base, budget, naming)
    if isinstance(trace, Trace) and (steering := _steering(base, trace, budget, naming)):
        trace = trace_problem(base, budget, dataclasses.replace(naming, plain=steering))
    return trace


def _steering(
    problem: Problem, trace: Trace, budget: float | None, naming: Naming
) -> frozenset[str]:
    """Return the integers that decide what the formula is: n of a loop over n.

    Each is made larger by one while the function runs again; if the formula with the larger
    number does not have the function's values then, the number has no name in it.
    """
    reached = set(trace.graph.reach(trace.outputs))
    counts = [
        constant for constant in trace.constants if constant.counts and constant.node in reached
    ]
    if len(counts) > MAX_COUNTS:
        return frozenset(count.label.name for count in counts)
    return frozenset(
        count.label.name
        for count in counts
        if not _holds_for_more(problem, trace, budget, naming, count)
    )


def _holds_for_more(
    problem: Problem, trace: Trace, budget: float | None, naming: Naming, constant: Constant
) -> bool:
    """Whether a formula holds for an integer that is larger by one."""
    changed = dataclasses.replace(naming, changed=frozenset({constant.label.name}))
    other, point = trace_problem(problem, budget, changed), problem.flat_point
    if isinstance(other, Refusal):
        return False
    tape = write_tape(trace.graph, trace.outputs, [*trace.inputs, constant.node])
    values = tape.evaluate([*point, constant.value + 1])
    truth = write_tape(other.graph, other.outputs, other.inputs).evaluate(point)
    return len(values) == len(truth) and np.allclose(values, truth, equal_nan=True)


# ── what is shown, evaluated ──────────────────────────────────────────────────────────────────────


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
    entries = _with_digits([reading.shown(i, j) for i, j in reading.page_entries], entries, numbers)
    return is_close(
        _without_rounding(entries, expected, reading, form, point), expected, _MAX_RELATIVE_GAP
    )


def _with_digits(
    expressions: Sequence[sympy.Expr], floats: np.ndarray, numbers: Mapping[sympy.Symbol, float]
) -> np.ndarray:
    """Return the values of expressions whose terms may cancel; the floats where SymPy has none."""
    values = floats.copy()
    for k, expression in enumerate(expressions):
        with suppress(TypeError):
            values[k] = float(expression.evalf(_DIGITS, subs=numbers))
    return values


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
