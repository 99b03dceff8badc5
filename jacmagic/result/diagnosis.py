"""The sources of one Jacobian brought together: torch, its closed form, finite differences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch

from jacmagic.function.components import components
from jacmagic.function.neighbourhood import sizes_of
from jacmagic.function.precision import Dtype
from jacmagic.function.problem import Problem
from jacmagic.labels import Label
from jacmagic.numeric import Differences, NumericJacobian, independent, unsteady
from jacmagic.result.agreement import Agreement, conclude
from jacmagic.result.as_written import other_value
from jacmagic.result.causes import Causes
from jacmagic.result.comparison import SHORT, Circumstances, Finding, Sources, judge
from jacmagic.result.directional_check import confirmed_along, examine_along
from jacmagic.result.gradient_check import examine_gradient, gradient_remarks
from jacmagic.result.sources import MOST_COLUMNS, MOST_ROWS, finite_differences
from jacmagic.symbolic.branches import fits_beside
from jacmagic.symbolic.formula import ClosedForm
from jacmagic.symbolic.formula.rounding import bounded, dtype_of, exactly
from jacmagic.symbolic.formula.singularities import boundaries, kinks, origin_of_nonfinite
from jacmagic.symbolic.notation import notation_of
from jacmagic.symbolic.one_sided import OneSided
from jacmagic.symbolic.trace import Refusal

_DRAWN = "the function draws random numbers"
_MISSES = Refusal("the closed form", None, "is not the function beside the point")
_TRIANGLE = (
    "the function reads one triangle of a symmetric matrix, and torch spreads the derivative over "
    "both, as finite differences do here"
)
_LOWER = "compute in a higher precision (--dtype float64)"
_REWRITE = "rewrite the function without the cancellation"


def contradicts(
    problem: Problem, numbers: NumericJacobian, matrix: torch.Tensor, form: ClosedForm
) -> bool:
    """Whether a closed form and torch differ by more than rounding explains in any entry."""
    case = _Case(problem, numbers, matrix, form, rows=())
    sources = replace(case.sources, differences=None, error=None, scale=None)
    known = Circumstances(cut=lambda i, j: False)
    found, _ = judge(sources, case.dtype, exactly(form, case.point, case.dtype), known)
    return bool(np.isin(found, (Finding.TORCH, Finding.CONTRADICTED)).any())


def diagnose(
    problem: Problem,
    numbers: NumericJacobian,
    matrix: torch.Tensor,
    form: ClosedForm | None,
    *,
    rows: Sequence[Label],
    outside: set[int],
    refusal: Refusal | None = None,
    both: OneSided | None = None,
) -> Agreement:
    """Compare torch's matrix with the closed form and with finite differences.

    Args:
        problem: the function and the point.
        numbers: what torch computed.
        matrix: torch's Jacobian (m, n).
        form: the closed form valid at the point, or None.
        rows: the labels of the outputs.
        outside: positions of inputs that the function reads from outside itself.
        refusal: why there is no closed form, if there is none.
        both: the two sides of a kink, if the point lies on one.
    """
    case = _Case(problem, numbers, matrix, form, rows, refusal)
    case.taken = case.steady and case.asks_function
    below = None
    if problem.potential is not None and case.taken:
        below = examine_gradient(problem, numbers, form, case.point)
        case.causes.gradient_is_right = below.verdict == "agree"
    warnings = (
        *(gradient_remarks(below) if below is not None else ()),
        *_outside_remarks(problem, case.truth, outside),
        *(f"kink at this point: {edge}" for edge in dict.fromkeys(map(str, case.edges))),
        *_nonfinite_remarks(case),
    )
    if not case.steady:
        blank = Agreement("not confirmed", float("nan"), (), warnings, case.bare)
        drawn = refusal is not None and "random numbers" in refusal.reason
        return replace(blank, reason=_DRAWN if drawn else case.unsteady or "")
    other = other_value(problem, numbers.outputs.leaves, form, case.dtype)
    if other is not None:
        blank = Agreement("not confirmed", float("nan"), (), (*warnings, other), case.bare)
        return replace(blank, reason=other)
    if form is None and len(case.sizes) > MOST_COLUMNS:
        return examine_along(
            problem, case.truth, case.dtype, name=case.name, cause=case.cause, warnings=warnings
        )
    known = Circumstances(
        cut=case.causes.cut,
        fair=None if both is None else both.around(case.truth),
        kinked={row for edge in case.edges for row in edge.rows},
        sizes=case.sizes,
        values=case.values,
        operations=1 if form is None else len(form.tape.operations) + len(case.sizes),
        undefined=case.undefined,
        doubted=below is not None and below.verdict != "agree",
    )
    exact = None if form is None else exactly(form, case.point, case.dtype)
    found, alone = judge(case.sources, case.dtype, exact, known)
    if form is not None and alone.any() and fits_beside(form, problem) is False:
        return diagnose(problem, numbers, matrix, None, rows=rows, outside=outside, refusal=_MISSES)
    agreement = conclude(
        case.sources,
        found,
        alone,
        name=case.name,
        cause=case.cause,
        reason=case.reason,
        warnings=warnings,
    )
    if agreement.verdict == "agree" and not alone.any() and case.spread:
        return replace(agreement, reason=_TRIANGLE)
    return agreement


@dataclass
class _Case:
    """One Jacobian on trial: what is known of it, each part found when it is asked for."""

    problem: Problem
    numbers: NumericJacobian
    matrix: torch.Tensor
    form: ClosedForm | None
    rows: Sequence[Label]
    refusal: Refusal | None = None
    taken: bool = False  # whether finite differences are taken

    @cached_property
    def point(self) -> list[float]:
        return self.problem.flat_point

    @cached_property
    def tensors(self) -> list[torch.Tensor]:
        return [one.value.detach() for one in self.problem.inputs]

    @cached_property
    def truth(self) -> np.ndarray:
        return self.matrix.detach().cpu().double().numpy()

    @cached_property
    def sizes(self) -> np.ndarray:
        return sizes_of(self.tensors)

    @cached_property
    def dtype(self) -> Dtype:
        """The shortest arithmetic on the way, as far as it was seen."""
        seen = [] if self.form is None else self.form.trace.dtypes
        leaves = self.numbers.outputs.leaves
        return dtype_of([self.matrix.dtype, *(leaf.dtype for leaf in leaves), *seen])

    @property
    def asks_function(self) -> bool:
        """Whether the function is to be run again: by columns, or where nothing else checks it."""
        by_columns = len(self.sizes) <= MOST_COLUMNS and len(self.truth) <= MOST_ROWS
        allowed = self.tensors and not self.problem.effects
        return bool(allowed) and (self.form is None or by_columns)

    @cached_property
    def unsteady(self) -> str | None:
        """Why the function's values are not its inputs' alone; None where that was not asked."""
        if not self.asks_function:
            return None
        return unsteady(self.problem.function, self.tensors, self.numbers.outputs.leaves)

    @property
    def steady(self) -> bool:
        return self.unsteady is None

    @cached_property
    def causes(self) -> Causes:
        return Causes(self.problem, self.numbers, self.form, refusal=self.refusal, edges=self.edges)

    @cached_property
    def edges(self) -> list:
        """The kinks and the ends of branches at the point."""
        if self.form is None:
            return []
        return [*kinks(self.form, self.point), *boundaries(self.form, self.point)]

    @cached_property
    def is_confirmed(self) -> bool:
        """Whether the closed form confirms every entry, and the function itself one direction.

        Then there is nothing left for differences entry by entry to decide.
        """
        if self.form is None or not self.taken or self.problem.potential is not None:
            return False
        values, bounds = bounded(self.form, self.point, self.dtype)
        sources = replace(self.bare, formula=values, bound=bounds)
        exact = exactly(self.form, self.point, self.dtype)
        found, _ = judge(sources, self.dtype, exact, Circumstances(cut=lambda i, j: False))
        agreed = bool((found == Finding.AGREED).all())
        return agreed and confirmed_along(self.problem, self.truth, self.dtype)

    @cached_property
    def differences(self) -> Differences | None:
        asked = self.taken and not self.is_confirmed
        return finite_differences(self.problem, len(self.truth)) if asked else None

    @property
    def spread(self) -> bool:
        """Whether the differences are those of a function of a symmetric part."""
        return self.differences is not None and self.differences.spread

    @cached_property
    def values(self) -> np.ndarray:
        """The function's own values (m,)."""
        return components(self.numbers.outputs.leaves)

    @property
    def undefined(self) -> list[int]:
        """The rows in which the function itself is nan or infinite."""
        return np.flatnonzero(~np.isfinite(self.values)).tolist()

    @property
    def bare(self) -> Sources:
        """torch alone."""
        return Sources(self.truth, None, None, None, self.dtype.name)

    @cached_property
    def sources(self) -> Sources:
        """What each source says of every entry."""
        sources = self.bare
        if self.form is not None:
            values, bounds = bounded(self.form, self.point, self.dtype)
            sources = replace(sources, formula=values, bound=bounds)
        if self.differences is not None:
            found = self.differences
            value, error, scale = (one.numpy() for one in (found.matrix, found.error, found.scale))
            sources = replace(sources, differences=value, error=error, scale=scale)
        if not self.taken:
            return sources
        return replace(sources, apart=self._apart(sources), along=self.is_confirmed)

    def _apart(self, sources: Sources) -> np.ndarray | None:
        """Entries of 0 without another source, whose output does not depend on the input."""
        if self.form is not None:
            return None
        open_ = (sources.torch == 0) & ~sources.decisive
        columns = np.flatnonzero(open_.any(axis=0))
        apart = np.zeros(sources.torch.shape, dtype=bool)
        apart[:, columns] = independent(self.problem.function, self.tensors, columns.tolist())
        return apart

    def name(self, i: int, j: int) -> str:
        """Return what an entry is called."""
        row, column = self.rows[i].unicode, self.problem.columns[j].unicode
        return notation_of(self.problem).unicode(self.problem.title, row, column)

    def cause(self, i: int, j: int) -> str:
        """Why torch is alone in an entry."""
        return self.causes(i, j, float(self.truth[i, j]))

    def reason(self, finding: Finding, i: int, j: int) -> str:
        """Why an entry is not confirmed, as a clause."""
        if i < 0:
            return "there is nothing to compare"
        entry, value = self.name(i, j), self.truth[i, j]
        if finding is Finding.NOT_FINITE and i in self.undefined:
            return f"{self.rows[i].unicode} itself is not finite and has no derivative"
        if finding is Finding.NOT_FINITE:
            return f"{entry} is {value}, and no other source has a value there"
        if finding is Finding.ROUNDING and self.form is not None:
            (exact,) = exactly(self.form, self.point, self.dtype)([(i, j)])
            advice = _REWRITE if self.dtype.name == "float64" else _LOWER
            if abs(value - exact.value) <= SHORT * abs(exact.value) and advice == _REWRITE:
                digits = math.floor(-math.log10(abs(value - exact.value) / abs(exact.value)))
                return f"torch has only {digits} digits of {entry} right"
            return (
                f"rounding in {self.dtype.name} leaves too few digits of {entry}: "
                f"torch {value:.6g}, exact {exact.value:.6g}; {advice}"
            )
        if self.problem.effects:
            return f"torch is the only source, as the function {changing(self.problem)}"
        if self.differences is None:
            slow = "there are too many entries, or the function is too slow, for finite differences"
            return f"torch is the only source; {slow}"
        if self.problem.potential is not None and self.sources.decisive[i, j]:
            return "the gradient itself is not confirmed, which finite differences start from"
        return f"torch is the only source of {entry}: finite differences are not decisive there"


def changing(problem: Problem) -> str:
    """Return what a function does beside giving a value, as a clause."""
    return f"changes {', '.join(problem.effects)} whenever it runs"


def _outside_remarks(problem: Problem, truth: np.ndarray, outside: set[int]) -> list[str]:
    """Inputs whose whole block is zero because the function reads them from elsewhere."""
    remarks, start = [], 0
    for place, one in enumerate(problem.inputs):
        block = truth[:, start : start + len(one.labels)]
        start += len(one.labels)
        if place in outside and block.size and not block.any():
            remarks.append(
                f"{problem.title} reads {one.name} from outside instead of through its argument, "
                f"so these zeros are not its derivative: use the argument, or "
                "torch.func.functional_call(model, params, x) for a module"
            )
    return remarks


def _nonfinite_remarks(case: _Case) -> list[str]:
    """Up to three entries that are nan or infinite, with the place where it first arises."""
    remarks = []
    for i, j in np.argwhere(~np.isfinite(case.truth))[:3]:
        place = int(i), int(j)
        origin = None if case.form is None else origin_of_nonfinite(case.form, *place, case.point)
        because = f": {origin}" if origin else ""
        remarks.append(f"{case.name(*place)} is {case.truth[place]}{because}")
    return remarks
