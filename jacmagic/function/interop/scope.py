"""What one call of a lifted function sees instead of the user's own globals, closures and objects.

Nothing of the user's is changed: the function runs as a copy with globals of its own, which read
the user's and hand out proxies and arrays that can meet tensors. So do the copies of the functions
it calls. What the code writes to a global goes to the user's when the call ends.
"""

from __future__ import annotations

import builtins
import functools
import sys
import types
import warnings
import weakref
from collections.abc import Callable
from typing import Any

import numpy
import torch
from torch import nn

from jacmagic.function.interop import classes
from jacmagic.function.interop.arrays import (
    Array,
    mapped,
    numbers_of,
    of_users,
    returned,
    tensor_in,
)
from jacmagic.function.interop.builtin_type import Type
from jacmagic.function.interop.control_operators import IN_PYTHON
from jacmagic.function.interop.homes import MODULES, home_of
from jacmagic.function.interop.named_constants import answered, current
from jacmagic.function.interop.proxies import (
    TENSOR_MAKERS,
    FunctionProxy,
    ModuleProxy,
    TensorMaker,
    Vectorized,
)
from jacmagic.function.interop.silence import WRITING, in_silence, is_silent, says_nothing
from jacmagic.function.interop.survey import MOST, is_users, is_users_module, names_in, survey

_MISSING = object()
_ITSELF = (bool, int, float, complex, str, bytes, type(None), torch.Tensor, nn.Parameter)
_CONTAINERS = (list, tuple, dict, types.SimpleNamespace)
_PRESET = ("__name__", "__package__", "__spec__", "__file__", "__loader__", "__warningregistry__")


class Globals(dict[str, Any]):
    """The globals of copied functions: what is read is the user's, through a scope.

    The interpreter reads globals of this type through `__getitem__`; what it writes, it writes
    into the dict itself.
    """

    def __init__(self, scope: Scope, real: dict[str, Any]) -> None:
        super().__init__({name: real[name] for name in _PRESET if name in real})
        self.scope, self.real = scope, real
        own = real.get("__builtins__", builtins)
        own = dict(own if isinstance(own, dict) else vars(own))
        if scope.is_silent:
            own["print"] = says_nothing
        if own.get("type") is type:
            own["type"] = Type
        own["__import__"] = functools.partial(_imported, scope, own["__import__"])
        self["__builtins__"] = own
        self.preset = dict(self)

    def __getitem__(self, name: str) -> Any:
        value = self.get(name, _MISSING)
        return self.scope.of(self.real[name], name) if value is _MISSING else value

    def preload(self, code: types.CodeType) -> None:
        """The bodies of classes inside a function read the dict itself: put their names there."""
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                self.preload(constant)
        if not code.co_flags & 1:  # CO_OPTIMIZED: no body of a function
            for name in names_in(code):
                if name in self.real and name not in self:
                    self[name] = self.preset[name] = self.scope.of(self.real[name], name)

    def flush(self) -> None:
        """Hand what was written on to the user's own globals."""
        for name, value in list(self.items()):
            if self.preset.get(name, _MISSING) is not value:
                self.real[name] = self.scope.original(value)


def _imported(
    scope: Scope, original: Callable[..., Any], name: str, *rest: Any, **named: Any
) -> Any:
    """`import numpy as np` inside the function."""
    return scope.of(original(name, *rest, **named))


class Scope:
    """The proxies and copies of one call, and what they are made of.

    Attributes:
        is_open: whether the call is still running.
        is_silent: whether what the code writes is dropped.
    """

    def __init__(self, *, proxies_torch: bool) -> None:
        self.is_open = True
        self.is_silent = is_silent()
        self._proxies_torch = proxies_torch
        self._made: dict[int, tuple[Any, Any]] = {}  # by identity: the original, what replaces it
        self._originals: dict[int, Any] = {}  # by identity of the replacement
        self._spaces: dict[int, Globals] = {}
        self._cells: dict[int, tuple[types.CellType, types.CellType, Any]] = {}
        self._copied: list[tuple[Any, Any, dict[Any, Any]]] = []

    def of(self, value: Any, name: str = "") -> Any:
        """Return what the function sees in the place of a value; the value itself for most."""
        if type(value) in _ITSELF:
            return value if current() is None else answered(name, value)
        known = self._made.get(id(value))
        if known is not None:
            return known[1]
        if id(value) in self._originals:
            return value
        made = self._make(value, name)
        if made is value and type(value) not in _CONTAINERS:
            self._made[id(value)] = (value, value)
        return made

    def original(self, value: Any) -> Any:
        """Return what a replacement replaces; an array becomes its numbers."""
        if isinstance(value, Array):
            known = self._originals.get(id(value))
            return numbers_of(value) if known is None else known
        found = self._originals.get(id(value), value)
        return classes.as_original(self, found)

    def replacement(self, value: Any) -> Any | None:
        """Return what replaces a value already; None if nothing does."""
        known = self._made.get(id(value))
        return None if known is None else known[1]

    def original_class(self, kind: type) -> type | None:
        """Return the user's class that a class of the scope copies."""
        return self._originals.get(id(kind))

    def note(self, value: Any, made: Any) -> Any:
        """Remember what replaces a value."""
        self._made[id(value)] = (value, made)
        self._originals[id(made)] = value
        return made

    def needs(self, value: Any) -> bool:
        """Whether a class or function of the user's does anything that a scope changes."""
        found = survey(value)
        return found.is_replaced or found.applies or (self.is_silent and found.writes)

    def _make(self, value: Any, name: str) -> Any:
        kind = type(value)
        if self.is_silent and name in WRITING and (quiet := in_silence(value)) is not None:
            return self.note(value, quiet)
        if kind is numpy.ndarray:
            return self._array(value, name) if value.dtype.kind in "fcbiu" else value
        if isinstance(value, types.ModuleType):
            return self._module(value)
        if kind is types.FunctionType and is_users(value):
            return self._function(value)
        if kind is types.FunctionType and value in IN_PYTHON:
            return self.note(value, functools.partial(IN_PYTHON[value]))
        if (home := home_of(value)) is not None:
            return self.note(value, FunctionProxy(self, home, value))
        if self._proxies_torch and isinstance(value, types.BuiltinFunctionType):
            return self.note(value, TensorMaker(self, value)) if value in TENSOR_MAKERS else value
        if kind is functools.partial:
            own = {key: self.of(one, key) for key, one in value.keywords.items()}
            return self.note(
                value, functools.partial(self.of(value.func), *map(self.of, value.args), **own)
            )
        if kind is types.MethodType:
            return self._method(value)
        if isinstance(value, numpy.vectorize):
            return self.note(value, Vectorized(self, value.pyfunc))
        if kind in _CONTAINERS:
            return self._container(value)
        if isinstance(value, type):
            return classes.copied(self, value) if is_users(value) else value
        return self._instance(value, name)

    def _array(self, value: numpy.ndarray, name: str) -> Array:
        made = of_users(value)
        names = current()
        if names is not None and name and value.dtype.kind == "f" and 0 < value.size <= MOST:
            tensor = names.offer(name, tensor_in(made))
            if names.keeps:
                made._tensor = tensor
        return self.note(value, made)

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
        names = function.__code__.co_freevars
        old = function.__closure__ or ()
        cells = tuple(self._cell(cell) for cell in old)
        made = types.FunctionType(function.__code__, space, function.__name__, None, cells)
        self.note(function, made)  # before the closure is filled: a function may hold itself
        for name, cell in zip(names, old, strict=True):
            self._fill(cell, name)
        code = function.__code__
        if function.__defaults__:
            named = code.co_varnames[: code.co_argcount][-len(function.__defaults__) :]
            made.__defaults__ = tuple(map(self.of, function.__defaults__, named))
        if function.__kwdefaults__:
            own = function.__kwdefaults__
            made.__kwdefaults__ = {key: self.of(value, key) for key, value in own.items()}
        made.__qualname__, made.__doc__ = function.__qualname__, function.__doc__
        made.__module__ = function.__module__
        vars(made).update(vars(function))
        return made

    def _cell(self, cell: types.CellType) -> types.CellType:
        """Return the cell of the copies for a cell of the user's."""
        if id(cell) not in self._cells:
            self._cells[id(cell)] = (cell, types.CellType(), _MISSING)
        return self._cells[id(cell)][1]

    def _fill(self, cell: types.CellType, name: str) -> None:
        old, new, put = self._cells[id(cell)]
        if put is _MISSING:
            try:
                new.cell_contents = self.of(old.cell_contents, name)
            except ValueError:  # a name that is not bound yet
                return
            self._cells[id(cell)] = (old, new, new.cell_contents)

    def _method(self, method: types.MethodType) -> Any:
        if id(method.__func__) in self._originals:
            return method
        function, owner = method.__func__, method.__self__
        if isinstance(owner, type) and issubclass(owner, torch.autograd.Function):
            return getattr(self.of(owner), method.__name__)
        if not isinstance(function, types.FunctionType) or not is_users(function):
            return method
        return types.MethodType(self.of(function), self.of(method.__self__))

    def _container(self, value: Any) -> Any:
        """Return a copy of a small list, dict or namespace that holds anything to be replaced."""
        mapping = vars(value) if isinstance(value, types.SimpleNamespace) else value
        if len(mapping) > MOST:
            return value
        entries = mapping.items() if isinstance(mapping, dict) else enumerate(mapping)
        before = dict(entries)
        after = {
            key: self.of(one, key if isinstance(key, str) else "") for key, one in before.items()
        }
        if all(after[key] is before[key] for key in before):
            return value
        if isinstance(value, tuple):
            return self.note(value, tuple(after.values()))
        made = (
            types.SimpleNamespace(**after) if isinstance(value, types.SimpleNamespace)
            else after if isinstance(value, dict) else list(after.values())
        )  # fmt: skip
        self._copied.append((value, made, dict(after)))
        return self.note(value, made)

    def _instance(self, value: Any, name: str) -> Any:
        """An object of a class of the user's, whose methods and attributes are the scope's."""
        if is_users(type(value)) and not isinstance(value, (numpy.ndarray, torch.Tensor)):
            return classes.instance(self, value)
        return value if current() is None else answered(name, value)

    def returned(self, result: Any) -> Any:
        """Return what the function returned, without anything of the scope's."""
        return mapped(lambda one: classes.as_original(self, one), returned(result))

    def references(self) -> list[weakref.ref[Any]]:
        """Let go of all that was made, and tell what the function has kept of it."""
        kept = [
            weakref.ref(made)
            for value, made in self._made.values()
            if made is not value and _can_be_left(made)
        ]
        self._made.clear()
        self._spaces.clear()
        self._cells.clear()
        self._copied.clear()
        return kept

    def close(self) -> None:
        """End the call: hand on what was written, and let the proxies only pass on."""
        for space in self._spaces.values():
            space.flush()
        for old, new, put in self._cells.values():
            if put is not _MISSING and new.cell_contents is not put:
                old.cell_contents = self.original(new.cell_contents)
        for old, new, put in self._copied:
            _handed_on(self, old, new, put)
        self.is_open = False


def _handed_on(scope: Scope, old: Any, new: Any, put: dict[Any, Any]) -> None:
    """The changes of a copied list, dict or namespace, made in the user's own."""
    if isinstance(old, list):
        if len(new) != len(put) or any(one is not put[i] for i, one in enumerate(new)):
            old[:] = map(scope.original, new)
        return
    target = vars(old) if isinstance(old, types.SimpleNamespace) else old
    source = vars(new) if isinstance(new, types.SimpleNamespace) else new
    for key in put.keys() - source.keys():
        target.pop(key, None)
    for key, value in source.items():
        if put.get(key, _MISSING) is not value:
            target[key] = scope.original(value)


def _can_be_left(made: Any) -> bool:
    """Whether the function may have stored it, and that can be seen."""
    return not isinstance(made, (Array, type)) and type(made).__weakrefoffset__ != 0
