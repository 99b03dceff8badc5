"""Closed forms as pages show them, kept until the names they were traced with have other values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

from jacmagic.function.problem import Problem
from jacmagic.labels import Label
from jacmagic.symbolic.branches import ClosedForms
from jacmagic.symbolic.factored.form import FactoredForm
from jacmagic.symbolic.factored_form import factored_form, has_numbers
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.formula.display_form import DisplayForm
from jacmagic.symbolic.named_form import display_form
from jacmagic.symbolic.textbook import textbook_form
from jacmagic.symbolic.trace import Refusal
from jacmagic.symbolic.validation import are_equal

T = TypeVar("T")


def reading_of(
    forms: ClosedForms,
    problem: Problem,
    form: ClosedForm,
    *,
    names: bool = True,
    taken_names: Collection[str] = (),
) -> DisplayForm | Refusal:
    """Return the display form, with the names of constants or with their numbers.

    Args:
        forms: the closed forms of the function.
        problem: the function, at a point where the form is valid.
        form: one of these closed forms.
        names: False shows the constants as numbers.
        taken_names: names that stand for something else on the page: outputs, the function.
    """
    point = problem.flat_point

    def derived() -> DisplayForm | Refusal:
        return textbook_form(form, point).too_large or display_form(
            problem, form, forms.budget, names=names, taken_names=taken_names
        )

    with forms.lock:
        return _kept(form, names, lambda earlier: are_equal(earlier.form, form, point), derived)


def factored_of(
    forms: ClosedForms,
    problem: Problem,
    form: ClosedForm,
    rows: Sequence[Label],
    *,
    taken_names: Collection[str] = (),
) -> FactoredForm | Refusal:
    """Return the factored form, the Jacobian as a product of local ones.

    Args:
        forms: the closed forms of the function.
        problem: the function, at a point where the form is valid.
        form: one of these closed forms.
        rows: labels of the m outputs.
        taken_names: names that stand for something else on the page: outputs, the function.
    """
    point = problem.flat_point

    def derived() -> FactoredForm | Refusal:
        return factored_form(problem, form, rows, taken_names, forms.budget)

    with forms.lock:
        return _kept(form, "factored", lambda earlier: has_numbers(earlier, form, point), derived)


def _kept(
    form: ClosedForm, key: object, is_right: Callable[[Any], bool], derived: Callable[[], T]
) -> T:
    """Return what a form keeps, derived again where its numbers are others by now."""
    cached = form.readings.get(key)
    if cached is None or not (isinstance(cached, Refusal) or is_right(cached)):
        cached = form.readings[key] = derived()
    return cached
