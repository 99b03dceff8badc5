"""The closed-form road, walked on first use and remembered for every branch of the function.

A trace follows the branches that one point takes. At another point the recorded conditions may not
hold any more; then the function is traced again there, and both closed forms are kept.
"""

from __future__ import annotations

import dataclasses
import math
import threading
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch

from jacmagic.function.closures import fingerprint_of
from jacmagic.function.interop.call_limit import REFUSALS, Counted
from jacmagic.function.interop.silence import silent
from jacmagic.function.neighbourhood import beside
from jacmagic.function.outputs import flatten
from jacmagic.function.precision import FACTOR
from jacmagic.function.problem import Problem
from jacmagic.labels import symbols
from jacmagic.symbolic.formula import ClosedForm, DisplayForm, close
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.rounding import bounded_outputs, dtype_of, exact_values
from jacmagic.symbolic.formula.shown import shows
from jacmagic.symbolic.formula.sympify import tree_sizes
from jacmagic.symbolic.formula.time_limit import counted, seconds_left
from jacmagic.symbolic.graph import ZERO, write_tape
from jacmagic.symbolic.trace import Constant, Naming, Refusal, Trace, trace

_MOST_BRANCHES = 64
_MOST_COUNTS = 4  # whole numbers in a formula that are tried one by one
_MOST_REFUSALS = 3  # points at which a function may refuse before it is not asked again
NOT_WANTED = Refusal("the closed form", None, "was not asked for")
_OTHER_VALUES = Refusal(
    "the function", None, "gave other values when it ran again: random, or it keeps state"
)
_WRONG_VALUES = Refusal(
    "the closed form", None, "gives other values than the function; please report this function"
)


def point_of(problem: Problem) -> list[float]:
    """Return the n numbers at which a problem stands, in column order."""
    return _flat([one.value for one in problem.inputs])


def _flat(tensors: Sequence[torch.Tensor]) -> list[float]:
    return [x for one in tensors for x in one.detach().reshape(-1).double().tolist()]


class ClosedForms:
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
        self._outside: WeakKeyDictionary[ClosedForm, tuple[Any, ...]] = WeakKeyDictionary()
        self._wanted = wanted
        self._refusals: dict[tuple[float, ...], Refusal] = {}

    @property
    def _lock(self) -> threading.RLock:
        """Made on first use; `setdefault` is atomic."""
        lock: threading.RLock = vars(self).setdefault("_made_lock", threading.RLock())
        return lock

    def form(
        self, problem: Problem, outputs: Sequence[float], matrix: np.ndarray | None = None
    ) -> ClosedForm | Refusal:
        """Return the closed form that is valid at a problem's point.

        A known one is taken only if it has torch's numbers there and the function's value beside
        it, where no zero hides a change, and nothing that the function reads from outside is seen
        to have changed; otherwise it is derived again.

        Args:
            problem: the function and the point.
            outputs: the m numbers that the function gave there.
            matrix: torch's Jacobian there (m, n), if it is known.
        """
        with self._lock:
            if not self._wanted:
                return NOT_WANTED
            point = point_of(problem)
            known = next((form for form in self._forms if form.holds_at(point)), None)
            outside, near = fingerprint_of(problem.function), _half_the_digits(problem)
            if (
                known is not None
                and self._outside[known] == outside
                and _fits(known, point, outputs, matrix, near)
                and fits_beside(known, problem)
            ):
                self._keep(known, outside)
                return known
            refusal = None if known is not None else self._refused_at(point)
            if refusal is not None:
                return refusal
            found = self._walk(problem, point, outputs)
            if known is not None:
                return self._renewed(known, found, outside)
            if isinstance(found, Refusal):
                self._refusals[tuple(point)] = found
            else:
                self._keep(found, outside)
            return found

    def _refused_at(self, point: Sequence[float]) -> Refusal | None:
        """Why a point is not traced again."""
        if tuple(point) in self._refusals:
            return self._refusals[tuple(point)]
        if len(self._refusals) >= _MOST_REFUSALS:  # it is the function, not the point
            return next(iter(self._refusals.values()))
        return None

    def _renewed(
        self,
        known: ClosedForm,
        found: ClosedForm | Refusal,
        outside: tuple[Any, ...],
    ) -> ClosedForm | Refusal:
        """Return a form derived again where a known one does not have torch's numbers.

        Where both are one tape, nothing has changed that matters: torch itself has other numbers,
        and the known form stays, with the names it was shown with.
        """
        if isinstance(found, Refusal):
            self._forms.remove(known)
            return found
        if known.shape == found.shape and known.tape == found.tape:
            self._keep(known, outside)
            return known
        self._forms.clear()  # what has changed may have changed in every branch
        self._keep(found, outside)
        return found

    def _keep(self, form: ClosedForm, outside: tuple[Any, ...]) -> None:
        """Remember a form as the one used last; the one not used for the longest time goes."""
        if form in self._forms:
            self._forms.remove(form)
        self._forms.insert(0, form)
        self._outside[form] = outside
        del self._forms[_MOST_BRANCHES:]

    def reading(
        self,
        problem: Problem,
        form: ClosedForm,
        *,
        names: bool = True,
        taken: Collection[str] = (),
    ) -> DisplayForm | Refusal:
        """How a closed form is shown, with the names of constants or with their numbers.

        Args:
            problem: the function, at a point where the form is valid.
            form: one of this road's closed forms.
            names: False shows the constants as numbers.
            taken: names that stand for something else on the page: outputs, the function.
        """
        with self._lock:
            known = form.readings.get(names)
            point = point_of(problem)
            if isinstance(known, DisplayForm) and not _equal(known.form, form, point):
                known = None  # the names it was traced with have other values by now
            if known is None:
                known = form.too_large or self._read(problem, form, names, taken)
                form.readings[names] = known
            return known

    def _read(
        self, problem: Problem, form: ClosedForm, names: bool, taken: Collection[str]
    ) -> DisplayForm | Refusal:
        """Return a reading with all of a page converted, from a second trace where names help.

        It is shown only if it comes to the numbers of the form that it stands for.
        """
        reading = DisplayForm(form, taken=taken)
        has_constants = form.trace.has_constants or bool(problem.parameters)
        has_vectors = any(one.value.ndim >= 1 and len(one.labels) > 1 for one in problem.inputs)
        if ((names and (has_constants or has_vectors)) or reading.is_wide) and not problem.effects:
            named = self._named(problem, form, names)
            reading = reading if named is None else DisplayForm(named, taken=taken)
        point, refusal = point_of(problem), None
        for tried in (reading, DisplayForm(form, named=False)):
            refusal = attempt(tried.prepare, self.budget)
            if refusal is None:
                checked = attempt(partial(shows, tried, form, point), self.budget)
                if checked is True:
                    return tried
                refusal = checked if isinstance(checked, Refusal) else None
        return refusal or Refusal(
            "the closed form", None, "reads otherwise than it was computed: please report it"
        )

    def _named(self, problem: Problem, form: ClosedForm, names: bool) -> ClosedForm | None:
        """The same closed form from a trace that keeps names; a count that steers has none."""
        asked = problem.potential or problem
        shown = frozenset(label.tex for one in asked.inputs for label in one.labels)
        naming = Naming(problem.parameters, constants=names, shown=shown)
        traced = self._traced(asked, naming)
        if isinstance(traced, Trace) and (steering := self._steering(asked, traced, naming)):
            traced = self._traced(asked, dataclasses.replace(naming, plain=steering))
        named = self._closed(asked, traced)
        if problem.potential is not None and isinstance(named, ClosedForm):
            named = self._again(named)
        if isinstance(named, Refusal) or named.too_large is not None:
            return None
        return named if _equal(named, form, point_of(problem)) else None

    def _steering(self, problem: Problem, traced: Trace, naming: Naming) -> frozenset[str]:
        """The whole numbers in a formula that does not hold for any other: n of a loop over n.

        Each is made larger by one while the function runs again; if the formula with the larger
        number does not have the function's values then, the number decides what the formula is.
        """
        reached = set(traced.graph.reach(traced.outputs))
        counts = [one for one in traced.constants if one.counts and one.node in reached]
        tried = len(counts) <= _MOST_COUNTS
        return frozenset(
            one.label.name
            for one in counts
            if not (tried and self._holds_for_more(problem, traced, naming, one))
        )

    def _holds_for_more(
        self, problem: Problem, traced: Trace, naming: Naming, one: Constant
    ) -> bool:
        """Whether a formula holds for a whole number that is larger by one."""
        changed = dataclasses.replace(naming, changed=frozenset({one.label.name}))
        other, point = self._traced(problem, changed), point_of(problem)
        if isinstance(other, Refusal):
            return False
        tape = write_tape(traced.graph, traced.outputs, [*traced.inputs, one.node])
        found = tape.evaluate([*point, one.value + 1])
        expected = write_tape(other.graph, other.outputs, other.inputs).evaluate(point)
        return len(found) == len(expected) and np.allclose(found, expected, equal_nan=True)

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

    def _traced(self, problem: Problem, naming: Naming | None = None) -> Trace | Refusal:
        """Return a trace; a named one also says what whole tensors are."""
        columns = [label for one in problem.inputs for label in one.labels]
        with counted():
            return trace(
                problem.function,
                [one.value for one in problem.inputs],
                symbols(columns),
                seconds=seconds_left(self.budget),
                naming=naming,
                whole=[] if naming is None else [one.name for one in problem.inputs],
            )

    def _derived(self, problem: Problem) -> ClosedForm | Refusal:
        return self._closed(problem, self._traced(problem))

    def _closed(self, problem: Problem, traced: Trace | Refusal) -> ClosedForm | Refusal:
        """Return a trace, differentiated."""
        columns = [label for one in problem.inputs for label in one.labels]
        return traced if isinstance(traced, Refusal) else close(traced, columns, budget=self.budget)

    def _again(self, gradient: ClosedForm) -> ClosedForm | Refusal:
        """Return the closed form of a Hessian: the gradient's nodes, differentiated once more."""
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
    """Return the m numbers that a problem's function gives now, without a sound."""
    tensors = [one.value.detach().clone() for one in problem.inputs]
    with torch.no_grad(), silent():
        return _flat(flatten(problem.function(*tensors)).leaves)


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


def _half_the_digits(problem: Problem) -> float:
    """Return the square root of the coarsest unit roundoff among a problem's inputs."""
    kinds = {one.value.dtype for one in problem.inputs if one.value.is_floating_point()}
    return max((math.sqrt(torch.finfo(kind).eps) for kind in kinds), default=1e-8)


def _fits(
    form: ClosedForm,
    point: Sequence[float],
    outputs: Sequence[float],
    matrix: np.ndarray | None,
    near: float,
) -> bool:
    """Whether a known form has the function's values and torch's Jacobian at a point."""
    m = form.shape[0]
    if len(outputs) != m:
        return False
    found = form.runner(point)
    if not _close(found[:m], np.array(outputs, dtype=float), near):
        return False
    return matrix is None or _close(found[m:], np.asarray(matrix, dtype=float).reshape(-1), near)


def fits_at(
    form: ClosedForm, problem: Problem, outputs: Sequence[float], matrix: np.ndarray
) -> bool:
    """Whether a form holds at a point and has the function's value and torch's Jacobian there."""
    point = point_of(problem)
    near = _half_the_digits(problem)
    return form.holds_at(point) and _fits(form, point, outputs, matrix, near)


def fits_beside(form: ClosedForm, problem: Problem) -> bool | None:
    """Whether a form has the function's value beside the point, but for rounding; None if unknown.

    A function that changes something whenever it runs is not run for this.
    """
    if problem.effects:
        return True
    for tensors in beside([one.value for one in problem.inputs]):
        point = _flat(tensors)
        if form.holds_at(point):
            break
    else:
        return None
    try:
        with torch.enable_grad(), silent(), Counted(form.trace.calls):
            known = np.array(_flat(flatten(problem.function(*tensors)).leaves))
    except REFUSALS:
        return None
    traced, bounds = bounded_outputs(form, point, dtype_of(form.trace.dtypes))
    if known.shape != traced.shape:
        return False
    with np.errstate(invalid="ignore"):
        close = np.abs(traced - known) <= FACTOR * len(form.tape.operations) * bounds
    return bool((close | (traced == known) | np.isnan(traced) & np.isnan(known)).all())


def _equal(one: ClosedForm, other: ClosedForm, point: Sequence[float]) -> bool:
    """Whether two forms have the same values and Jacobian at a point."""
    near = math.sqrt(np.finfo(float).eps)
    return one is other or _close(one.runner(point), other.runner(point), near)


def _close(found: np.ndarray, known: np.ndarray, near: float) -> bool:
    """Whether finite numbers differ by less than a part of the largest."""
    finite = np.isfinite(found) & np.isfinite(known)
    scale = np.abs(known[finite]).max(initial=0.0)
    return bool(np.all(np.abs(found[finite] - known[finite]) <= near * scale))
