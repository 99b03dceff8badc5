"""A survey of the libraries that a function and those it calls use.

Only what is written with `math` or NumPy is lifted at all; a function of torch alone is called as
it is.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import is_
from typing import Any

import numpy
import torch
from torch import nn

from jacmagic.function.interop.control_operators import IN_PYTHON
from jacmagic.function.interop.control_operators import NAMES as CONTROL
from jacmagic.function.interop.libraries import MODULES, module_of
from jacmagic.function.interop.silence import WRITING
from jacmagic.function.interop.user_code import is_users, is_users_module, names_in, owner_of

Reads = list[tuple[Any, str, Any]]
# Entries of a list or dict up to which it is searched: tables of functions are short, data long.
MAX_SEARCHED_ENTRIES = 64


@dataclass
class Survey:
    """The functions, libraries and values that a function may reach.

    Attributes:
        math: functions of `math` or `cmath`.
        numpy: functions of NumPy, or arrays.
        torch: functions of torch, tensors or modules.
        control: torch's operators on functions, such as `torch.cond`.
        applies: classes derived from `torch.autograd.Function`.
        names: every name that the code looks up.
        objects: the objects of which methods were found, or what is called itself.
        reads: of every function its parts, and what it read under which global name or in
            which cell.
        contents: every container, object and class, what it held, and what of that matters.
    """

    math: bool = False
    numpy: bool = False
    torch: bool = False
    control: bool = False
    applies: bool = False
    names: set[str] = field(default_factory=set)
    objects: list[Any] = field(default_factory=list)
    reads: list[tuple[types.FunctionType, tuple[Any, ...], Reads]] = field(default_factory=list)
    contents: list[tuple[Any, list[Any] | None, list[Any]]] = field(default_factory=list)

    @property
    def is_lifted(self) -> bool:
        """Whether the function calls `math` or NumPy."""
        return self.math or self.numpy

    @property
    def is_replaced(self) -> bool:
        """Whether the function runs with replaced calls, control flow included."""
        return self.is_lifted or self.control

    @property
    def writes(self) -> bool:
        """Whether the code may print or warn."""
        return not self.names.isdisjoint(WRITING)

    @property
    def holds(self) -> bool:
        """Whether nothing surveyed has changed: values, what they read and contain."""
        for function, parts, reads in self.reads:
            if not all(map(is_, parts, _parts(function))):
                return False
            for owner, name, value in reads:
                now = owner.get(name) if isinstance(owner, dict) else value_of(owner, name)
                if now is not value:
                    return False
        for value, children, contents in self.contents:
            if not (_same(children_of(value), children) or _same(contents_of(value), contents)):
                return False
        return True


class Surveyor:
    """Surveys one callable at each call, again only where something has changed."""

    def __init__(self, target: Any) -> None:
        self._target = target
        self._known: Survey | None = None

    def __call__(self) -> Survey:
        if self._known is None or not self._known.holds:
            self._known = survey(self._target)
        return self._known


def survey(target: Any) -> Survey:
    """Survey a callable and all user code that it may reach."""
    result, pending, seen = Survey(), [target], set[int]()
    while pending:
        value = pending.pop()
        if id(value) not in seen:
            seen.add(id(value))
            pending += _noted(result, value, is_target=value is target)
    if result.torch and not result.names.isdisjoint(CONTROL):
        result.control = True
    return result


def _noted(result: Survey, value: Any, *, is_target: bool) -> Iterator[Any]:
    """Record what kind of value this is; yield what it reads and contains."""
    if (kind := _kind_of(value)) is not None:
        setattr(result, kind, True)
    result.control |= isinstance(value, types.FunctionType) and value in IN_PYTHON
    result.applies |= isinstance(value, type) and issubclass(value, torch.autograd.Function)
    for function in functions_of(value):
        if (is_target and function is value) or is_users(function):
            yield from _read_by(result, function)
    if (owner := owner_of(value)) is not None:
        result.objects.append(owner)
    elif is_target and not isinstance(value, (types.FunctionType, type)):
        result.objects.append(value)
    contents = contents_of(value)
    if not isinstance(value, types.FunctionType) and (contents or isinstance(value, _MAY_GAIN)):
        result.contents.append((value, children_of(value), contents))
    yield from parts_of(value)


def _read_by(result: Survey, function: types.FunctionType) -> Iterator[Any]:
    """Record and yield what a function captures."""
    names = set(names_in(function.__code__))
    reads = _reads(function, names)
    result.names |= names
    result.reads.append((function, _parts(function), reads))
    yield from (value for _, _, value in reads)
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()
    for name in names & {"math", "cmath", "numpy", "torch"}:
        if name not in function.__globals__:  # imported inside
            setattr(result, "math" if name == "cmath" else name, True)


def _kind_of(value: Any) -> str | None:
    if type(value) is numpy.ndarray or isinstance(value, numpy.vectorize):
        return "numpy"
    if isinstance(value, (torch.Tensor, nn.Module, torch.dtype)):
        return "torch"
    module = getattr(value, "__name__", "") if isinstance(value, types.ModuleType) else None
    if module is None:
        module = module_of(value) or getattr(value, "__module__", "") or ""
    if not isinstance(module, str):
        return None
    if module in MODULES:
        return "math" if module in ("math", "cmath") else "numpy"
    package = module.partition(".")[0]
    is_used = callable(value) or isinstance(value, types.ModuleType)  # rather than held
    return package if package in ("numpy", "torch") and is_used else None


def _parts(function: types.FunctionType) -> tuple[Any, ...]:
    """Return the parts of a function that a module reloaded in place changes."""
    return function.__code__, function.__defaults__, function.__kwdefaults__


def _reads(function: types.FunctionType, names: set[str]) -> Reads:
    """Return what a function captures, by name."""
    owners: list[tuple[Any, str]] = [(function.__globals__, name) for name in names]
    owners += zip(function.__closure__ or (), function.__code__.co_freevars, strict=True)
    reads = [(owner, name, value_of(owner, name)) for owner, name in owners]
    return [*reads, *_from_modules(reads, names)]


def value_of(owner: Any, name: str) -> Any:
    """Return the value of a global, or of a cell; None where there is none."""
    if isinstance(owner, dict):
        return owner.get(name)
    try:
        return owner.cell_contents
    except ValueError:  # a name that is not bound yet
        return None


def _from_modules(reads: Reads, names: set[str]) -> Iterator[tuple[Any, str, Any]]:
    """Yield what a function reads from the modules of the user's that it names."""
    for _, _, value in reads:
        if isinstance(value, types.ModuleType) and is_users_module(value):
            yield from ((vars(value), part, vars(value).get(part)) for part in names)


def contents_of(value: Any) -> list[Any]:
    """Return the functions and parts of a value that a survey goes on to."""
    return [*functions_of(value), *parts_of(value)]


def children_of(value: Any) -> list[Any] | None:
    """Return all that a container or an object holds, if that decides `contents_of` it."""
    kind = type(value)
    if kind in (list, tuple):
        return [*value] if len(value) <= MAX_SEARCHED_ENTRIES else None
    if kind is not dict:
        if isinstance(value, _OF_MORE):
            return None
        value = getattr(value, "__dict__", {})
    return [kind, *value.values()] if len(value) <= MAX_SEARCHED_ENTRIES else None


def _same(now: list[Any] | None, before: list[Any] | None) -> bool:
    if now is None or before is None:
        return False
    return len(now) == len(before) and all(map(is_, now, before))


def functions_of(target: Any) -> Iterator[types.FunctionType]:
    """Yield the Python functions that may run when `target` is called or used."""
    if isinstance(target, types.FunctionType):
        yield target
        yield from functions_of(getattr(target, "__wrapped__", None))
    elif isinstance(target, (types.MethodType, staticmethod, classmethod)):
        yield from functions_of(target.__func__)
    elif isinstance(target, property):
        yield from functions_of(target.fget)
    elif isinstance(target, type) and is_users(target):
        for kind in target.__mro__:
            if is_users(kind):
                for value in vars(kind).values():
                    yield from functions_of(value)


def parts_of(value: Any) -> Iterator[Any]:
    """Yield the parts of a value that code may call or use; none of data."""
    if isinstance(value, functools.partial):
        yield value.func
        yield from value.args
        yield from value.keywords.values()
    elif isinstance(value, numpy.vectorize):
        yield value.pyfunc
    elif (owner := owner_of(value)) is not None:
        yield owner
    elif isinstance(value, nn.Module):
        for part in value.modules():
            if is_users(type(part)):
                yield type(part)
                yield from (vars(part)[name] for name in vars(part).keys() - _OF_EVERY_MODULE)
    elif type(value) in (list, tuple, dict) and len(value) <= MAX_SEARCHED_ENTRIES:
        inside: Iterable[Any] = value.values() if isinstance(value, dict) else value
        yield from _met(inside)
    elif not isinstance(value, type) and is_users(type(value)):
        yield type(value)
        yield from _met(getattr(value, "__dict__", {}).values())
    elif isinstance(value, types.SimpleNamespace):
        yield from _met(vars(value).values())


_OF_MORE = (type, nn.Module, functools.partial, property, staticmethod, classmethod)
_MAY_GAIN = (list, dict, types.SimpleNamespace)
_DATA = (int, float, complex, str, bytes, type(None), torch.Tensor)
_OF_EVERY_MODULE = vars(nn.Module()).keys()


def _met(values: Iterable[Any]) -> list[Any]:
    """Return the values that are callable or may contain callables, which data cannot."""
    return [value for value in values if not isinstance(value, _DATA)]
