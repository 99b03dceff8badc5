"""The Jacobians of one block of points; runs here or on a worker, which gets it by pickle."""

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
from jacmagic.numeric import ComputeOptions, compute_many
from jacmagic.sweeps.batch import points_of

# Output and the random state belong to the whole process while a function runs again quietly.
_ALONE = threading.Lock()


@dataclass(frozen=True)
class Task:
    """What is differentiated at every point of a sweep.

    Attributes:
        function: the user's.
        names: its arguments that have values, in the order of the signature.
        at: the values of those that stay fixed.
        wrt: what to differentiate by.
        strategy: as for one Jacobian.
    """

    function: Callable[..., Any]
    names: tuple[str, ...]
    at: Mapping[str, Tensor] = field(default_factory=dict)
    wrt: str | Sequence[str] | None = None
    strategy: str = "auto"

    def problem(self, stacks: Mapping[str, Tensor]) -> Problem:
        """Return the problem at the first of some points."""
        first = {**self.at, **{name: values[0] for name, values in stacks.items()}}
        inputs = tuple(first[name] for name in self.names)
        return problem_of(_by_name(self.function, self.names), inputs, self.wrt, self.names)


@dataclass(frozen=True)
class BlockResult:
    """What a block gave.

    Attributes:
        matrix: (points, m, n).
        notes: what was learnt on the way.
    """

    matrix: np.ndarray
    notes: tuple[str, ...]


def differentiate_block(task: Task, stacks: Mapping[str, Tensor]) -> BlockResult:
    """Return the Jacobians at a block's points.

    Args:
        task: what to differentiate.
        stacks: the values that vary, (points, …) each.
    """
    with _ALONE:
        problem = task.problem(stacks)
        points, ordered = points_of(problem, dict(stacks))

        def function(*values: Tensor) -> Any:
            assert problem.call is not None
            return problem.call(dict(zip(ordered, values, strict=True)))

        many = compute_many(function, points, ComputeOptions(task.strategy))
        return BlockResult(as_array(many.matrix), (*problem.notes, *many.notes))


def as_array(tensor: Tensor) -> np.ndarray:
    """Return a tensor as NumPy and Zarr can hold it: bfloat16, which they lack, as float32."""
    held = tensor.detach().cpu()
    return (held.float() if held.dtype == torch.bfloat16 else held).numpy()


def arguments(function: Callable[..., Any]) -> dict[str, bool]:
    """The named arguments of a function, and whether each has a default; empty if unknown."""
    try:
        parameters = inspect.signature(callable_part(function)).parameters.values()
    except (TypeError, ValueError):  # builtins have none
        return {}
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {p.name: p.default is not p.empty for p in parameters if p.kind not in variable}


def chosen_names(function: Callable[..., Any], given: Sequence[str]) -> tuple[str, ...]:
    """Return the arguments that have values, in the order of the signature.

    Raises:
        PointError: a name is no argument, or an argument without default has no value.
    """
    known = arguments(function)
    if not known:
        return tuple(given)
    for name in given:
        if name not in known:
            raise PointError(
                f"expected names of arguments, {', '.join(known)}; found {name!r}; "
                f"write grid={{'{next(iter(known))}': […]}}"
            )
    missing = [name for name, optional in known.items() if not optional and name not in given]
    if missing:
        raise PointError(
            f"expected a value for every argument; found none for {', '.join(missing)}; "
            f"write at={{'{missing[0]}': 1.0}}, or name it in the grid"
        )
    return tuple(name for name in known if name in given)


def _by_name(function: Callable[..., Any], names: Sequence[str]) -> Callable[..., Any]:
    """Return the function of positional values, also where arguments with defaults are skipped."""
    if isinstance(function, nn.Module) or list(arguments(function))[: len(names)] in ([], [*names]):
        return function

    @functools.wraps(function)
    def called(*values: Any) -> Any:
        return function(**dict(zip(names, values, strict=True)))

    return called
