"""What a function reads from outside its arguments, watched: whether any of it has changed.

Watched is what can be: closure cells, globals and defaults of the function and of the user's
functions it reaches, and in turn all that is in modules, containers and plain objects. Whoever
reads anything else (an open file, a data frame) is not watched at all.

Along the way it is told whether the function does nothing but compute (see `jacmagic.purity`).
"""

from __future__ import annotations

import builtins
import dataclasses
import functools
import inspect
import types
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch

from jacmagic.lift.places import MISSING, Loan
from jacmagic.lift.walk import LIBRARIES, Walk, functions_of, is_users, names_in, places_in
from jacmagic.purity import is_pure, named_in_libraries, only_computes
from jacmagic.replay import has_hooks
from jacmagic.snapshot import Snapshot, is_value

MOST = 5000  # things that are looked at
_FIXED = (
    types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType,
    types.MethodWrapperType, types.GetSetDescriptorType, types.MemberDescriptorType, np.ufunc,
    inspect.Signature, dataclasses.Field, type(vars(Loan)["__dataclass_params__"]),
)  # fmt: skip
# Rooms of this package whose functions do nothing but call the user's.
_WRAPPING = frozenset(
    f"jacmagic.{room}" for room in ("binding", "gradient", "lift", "modules", "problem")
)
_CONTAINERS = (list, tuple, set, frozenset)
_CACHED = type(functools.cache(len))


class Unwatched(Exception):
    """Something was met whose changes cannot be seen."""


class _Plain:
    """An object with nothing but its attributes."""


class Surroundings(Snapshot):
    """All that a function reads from outside its arguments, as it is now.

    Attributes:
        pure: whether the function does nothing but compute from this and from its arguments, so
            that running it again where nothing has changed would tell nothing new.

    Example:
        >>> def scaled(settings):
        ...     return lambda x: settings["a"] * x
        >>> settings = {"a": 2.0}
        >>> surroundings = Surroundings(scaled(settings))
        >>> surroundings.unchanged(), surroundings.pure
        (True, True)
        >>> settings["a"] = 3.0
        >>> surroundings.unchanged()
        False
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        """Look at what `function` and what it wraps or calls read.

        Raises:
            Unwatched: that cannot be known.
        """
        super().__init__()
        self._pending: list[Any] = [function]
        self.pure = not has_hooks()
        met: dict[int, Any] = {}
        while self._pending:
            value = self._pending.pop()
            if value is MISSING or is_value(value) or id(value) in met:
                continue
            met[id(value)] = value
            self._look(value)
            if len(met) > MOST:
                raise Unwatched

    # ── looking ───────────────────────────────────────────────────────────────────────────────

    def _look(self, value: Any) -> None:
        """Note one thing, and what else is to be looked at because of it."""
        if isinstance(value, torch.Tensor):
            if value.is_inference():
                raise Unwatched
            self.add_tensor(value)
            self._watch_attributes(value)
        elif isinstance(value, types.FunctionType):
            if value.__globals__.get("__name__") in _WRAPPING:  # calls the user's
                self._pending += [cell.cell_contents for cell in value.__closure__ or ()]
            elif is_users(value):
                self._look_at_code(value)
            else:
                self.pure &= is_pure(value)
        elif isinstance(value, Walk):
            pass
        elif isinstance(value, _FIXED) or _is_library(value):
            self.pure &= is_pure(value)
            if isinstance(value, type) and issubclass(value, torch.nn.Module):
                self.add_name(vars(value), "forward")
        elif isinstance(value, type):
            self._watch_dict(vars(value))
            self._pending += (*value.__mro__[1:], *[type(value)] * (type(value) is not type))
        elif isinstance(value, dict):
            self._watch_dict(value)
            if type(value) is not dict:
                self._watch_attributes(value)
        elif isinstance(value, list | set | frozenset | tuple):
            self.add_items(value)
            self._pending += value
            if type(value) not in _CONTAINERS:
                self._watch_attributes(value)
        elif isinstance(value, np.ndarray) and self.add_array(value):
            if type(value) is not np.ndarray:
                self._watch_attributes(value)
        else:
            self._pending += self._parts(value)

    def _watch_attributes(self, value: Any) -> None:
        """What the user may have hung on a tensor or on a container of a class of its own."""
        self._pending.append(type(value))
        attributes = getattr(value, "__dict__", None)
        if type(attributes) is dict:
            self._watch_dict(attributes)
        elif _slots_of(type(value)):
            raise Unwatched

    def _look_at_code(self, function: types.FunctionType) -> None:
        self.add_function(function)
        usual = getattr(function, "__builtins__", None) is vars(builtins)
        for space, name in named_in_libraries(names_in(function.__code__)):
            self.add_name(space, name)
        own = set()
        for place in places_in(function):
            self.add_place(place)
            self._pending.append(place.get())
            if _is_own(place.get()):
                loads = "LOAD_GLOBAL" if isinstance(place.owner, dict) else "LOAD_DEREF"
                own.add((loads, place.names[0]))
        self.pure &= usual and only_computes(function.__code__, function.__globals__, own)
        self._pending += function.__defaults__ or ()
        self._watch_dict(vars(function))

    def _watch_dict(self, held: Any) -> None:
        self.add_dict(held)
        self._pending += held.values()

    def _parts(self, value: Any) -> Iterable[Any]:
        """What an object is made of."""
        if isinstance(value, functools.partial):
            return value.func, value.args, value.keywords, value.__dict__
        if isinstance(value, types.MethodType):
            return value.__func__, value.__self__
        if isinstance(value, staticmethod | classmethod | _CACHED):
            self.pure &= not isinstance(value, _CACHED)
            return (value.__wrapped__,)
        if isinstance(value, property):
            return value.fget, value.fset
        simple = isinstance(value, types.SimpleNamespace)
        if simple or type(value).__basicsize__ <= _Plain.__basicsize__:
            attributes = getattr(value, "__dict__", None)
            if type(attributes) is dict and not _slots_of(type(value)):
                self.add_kind(value)
                return attributes, type(value), *functions_of(value)
        raise Unwatched(f"{type(value).__module__}.{type(value).__qualname__}")


def _is_own(value: Any) -> bool:
    """Whether something is an object whose attributes are looked at, one by one."""
    if isinstance(value, type | torch.Tensor | np.ndarray | types.ModuleType) or is_value(value):
        return False
    return isinstance(value, types.SimpleNamespace) or not _is_library(type(value))


def _slots_of(kind: type) -> bool:
    """Whether a class of the user's keeps attributes outside its dictionary."""
    return any("__slots__" in vars(one) and not _is_library(one) for one in kind.__mro__)


def _is_library(value: Any) -> bool:
    """A module or class of Python's or torch's own, in which nothing is the user's."""
    if isinstance(value, types.ModuleType):
        name = value.__name__
    else:
        name = value.__module__ if isinstance(value, type) else ""
    return name.partition(".")[0] in LIBRARIES


def watched(function: Callable[..., Any]) -> Surroundings | None:
    """What tells whether all that a function reads is as it is now; None if nobody can tell."""
    try:
        return Surroundings(function)
    except Unwatched:
        return None
