"""Newton's method from the point of a Jacobian, step by step.

Source: J. Nocedal, S. J. Wright, Numerical Optimization, 2nd ed., 11.1 (Newton), 10.3
(Gauss-Newton).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import torch

from jacmagic.errors import FunctionError, OptionError
from jacmagic.function.outputs import flatten
from jacmagic.render.report import Fragment, Grid, Report, ReportDisplay, numeral, words
from jacmagic.render.text import number
from jacmagic.result.analysis.iteration import Iterate, Iteration
from jacmagic.result.analysis.notation import doubts, named
from jacmagic.result.analysis.short_form import short_form
from jacmagic.result.core import JacobianResult

MAX_STEPS = 50  # by default; quadratic convergence takes about six
MAX_COMPONENTS_SHOWN = 8  # components of x in the table


@dataclass(frozen=True, eq=False, repr=False)
class Newton(ReportDisplay):
    """An iteration x ← x − J⁻¹(f(x) − target), from a Jacobian's point on.

    Attributes:
        jacobian: the Jacobian at the last point.
        iterates: the points, the first one included.
        outcome: "converged", "singular", "diverged", "cycle" or "steps".
        reason: a sentence about it.
        step: the first step (n,); nan where there is none.
        notes: what is solved where the Jacobian is not square.
        start: the Jacobian at the first point.
    """

    jacobian: JacobianResult
    iterates: tuple[Iterate, ...]
    outcome: str
    reason: str
    step: np.ndarray
    notes: tuple[str, ...]
    start: JacobianResult

    @property
    def converged(self) -> bool:
        """Whether the last point solves the equations, or the least-squares problem."""
        return self.outcome == "converged"

    @property
    def x(self) -> np.ndarray:
        """The last point (n,)."""
        return self.iterates[-1].x

    @property
    def solution(self) -> dict[str, torch.Tensor]:
        """The last point by input name."""
        return self.jacobian.problem.named(self.x)

    @property
    def orders(self) -> list[float]:
        """Estimated order of convergence at each iterate, nan where rounding hides it.

        It is log(eₖ/eₖ₋₁)/log(eₖ₋₁/eₖ₋₂) with the steps' lengths e: 2 where the convergence is
        quadratic, 1 where it is linear.
        """
        orders = [float("nan")] * len(self.iterates)
        for k in range(2, len(self.iterates)):
            lengths = [iterate.step for iterate in self.iterates[k - 2 : k + 1]]
            clear = all(
                iterate.step > iterate.limit > 0 for iterate in self.iterates[k - 2 : k + 1]
            )
            if clear and lengths[2] < lengths[1] < lengths[0]:
                ahead, behind = np.log(lengths[2] / lengths[1]), np.log(lengths[1] / lengths[0])
                orders[k] = float(ahead / behind)
        return orders

    def report(self) -> Report:
        """Return a line for each iterate, and why the iteration ended."""
        lines = [self._line(k) for k in range(len(self.iterates))]
        names = [named(label) for label in self.jacobian.columns[:MAX_COMPONENTS_SHOWN]]
        if len(self.jacobian.columns) > MAX_COMPONENTS_SHOWN:
            names.append(Fragment("…", r"\cdots"))
        heads = [Fragment("k", "k"), *names, _RESIDUAL, _STEP, words("order")]
        return Report(
            f"Newton's method for {self.jacobian.title}",
            self._formula(),
            [Grid(heads, self._cut(lines))],
            [*([] if self.converged else [self.reason]), *doubts(self.jacobian)],
            [*([self.reason] if self.converged else []), *self.notes],
        )

    def _cut(self, lines: list[list[Fragment]]) -> list[list[Fragment]]:
        """Return the first and the last lines of a long iteration."""
        if len(lines) <= 16:
            return lines
        return [*lines[:8], [Fragment("⋮", r"\vdots")] * len(lines[0]), *lines[-7:]]

    def _line(self, k: int) -> list[Fragment]:
        iterate, digits = self.iterates[k], max(self.jacobian.view.digits, 10)
        cells = [numeral(float(x), digits) for x in iterate.x[:MAX_COMPONENTS_SHOWN]]
        cells += [Fragment("…", r"\cdots")] * (len(iterate.x) > MAX_COMPONENTS_SHOWN)
        return [
            Fragment(str(k), str(k)),
            *cells,
            numeral(iterate.residual, 3),
            *(numeral(x, 3) if np.isfinite(x) else Fragment("", "") for x in (iterate.step,)),
            *(numeral(x, 2) if np.isfinite(x) else Fragment("", "") for x in (self.orders[k],)),
        ]

    def _formula(self) -> list[Fragment]:
        """Return the map of a scalar equation, such as x ← x/2 + 1/x, where it is short."""
        if self.jacobian.shape != (1, 1) or self.start.expressions is None or self.notes:
            return []
        x, f = self.start.symbols[0], self.start.expressions[0]
        form = short_form(self.start, lambda entries: x - f / entries[0, 0])
        if form is None:
            return []
        name = named(self.jacobian.columns[0])
        return [
            Fragment(f"{name.text} ← {form.text}", rf"{name.tex} \leftarrow {form.tex}"),
        ]


_RESIDUAL = Fragment("‖f − target‖", r"\left\| f - \text{target} \right\|")
_STEP = Fragment("‖step‖", r"\left\| \text{step} \right\|")


def newton(
    jacobian: JacobianResult,
    target: Any = 0.0,
    *,
    tolerance: float | None = None,
    max_steps: int = MAX_STEPS,
) -> Newton:
    """Solve f(x) = target from the point of a Jacobian; see `AnalysedResult.newton`.

    Of a Hessian, the gradient is solved.
    """
    target_values = _target(target, jacobian.shape[0])
    if not isinstance(max_steps, int) or max_steps < 1:
        raise OptionError(f"expected at least one step; found {max_steps!r}; write max_steps=50")
    if tolerance is not None and not _is_length(tolerance):
        raise OptionError(
            f"expected a tolerance of at least 0; found {tolerance!r}; write tolerance=1e-6"
        )
    iteration = Iteration(jacobian, target_values, tolerance, max_steps)
    outcome, reason = iteration.run()
    return Newton(
        iteration.current,
        tuple(iteration.iterates),
        outcome,
        reason,
        iteration.first,
        tuple(_notes(jacobian, target_values)),
        jacobian,
    )


def _is_length(value: Any) -> bool:
    return isinstance(value, Real) and bool(value >= 0)  # type: ignore[operator]  # Real has >=


def _target(target: Any, m: int) -> np.ndarray:
    try:
        leaves = flatten(target).leaves
    except FunctionError:  # which speaks of the output of a function
        leaves = ()
    flat = np.array([x for leaf in leaves for x in leaf.detach().reshape(-1).tolist()], dtype=float)
    if flat.size not in (1, m) or not np.isfinite(flat).all():
        count = flat.size if np.isfinite(flat).all() and leaves else repr(target)
        raise OptionError(
            f"expected a target of {m} numbers; found {count}; write one for each output"
        )
    return np.broadcast_to(flat, (m,)).copy()


def _notes(jacobian: JacobianResult, target: np.ndarray) -> Iterator[str]:
    m, n = jacobian.shape
    if m > n:
        yield f"{m} equations for {n} unknowns: Gauss-Newton for the least sum of squares"
    elif m < n:
        yield f"{m} equations for {n} unknowns: each step is the shortest of many"
    if target.any():
        yield f"target: {', '.join(number(float(x)) for x in target[:12])}"
