"""The problem of a call that differs from an earlier one in its tensors' values alone.

To read a small function takes as long as to run it. What was read of it is kept with its lifted
form, and lives as long as that; none of it depends on the values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from jacmagic.function.interop import known_lifted
from jacmagic.function.pickling import Remake
from jacmagic.function.problem import Problem, altered
from jacmagic.function.source import is_plain


def remember(func: Callable[..., Any], inputs: Any, problem: Problem) -> None:
    """Keep what was read of a function of floating tensors, for `repeated`."""
    if is_plain(func) and not problem.notes and (kind := _kind_of(func, inputs)) is not None:
        named = [altered(input_, value=None) for input_ in problem.inputs]  # values may be large
        lifted: Any = problem.function
        lifted.read = kind, named, altered(problem, inputs=(), remake=None)


def repeated(func: Callable[..., Any], inputs: Any, remake: Remake) -> Problem | None:
    """Return the problem of a function that was read before with tensors of this kind, or None.

    Args:
        func: the user's callable.
        inputs: what it is called with.
        remake: this call.
    """
    lifted_before = known_lifted(func)
    if lifted_before is None or lifted_before.read is None:
        return None
    kind, named, problem = lifted_before.read
    if not is_plain(func) or _kind_of(func, inputs) != kind:
        return None
    tensors = inputs if type(inputs) is tuple else (inputs,)
    moved = [
        altered(input_, value=value.clone()) for input_, value in zip(named, tensors, strict=True)
    ]
    return altered(problem, inputs=tuple(moved), remake=remake)


def _kind_of(func: Any, inputs: Any) -> tuple[Any, ...] | None:
    """All that a problem depends on but the tensors' values; None where one is not a tensor."""
    single = type(inputs) is not tuple
    kinds = []
    for tensor in (inputs,) if single else inputs:
        if not isinstance(tensor, Tensor) or tensor.is_nested:
            return None
        kinds.append((type(tensor), tensor.shape, tensor.dtype, tensor.device, tensor.layout))
    return func.__code__, func.__name__, single, kinds
