"""The gradient of a scalar function as a problem, whose Jacobian is the Hessian.

The numeric side differentiates through `torch.autograd.grad(..., create_graph=True)`. The
symbolic side never sees this function: it traces the scalar itself, `Problem.potential`, and
differentiates its graph twice.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from jacmagic.errors import FunctionError, StrictError
from jacmagic.function.outputs import flatten
from jacmagic.function.pickling import Remake
from jacmagic.function.problem import Problem
from jacmagic.function.step_rules import StepRules, lacks_step_rule


def gradient_of(problem: Problem, *, strict: bool = False) -> Problem:
    """Return the problem of ∇f at the point of f.

    Args:
        problem: a function of one scalar output; one of any other kind is refused when the
            gradient is first asked for.
        strict: raise where the gradient does not depend on an input, as torch's `hessian` does.

    Returns:
        A problem of the same inputs. Its function returns a tensor of the input's shape, or a
        tuple with one such tensor for each input, so that blocks nest as
        `torch.autograd.functional.hessian` nests them.
    """
    if problem.tangent is not None:
        raise FunctionError(
            "expected inputs that are on no manifold for a Hessian; found wrt with one; "
            "write wrt with names alone, or jacmagic.jacobian"
        )

    def scalar(*tensors: Tensor) -> Tensor:
        return _only_number(problem, problem.function(*tensors))

    def gradient(*tensors: Tensor) -> Any:
        if all(tensor.requires_grad for tensor in tensors):
            parts = _by_autograd(scalar, tensors)
        else:  # inside forward mode, whose tensors carry tangents instead
            parts = torch.func.grad(scalar, tuple(range(len(tensors))))(*tensors)
        if strict:
            _require_dependence(parts)
        return problem.nested(parts)

    remake = Remake(gradient_of, (problem,), {"strict": strict})
    return dataclasses.replace(problem, function=gradient, potential=problem, remake=remake)


def _by_autograd(scalar: Callable[..., Tensor], tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Return the gradient of a function of one number; see `step_rules` for `a // b`."""
    try:
        return _differentiated(scalar(*tensors), tensors)
    except RuntimeError as error:
        if not lacks_step_rule(error):
            raise
    with StepRules():
        return _differentiated(scalar(*tensors), tensors)


def _differentiated(value: Tensor, tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Run a backward pass that can be differentiated; zeros where there is no graph."""
    if not value.requires_grad:
        return tuple(map(torch.zeros_like, tensors))
    parts = torch.autograd.grad(value, tensors, create_graph=True, allow_unused=True)
    return tuple(
        torch.zeros_like(tensor) if part is None else part
        for part, tensor in zip(parts, tensors, strict=True)
    )


def _only_number(problem: Problem, value: Any) -> Tensor:
    """Return the one scalar that a function returned."""
    outputs = flatten(value)
    if outputs.numel != 1:
        shapes = ", ".join(str(tuple(leaf.shape)) for leaf in outputs.leaves[:4])
        raise FunctionError(
            f"a Hessian needs a function of one number; {problem.title} returns "
            f"{outputs.numel} numbers, of shape {shapes}; return one of them or their sum, "
            "or write %%jacobian (jacmagic.jacobian) instead"
        )
    number = next(leaf for leaf in outputs.leaves if leaf.numel() == 1)
    return number.reshape(())


def _require_dependence(parts: tuple[Tensor, ...]) -> None:
    for position, part in enumerate(parts):
        if not part.requires_grad:
            raise StrictError(
                "While computing the hessian, found that the jacobian of the user-provided "
                f"function with respect to input {position} is independent of the input. This is "
                "not allowed in strict mode."
            )
