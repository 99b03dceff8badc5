"""Evidence on one Jacobian: values, error bounds and circumstances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch

from jacmagic.function.components import components
from jacmagic.function.neighbourhood import sizes_of
from jacmagic.function.precision import Dtype, Exactly
from jacmagic.function.problem import Problem
from jacmagic.labels import Label
from jacmagic.numeric.differences import Differences
from jacmagic.numeric.result import NumericJacobian
from jacmagic.numeric.steadiness import independent, unsteady
from jacmagic.result.verdict.agreement import Agreement
from jacmagic.result.verdict.causes import NOTHING_SEEN, ONE_TRIANGLE, Causes
from jacmagic.result.verdict.comparison import judge
from jacmagic.result.verdict.directional_check import is_confirmed_along
from jacmagic.result.verdict.findings import (
    MAX_COLUMNS,
    MAX_ROWS,
    NO_CUTS,
    Circumstances,
    Finding,
    Sources,
    finite_differences,
)
from jacmagic.result.verdict.gradient_check import check_gradient
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.formula.rounding import bounded, dtype_of, exactly, rounded
from jacmagic.symbolic.formula.singularities import Singularity, edges
from jacmagic.symbolic.notation import notation_of
from jacmagic.symbolic.one_sided import are_linear
from jacmagic.symbolic.sides import OneSided
from jacmagic.symbolic.trace import Refusal
from jacmagic.symbolic.validation import is_close


@dataclass
class Evidence:
    """What each source gives for one Jacobian, computed on first use.

    Attributes:
        problem: the function and the point.
        numbers: what torch computed.
        matrix: torch's Jacobian (m, n).
        form: the closed form valid at the point, or None.
        rows: the labels of the outputs.
        refusal: why there is no closed form, if there is none.
        uses_differences: whether finite differences may be taken.
        both: the two sides of a kink, if the point lies on one.
    """

    problem: Problem
    numbers: NumericJacobian
    matrix: torch.Tensor
    form: ClosedForm | None
    rows: Sequence[Label]
    refusal: Refusal | None = None
    uses_differences: bool = True
    both: OneSided | None = None

    @cached_property
    def point(self) -> list[float]:
        """The n numbers of the point."""
        return self.problem.flat_point

    @cached_property
    def tensors(self) -> list[torch.Tensor]:
        return [input_.value.detach() for input_ in self.problem.inputs]

    @cached_property
    def truth(self) -> np.ndarray:
        """The matrix shown, as float64 (m, n)."""
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
        """Whether the function may run again: by columns, or as the only check."""
        by_columns = len(self.sizes) <= MAX_COLUMNS and len(self.truth) <= MAX_ROWS
        allowed = self.tensors and not self.problem.effects
        return bool(allowed) and (self.form is None or by_columns)

    @cached_property
    def unsteady(self) -> str | None:
        """Why the function's values do not repeat; None if they do, or were not checked."""
        if not self.asks_function:
            return None
        return unsteady(self.problem.function, self.tensors, self.numbers.outputs.leaves)

    @property
    def taken(self) -> bool:
        """Whether finite differences are taken."""
        return self.uses_differences and self.asks_function and self.unsteady is None

    @cached_property
    def gradient(self) -> Agreement | None:
        """The verdict on the gradient below a Hessian; None if it is not checked."""
        if self.problem.potential is None or not self.taken:
            return None
        return check_gradient(self.problem, self.numbers, self.form, self.point)

    @cached_property
    def causes(self) -> Causes:
        """What cuts torch's graph, by entry."""
        return Causes(
            self.problem,
            self.numbers,
            self.form,
            refusal=self.refusal,
            edges=self.edges,
            gradient_is_right=self.gradient is not None and self.gradient.verdict == "agree",
        )

    @cached_property
    def edges(self) -> list[Singularity]:
        """The kinks and the ends of branches at the point."""
        if self.form is None:
            return []
        singular = edges(self.form, self.point)
        return [edge for edge in singular if not (edge.possible and self.is_smooth_at(edge))]

    def is_smooth_at(self, edge: Singularity) -> bool:
        """Whether all that depends on a kink has one slope from both sides, and torch that one."""
        if self.both is None:
            return False
        rows = sorted(edge.rows)
        derivative, truth = self.both.derivative()[rows], self.truth[rows]
        return bool(np.isfinite(derivative).all()) and is_close(derivative, truth, self.dtype.half)

    @cached_property
    def is_confirmed(self) -> bool:
        """Whether the closed form confirms all entries, and the function one direction.

        Then there is nothing left for differences entry by entry to decide.
        """
        if self.form is None or not self.taken or self.problem.potential is not None:
            return False
        values, bounds = bounded(self.form, self.point, self.dtype)
        sources = replace(self.bare, formula=values, bound=bounds)
        findings, _ = judge(sources, self.dtype, self.exactly, NO_CUTS)
        agreed = bool((findings == Finding.AGREED).all())
        return agreed and is_confirmed_along(self.problem, self.truth, self.dtype)

    @property
    def exactly(self) -> Exactly | None:
        """Evaluates entries of the closed form with fifty digits; None without one."""
        return None if self.form is None else exactly(self.form, self.point, self.dtype)

    @cached_property
    def differences(self) -> Differences | None:
        """Finite differences of all entries; None where they are not taken."""
        required = self.taken and not self.is_confirmed
        return finite_differences(self.problem, len(self.truth)) if required else None

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
        return Sources(self.truth)

    @cached_property
    def sources(self) -> Sources:
        """The values of each source for every entry."""
        sources = replace(self.bare, estimated=self.differences)
        if self.form is not None:
            values, bounds = bounded(self.form, self.point, self.dtype)
            values = self._at_ties(values)
            if self.smooth is not None:
                values = np.where(np.isnan(self.smooth), values, self.smooth)
            sources = replace(sources, formula=values, bound=bounds)
        if not self.taken:
            return sources
        return replace(sources, apart=self._apart(sources), along=self.is_confirmed)

    def _at_ties(self, values: np.ndarray) -> np.ndarray:
        """Return the closed form's values where rows with a kink have torch's choice, if either.

        Which numbers are equal depends on the arithmetic: 0.3 − 0.3 is 0 in float32 only.
        """
        if self.form is None or not self.kinked:
            return values
        rows, tied = sorted(self.kinked), rounded(self.form, self.point)
        with np.errstate(invalid="ignore"):
            nearer = np.abs(tied - self.truth) < np.abs(values - self.truth)
            nearer |= tied == self.truth
        values[rows] = np.where(nearer, tied, values)[rows]
        return values

    def _apart(self, sources: Sources) -> np.ndarray | None:
        """Entries of 0 without another source, whose output does not depend on the input."""
        if self.form is not None:
            return None
        open_ = (sources.torch == 0) & ~sources.decisive
        columns = np.flatnonzero(open_.any(axis=0))
        apart = np.zeros(sources.torch.shape, dtype=bool)
        apart[:, columns] = independent(self.problem.function, self.tensors, columns.tolist())
        return apart

    @cached_property
    def kinked(self) -> set[int]:
        """The rows that have a kink at the point."""
        return {row for edge in self.edges for row in edge.rows}

    @cached_property
    def smooth(self) -> np.ndarray | None:
        """Entries (m, n) at a kink that have the same derivative from both sides, else nan.

        Rows that differ from torch's have to be linear besides: of the median of three equal
        numbers all three derivatives are 0, and torch's thirds are as good. None without a kink,
        of a possible one, and of a Hessian: the gradient's own value at a kink is a choice.
        """
        if self.both is None or self.form is None or self.problem.potential is not None:
            return None
        derivative = self.both.derivative()
        definite_rows = {row for edge in self.edges if not edge.possible for row in edge.rows}
        derivative[[i for i in range(len(derivative)) if i not in definite_rows]] = np.nan
        if not (np.isnan(derivative) | (derivative == self.truth)).all():
            derivative[~are_linear(self.problem, self.form, derivative)] = np.nan
        return derivative

    @property
    def circumstances(self) -> Circumstances:
        """The facts beside the sources."""
        operations = 1 if self.form is None else len(self.form.tape.operations) + len(self.sizes)
        return Circumstances(
            cut=self.causes.cut,
            fair=None if self.both is None else self.both.around(self.truth),
            smooth=self.smooth,
            kinked=self.kinked,
            sizes=self.sizes,
            values=self.values,
            operations=operations,
            doubted=self.gradient is not None and self.gradient.verdict != "agree",
            undefined=self.undefined,
        )

    def name(self, i: int, j: int) -> str:
        """Return what an entry is called."""
        row, column = self.rows[i].unicode, self.problem.columns[j].unicode
        return notation_of(self.problem).unicode(self.problem.title, row, column)

    def cause(self, i: int, j: int) -> str:
        """Why torch differs from all other sources in an entry."""
        cause = self.causes(i, j, float(self.truth[i, j]))
        if self.smooth is not None and not np.isnan(self.smooth[i, j]):
            return f"{cause} The derivative is {self.smooth[i, j]:.6g} from both sides."
        one_triangle = self.differences is not None and self.differences.reads_one_triangle
        return ONE_TRIANGLE if one_triangle and cause.startswith(NOTHING_SEEN) else cause
