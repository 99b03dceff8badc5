"""The Jacobian of an implicit function: ∂y/∂x where F(x, y) = 0.

Source: the implicit function theorem, ∂y/∂x = −(∂F/∂y)⁻¹ ∂F/∂x (W. Rudin, Principles of
Mathematical Analysis, 3rd ed., 9.28).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy
import torch
from torch import Tensor

from jacmagic.errors import PointError
from jacmagic.function.pickling import Remake
from jacmagic.function.problem import Problem
from jacmagic.function.python_call import problem_of
from jacmagic.labels import Label
from jacmagic.numeric.options import ComputeOptions
from jacmagic.render import latex
from jacmagic.render.extent import extent
from jacmagic.render.page import PAGE_LETTERS
from jacmagic.render.text import number
from jacmagic.result.analysis.arrays import array_of
from jacmagic.result.analysis.equations import Equations, require_invertible, tupled
from jacmagic.result.analysis.newton import Newton
from jacmagic.result.analysis.short_form import entries_of, tidied
from jacmagic.result.analysis.spectrum import svd_of
from jacmagic.result.core import JacobianResult
from jacmagic.result.options import DisplayOptions
from jacmagic.symbolic.branches import ClosedForms
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.typeset import plain, tex
from jacmagic.symbolic.matrix_form import MatrixForm
from jacmagic.symbolic.trace import Refusal
from jacmagic.view.jacobian import Jacobian

MAX_SYMBOLIC_EQUATIONS = 3  # equations whose system is solved in symbols
_OPTIONS = ComputeOptions("reverse-mode")
_DISPLAY = DisplayOptions()


@dataclass(frozen=True)
class ImplicitForm(MatrixForm):
    """The theorem, and the closed form where it is short."""

    lines: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The equations as plain text, one a line."""
        return "\n".join(self.lines)


class ImplicitJacobian(Jacobian):
    """The Jacobian ∂y/∂x of the y that solves F(x, y) = 0 near a given one.

    `formula` is −(∂F/∂y)⁻¹ ∂F/∂x in the symbols of x and y. `.at(x=…)` solves again.
    """

    @property
    def equations(self) -> Equations:
        """The equations."""
        function: Equations = self.problem.function  # type: ignore[assignment]  # a callable
        return function

    @cached_property
    def solution(self) -> Newton:
        """Newton's method that gave y at this point."""
        return self.equations.solved(self.problem.tensors)

    @cached_property
    def residual_jacobian(self) -> JacobianResult:
        """The Jacobian of F by x and y, at the solution."""
        y = [input_.value for input_ in self.solution.jacobian.problem.inputs]
        return self.equations.whole([*self.problem.tensors, *y])

    @cached_property
    def formula(self) -> sympy.Matrix | None:
        """−(∂F/∂y)⁻¹ ∂F/∂x in SymPy (m, n); None where it is long."""
        whole, n = self.residual_jacobian, self.problem.size
        entries = entries_of(whole)
        if entries is None or entries.rows > MAX_SYMBOLIC_EQUATIONS:
            return None

        def solve() -> Any:
            by_y, by_x = entries[:, n:], entries[:, :n]
            return (-by_y.adjugate() * by_x / by_y.det()).applyfunc(tidied)

        solution = attempt(solve, self.forms.budget)
        return (
            None if isinstance(solution, Refusal) or not self._has_numbers(solution) else solution
        )

    def _has_numbers(self, formula: Any) -> bool:
        """Whether a formula gives the numbers, but for rounding in the solution of the system."""
        whole = self.residual_jacobian
        point = dict(zip(whole.symbols, whole.problem.flat_point, strict=True))
        values = np.array([float(entry.evalf(subs=point)) for entry in formula]).reshape(self.shape)
        svd = svd_of(self.solution.jacobian)
        slope = array_of(svd.jacobian)
        epsilon, n = float(torch.finfo(self.matrix.dtype).eps), len(slope)
        sizes = np.abs(np.linalg.pinv(slope)) @ np.abs(whole.to_numpy())
        bound = 8 * n * epsilon * svd.condition * sizes.max(initial=1.0)
        return bool((np.abs(values - self.to_numpy()) <= bound).all())

    @cached_property
    def matrix_form(self) -> MatrixForm | None:
        """The theorem in this function's letters, and the closed form where it is short."""
        x, y = (", ".join(Label(name).tex for name in names) for names in self._names)
        x_text, y_text = (", ".join(Label(name).unicode for name in names) for names in self._names)
        law = (
            rf"\frac{{\partial {tupled(y)}}}{{\partial {tupled(x)}}} = "
            rf"- \left( \frac{{\partial F}}{{\partial {tupled(y)}}} \right)^{{-1}} "
            rf"\frac{{\partial F}}{{\partial {tupled(x)}}}"
        )
        line = (
            f"∂{tupled(y_text)}/∂{tupled(x_text)} = −(∂F/∂{tupled(y_text)})⁻¹ ∂F/∂{tupled(x_text)}"
        )
        if self.formula is None:
            return ImplicitForm((law,), (), (line,))
        reading = self.residual_jacobian.reading
        assert reading is not None
        rows = [[tex(entry, reading.names) for entry in self.formula.row(i)] for i in range(self.m)]
        if max(sum(map(extent, row)) for row in rows) > PAGE_LETTERS:
            return ImplicitForm((law,), (), (line,))
        entries = [
            f"∂{self.rows[i].unicode}/∂{self.columns[j].unicode} = "
            f"{plain(self.formula[i, j], reading.texts)}"
            for i in range(self.m)
            for j in range(self.shape[1])
            if self.formula[i, j] != 0
        ]
        return ImplicitForm((f"{law} = {latex.matrix(rows)}",), (), (line, *entries))

    def _export(self, **options: Any) -> Any:
        raise PointError(
            "expected a closed form by x alone to write; found y solved for by Newton's method; "
            "write J.residual_jacobian.to_code(…) for ∂F/∂(x, y), with J = −(∂F/∂y)⁻¹ ∂F/∂x"
        )

    @property
    def m(self) -> int:
        """How many numbers y has."""
        return self.shape[0]

    @property
    def _names(self) -> tuple[list[str], list[str]]:
        """The names of x and of y."""
        return (
            [input_.name for input_ in self.problem.inputs],
            [input_.name for input_ in self.solution.jacobian.problem.inputs],
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on the computation, one sentence each; the first ones are on the solution."""
        newton = self.solution
        labels = newton.jacobian.columns
        shown = ", ".join(
            f"{label.unicode} = {number(float(x), self.view.digits)}"
            for label, x in zip(labels[:12], newton.x, strict=False)
        )
        steps = len(newton.iterates) - 1
        if not steps:
            return (f"F(x, y) = 0 holds at {shown}", *super().notes)
        before = number(newton.iterates[0].residual, 3)
        return (
            f"solved for {shown} by {steps} Newton step{'s' * (steps != 1)}, as ‖F‖ = {before} at "
            "the y given",
            *super().notes,
        )


def implicit(func: Callable[..., Any], x: Any, y: Any, *, names: Any = None) -> ImplicitJacobian:
    """Return ∂y/∂x of the function y(x) that F(x, y) = 0 defines.

    Args:
        func: F; it takes x, then y, and returns as many numbers as y has components.
        x: a tensor or a number, or a tuple of these, one for each of the first arguments.
        y: the same for the other arguments: a solution of F(x, y) = 0, or a guess from which
            Newton's method finds one.
        names: names of all arguments; those of the signature by default.

    Returns:
        The Jacobian (m, n), y by x: `.formula` is −(∂F/∂y)⁻¹ ∂F/∂x in the symbols of x and y,
        `.value` is y, and `.at(x=…)` solves again.

    Raises:
        FunctionError: there is no solution near y, ∂F/∂y is singular there, or F has another
            number of equations than y has components.
        PointError: a value is neither a tensor nor a number.

    Example:
        >>> import jacmagic
        >>> J = jacmagic.implicit(lambda x, y: x**2 + y**2 - 25, 3.0, 4.0)
        >>> J.matrix, J.formula
        (tensor([[-0.7500]], dtype=torch.float64), Matrix([[-x/y]]))
    """
    problem = implicit_problem(func, x, y, names)
    return ImplicitJacobian.of(problem, _OPTIONS, ClosedForms(wanted=False), _DISPLAY)


def implicit_problem(func: Callable[..., Any], x: Any, y: Any, names: Any) -> Problem:
    """Return the problem of y(x), at an x for which the equations have a solution."""
    inputs, start = _tensors(x, "x"), _tensors(y, "y")
    equations = Equations(func, len(inputs), start, names)
    require_invertible(equations.solved(inputs).jacobian)
    problem = problem_of(func, (*inputs, *start), None, names)
    outputs = [input_.name for input_ in problem.inputs[len(inputs) :]]
    return Problem(
        function=equations,
        inputs=problem.inputs[: len(inputs)],
        title=outputs[0] if len(outputs) == 1 else "y",
        single=not isinstance(x, tuple),
        filename=problem.filename,
        remake=Remake(implicit_problem, (func, x, y, names), {}),
    )


def _tensors(values: Any, name: str) -> tuple[Tensor, ...]:
    """Return values as floating tensors."""
    tensors = []
    for value in values if isinstance(values, tuple) else (values,):
        is_real = isinstance(value, Tensor) and value.is_floating_point()
        try:
            number = value if is_real else torch.as_tensor(value, dtype=torch.float64)
        except (TypeError, ValueError, RuntimeError):
            raise PointError(
                f"expected tensors or numbers for {name}; found {type(value).__name__}; "
                "write a tuple with one for each argument"
            ) from None
        tensors.append(number.detach())
    return tuple(tensors)
