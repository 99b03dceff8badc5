"""Samples with or without a leading dimension of size 1.

Modules such as Flatten and BatchNorm count on a leading dimension of samples. For them a sample
keeps such a dimension, of size 1, and what they return for it loses it again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from jacmagic.function.outputs import flatten
from jacmagic.function.problem import Problem
from jacmagic.function.silent_rerun import random_states, silent_rerun
from jacmagic.function.torch_internals import BatchNorm
from jacmagic.numeric.torch_errors import TORCH_ERRORS

# Layers that read the first dimension as samples, whatever the number of dimensions.
BY_SAMPLES = (nn.Flatten, nn.Unflatten, nn.GroupNorm, BatchNorm)


def by_layers(func: Callable[..., Any]) -> bool:
    """Whether a module has layers that read the first dimension as samples."""
    parts = func.modules() if isinstance(func, nn.Module) else ()
    return any(isinstance(part, BY_SAMPLES) for part in parts)


def runs_in_a_batch(problem: Problem, names: Collection[str]) -> bool:
    """Whether a function takes and returns a leading dimension of size 1."""
    tensors = problem.tensors
    try:
        with torch.no_grad(), silent_rerun(tensors, random_states(tensors)):
            leaves = flatten(_batched_call(problem, names)(problem.point)).leaves
    except TORCH_ERRORS:
        return False
    return all(leaf.dim() > 0 and len(leaf) == 1 for leaf in leaves)


def in_a_batch(problem: Problem, names: Collection[str]) -> Problem:
    """Return the same problem, whose function gets its sample as a batch of size 1.

    Args:
        problem: of one sample, without the dimension.
        names: the inputs and constants that are the sample.
    """
    batched = _batched_call(problem, names)

    def call(values: Mapping[str, Tensor]) -> Any:
        outputs = flatten(batched(values))
        return outputs.rebuild([leaf[0] for leaf in outputs.leaves])

    def function(*values: Tensor) -> Any:
        return call(dict(zip(problem.point, values, strict=True)))

    return dataclasses.replace(problem, function=function, call=call, user_function=None)


def _batched_call(
    problem: Problem, names: Collection[str]
) -> Callable[[Mapping[str, Tensor]], Any]:
    """Return the function by names, its sample with a leading dimension."""

    def batched(values: Mapping[str, Tensor]) -> Any:
        fixed = {name: value for name, value in problem.parameters.items() if name in names}
        arguments = {**fixed, **values}
        return problem.called(
            {n: value[None] if n in names else value for n, value in arguments.items()}
        )

    return batched
