"""What a function reads from outside its arguments, watched: whether any of it has changed.

Along the way it is told whether the function does nothing but compute (see `jacmagic.purity`).

Watched is what can be: closure cells, globals and defaults of the function and of the user's
functions it reaches; numbers and texts by value, tensors by version and memory, modules, containers
and plain objects by all that is in them. Whoever reads anything else (an open file, a data frame)
is not watched at all.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import types
import weakref
from collections.abc import Callable, Iterable, Sequence
from operator import is_
from typing import Any

import numpy as np
import torch

from jacmagic.lift.places import MISSING, Loan, Place
from jacmagic.lift.walk import LIBRARIES, Walk, functions_of, is_users, parts_of, places_in
from jacmagic.purity import Impure, attributes_in, is_pure, is_pure_attribute
from jacmagic.replay import same_values

MOST = 5000  # things that are looked at
LARGE = 4096  # bytes of an array that are compared
MUCH = 2**21  # bytes of all tensors that are compared on request

_VALUES = (
    bool, int, float, complex, str, bytes, type(None), type(...), range, slice, np.generic,
    np.dtype, torch.dtype, torch.device, torch.layout, torch.memory_format, torch.Size,
)  # fmt: skip
_FIXED = (
    types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType,
    types.MethodWrapperType, types.GetSetDescriptorType, types.MemberDescriptorType, np.ufunc,
    inspect.Signature, dataclasses.Field, type(vars(Loan)["__dataclass_params__"]),
)  # fmt: skip
_CONTAINERS = (list, tuple, set, frozenset)
_CACHED = type(functools.cache(len))


class Unwatched(Exception):
    """Something was met whose changes cannot be seen."""


class _Plain:
    """An object with nothing but its attributes."""


class Surroundings:
    """All that a function reads from outside its arguments, as it is now.

    Functions are held weakly: who remembers this of a function does not keep it alive.

    Attributes:
        pure: whether the function does nothing but compute from this and from its arguments, so
            that running it again where nothing has changed would tell nothing new.
        loose: tensors whose numbers may be written into without a trace (by `.data`).

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
        self._places: list[tuple[Place, Any]] = []
        self._names: list[tuple[dict[Any, Any], Any, Any]] = []
        self._functions: list[tuple[weakref.ref[types.FunctionType], tuple[Any, ...]]] = []
        self._dicts: list[tuple[dict[Any, Any], tuple[Any, ...], tuple[Any, ...]]] = []
        self._lists: list[tuple[Any, tuple[Any, ...]]] = []
        self._tensors: list[tuple[torch.Tensor, tuple[Any, ...]]] = []
        self._small: list[tuple[torch.Tensor, torch.Tensor]] = []
        self._arrays: list[tuple[np.ndarray, bytes]] = []
        self._switches = _switches()
        self._pending: list[Any] = [function]
        self._attributes: set[str] = set()
        self._modules: list[types.ModuleType] = []
        self.pure = True
        met: dict[int, Any] = {}
        while self._pending:
            value = self._pending.pop()
            if value is MISSING or isinstance(value, _VALUES) or id(value) in met:
                continue
            met[id(value)] = value
            self._look(value)
            if len(met) > MOST:
                raise Unwatched
        known = {id(tensor) for tensor, _ in self._small}
        self.loose = [tensor for tensor, _ in self._tensors if id(tensor) not in known]
        self.pure &= all(is_pure_attribute(name, self._modules) for name in self._attributes)

    def unchanged(self) -> bool:
        """Whether all is as it was."""
        if self._switches != _switches():
            return False
        for space, name, value in self._names:
            if (now := space.get(name, MISSING)) is not value and not _same(now, value):
                return False
        for place, value in self._places:
            if (now := place.get()) is not value and not _same(now, value):
                return False
        for held, parts in self._functions:
            function = held()  # one that is gone is called no more
            if function is not None and not all(map(is_, parts_of(function), parts)):
                return False
        for tensor, state in self._tensors:
            if _state(tensor) != state:
                return False
        for tensor, copy in self._small:
            if not same_values(tensor, copy):
                return False
        for items, keys, values in self._dicts:
            if len(items) != len(values) or (values and not _all_same(items, keys, values)):
                return False
        for items, values in self._lists:
            if len(items) != len(values):
                return False
            if not all(map(is_, items, values)) and not all(map(_same, items, values)):
                return False
        return all(array.tobytes() == content for array, content in self._arrays)

    def compare(self, tensors: Sequence[torch.Tensor]) -> bool:
        """Look at the numbers of some tensors too, from now on.

        Returns:
            Whether that is so; False if they are too many to be compared each time.
        """
        if sum(tensor.nbytes for tensor in tensors) > MUCH:
            return False
        if any(tensor.layout != torch.strided for tensor in tensors):
            return False
        self._small += [(tensor, tensor.detach().clone()) for tensor in tensors]
        return True

    # ── looking ───────────────────────────────────────────────────────────────────────────────

    def _look(self, value: Any) -> None:
        """Note one thing, and what else is to be looked at because of it."""
        if isinstance(value, torch.Tensor):
            if value.is_inference():
                raise Unwatched
            self._watch_tensor(value)
        elif isinstance(value, types.FunctionType):
            if str(value.__globals__.get("__name__")).startswith("jacmagic."):  # calls the user's
                self._pending += [cell.cell_contents for cell in value.__closure__ or ()]
            elif is_users(value):
                self._look_at_code(value)
            else:
                self.pure &= is_pure(value)
        elif isinstance(value, Walk):
            pass
        elif isinstance(value, _FIXED) or _is_library(value):
            self.pure &= is_pure(value)
            self._modules += [value] * isinstance(value, types.ModuleType)
        elif isinstance(value, type):
            self._watch_dict(dict(vars(value)), vars(value))
            self._pending += value.__mro__[1:]
        elif isinstance(value, dict):
            self._watch_dict(value, value)
            if type(value) is not dict:
                self._watch_attributes(value)
        elif isinstance(value, list | set | frozenset | tuple):
            self._lists.append((value, tuple(map(_held, value))))
            self._pending += value
            if type(value) not in _CONTAINERS:
                self._watch_attributes(value)
        elif isinstance(value, np.ndarray) and value.nbytes <= LARGE and value.dtype != object:
            self._arrays.append((value, value.tobytes()))
        else:
            self._pending += self._parts(value)

    def _watch_tensor(self, tensor: torch.Tensor) -> None:
        """By where and when it was written; what goes past that (`.data`) shows in its numbers."""
        self._tensors.append((tensor, _state(tensor)))
        plain = tensor.layout == torch.strided and tensor.device.type == "cpu"
        if plain and tensor.numel() * tensor.element_size() <= LARGE:
            self._small.append((tensor, tensor.detach().clone()))
        self._watch_attributes(tensor)

    def _watch_attributes(self, value: Any) -> None:
        """What the user may have hung on a tensor or on a container of a class of its own."""
        self._pending.append(type(value))
        attributes = getattr(value, "__dict__", None)
        if type(attributes) is dict:
            self._watch_dict(attributes, attributes)
        elif _slots_of(type(value)):
            raise Unwatched

    def _look_at_code(self, function: types.FunctionType) -> None:
        self._functions.append((weakref.ref(function), parts_of(function)))
        try:
            self._attributes |= attributes_in(function.__code__, function.__globals__)
        except Impure:
            self.pure = False
        for place in places_in(function):
            value = place.get()
            self._pending.append(value)
            if isinstance(place.owner, dict):
                self._names.append((place.owner, place.key, _held(value)))
            else:
                self._places.append((place, _held(value)))
        self._pending += function.__defaults__ or ()
        self._watch_dict(vars(function), vars(function))

    def _watch_dict(self, values: dict[Any, Any], held: Any) -> None:
        self._dicts.append((held, tuple(values), tuple(values.values())))
        self._pending += values.values()

    def _parts(self, value: Any) -> Iterable[Any]:
        """What an object is made of."""
        if isinstance(value, functools.partial):
            return value.func, value.args, value.keywords
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
                return attributes, type(value), *functions_of(value)
        raise Unwatched(f"{type(value).__module__}.{type(value).__qualname__}")


def _state(tensor: torch.Tensor) -> tuple[Any, ...]:
    """What changes when a tensor is written into or given other memory."""
    strided = tensor.layout == torch.strided
    return tensor._version, tensor.requires_grad, tensor.shape, strided and tensor.data_ptr()


def _slots_of(kind: type) -> bool:
    """Whether a class of the user's keeps attributes outside its dictionary."""
    return any("__slots__" in vars(one) and not _is_library(one) for one in kind.__mro__)


def _held(value: Any) -> Any:
    """A value to compare with later; a function weakly."""
    return weakref.ref(value) if isinstance(value, types.FunctionType) else value


def _all_same(held: Any, keys: tuple[Any, ...], values: tuple[Any, ...]) -> bool:
    """Whether under each key stands what stood there."""
    if all(map(is_, held, keys)) and all(map(is_, held.values(), values)):
        return True  # in the order of old, nothing moved
    return all(
        (now := held.get(key, MISSING)) is value or _same(now, value)
        for key, value in zip(keys, values, strict=True)
    )


def _same(one: Any, other: Any) -> bool:
    """The same thing, or an equal number or text."""
    if one is other:
        return True
    if isinstance(one, types.FunctionType):
        return isinstance(other, weakref.ref) and other() is one
    return type(one) is type(other) and isinstance(one, _VALUES) and bool(one == other)


def _switches() -> tuple[Any, ...]:
    """Settings of torch that change what its operations do."""
    return torch.get_default_dtype(), torch.is_autocast_enabled("cpu")


def _is_library(value: Any) -> bool:
    """A module or class of Python's or torch's own, whose names nobody binds anew."""
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
