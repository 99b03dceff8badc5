"""Side effects of a run of the user's function: globals, lists, attributes.

Such a function is not to be run more often than the answer needs. What it reads is looked at before
its first run and after it, by identity and by size: found is what was assigned, what grew or
shrank, and tensors that were written to.
"""

from __future__ import annotations

import collections
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy
from torch import Tensor

from jacmagic.function.closures import cells_of
from jacmagic.function.interop.survey import Survey, value_of
from jacmagic.function.interop.user_code import is_users
from jacmagic.function.torch_internals import version_of

_SIZED = (list, dict, set, collections.deque, bytearray)
MAX_WRAPPERS = 4  # functions around a lifted one, in which it is looked for

State = dict[tuple[int, str], tuple[Any, ...]]


def state_of(survey: Survey) -> State:
    """Return the present values of everything that a surveyed function reads."""
    state: State = {}
    for _, _, reads in survey.reads:
        for owner, name, _ in reads:
            value = value_of(owner, name)
            state[id(owner), name] = _mark(value)
            for attribute, part in _attributes(value):
                state[id(value), f"{name}.{attribute}"] = _mark(part)
    for object_ in survey.objects:
        for attribute, part in _attributes(object_):
            state[id(object_), f"self.{attribute}"] = _mark(part)
    return state


def changes(before: State, after: State) -> tuple[str, ...]:
    """Return the names of values that have changed."""
    names = (
        key[1]
        for key in [*before, *(key for key in after if key not in before)]
        if not _same(before.get(key), after.get(key))
    )
    return tuple(dict.fromkeys(names))


def effects_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the recorded side effects of the lifted function in a callable, by name."""
    for inner in _inside(function, MAX_WRAPPERS):
        recorded: tuple[str, ...] | None = getattr(inner, "effects", None)
        if recorded:
            return recorded
    return ()


def _inside(function: Any, depth: int) -> Iterator[Any]:
    """Yield a function and those in its closure."""
    yield function
    if depth and isinstance(function, types.FunctionType):
        for value in cells_of(function).values():
            value = value if callable(value) else getattr(value, "call", None)
            if not hasattr(function, "effects"):
                yield from _inside(value, depth - 1)


def _attributes(value: Any) -> list[tuple[str, Any]]:
    """Return the attributes of an object of a class of the user's."""
    if isinstance(value, (type, types.FunctionType, types.ModuleType, Tensor, numpy.ndarray)):
        return []
    is_namespace = isinstance(value, types.SimpleNamespace)
    attributes = getattr(value, "__dict__", None)
    if not isinstance(attributes, dict) or not (is_namespace or is_users(type(value))):
        return []
    return list(attributes.items())


def _mark(value: Any) -> tuple[Any, ...]:
    """Return what changes with a value: its identity (kept alive), or its contents."""
    if isinstance(value, Tensor):
        return value, version_of(value) if not value.is_inference() else 0
    if isinstance(value, _SIZED):
        entries = tuple(value.values()) if isinstance(value, dict) and len(value) <= 64 else ()
        return value, len(value), *entries
    if isinstance(value, numpy.ndarray) and value.size <= 4096:
        return value, value.tobytes()
    return (value,)


def _same(before: tuple[Any, ...] | None, after: tuple[Any, ...] | None) -> bool:
    if before is None or after is None or len(before) != len(after):
        return False
    return all(
        a is b or (type(a) is type(b) and isinstance(a, (int, float, str, bytes)) and a == b)
        for a, b in zip(before, after, strict=True)
    )
