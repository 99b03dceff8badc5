"""Equations F(x, y) = 0 as a function of x, whose derivative is that of the theorem."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.errors import FunctionError
from jacmagic.function.components import flat
from jacmagic.function.outputs import flatten
from jacmagic.function.python_call import problem_of
from jacmagic.numeric.options import ComputeOptions
from jacmagic.render.text import number
from jacmagic.result.analysis.arrays import array_of, epsilon_of, equilibrated
from jacmagic.result.analysis.newton import Newton, newton
from jacmagic.result.core import JacobianResult
from jacmagic.result.options import DisplayOptions
from jacmagic.symbolic.branches import ClosedForms

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

    def whole(self, values: Sequence[Tensor]) -> JacobianResult:
        """Return the Jacobian of F by x and y, at values of both."""
        return self._jacobian((*values,), None)

    def solved(self, values: Sequence[Tensor]) -> Newton:
        """Solve for y at values of x.

        Raises:
            FunctionError: Newton's method does not converge from the start.
        """
        inputs = (*(value.detach() for value in values), *self.start)
        chosen = [input_.name for input_ in problem_of(self.func, inputs, None, self.names).inputs]
        at = self._jacobian(inputs, chosen[self.count :])
        if at.shape[0] != at.shape[1]:
            raise FunctionError(
                f"expected as many equations as unknowns in y; found {at.shape[0]} equations for "
                f"{at.shape[1]}; return one number for each component of y"
            )
        iteration = newton(at)
        if not iteration.converged:
            raise FunctionError(
                f"expected F(x, y) = 0; found ‖F‖ = {number(iteration.iterates[0].residual)} "
                f"at the y given, and Newton's method from there: {iteration.reason}; "
                "write a y nearer a solution"
            )
        return iteration

    def _jacobian(self, inputs: tuple[Tensor, ...], wrt: Any) -> JacobianResult:
        problem = problem_of(self.func, inputs, wrt, self.names)
        return JacobianResult.of(problem, ComputeOptions(), ClosedForms(), _DISPLAY)

    def __call__(self, *values: Tensor) -> Any:
        """Return y at x, by one more Newton step whose derivative is that of the theorem."""
        iteration = self.solved(values)
        at = iteration.jacobian
        y = [input_.value.detach() for input_ in at.problem.inputs]
        whole = problem_of(self.func, (*(value.detach() for value in values), *y), None, self.names)
        residual = flat(flatten(whole.function(*values, *y)).leaves)
        slope = at.matrix.detach()
        require_invertible(at)
        solution = flat(y) - torch.linalg.solve(slope, residual.to(slope))
        parts = solution.split([part.numel() for part in y])
        shaped = [part.reshape(like.shape) for part, like in zip(parts, y, strict=True)]
        names = [input_.name for input_ in at.problem.inputs]
        return shaped[0] if len(shaped) == 1 else dict(zip(names, shaped, strict=True))


def require_invertible(at: JacobianResult) -> None:
    labels = at.columns
    s = np.linalg.svd(equilibrated(array_of(at))[0], compute_uv=False)
    rank = int((s > len(labels) * epsilon_of(at) * s.max(initial=0)).sum())
    if rank < len(labels):
        names = ", ".join(input_.name for input_ in at.problem.inputs)
        numbers = zip(labels, at.problem.flat_point, strict=True)
        where = ", ".join(f"{label.text} = {number(x)}" for label, x in numbers)
        raise FunctionError(
            f"expected an invertible ∂F/∂{tupled(names)}; found rank {rank} of {len(labels)} at "
            f"{where}: F(x, y) = 0 gives no function y(x) "
            "there (a fold, or dependent equations); move the point, or exchange x and y"
        )


def tupled(names: str) -> str:
    """Return several names in brackets."""
    return f"({names})" if "," in names else names
