"""Jacobians of one block of points, computed here or, by pickle, on a worker."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from jacmagic.errors import PointError
from jacmagic.function.problem import Problem
from jacmagic.function.python_call import problem_of
from jacmagic.function.source import callable_part
from jacmagic.numeric.options import DEFAULTS, ComputeOptions
from jacmagic.sweeps.batch import compute_batch

# Output and the random state belong to the whole process while a function is run again silently.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Task:
    """The function to differentiate at every point of a sweep.

    Attributes:
        function: of the user.
        names: its arguments that have values, in the order of the signature.
        at: the values of those that stay fixed.
        wrt: what to differentiate by.
        options: as for one Jacobian.
    """

    function: Callable[..., Any]
    names: tuple[str, ...]
    at: Mapping[str, Tensor] = field(default_factory=dict)
    wrt: str | Sequence[str] | None = None
    options: ComputeOptions = DEFAULTS

    def problem(self, stacks: Mapping[str, Tensor]) -> Problem:
        """Return the problem at the first of some points."""
        first = {**self.at, **{name: values[0] for name, values in stacks.items()}}
        inputs = tuple(first[name] for name in self.names)
        return problem_of(_by_name(self.function, self.names), inputs, self.wrt, self.names)


@dataclass(frozen=True)
class BlockResult:
    """The Jacobians of a block.

    Attributes:
        matrix: (points, m, n).
        notes: decisions during the computation.
    """

    matrix: np.ndarray
    notes: tuple[str, ...]


def differentiate_block(task: Task, stacks: Mapping[str, Tensor]) -> BlockResult:
    """Return the Jacobians at a block's points.

    Args:
        task: what to differentiate.
        stacks: the values that vary, (points, …) each.
    """
    with _ONE_AT_A_TIME:
        problem = task.problem(stacks)
        many = compute_batch(problem, stacks, task.options)
        return BlockResult(as_array(many.matrix), (*problem.notes, *many.notes))


def as_array(tensor: Tensor) -> np.ndarray:
    """Return a tensor as NumPy array, bfloat16 as float32."""
    on_cpu = tensor.detach().cpu()
    return (on_cpu.float() if on_cpu.dtype == torch.bfloat16 else on_cpu).numpy()


def arguments(function: Callable[..., Any]) -> dict[str, bool]:
    """Return a function's arguments, and whether each has a default."""
    try:
        parameters = inspect.signature(callable_part(function)).parameters.values()
    except (TypeError, ValueError):  # builtins have none
        return {}
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {p.name: p.default is not p.empty for p in parameters if p.kind not in variable}


def chosen_names(function: Callable[..., Any], names: Sequence[str]) -> tuple[str, ...]:
    """Return the arguments that have values, in the order of the signature.

    Raises:
        PointError: a name is not an argument, or an argument without default has no value.
    """
    signature = arguments(function)
    if not signature:
        return tuple(names)
    for name in names:
        if name not in signature:
            raise PointError(
                f"expected names of arguments, {', '.join(signature)}; found {name!r}; "
                f"write grid={{'{next(iter(signature))}': […]}}"
            )
    missing = [name for name, optional in signature.items() if not optional and name not in names]
    if missing:
        raise PointError(
            f"expected a value for every argument; found none for {', '.join(missing)}; "
            f"write at={{'{missing[0]}': 1.0}}, or name it in the grid"
        )
    return tuple(name for name in signature if name in names)


def _by_name(function: Callable[..., Any], names: Sequence[str]) -> Callable[..., Any]:
    """Return a function of positional values for some of its arguments."""
    if isinstance(function, nn.Module) or list(arguments(function))[: len(names)] in ([], [*names]):
        return function

    @functools.wraps(function)
    def called(*values: Any) -> Any:
        return function(**dict(zip(names, values, strict=True)))

    return called
