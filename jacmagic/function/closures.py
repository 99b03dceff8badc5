"""Inputs that a function captures instead of taking them as arguments.

`jacobian(lambda *_: model(x), params)` is all zeros without a word: the function never looks at its
arguments, it reads the same tensors through a closure, a global name or a module. Here such
captures are found, so that the zeros can be explained.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import torch


def cells_of(function: types.FunctionType) -> dict[str, Any]:
    """Return the values in a function's closure by name; names that are not bound yet have none."""
    contents = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with suppress(ValueError):  # not bound yet
            contents[name] = cell.cell_contents
    return contents


def captured(function: Callable[..., Any], inputs: Sequence[Any]) -> set[int]:
    """Return the positions of the tensors that a function captures.

    Args:
        function: any callable; wrappers are looked through.
        inputs: the very objects that the user passed; nothing is found where one is not a tensor.
    """
    if not all(isinstance(input_, torch.Tensor) for input_ in inputs):
        return set()  # positions of nests are not those of their leaves
    captured_ids = {id(tensor) for value in _outside(function) for tensor in _tensors_of(value)}
    return {position for position, tensor in enumerate(inputs) if id(tensor) in captured_ids}


def modules_in(function: Callable[..., Any]) -> list[torch.nn.Module]:
    """Return the modules that a callable is, is bound to, or captures."""
    bound = getattr(function, "__self__", None)
    values = [function, bound, *_outside(function)]
    return [value for value in values if isinstance(value, torch.nn.Module)]


MAX_CAPTURES = 1_000  # of those that a function reads from outside


def numbers_read(function: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
    """Yield the numbers, texts, arrays and tensors that a function captures, named.

    Functions that it calls are followed; what they hold in objects of other kinds is not seen.
    """
    waiting: list[tuple[str, Any]] = [("", function)]
    seen: set[int] = set()
    while waiting and len(seen) < MAX_CAPTURES:
        name, value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, bool | int | float | complex | str | np.ndarray | torch.Tensor):
            yield name, value
        elif isinstance(value, list | tuple) and len(value) < MAX_CAPTURES:
            waiting += [(f"{name}.{position}", part) for position, part in enumerate(value)]
        elif isinstance(value, dict) and len(value) < MAX_CAPTURES:
            waiting += [(f"{name}.{key}", part) for key, part in value.items()]
        elif isinstance(value, torch.nn.Module):
            waiting += [(f"{name}.{key}", part) for key, part in value.named_parameters()]
        elif callable(value) and not isinstance(value, type):
            names = getattr(getattr(inspect.unwrap(value), "__code__", None), "co_names", ())
            defaults = getattr(value, "__defaults__", None) or ()
            parts = [*_outside(value), *defaults] if names or defaults or _is_closure(value) else []
            waiting += [(f"{name}.{position}", part) for position, part in enumerate(parts)]


def _is_closure(value: Any) -> bool:
    return isinstance(value, functools.partial) or bool(getattr(value, "__closure__", None))


def _outside(function: Any) -> Iterator[Any]:
    """Yield a callable's captures: closure, globals that it names, bound values."""
    function = inspect.unwrap(function)
    if isinstance(function, functools.partial):
        yield from function.args
        yield from function.keywords.values()
        yield from _outside(function.func)
    code = getattr(function, "__code__", None)
    if code is not None:
        yield from cells_of(function).values()
        yield from (
            function.__globals__[name] for name in code.co_names if name in function.__globals__
        )


def _tensors_of(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, torch.nn.Module):
        yield from value.parameters()
    elif isinstance(value, list | tuple) and len(value) < 1000:
        for item in value:
            yield from _tensors_of(item)
    elif isinstance(value, dict) and len(value) < 1000:
        for item in value.values():
            yield from _tensors_of(item)
