"""Functions that cannot be compiled: random ones, and those with state.

The function runs twice at one point. It is refused where it draws random numbers, where its
arguments or what it captures is written to, or where the two values differ.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.errors import FunctionError
from jacmagic.function.outputs import flatten
from jacmagic.function.problem import Problem
from jacmagic.function.silent_rerun import random_states, silent_rerun
from jacmagic.function.torch_internals import version_of
from jacmagic.result.compiled.constants import Constants

MAX_ROUNDINGS = 64  # of the largest value, by which two runs of one function may differ


def require_pure(problem: Problem, constants: Constants) -> None:
    """Run a problem's function twice and refuse one that cannot be compiled.

    Args:
        problem: the function and the point; of a Hessian the scalar function is run.
        constants: what it reads from outside, with its state before.

    Raises:
        FunctionError: the function is random or has state; the message says which.
    """
    problem = problem.potential or problem
    before = _generators()
    first, reasons = _run(problem)
    if before != _generators():
        reasons.append("it draws random numbers")
    if changed := constants.changed():
        reasons.append(f"it changes {', '.join(changed)}")
    if not reasons and not _same(first, _run(problem)[0]):
        reasons.append("it gave other values when it ran again")
    if reasons:
        raise FunctionError(
            "expected a function without randomness and state to compile; found that "
            f"{reasons[0]}; pass what varies as an argument, or write jacmagic.jacobian(f, x)"
        )


def _run(problem: Problem) -> tuple[list[Tensor], list[str]]:
    """Return the values at the point, and the run's side effects."""
    tensors = [input_.value.detach().clone() for input_ in problem.inputs]
    states, reasons = random_states(tensors), list[str]()
    versions = list(map(version_of, tensors))
    with silent_rerun(tensors, states) as run:
        leaves = flatten(problem.function(*tensors)).leaves
    if run.drew or not all(map(torch.equal, states, random_states(tensors))):
        reasons.append("it draws random numbers")
    if versions != list(map(version_of, tensors)):
        reasons.append("it writes into its argument")
    return [leaf.detach() for leaf in leaves], reasons


def _generators() -> tuple[Any, ...]:
    """Return the states of Python's and NumPy's generators."""
    name, keys, *rest = np.random.get_state()
    return random.getstate(), name, np.asarray(keys).tobytes(), tuple(rest)


def _same(first: Sequence[Tensor], second: Sequence[Tensor]) -> bool:
    """Whether two runs gave the same, but for rounding that depends on alignment."""
    return len(first) == len(second) and all(map(_close, first, second))


def _close(a: Tensor, b: Tensor) -> bool:
    if a.shape != b.shape or not a.numel():
        return a.shape == b.shape
    a, b = a.nan_to_num(), b.nan_to_num()
    allowed = MAX_ROUNDINGS * torch.finfo(a.dtype).eps * a.abs().max()
    return bool(((a - b).abs() <= allowed).all())
