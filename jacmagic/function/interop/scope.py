"""The scope of one call of a lifted function: copies of the user's functions.

Nothing of the user's is changed: the function runs as a copy with globals of its own, which read
the user's and return proxies and arrays that can meet tensors. So do the copies of the functions
that it calls. What the code writes to a global goes to the user's when the call ends.
"""

from __future__ import annotations

import functools
import sys
import types
import warnings
import weakref
from typing import Any

import numpy
import torch

from jacmagic.function.interop import classes
from jacmagic.function.interop.arrays import Array, of_users, tensor_in
from jacmagic.function.interop.control_operators import IN_PYTHON
from jacmagic.function.interop.conversions import returned
from jacmagic.function.interop.libraries import MODULES, module_of
from jacmagic.function.interop.local_constants import offering_code
from jacmagic.function.interop.named_constants import answered, current
from jacmagic.function.interop.proxies import (
    TENSOR_MAKERS,
    FunctionProxy,
    ModuleProxy,
    TensorMaker,
    Vectorized,
)
from jacmagic.function.interop.replacements import CONTAINERS, Replacements
from jacmagic.function.interop.scope_cells import Cells
from jacmagic.function.interop.scope_containers import Containers
from jacmagic.function.interop.scope_globals import Globals
from jacmagic.function.interop.silence import WRITING, in_silence
from jacmagic.function.interop.user_code import is_users, is_users_module, owner_of
from jacmagic.function.pytree import map_leaves

MAX_NAMED_ENTRIES = 64  # entries of an array up to which a formula shows its name


class Scope(Replacements):
    """Makes the proxies and copies of one call."""

    def __init__(self, *, proxies_torch: bool) -> None:
        super().__init__()
        self._proxies_torch = proxies_torch
        self._spaces: dict[int, Globals] = {}
        self._cells, self._containers = Cells(self), Containers(self)

    def _make(self, value: Any, name: str) -> Any:
        kind = type(value)
        if self.is_silent and name in WRITING and (quiet := in_silence(value)) is not None:
            return self.note(value, quiet)
        if kind is numpy.ndarray:
            return self._array(value, name) if value.dtype.kind in "fcbiu" else value
        if kind is Array:
            return self._named_array(value, name)
        if isinstance(value, types.ModuleType):
            return self._module(value)
        if kind is types.FunctionType and is_users(value):
            return self._function(value)
        if kind is types.FunctionType and value in IN_PYTHON:
            return self.note(value, functools.partial(IN_PYTHON[value]))
        if (module := module_of(value)) is not None:
            return self.note(value, FunctionProxy(self, module, value))
        if (owner := owner_of(value)) is not None:
            return self._method(value, owner)
        if self._proxies_torch and isinstance(value, types.BuiltinFunctionType):
            return self.note(value, TensorMaker(self, value)) if value in TENSOR_MAKERS else value
        if kind is functools.partial:
            own = {key: self.of(keyword, key) for key, keyword in value.keywords.items()}
            return self.note(
                value, functools.partial(self.of(value.func), *map(self.of, value.args), **own)
            )
        if isinstance(value, numpy.vectorize):
            return self.note(value, Vectorized(self, value.pyfunc))
        if kind in CONTAINERS:
            return self._containers.copy(value, name)
        if isinstance(value, tuple) and hasattr(kind, "_fields") and current() is not None:
            return self.note(value, kind._make(map(self.of, value, kind._fields)))
        if isinstance(value, type):
            return classes.copied(self, value) if is_users(value) else value
        return self._instance(value, name)

    def _array(self, value: numpy.ndarray, name: str) -> Array:
        return self.note(value, self._named_array(of_users(value), name))

    def _named_array(self, array: Array, name: str) -> Array:
        """Offer an array's numbers under its name; with a name it carries a tensor."""
        names = current()
        is_named = name and array.dtype.kind == "f" and 0 < array.size <= MAX_NAMED_ENTRIES
        if names is not None and is_named and array._tensor is None:
            tensor = names.offer(name, tensor_in(array))
            if names.keeps:
                array._tensor = tensor
        return array

    def _module(self, value: types.ModuleType) -> Any:
        is_torch = self._proxies_torch and value is torch
        if self.is_silent and value in (sys, warnings):
            return self.note(value, ModuleProxy(self, value))
        if is_torch or MODULES.get(value.__name__) is value or is_users_module(value):
            return self.note(value, ModuleProxy(self, value))
        return value

    def _function(self, function: types.FunctionType) -> types.FunctionType:
        """Return a copy of a function with globals, closure and defaults of this scope."""
        real = function.__globals__
        space = self._spaces.get(id(real))
        if space is None:
            space = self._spaces[id(real)] = Globals(self, real)
        space.preload(function.__code__)
        code, closure = function.__code__, function.__closure__ or ()
        code = code if current() is None else offering_code(code)
        cells = self._cells.copies(closure)
        copy = types.FunctionType(code, space, function.__name__, None, cells)
        self.note(function, copy)  # before the closure is filled: a function may hold itself
        for name, cell in zip(code.co_freevars, closure, strict=True):
            self._cells.fill(cell, name)
        if function.__defaults__:
            named = code.co_varnames[: code.co_argcount][-len(function.__defaults__) :]
            # An object's fields are named where they are read, whatever they were at first.
            named = ("",) * len(named) if function.__name__ == "__init__" else named
            copy.__defaults__ = tuple(map(self.of, function.__defaults__, named))
        if function.__kwdefaults__:
            own = function.__kwdefaults__
            copy.__kwdefaults__ = {key: self.of(value, key) for key, value in own.items()}
        copy.__qualname__, copy.__doc__ = function.__qualname__, function.__doc__
        copy.__module__ = function.__module__
        vars(copy).update(vars(function))
        return copy

    def _method(self, method: Any, owner: Any) -> Any:
        if isinstance(owner, type) and issubclass(owner, torch.autograd.Function):
            return getattr(self.of(owner), method.__name__)
        function = method.__func__
        is_copy = id(function) in self._originals
        if is_copy or not isinstance(function, types.FunctionType) or not is_users(function):
            return method
        return types.MethodType(self.of(function), self.of(owner))

    def _instance(self, value: Any, name: str) -> Any:
        """Return an instance of a user's class with the scope's methods and attributes."""
        if is_users(type(value)) and not isinstance(value, (numpy.ndarray, torch.Tensor)):
            return classes.instance(self, value)
        return value if current() is None else answered(name, value)

    def returned(self, result: Any) -> Any:
        """Return what the function returned, without anything of the scope's."""
        return map_leaves(self.as_original, returned(result))

    def references(self) -> list[weakref.ref[Any]]:
        """Release all replacements; return weak references to those that may be stored."""
        references = [
            weakref.ref(replacement)
            for value, replacement in self._replaced.values()
            if replacement is not value and _can_be_left(replacement)
        ]
        self._replaced.clear()
        self._spaces.clear()
        self._cells.clear()
        self._containers.clear()
        return references

    def close(self) -> None:
        """End the call: write changes back, and let proxies call the originals."""
        for space in self._spaces.values():
            space.flush()
        self._cells.flush()
        self._containers.flush()
        self.is_open = False


def _can_be_left(replacement: Any) -> bool:
    """Whether the function may have stored an object that allows weak references."""
    return not isinstance(replacement, (Array, type)) and type(replacement).__weakrefoffset__ != 0
