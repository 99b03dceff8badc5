"""Closed forms of inputs of one kind, one for each branch, as straight-line programs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from jacmagic.function.problem import Problem
from jacmagic.numeric import NOT_BY_TORCH
from jacmagic.result.compiled.native.native import MAX_OPERATIONS
from jacmagic.result.compiled.native.straight import Straight, obstacle, straight
from jacmagic.result.compiled.obstacles import NotCompiled
from jacmagic.result.compiled.specification import References
from jacmagic.symbolic.branches import ClosedForms
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.formula.rounding import bounded, bounded_outputs, dtype_of
from jacmagic.symbolic.trace import Refusal
from jacmagic.symbolic.validation import values_again

MAX_ENTRIES = 50_000  # of a Jacobian whose closed form is compiled
MAX_SAVING = 2  # times fewer operations than the form has, at most
MAX_SECONDS_FOR_FORM = 0.15  # to derive one: `compile` is to return within 300 ms
MAX_SECONDS_IF_NAMED = 20.0  # the same where a backend is asked for by name


class Forms:
    """Closed forms that were compiled.

    Attributes:
        compiled: in the order in which their branches were met.
    """

    def __init__(self, references: References) -> None:
        """Nothing is derived yet.

        Args:
            references: the function at inputs of this kind.
        """
        self._references = references
        is_named = references.spec.backend != "auto"
        self._branches = ClosedForms(
            budget=MAX_SECONDS_IF_NAMED if is_named else MAX_SECONDS_FOR_FORM
        )
        self.compiled: list[ClosedForm] = []

    def knows_branch(self, tensors: Sequence[Tensor]) -> bool:
        """Whether a program was written from the closed form that is valid at some tensors."""
        return self._has(self._form(self._references.spec.at(tensors)))

    def _has(self, form: ClosedForm | Refusal) -> bool:
        return any(form is other for other in self.compiled)

    def _form(self, problem: Problem) -> ClosedForm | Refusal:
        return self._branches.form(problem, values_again(problem))

    def program(self, tensors: Sequence[Tensor], longest: float = math.inf) -> Straight:
        """Return the closed form at some tensors as a straight-line program.

        Args:
            tensors: the inputs.
            longest: operations of the longest program that is of use.

        Raises:
            NotCompiled: there is none, torch may differ from it at other points, or it is longer.
        """
        references = self._references
        if len(references.rows) > (MAX_ENTRIES if references.scheme is None else MAX_OPERATIONS):
            raise NotCompiled(f"{len(references.rows)} entries are too many for a closed form")
        form = self._form(references.spec.at(tensors))
        if not isinstance(form, ClosedForm):
            raise NotCompiled(str(form))
        if references.first.mode not in NOT_BY_TORCH and (why := obstacle(form)):
            raise NotCompiled(why)
        count = len(form.graph.reach(form.entries))
        if count > MAX_SAVING * longest:
            raise NotCompiled(f"{count} operations would compile for too long")
        if not self._has(form):
            self.compiled.append(form)
        sizes = [tensor.numel() for tensor in tensors]
        columns = _columns(sizes, references.spec.chosen)[references.columns]
        positions = zip(references.rows.tolist(), columns.tolist(), strict=True)
        return straight(form, sizes, list(positions))


def _columns(sizes: Sequence[int], chosen: Sequence[int]) -> np.ndarray:
    """Return the columns of some inputs among those of all, which have these sizes."""
    starts = np.cumsum([0, *sizes])
    return np.concatenate([np.arange(starts[k], starts[k + 1]) for k in chosen])


def closed_form_values(problem: Problem, chosen: Sequence[int]) -> Tensor | None:
    """Return the Jacobian (m, n) by some inputs from the closed form; None without one."""
    form = ClosedForms().form(problem, values_again(problem.potential or problem))
    if not isinstance(form, ClosedForm):
        return None
    columns = _columns([tensor.numel() for tensor in problem.tensors], chosen)
    return torch.from_numpy(form.values(problem.flat_point)[:, columns])


def rounding_bounds(
    problem: Problem, chosen: Sequence[int]
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return how far two evaluations may differ by rounding, (m, n) by some inputs and (m,).

    The bounds are those of the closed form; an infinite one is none. None without a form.
    """
    form = ClosedForms().form(problem, values_again(problem.potential or problem))
    if not isinstance(form, ClosedForm):
        return None
    columns = _columns([tensor.numel() for tensor in problem.tensors], chosen)
    point, dtype = problem.flat_point, dtype_of(form.trace.dtypes)
    found = bounded(form, point, dtype)[1][:, columns], bounded_outputs(form, point, dtype)[1]
    entries, values = (2 * np.where(np.isfinite(one), one, 0) for one in found)
    return entries, values
