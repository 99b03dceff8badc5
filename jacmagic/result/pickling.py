"""Pickled and copied results: numbers and point are kept, closed forms derived again."""

from __future__ import annotations

import copy
import dataclasses
import functools
from typing import Any

from jacmagic.numeric.tuning import tuning_of
from jacmagic.symbolic.branches import ClosedForms

JacobianResult = Any  # `result.core` imports this module


def reduced(result: JacobianResult) -> tuple[Any, ...]:
    """Return how pickle stores a result: its class and fields, of closed forms their limits."""
    forms, captured = result.forms, frozenset(result.outside())
    outside: Any = functools.partial(frozenset, captured)  # what was looked for already
    settings = (result.options, result.view, outside)
    stored = (result.problem, result.numbers, forms.wanted, forms.budget, *settings)
    return _restored, (type(result), *stored)


def _restored(
    kind: Any, problem: Any, numbers: Any, wanted: bool, budget: float | None, *others: Any
) -> JacobianResult:
    """Make a result of what was stored of it."""
    forms = ClosedForms(wanted=wanted, budget=budget)
    tuning = tuning_of(
        problem.user_function, "Jacobian" if problem.potential is None else "Hessian"
    )
    return kind(problem, numbers, forms, *others, tuning)


def deeply(result: JacobianResult, memo: dict[int, Any]) -> JacobianResult:
    """Copy a result's numbers; function, point and closed forms never change and are shared.

    Numbers with a graph, which torch copies not at all, are shared too.
    """
    try:
        numbers = copy.deepcopy(result.numbers, memo)
    except RuntimeError:
        numbers = result.numbers
    return dataclasses.replace(result, numbers=numbers)
