"""What a function, and the user's functions that it calls, are written with: math, NumPy, torch.

Only what is written with `math` or NumPy is lifted at all; a function of torch alone is called as
it is.
"""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy
import torch
from torch import nn

from jacmagic.lift.proxies import MODULES, home_of
from jacmagic.lift.silence import WRITING

LIBRARIES = frozenset(
    sys.stdlib_module_names | {"IPython", "jacmagic", "numpy", "scipy", "sympy", "torch"}
) - {"__main__"}
MOST = 64  # entries of a list or dict up to which it is looked through for functions and arrays


@dataclass
class Survey:
    """What was found on the way from a function to all that it may call.

    Attributes:
        math: functions of `math` or `cmath`.
        numpy: functions of NumPy, or arrays.
        torch: functions of torch, tensors or modules.
        names: every name that the code looks up.
        functions: the user's functions that were found.
        objects: the objects that they are methods of.
    """

    math: bool
    numpy: bool
    torch: bool
    names: frozenset[str]
    functions: tuple[types.FunctionType, ...] = ()
    objects: tuple[Any, ...] = ()

    @property
    def is_lifted(self) -> bool:
        """Whether there is anything to do."""
        return self.math or self.numpy

    @property
    def writes(self) -> bool:
        """Whether the code may print or warn."""
        return not self.names.isdisjoint(WRITING)


def survey(target: Any) -> Survey:
    """Look at a callable and at everything of the user's that its code names."""
    pending, seen, names = [target], set[int](), set[str]()
    functions: list[types.FunctionType] = []
    objects: list[Any] = []
    kinds = {"math": False, "numpy": False, "torch": False}
    while pending:
        value = pending.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if (kind := _kind_of(value)) is not None:
            kinds[kind] = True
        for function in functions_of(value):
            if function is not target and not is_users(function):
                continue
            functions.append(function)
            own = set(names_in(function.__code__))
            names |= own
            pending += _bindings(function, own)
            for name in own & {"math", "cmath", "numpy", "torch"}:
                if name not in function.__globals__:  # imported inside
                    kinds["math" if name == "cmath" else name] = True
        if isinstance(value, types.MethodType):
            objects.append(value.__self__)
        elif value is target and not isinstance(value, (types.FunctionType, type)):
            objects.append(value)
        pending += parts_of(value)
    return Survey(
        **kinds, names=frozenset(names), functions=tuple(functions), objects=tuple(objects)
    )


def _kind_of(value: Any) -> str | None:
    if type(value) is numpy.ndarray or isinstance(value, numpy.vectorize):
        return "numpy"
    if isinstance(value, (torch.Tensor, nn.Module, torch.dtype)):
        return "torch"
    module = getattr(value, "__name__", "") if isinstance(value, types.ModuleType) else None
    if module is None:
        module = home_of(value) or getattr(value, "__module__", "") or ""
    if not isinstance(module, str):
        return None
    if module in MODULES:
        return "math" if module in ("math", "cmath") else "numpy"
    package = module.partition(".")[0]
    return package if package in ("numpy", "torch") and callable_or_module(value) else None


def callable_or_module(value: Any) -> bool:
    """Whether code does something with a value of a library, rather than hold it."""
    return callable(value) or isinstance(value, types.ModuleType)


def _bindings(function: types.FunctionType, names: set[str]) -> Iterator[Any]:
    """What a function reads from outside its arguments."""
    space = function.__globals__
    for name in names:
        value = space.get(name)
        yield value
        if isinstance(value, types.ModuleType) and is_users_module(value):
            yield from (getattr(value, part, None) for part in names)
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # a name that is not bound yet
            continue
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()


def functions_of(target: Any) -> Iterator[types.FunctionType]:
    """The Python functions that may run when `target` is called or used."""
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
    """What a value is made of, where that may be called or met: never the parts of data."""
    if isinstance(value, functools.partial):
        yield value.func
        yield from value.args
        yield from value.keywords.values()
    elif isinstance(value, numpy.vectorize):
        yield value.pyfunc
    elif isinstance(value, types.MethodType):
        yield value.__self__
    elif isinstance(value, nn.Module):
        yield from {type(part) for part in value.modules()}
        yield from (part for part in vars(value).values() if _may_be_met(part))
    elif type(value) in (list, tuple, dict) and len(value) <= MOST:
        inside: Iterable[Any] = value.values() if isinstance(value, dict) else value
        yield from (part for part in inside if _may_be_met(part))
    elif not isinstance(value, type) and is_users(type(value)):
        yield type(value)
        yield from (part for part in getattr(value, "__dict__", {}).values() if _may_be_met(part))
    elif isinstance(value, types.SimpleNamespace):
        yield from (part for part in vars(value).values() if _may_be_met(part))


def _may_be_met(value: Any) -> bool:
    return not isinstance(value, (int, float, complex, str, bytes, type(None), torch.Tensor))


def is_users(thing: Any) -> bool:
    """Library code is never touched; code compiled into a bare namespace says it is `builtins`."""
    if isinstance(thing, type) and thing.__module__ == "builtins":
        return thing.__flags__ & _HEAP != 0
    module = getattr(thing, "__module__", None) or "builtins"
    return module == "builtins" or module.partition(".")[0] not in LIBRARIES


_HEAP = 1 << 9  # Py_TPFLAGS_HEAPTYPE: made by a `class` statement


def is_users_module(module: types.ModuleType) -> bool:
    """Whether a module is the user's own and not installed."""
    file = getattr(module, "__file__", None) or ""
    name = module.__name__.partition(".")[0]
    return name not in LIBRARIES and "site-packages" not in file


def names_in(code: types.CodeType) -> Iterator[str]:
    """Every name the code and the functions defined inside it may look up."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from names_in(constant)
