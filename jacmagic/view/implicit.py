"""The Jacobian of an implicit function: ∂y/∂x where F(x, y) = 0.

Source: the implicit function theorem, ∂y/∂x = −(∂F/∂y)⁻¹ ∂F/∂x (W. Rudin, Principles of
Mathematical Analysis, 3rd ed., 9.28).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy
import torch
from torch import Tensor

from jacmagic.errors import FunctionError, PointError
from jacmagic.function.components import flat
from jacmagic.function.outputs import flatten
from jacmagic.function.problem import Problem
from jacmagic.function.python_call import problem_of
from jacmagic.labels import Label
from jacmagic.numeric.options import ComputeOptions
from jacmagic.render import latex
from jacmagic.render.text import number
from jacmagic.result.analysis.newton import Newton, newton
from jacmagic.result.analysis.short_form import MAX_WIDTH, entries_of, tidied
from jacmagic.result.options import DisplayOptions
from jacmagic.symbolic.branches import ClosedForms
from jacmagic.symbolic.formula import plain, tex
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.matrix_form import MatrixForm
from jacmagic.symbolic.trace import Refusal
from jacmagic.view.jacobian import Jacobian

MAX_SYMBOLIC = 3  # equations whose system is solved in symbols
_OPTIONS = ComputeOptions("reverse-mode")
_DISPLAY = DisplayOptions()


@dataclass(frozen=True)
class Equations:
    """Equations F(x, y) = 0, as a function of x that solves them for y.

    Attributes:
        func: F; it takes the values of x, then those of y.
        count: how many arguments are x.
        start: values of y from which Newton's method starts.
        names: of all arguments, or None for those of the signature.
    """

    func: Callable[..., Any]
    count: int
    start: tuple[Tensor, ...]
    names: Any = None

    def whole(self, values: Sequence[Tensor]) -> Jacobian:
        """Return the Jacobian of F by x and y, at values of both."""
        return self._jacobian((*values,), None)

    def solved(self, values: Sequence[Tensor]) -> Newton:
        """Solve for y at values of x.

        Raises:
            FunctionError: Newton's method does not converge from the start.
        """
        inputs = (*(one.detach() for one in values), *self.start)
        chosen = [one.name for one in problem_of(self.func, inputs, None, self.names).inputs]
        at = self._jacobian(inputs, chosen[self.count :])
        if at.shape[0] != at.shape[1]:
            raise FunctionError(
                f"expected as many equations as unknowns in y; found {at.shape[0]} equations for "
                f"{at.shape[1]}; return one number for each component of y"
            )
        found = newton(at)
        if not found.converged:
            raise FunctionError(
                f"expected F(x, y) = 0; found ‖F‖ = {number(found.iterates[0].residual)} at the y "
                f"given, and Newton's method from there: {found.reason}; write a y nearer a solution"
            )
        return found

    def _jacobian(self, inputs: tuple[Tensor, ...], wrt: Any) -> Jacobian:
        problem = problem_of(self.func, inputs, wrt, self.names)
        return Jacobian.of(problem, ComputeOptions(), ClosedForms(), _DISPLAY)

    def __call__(self, *values: Tensor) -> Any:
        """Return y at x, by one more Newton step whose derivative is that of the theorem."""
        found = self.solved(values)
        at = found.jacobian
        y = [one.value.detach() for one in at.problem.inputs]
        whole = problem_of(self.func, (*(one.detach() for one in values), *y), None, self.names)
        residual = flat(flatten(whole.function(*values, *y)).leaves)
        slope = at.matrix.detach()
        _require_invertible(at)
        solution = flat(y) - torch.linalg.solve(slope, residual.to(slope))
        parts = solution.split([one.numel() for one in y])
        shaped = [part.reshape(one.shape) for part, one in zip(parts, y, strict=True)]
        names = [one.name for one in at.problem.inputs]
        return shaped[0] if len(shaped) == 1 else dict(zip(names, shaped, strict=True))


def _require_invertible(at: Jacobian) -> None:
    if at.rank < at.shape[1]:
        names = ", ".join(one.name for one in at.problem.inputs)
        raise FunctionError(
            f"expected an invertible ∂F/∂{names}; found rank {at.rank} of {at.shape[1]} at "
            f"{', '.join(map(number, at.problem.flat_point))}: F(x, y) = 0 gives no function y(x) "
            "there (a fold, or dependent equations); move the point, or exchange x and y"
        )


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
        found: Equations = self.problem.function  # type: ignore[assignment]  # a callable
        return found

    @cached_property
    def solution(self) -> Newton:
        """Newton's method that gave y at this point."""
        return self.equations.solved(self.problem.tensors)

    @cached_property
    def residual_jacobian(self) -> Jacobian:
        """The Jacobian of F by x and y, at the solution."""
        y = [one.value for one in self.solution.jacobian.problem.inputs]
        return self.equations.whole([*self.problem.tensors, *y])

    @cached_property
    def formula(self) -> sympy.Matrix | None:
        """−(∂F/∂y)⁻¹ ∂F/∂x in SymPy (m, n); None where it is long."""
        whole, n = self.residual_jacobian, self.problem.size
        entries = entries_of(whole)
        if entries is None or entries.rows > MAX_SYMBOLIC:
            return None

        def solve() -> Any:
            by_y, by_x = entries[:, n:], entries[:, :n]
            return (-by_y.adjugate() * by_x / by_y.det()).applyfunc(tidied)

        found = attempt(solve, self.forms.budget)
        return None if isinstance(found, Refusal) or not self._has_numbers(found) else found

    def _has_numbers(self, formula: Any) -> bool:
        """Whether a formula gives the numbers, but for rounding in the solution of the system."""
        whole = self.residual_jacobian
        point = dict(zip(whole.symbols, whole.problem.flat_point, strict=True))
        values = np.array([float(one.evalf(subs=point)) for one in formula]).reshape(self.shape)
        slope = self.solution.jacobian.condition()
        epsilon, n = float(torch.finfo(self.matrix.dtype).eps), len(slope.matrix)
        sizes = np.abs(np.linalg.pinv(slope.matrix)) @ np.abs(whole.to_numpy())
        bound = 8 * n * epsilon * slope.number * sizes.max(initial=1.0)
        return bool((np.abs(values - self.to_numpy()) <= bound).all())

    @cached_property
    def matrix_form(self) -> MatrixForm | None:
        """The theorem in this function's letters, and the closed form where it is short."""
        x, y = (", ".join(Label(name).tex for name in names) for names in self._names)
        x_text, y_text = (", ".join(Label(name).unicode for name in names) for names in self._names)
        law = (
            rf"\frac{{\partial {_one(y)}}}{{\partial {_one(x)}}} = "
            rf"- \left( \frac{{\partial F}}{{\partial {_one(y)}}} \right)^{{-1}} "
            rf"\frac{{\partial F}}{{\partial {_one(x)}}}"
        )
        line = f"∂{_one(y_text)}/∂{_one(x_text)} = −(∂F/∂{_one(y_text)})⁻¹ ∂F/∂{_one(x_text)}"
        if self.formula is None:
            return ImplicitForm((law,), (), (line,))
        reading = self.residual_jacobian.reading
        assert reading is not None
        rows = [[tex(one, reading.names) for one in self.formula.row(i)] for i in range(self.m)]
        if max(sum(map(latex.extent, row)) for row in rows) > MAX_WIDTH:
            return ImplicitForm((law,), (), (line,))
        entries = [
            f"∂{self.rows[i].unicode}/∂{self.columns[j].unicode} = "
            f"{plain(self.formula[i, j], reading.texts)}"
            for i in range(self.m)
            for j in range(self.shape[1])
            if self.formula[i, j] != 0
        ]
        return ImplicitForm((f"{law} = {latex.matrix(rows)}",), (), (line, *entries))

    @property
    def m(self) -> int:
        """How many numbers y has."""
        return self.shape[0]

    @property
    def _names(self) -> tuple[list[str], list[str]]:
        """The names of x and of y."""
        return (
            [one.name for one in self.problem.inputs],
            [one.name for one in self.solution.jacobian.problem.inputs],
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Decisions taken on the way, the solution among them."""
        found = self.solution
        labels = found.jacobian.columns
        shown = ", ".join(
            f"{label.unicode} = {number(float(x), self.view.digits)}"
            for label, x in zip(labels[:12], found.x, strict=False)
        )
        steps = len(found.iterates) - 1
        if not steps:
            return (f"F(x, y) = 0 holds at {shown}", *super().notes)
        before = number(found.iterates[0].residual, 3)
        return (
            f"solved for {shown} by {steps} Newton step{'s' * (steps != 1)}, as ‖F‖ = {before} at "
            "the y given",
            *super().notes,
        )


def _one(names: str) -> str:
    return f"({names})" if "," in names else names


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
    given, start = _tensors(x, "x"), _tensors(y, "y")
    equations = Equations(func, len(given), start, names)
    found = equations.solved(given)
    _require_invertible(found.jacobian)
    known = problem_of(func, (*given, *start), None, names)
    outputs = [one.name for one in known.inputs[len(given) :]]
    problem = Problem(
        function=equations,
        inputs=known.inputs[: len(given)],
        title=outputs[0] if len(outputs) == 1 else "y",
        single=not isinstance(x, tuple),
        filename=known.filename,
    )
    forms = ClosedForms(wanted=False)
    return ImplicitJacobian.of(problem, _OPTIONS, forms, _DISPLAY)


def _tensors(values: Any, name: str) -> tuple[Tensor, ...]:
    """Return values as floating tensors."""
    tensors = []
    for value in values if isinstance(values, tuple) else (values,):
        try:
            one = torch.as_tensor(value)
        except (TypeError, ValueError, RuntimeError):
            raise PointError(
                f"expected tensors or numbers for {name}; found {type(value).__name__}; "
                f"write a tuple with one for each argument"
            ) from None
        plain_number = not isinstance(value, Tensor) or not one.is_floating_point()
        tensors.append(one.to(torch.float64) if plain_number else one.detach())
    return tuple(tensors)
