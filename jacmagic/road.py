"""The closed-form road, walked on first use and remembered for every branch of the function.

A trace follows the branches that one point takes. At another point the recorded conditions may not
hold any more; then the function is traced again there, and both closed forms are kept.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from jacmagic.formula import ClosedForm, Reading, close
from jacmagic.formula.rounding import bounded_outputs, dtype_of, exact_values
from jacmagic.formula.sympify import tree_sizes
from jacmagic.formula.timebox import within
from jacmagic.graph import ZERO, BudgetExceeded
from jacmagic.judge import FACTOR
from jacmagic.labels import symbols
from jacmagic.lift.silence import silent
from jacmagic.problem import Problem
from jacmagic.structure import flatten
from jacmagic.trace import Refusal, trace

_MOST_BRANCHES = 64
_MOST_REFUSALS = 3  # points at which a function may refuse before it is not asked again
NOT_WANTED = Refusal("the closed form", None, "was not asked for")
_OTHER_VALUES = Refusal(
    "the function", None, "gave other values when it ran again: random, or it keeps state"
)
_WRONG_VALUES = Refusal(
    "the closed form", None, "gives other values than the function; please report this function"
)


def point_of(problem: Problem) -> list[float]:
    """The n numbers at which a problem stands, in column order."""
    return [
        number
        for one in problem.inputs
        for number in one.value.detach().reshape(-1).double().tolist()
    ]


class Road:
    """Closed forms of one function, one for each branch that has been visited.

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
        self._readings: dict[tuple[int, bool], Reading | Refusal] = {}
        self._wanted = wanted
        self._refusals: dict[tuple[float, ...], Refusal] = {}
        self._lock = threading.RLock()

    def form(self, problem: Problem, outputs: Sequence[float]) -> ClosedForm | Refusal:
        """The closed form that is valid at a problem's point.

        Args:
            problem: the function and the point.
            outputs: the m numbers that the function gave there.
        """
        with self._lock:
            if not self._wanted:
                return NOT_WANTED
            point = point_of(problem)
            for form in self._forms:
                if form.holds_at(point):
                    return form
            if tuple(point) in self._refusals:
                return self._refusals[tuple(point)]
            if len(self._refusals) >= _MOST_REFUSALS:  # it is the function, not the point
                return next(iter(self._refusals.values()))
            found = self._walk(problem, point, outputs)
            if isinstance(found, Refusal):
                self._refusals[tuple(point)] = found
            elif len(self._forms) < _MOST_BRANCHES:
                self._forms.append(found)
            return found

    def reading(
        self, problem: Problem, form: ClosedForm, *, names: bool = True
    ) -> Reading | Refusal:
        """How a closed form is shown, with the names of constants or with their numbers.

        Args:
            problem: the function, at a point where the form is valid.
            form: one of this road's closed forms.
            names: False shows the constants as numbers.
        """
        with self._lock:
            known = self._readings.get((id(form), names))
            if known is None:
                known = form.too_large or self._read(problem, form, names)
                self._readings[id(form), names] = known
            return known

    def _read(self, problem: Problem, form: ClosedForm, names: bool) -> Reading | Refusal:
        """A reading with everything in it converted, from a second trace where names help."""
        reading = Reading(form)
        has_constants = form.trace.has_constants or bool(problem.parameters)
        has_vectors = any(one.value.ndim >= 1 and len(one.labels) > 1 for one in problem.inputs)
        if (names and (has_constants or has_vectors)) or reading.is_wide:
            named = self._named(problem, form, problem.parameters if names else None)
            reading = reading if named is None else Reading(named)
        for attempt in (reading, Reading(form, named=False)):
            try:
                with within(self.budget):
                    _ = attempt.matrix, attempt.written, attempt.clauses
                return attempt
            except (BudgetExceeded, RecursionError) as error:
                reason = f"is too slow to write out: {error}"
                if isinstance(error, RecursionError):
                    reason = "is nested too deeply to write out"
        return Refusal("the closed form", None, reason)

    def _named(
        self, problem: Problem, form: ClosedForm, given: Mapping[str, Any] | None
    ) -> ClosedForm | None:
        """The same closed form from a trace that keeps the names of constants."""
        named = self._derived(problem.potential or problem, given or {}, named=True)
        if problem.potential is not None and isinstance(named, ClosedForm):
            named = self._again(named)
        if isinstance(named, Refusal) or named.too_large is not None:
            return None
        point = point_of(problem)
        same = np.allclose(
            named.tape.evaluate(point), form.tape.evaluate(point), rtol=1e-7, equal_nan=True
        )
        return named if same else None

    def _walk(
        self, problem: Problem, point: Sequence[float], outputs: Sequence[float]
    ) -> ClosedForm | Refusal:
        form = self._derived(problem.potential or problem)
        if isinstance(form, Refusal):
            return form
        if problem.potential is not None:
            outputs = values_again(problem.potential)
        if not _same_values(form, point, outputs):
            asked = problem.potential or problem
            return _WRONG_VALUES if values_again(asked) == list(outputs) else _OTHER_VALUES
        return form if problem.potential is None else self._again(form)

    def _derived(
        self, problem: Problem, given: Mapping[str, Any] | None = None, *, named: bool = False
    ) -> ClosedForm | Refusal:
        """A trace, differentiated; a named one also says what whole tensors are."""
        columns = [label for one in problem.inputs for label in one.labels]
        tensors = [one.value for one in problem.inputs]
        whole = [one.name for one in problem.inputs] if named else []
        traced = trace(
            problem.function,
            tensors,
            symbols(columns),
            seconds=self.budget,
            given=given,
            whole=whole,
        )
        return traced if isinstance(traced, Refusal) else close(traced, columns, budget=self.budget)

    def _again(self, gradient: ClosedForm) -> ClosedForm | Refusal:
        """The closed form of a Hessian: the gradient's nodes, differentiated once more."""
        traced = dataclasses.replace(
            gradient.trace, outputs=tuple(gradient.entries), expression=None
        )
        hessian = close(traced, gradient.columns, budget=self.budget)
        return hessian if isinstance(hessian, Refusal) else _symmetric(hessian)


def _symmetric(hessian: ClosedForm) -> ClosedForm:
    """Both entries of a pair in the shorter of their two forms: ∂²f/∂x∂y = ∂²f/∂y∂x (Schwarz)."""
    entries, n = hessian.entries, len(hessian.columns)
    sizes = tree_sizes(hessian.graph, entries)
    rows: list[dict[int, int]] = []
    for i in range(n):
        places = [min((i * n + j, j * n + i), key=lambda p: (sizes[p], p)) for j in range(n)]
        rows.append({j: entries[p] for j, p in enumerate(places) if entries[p] != ZERO})
    return dataclasses.replace(hessian, rows=tuple(rows))


def values_again(problem: Problem) -> list[float]:
    """The m numbers that a problem's function gives now, without a sound."""
    tensors = [one.value.detach().clone() for one in problem.inputs]
    with torch.no_grad(), silent():
        leaves = flatten(problem.function(*tensors)).leaves
    return [number for leaf in leaves for number in leaf.reshape(-1).double().tolist()]


def _same_values(form: ClosedForm, point: Sequence[float], outputs: Sequence[float]) -> bool:
    """Whether the traced expressions give what the function gave, as far as rounding lets it."""
    if len(form.trace.outputs) != len(outputs):
        return False
    dtype = dtype_of(form.trace.dtypes)
    traced, bounds = bounded_outputs(form, point, dtype)
    known = np.array(outputs, dtype=float)
    with np.errstate(invalid="ignore"):
        gaps = np.abs(traced - known)
        size = np.maximum(np.abs(traced), np.abs(known))
        close = gaps <= np.maximum(FACTOR * bounds, dtype.half * size) + dtype.normal
    doubtful = np.flatnonzero(~close & np.isfinite(traced) & np.isfinite(known))
    exact = exact_values(form, [form.trace.outputs[i] for i in doubtful], point, dtype)
    return all(
        not abs(one.value - known[i]) > FACTOR * one.operations * one.bound
        for i, one in zip(doubtful, exact, strict=True)
    )
