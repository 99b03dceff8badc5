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
from operator import is_
from typing import Any

import numpy
import torch
from torch import nn

from jacmagic.function.interop.control_operators import IN_PYTHON
from jacmagic.function.interop.control_operators import NAMES as CONTROL
from jacmagic.function.interop.homes import MODULES, home_of
from jacmagic.function.interop.silence import WRITING

LIBRARIES = frozenset(
    sys.stdlib_module_names | {"IPython", "jacmagic", "numpy", "scipy", "sympy", "torch"}
) - {"__main__"}
Reads = list[tuple[Any, str, Any]]
MOST = 64  # entries of a list or dict up to which it is looked through for functions and arrays


@dataclass
class Survey:
    """What was found on the way from a function to all that it may call.

    Attributes:
        math: functions of `math` or `cmath`.
        numpy: functions of NumPy, or arrays.
        torch: functions of torch, tensors or modules.
        control: torch's operators on functions, such as `torch.cond`.
        applies: classes derived from `torch.autograd.Function`.
        names: every name that the code looks up.
        functions: the user's functions that were found.
        objects: the objects that they are methods of.
        reads: of every function its parts, and what it read under which global name or in
            which cell.
        is_steady: whether the same readings would give the same survey.
    """

    math: bool
    numpy: bool
    torch: bool
    control: bool
    applies: bool
    names: frozenset[str]
    functions: tuple[types.FunctionType, ...] = ()
    objects: tuple[Any, ...] = ()
    reads: tuple[tuple[types.FunctionType, tuple[Any, ...], Reads], ...] = ()
    is_steady: bool = False

    @property
    def is_lifted(self) -> bool:
        """Whether there is anything to do."""
        return self.math or self.numpy

    @property
    def is_replaced(self) -> bool:
        """Whether anything is to run otherwise than it is written."""
        return self.is_lifted or self.control

    @property
    def writes(self) -> bool:
        """Whether the code may print or warn."""
        return not self.names.isdisjoint(WRITING)

    @property
    def holds(self) -> bool:
        """Whether every function still is what it was and still reads what it read."""
        return self.is_steady and all(
            all(map(is_, parts, _parts(function)))
            and all(_read(owner, name) is value for owner, name, value in reads)
            for function, parts, reads in self.reads
        )


class Surveyor:
    """Surveys one callable whenever it is asked, and looks anew where something has changed."""

    def __init__(self, target: Any) -> None:
        self._target = target
        self._known: Survey | None = None

    def __call__(self) -> Survey:
        changes = isinstance(self._target, nn.Module)  # its parts are no readings
        if self._known is None or changes or not self._known.holds:
            self._known = survey(self._target)
        return self._known


def survey(target: Any) -> Survey:
    """Look at a callable and at everything of the user's that its code names."""
    pending, seen, names = [target], set[int](), set[str]()
    functions: list[types.FunctionType] = []
    objects: list[Any] = []
    reads: list[tuple[types.FunctionType, tuple[Any, ...], Reads]] = []
    is_steady = isinstance(target, (types.FunctionType, nn.Module))
    kinds = dict.fromkeys(("math", "numpy", "torch", "control", "applies"), False)
    while pending:
        value = pending.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if (kind := _kind_of(value)) is not None:
            kinds[kind] = True
            kinds["control"] |= kind == "torch" and _is_control(value)
        kinds["applies"] |= isinstance(value, type) and issubclass(value, torch.autograd.Function)
        for function in functions_of(value):
            if function is not target and not is_users(function):
                continue
            functions.append(function)
            own = set(names_in(function.__code__))
            names |= own
            read = _reads(function, own)
            reads.append((function, _parts(function), read))
            pending += (value for _, _, value in read)
            pending += function.__defaults__ or ()
            pending += (function.__kwdefaults__ or {}).values()
            pending += _from_modules(read, own)
            for name in own & {"math", "cmath", "numpy", "torch"}:
                if name not in function.__globals__:  # imported inside
                    kinds["math" if name == "cmath" else name] = True
        if isinstance(value, types.MethodType):
            objects.append(value.__self__)
        elif value is target and not isinstance(value, (types.FunctionType, type)):
            objects.append(value)
        parts = list(parts_of(value))
        is_steady &= not parts or isinstance(value, (functools.partial, nn.Module, tuple))
        pending += parts
    if kinds["torch"] and not names.isdisjoint(CONTROL):
        kinds["control"] = True
    return Survey(
        **kinds,
        names=frozenset(names),
        functions=tuple(functions),
        objects=tuple(objects),
        reads=tuple(reads),
        is_steady=is_steady,
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


def _is_control(value: Any) -> bool:
    return isinstance(value, types.FunctionType) and value in IN_PYTHON


def callable_or_module(value: Any) -> bool:
    """Whether code does something with a value of a library, rather than hold it."""
    return callable(value) or isinstance(value, types.ModuleType)


def _parts(function: types.FunctionType) -> tuple[Any, ...]:
    """Return what a function is made of, and what changes when a module is loaded anew in place."""
    return function.__code__, function.__defaults__, function.__kwdefaults__


def _reads(function: types.FunctionType, names: set[str]) -> Reads:
    """Return what a function reads from outside its arguments."""
    owners: list[tuple[Any, str]] = [(function.__globals__, name) for name in names]
    owners += [(cell, "") for cell in function.__closure__ or ()]
    return [(owner, name, _read(owner, name)) for owner, name in owners]


def _read(owner: Any, name: str) -> Any:
    """Return the value of a global, or of a cell; None where there is none."""
    if isinstance(owner, dict):
        return owner.get(name)
    try:
        return owner.cell_contents
    except ValueError:  # a name that is not bound yet
        return None


def _from_modules(reads: Reads, names: set[str]) -> Iterator[Any]:
    """Yield what a function reads from the modules of the user's that it names."""
    for _, _, value in reads:
        if isinstance(value, types.ModuleType) and is_users_module(value):
            yield from (getattr(value, part, None) for part in names)


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
    """Yield what a value is made of, where that may be called or met: never the parts of data."""
    if isinstance(value, functools.partial):
        yield value.func
        yield from value.args
        yield from value.keywords.values()
    elif isinstance(value, numpy.vectorize):
        yield value.pyfunc
    elif isinstance(value, types.MethodType):
        yield value.__self__
    elif isinstance(value, nn.Module):
        for part in value.modules():
            if is_users(type(part)):
                yield type(part)
                yield from (vars(part)[name] for name in vars(part).keys() - _OF_EVERY_MODULE)
    elif type(value) in (list, tuple, dict) and len(value) <= MOST:
        inside: Iterable[Any] = value.values() if isinstance(value, dict) else value
        yield from (part for part in inside if _may_be_met(part))
    elif not isinstance(value, type) and is_users(type(value)):
        yield type(value)
        yield from (part for part in getattr(value, "__dict__", {}).values() if _may_be_met(part))
    elif isinstance(value, types.SimpleNamespace):
        yield from (part for part in vars(value).values() if _may_be_met(part))


_OF_EVERY_MODULE = vars(nn.Module()).keys()


def _may_be_met(value: Any) -> bool:
    return not isinstance(value, (int, float, complex, str, bytes, type(None), torch.Tensor))


def is_users(thing: Any) -> bool:
    """Library code is never touched; code compiled into a bare namespace says it is `builtins`."""
    if isinstance(thing, type) and thing.__module__ == "builtins":
        return thing.__flags__ & _HEAP != 0
    module = getattr(thing, "__module__", None) or "builtins"
    return module == "builtins" or not _installed(module)


_HEAP = 1 << 9  # Py_TPFLAGS_HEAPTYPE: made by a `class` statement


def is_users_module(module: types.ModuleType) -> bool:
    """Whether a module is the user's own and not installed."""
    return not _installed(module.__name__, module)


def _installed(name: str, module: types.ModuleType | None = None) -> bool:
    """Whether a module is Python's own or lies where packages are installed."""
    if name.partition(".")[0] in LIBRARIES:
        return True
    return "site-packages" in (getattr(module or sys.modules.get(name), "__file__", None) or "")


def names_in(code: types.CodeType) -> Iterator[str]:
    """Every name the code and the functions defined inside it may look up."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from names_in(constant)
