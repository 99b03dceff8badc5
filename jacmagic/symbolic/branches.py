"""Closed forms of one function, one for each branch that its points take.

A trace follows the branches that one point takes. At another point the recorded conditions may not
hold any more; then the function is traced again there, and both closed forms are kept.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from jacmagic.function.problem import Problem
from jacmagic.symbolic.closed_form import derive_form
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.trace import Refusal
from jacmagic.symbolic.validation import fits_beside, has_jacobian

MAX_BRANCHES = 64  # forms kept, for memory: each holds a graph
MAX_REFUSALS = 3  # points at which a function may refuse before it is not traced again
NOT_WANTED = Refusal("the closed form", None, "was not requested")


class ClosedForms:
    """The closed forms of a function, least recently used last.

    Thread-safe: sliders may ask from another thread than the cell did.
    """

    def __init__(self, *, wanted: bool = True, budget: float | None = 2.0) -> None:
        """Nothing is traced yet.

        Args:
            wanted: False refuses from the start.
            budget: seconds for tracing, differentiating and reading one branch; None for no bound.
        """
        self.budget = budget
        self._forms: list[ClosedForm] = []
        self.wanted = wanted
        self._refusals: dict[tuple[float, ...], Refusal] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        """Store the settings only: a stored result derives its forms again."""
        return partial(ClosedForms, wanted=self.wanted, budget=self.budget), ()

    @property
    def lock(self) -> threading.RLock:
        """The lock, created on first use; `setdefault` is atomic."""
        lock: threading.RLock = vars(self).setdefault("_created_lock", threading.RLock())
        return lock

    def form(
        self, problem: Problem, outputs: Sequence[float], matrix: np.ndarray | None = None
    ) -> ClosedForm | Refusal:
        """Return the closed form that is valid at a problem's point.

        A kept one is taken only if it has torch's numbers there and the function's value beside
        it, where no zero hides a change of what the function reads; otherwise it is derived again.

        Args:
            problem: the function and the point.
            outputs: the m numbers that the function gave there.
            matrix: torch's Jacobian there (m, n), if it is known.
        """
        with self.lock:
            if not self.wanted:
                return NOT_WANTED
            point = problem.flat_point
            cached = next((form for form in self._forms if form.holds_at(point)), None)
            if (
                cached is not None
                and has_jacobian(cached, problem, point, outputs, matrix)
                and fits_beside(cached, problem)
            ):
                return self._keep(cached)
            if cached is None and (refusal := self._refused_at(point)) is not None:
                return refusal
            derived = derive_form(problem, outputs, self.budget)
            if cached is not None:
                return self._renewed(cached, derived)
            if isinstance(derived, Refusal):
                self._refusals[tuple(point)] = derived
                return derived
            return self._keep(derived)

    def _refused_at(self, point: Sequence[float]) -> Refusal | None:
        """Return why a point is not traced again; None where it is."""
        if tuple(point) in self._refusals:
            return self._refusals[tuple(point)]
        if len(self._refusals) >= MAX_REFUSALS:  # it is the function, not the point
            return next(iter(self._refusals.values()))
        return None

    def _renewed(self, cached: ClosedForm, derived: ClosedForm | Refusal) -> ClosedForm | Refusal:
        """Return a form derived again where a kept one does not have torch's numbers.

        Where both are one tape, nothing has changed that matters: torch itself has other numbers,
        and the kept form stays, with the names it was shown with.
        """
        if isinstance(derived, Refusal):
            self._forms.remove(cached)
            return derived
        if cached.shape == derived.shape and cached.tape == derived.tape:
            return self._keep(cached)
        self._forms.clear()  # what has changed may have changed in every branch
        return self._keep(derived)

    def _keep(self, form: ClosedForm) -> ClosedForm:
        """Keep a form as the most recently used; drop the least recently used."""
        if form in self._forms:
            self._forms.remove(form)
        self._forms.insert(0, form)
        del self._forms[MAX_BRANCHES:]
        return form
