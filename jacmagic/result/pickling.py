"""Pickled and copied results: numbers and point are kept, closed forms derived again."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Collection
from typing import Any

from jacmagic.function.problem import Problem
from jacmagic.numeric import NumericJacobian, tuning_of
from jacmagic.numeric.options import ComputeOptions
from jacmagic.result.options import DisplayOptions
from jacmagic.symbolic.branches import ClosedForms

JacobianResult = Any  # `result.core` imports this module


@dataclasses.dataclass(frozen=True)
class Stored:
    """What is stored of a result.

    Attributes:
        problem: the function and the point.
        numbers: what torch computed.
        options: how it computed it.
        view: how the result shows itself.
        wanted: whether closed forms may be derived.
        budget: seconds for each of them, or None.
        outside: positions of inputs that the function reads from outside.
    """

    problem: Problem
    numbers: NumericJacobian
    options: ComputeOptions
    view: DisplayOptions
    wanted: bool
    budget: float | None
    outside: frozenset[int]


def reduced(result: JacobianResult) -> tuple[Any, ...]:
    """Return how pickle stores a result: its class and what is stored."""
    forms = result.forms
    stored = Stored(
        result.problem,
        result.numbers,
        result.options,
        result.view,
        forms.wanted,
        forms.budget,
        frozenset(result.outside()),
    )
    return restored, (type(result), stored)


def restored(kind: Any, stored: Stored) -> JacobianResult:
    """Make a result of what was stored of it."""
    problem = stored.problem
    return kind(
        problem,
        stored.numbers,
        ClosedForms(wanted=stored.wanted, budget=stored.budget),
        stored.options,
        stored.view,
        Fixed(stored.outside),
        tuning_of(problem.whole, "Jacobian" if problem.potential is None else "Hessian"),
    )


@dataclasses.dataclass(frozen=True)
class Fixed:
    """Positions that were looked for already."""

    positions: frozenset[int]

    def __call__(self) -> Collection[int]:
        """Return them."""
        return self.positions


def deeply(result: JacobianResult, memo: dict[int, Any]) -> JacobianResult:
    """Copy a result's numbers; function, point and closed forms never change and are shared.

    Numbers with a graph, which torch copies not at all, are shared too.
    """
    try:
        numbers = copy.deepcopy(result.numbers, memo)
    except RuntimeError:
        numbers = result.numbers
    return dataclasses.replace(result, numbers=numbers)
