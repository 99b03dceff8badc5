"""The walk from a function to all places from which it and the user's functions it calls may read.

A function that is called again and again is walked once: as long as every function on the way has
its code, and the same values stand where the walk found some, it would lead to the same places.
"""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Iterator, Sequence
from operator import is_
from typing import Any

import torch
from torch import nn

from jacmagic.lift.naming import fields_of
from jacmagic.lift.places import MISSING, Place

LIBRARIES = frozenset(
    sys.stdlib_module_names | {"IPython", "jacmagic", "numpy", "scipy", "sympy", "torch"}
) - {"__main__"}
_BOOKKEEPING = vars(nn.Module()).keys()  # attributes of a module in which nothing of the user's is


class Walk:
    """All places from which a callable may read."""

    def __init__(self, target: Any) -> None:
        """Nothing is looked at before `places` is called."""
        self._target = target
        self._found: list[Place] | None = None

    def places(self) -> list[Place]:
        """The places, those found last time if a walk would find the same."""
        if self._found is None or not self._unchanged():
            self._found = self._walk()
        return self._found

    def _unchanged(self) -> bool:
        """Whether nothing on the way has moved; never where that cannot be told."""
        return (
            self._steady
            and all(here.keys().isdisjoint(names) for here, names in self._empty)
            and all(place.get() is value for place, value in self._filled)
            and all(all(map(is_, parts_of(one), parts)) for one, parts in self._functions)
        )

    def _walk(self) -> list[Place]:
        self._steady = type(self._target) is types.FunctionType
        self._empty: list[tuple[dict[str, Any], frozenset[str]]] = []
        self._filled: list[tuple[Place, Any]] = []
        self._functions: list[tuple[types.FunctionType, tuple[Any, ...]]] = []
        found: dict[tuple[int, str | None], Place] = {}
        pending, seen = list(functions_of(self._target)), set()
        for holder in _holders(self._target):
            for name in holder.keys() - _BOOKKEEPING:
                place = Place(holder, name, (name,))
                found[place.identity] = place
        while pending:
            function = pending.pop()
            if id(function) in seen:
                continue
            seen.add(id(function))
            self._functions.append((function, parts_of(function)))
            self._steady &= not function.__dict__
            missing = set()
            for place in places_in(function):
                if place.identity in found:
                    continue
                value = place.get()
                if value is MISSING:
                    missing.add(place.key)
                    self._steady &= place.owner is function.__globals__
                    continue
                found[place.identity] = place
                self._filled.append((place, value))
                self._steady &= _is_told_by_identity(value)
                pending += filter(is_users, functions_of(value))
            self._empty.append((function.__globals__, frozenset(filter(None, missing))))
            if function.__defaults__:
                found[id(function), None] = _defaults(function)
        return list(found.values())


def parts_of(function: types.FunctionType) -> tuple[Any, ...]:
    """What a function is made of, and what changes when a module is loaded anew in place."""
    return function.__code__, function.__defaults__, function.__kwdefaults__


def _is_told_by_identity(value: Any) -> bool:
    """Whether the same value always runs the same functions."""
    if isinstance(value, (functools.partial, types.MethodType, nn.Module)):
        return False
    if isinstance(value, types.FunctionType):
        return True  # its own parts are looked at
    return not (callable(value) and isinstance(type(value).__call__, types.FunctionType))


def functions_of(target: Any) -> Iterator[types.FunctionType]:
    """The Python functions that run when `target` is called; of a module, those the user wrote."""
    if isinstance(target, functools.partial):
        yield from functions_of(target.func)
    elif isinstance(target, types.MethodType):
        yield from functions_of(target.__func__)
    elif isinstance(target, types.FunctionType):
        yield target
        yield from functions_of(getattr(target, "__wrapped__", None))
    elif isinstance(target, nn.Module):
        kinds: dict[Any, None] = dict.fromkeys(map(type, target.modules()))
        for kind in kinds:
            yield from filter(is_users, functions_of(getattr(kind, "forward", None)))
    elif callable(target) and isinstance(type(target).__call__, types.FunctionType):
        yield from functions_of(type(target).__call__)


def is_users(function: types.FunctionType) -> bool:
    """Library code is never touched; code compiled into a bare namespace says it is `builtins`."""
    module = function.__module__ or "builtins"
    return module == "builtins" or module.partition(".")[0] not in LIBRARIES


def names_in(code: types.CodeType) -> Iterator[str]:
    """Every name the code and the functions defined inside it may look up."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from names_in(constant)


def places_in(function: types.FunctionType) -> Iterator[Place]:
    """The names that a function reads from outside itself, and its keyword-only defaults."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        yield Place(cell, None, (name,))
    for name in names_in(function.__code__):
        yield Place(function.__globals__, name, (name,))
        if name == "from_numpy":
            yield Place(vars(torch), name, (name,))
    for name in function.__kwdefaults__ or ():
        yield Place(function.__kwdefaults__, name, (name,))


def _defaults(function: types.FunctionType) -> Place:
    code = function.__code__
    positional = code.co_varnames[: code.co_argcount]
    return Place(function, None, positional[-len(function.__defaults__ or ()) :])


def fields_in(places: Sequence[Place]) -> Iterator[Place]:
    """The named numbers inside the values that stand in some places."""
    for place in places:
        value = place.get()
        for part in value if isinstance(value, tuple) else (value,):
            fields = fields_of(part)
            holder = part if isinstance(part, dict) else getattr(part, "__dict__", None)
            for key in fields:
                yield Place(holder, key, (key,))


def _holders(target: Any) -> Iterator[dict[str, Any]]:
    """The attribute dictionaries of the object that `target` is or is bound to."""
    while isinstance(target, functools.partial):
        target = target.func
    owner = getattr(target, "__self__", target)
    if not isinstance(owner, (type, types.ModuleType, types.FunctionType)):
        attributes = getattr(owner, "__dict__", None)
        if isinstance(attributes, dict):
            yield attributes
