"""Products of a Jacobian with vectors, without the matrix: jvp and vjp.

v ↦ J·v is one forward pass with tangents, u ↦ uᵀ·J one backward pass; either costs about as much
as the function itself, whatever m and n are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from jacmagic.errors import PointError
from jacmagic.function.outputs import Outputs, describe_output, flatten
from jacmagic.function.problem import Problem
from jacmagic.function.pytree import leaves_of
from jacmagic.function.silent_rerun import random_states, silent_rerun
from jacmagic.function.torch_internals import forward_pass
from jacmagic.numeric.torch_errors import TORCH_ERRORS


def jvp(problem: Problem, outputs: Outputs, tangents: Any) -> Any:
    """J·v from a problem and its value; see `JacobianResult.jvp`."""
    inputs = tuple(input_.value.detach() for input_ in problem.inputs)
    several = isinstance(tangents, tuple) and not (problem.single and len(tangents) != 1)
    parts = tangents if several else (tangents,)
    if problem.arrange is not None:
        parts = tuple(part for _, part in leaves_of(tangents))
    vectors = _fitting("v", parts, inputs, [input_.name for input_ in problem.inputs])

    def leaves(*values: Tensor) -> tuple[Tensor, ...]:
        return flatten(problem.function(*(value.clone() for value in values))).leaves

    with silent_rerun(inputs, random_states(inputs, problem.function)):
        try:
            _, pushed = forward_pass(leaves, inputs, vectors)
        except TORCH_ERRORS:  # an operation without a forward formula
            pushed = torch.autograd.functional.jvp(leaves, inputs, vectors)[1]
    return outputs.rebuild([part.detach() for part in pushed])


def vjp(problem: Problem, outputs: Outputs, cotangents: Any) -> Any:
    """uᵀ·J from a problem and its value; see `JacobianResult.vjp`."""
    names = [describe_output(path) for path in outputs.paths]
    lone = outputs.paths == ((),)
    parts = (cotangents,) if lone else flatten(cotangents).leaves
    vectors = _fitting("u", parts, outputs.leaves, names)
    inputs = tuple(input_.value.detach().requires_grad_() for input_ in problem.inputs)
    with (
        torch.inference_mode(False),
        torch.enable_grad(),
        silent_rerun(inputs, random_states(inputs, problem.function)),
    ):
        leaves = flatten(problem.function(*(input_.clone() for input_ in inputs))).leaves
        pairs = [(leaf, u) for leaf, u in zip(leaves, vectors, strict=True) if leaf.requires_grad]
        pulled: Sequence[Tensor | None] = [None] * len(inputs)
        if pairs:
            attached, directions = zip(*pairs, strict=True)
            pulled = torch.autograd.grad(attached, inputs, directions, allow_unused=True)
    rows = tuple(
        torch.zeros_like(tensor, requires_grad=False) if part is None else part
        for part, tensor in zip(pulled, inputs, strict=True)
    )
    return problem.nested(rows)


def _fitting(
    letter: str, parts: Sequence[Any], like: Sequence[Tensor], names: Sequence[str]
) -> tuple[Tensor, ...]:
    """Return the parts of a vector as tensors of the dtypes of what they belong to."""
    if len(parts) != len(like):
        raise PointError(
            f"expected {letter} of {len(like)} tensors, for {', '.join(names)}; found "
            f"{len(parts)}; write a tuple with one for each"
        )
    fitting = []
    for part, other, name in zip(parts, like, names, strict=True):
        try:
            tensor = torch.as_tensor(part, dtype=other.dtype, device=other.device)
        except (TypeError, ValueError, RuntimeError):
            raise PointError(
                f"expected {letter} as numbers of shape {tuple(other.shape)} for {name}; "
                f"found {type(part).__name__}; write a tensor or a list of numbers"
            ) from None
        if tensor.shape != other.shape:
            raise PointError(
                f"expected {letter} of shape {tuple(other.shape)} for {name}; "
                f"found {tuple(tensor.shape)}; write one number for each component"
            )
        fitting.append(tensor)
    return tuple(fitting)
