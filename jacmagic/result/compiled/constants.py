"""Constants of a compiled function: the values that it reads from outside.

They are found by name in closures, globals, defaults, attributes of a bound object and of the
user's classes and modules, listed for the user, and compared where the function has to run again:
for a new branch it must still read what it read before.
"""

from __future__ import annotations

import dis
import functools
import types
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from jacmagic.errors import FunctionError
from jacmagic.function.closures import cells_of
from jacmagic.function.interop.user_code import is_users, is_users_module
from jacmagic.function.problem import Problem
from jacmagic.function.target import Target
from jacmagic.function.torch_internals import is_wrapped, version_of

MAX_SHOWN = 8  # constants listed by name
_READS = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF"})
_CODE = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)
MAX_DEPTH = 3  # levels of lists, dicts and objects that are compared


class Constants:
    """What a function reads from outside, with its state at one moment.

    Example:
        >>> a = torch.tensor(2.0)
        >>> str(Constants(lambda x: a * x))
        'a = 2.0'
    """

    def __init__(self, function: Any, named: Mapping[str, Any] | None = None) -> None:
        """Read them now.

        Args:
            function: any callable; wrappers and this package's own closures are looked through.
            named: further constants by name, such as arguments that do not vary.
        """
        self._function, self._named = function, dict(named or {})
        self._values = self._read()
        self._states = {name: state(value) for name, value in self._values.items()}

    def _read(self) -> dict[str, Any]:
        return {**self._named, **dict(values_outside(self._function))}

    def changed(self) -> list[str]:
        """Return the names whose values are not those of before."""
        now = self._read()
        return [
            name
            for name in {**self._values, **now}
            if name not in now or self._states.get(name) != state(now[name])
        ]

    def require_unchanged(self) -> None:
        """Refuse to run the function with other constants than the compiled ones.

        Raises:
            FunctionError: a captured value has changed.
        """
        if changed := self.changed():
            raise FunctionError(
                "expected captured values as they were when the function was compiled, since only "
                f"the function itself gives this point; found that {', '.join(changed)} changed; "
                "write jacmagic.compile(f, ...) again"
            )

    def __str__(self) -> str:
        shown = [f"{name} = {short(value)}" for name, value in self._values.items()]
        more = [f"and {len(shown) - MAX_SHOWN} more"] if len(shown) > MAX_SHOWN else []
        return ", ".join([*shown[:MAX_SHOWN], *more])


def short(value: Any) -> str:
    """Return a value in a few words."""
    if isinstance(value, nn.Module):
        count = sum(parameter.numel() for parameter in value.parameters())
        return f"{type(value).__name__} of {count} parameters"
    if isinstance(value, (Tensor, np.ndarray)):
        if value.ndim == 0:
            return f"{value.item():.6g}" if "float" in str(value.dtype) else str(value.item())
        dtype = str(value.dtype).removeprefix("torch.")
        return f"{dtype} ({', '.join(map(str, value.shape))})"
    text = repr(value)
    if text == object.__repr__(value):  # "<A object at 0x7f8096>"
        return f"{type(value).__name__} object"
    return text if len(text) <= 40 else f"{type(value).__name__} {text[:30]}…"


def state(value: Any, depth: int = MAX_DEPTH) -> Any:
    """Return what tells a value from a changed one: numbers, versions, attributes."""
    if isinstance(value, Tensor):
        has_memory = value.layout == torch.strided and not is_wrapped(value)
        address = value.data_ptr() if has_memory else 0
        return id(value), version_of(value), address
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, hash(value.tobytes())
    if isinstance(value, nn.Module):
        contents = {**dict(value.named_parameters()), **dict(value.named_buffers())}
        return (
            id(value),
            value.training,
            tuple((name, state(tensor)) for name, tensor in contents.items()),
        )
    if isinstance(value, (int, float, complex, str, bytes, bool, type(None))):
        return type(value), repr(value)
    if depth and isinstance(value, (list, tuple)):
        return type(value), tuple(state(part, depth - 1) for part in value)
    if depth and isinstance(value, Mapping):
        return type(value), tuple((repr(key), state(p, depth - 1)) for key, p in value.items())
    if isinstance(value, (set, frozenset)):
        return type(value), tuple(sorted(map(repr, value)))
    own = getattr(value, "__dict__", None)
    if depth and isinstance(own, dict) and not isinstance(value, _CODE):
        return id(value), tuple((name, state(part, depth - 1)) for name, part in own.items())
    return id(value)


def values_outside(function: Any) -> Iterator[tuple[str, Any]]:
    """Names and values that a callable and the user's functions in it capture."""
    pending, seen = [function], set[int]()
    while pending:
        func = pending.pop()
        if id(func) in seen:
            continue
        seen.add(id(func))
        inner, values = _inside(func)
        pending += inner
        for name, value in values:
            if isinstance(value, (types.FunctionType, types.MethodType, functools.partial)):
                pending.append(value)
            elif not isinstance(value, _CODE):
                if isinstance(value, nn.Module) or not callable(value):
                    yield name, value
                elif _has_users_call(value):
                    yield name, value
                    pending.append(value)


def _inside(func: Any) -> tuple[list[Any], list[tuple[str, Any]]]:
    """Return what a callable leads to: other callables, and values by name."""
    if isinstance(func, Problem):
        return [func.potential or func.user_function or func.function], []
    if isinstance(func, Target):
        return [func.module or func.call], []
    if isinstance(func, functools.partial):
        contents = {f"argument {k + 1}": value for k, value in enumerate(func.args)} | func.keywords
        return [func.func], list(contents.items())
    if isinstance(func, nn.Module):
        forward: Any = type(func).forward
        return [forward] if is_users(forward) else [], [(type(func).__name__.lower(), func)]
    if isinstance(func, types.MethodType):
        owner = func.__self__
        return [func.__func__], [] if isinstance(owner, type) else [("self", owner)]
    if isinstance(func, types.FunctionType):
        wrapped = getattr(func, "__wrapped__", None)
        if wrapped is not None:
            return [wrapped], []
        return ([], list(_reads(func))) if is_users(func) else (list(_callables(func)), [])
    if _has_users_call(func):
        return [type(func).__call__], [("self", func)]
    return [], []


def _has_users_call(value: Any) -> bool:
    called: Any = type(value).__call__ if callable(value) else None
    return isinstance(called, types.FunctionType) and is_users(called)


def _callables(function: types.FunctionType) -> Iterator[Any]:
    """Yield what a closure of this package calls."""
    if (function.__module__ or "").partition(".")[0] == "jacmagic":
        for value in cells_of(function).values():
            if callable(value) or isinstance(value, (Problem, Target)):
                yield value


def _reads(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield the values in a user's function's closure, globals and defaults."""
    outside = {**function.__globals__, **cells_of(function)}
    yield from cells_of(function).items()
    for name in _names_in(function.__code__):
        owner, _, attribute = name.partition(".")
        value = outside.get(owner, _CODE)
        if not attribute and owner in function.__globals__:
            yield name, value
        elif attribute and _is_users_space(value) and hasattr(value, attribute):
            yield name, getattr(value, attribute)
    code, defaults = function.__code__, function.__defaults__ or ()
    positional = code.co_varnames[: code.co_argcount]
    yield from zip(positional[len(positional) - len(defaults) :], defaults, strict=True)
    yield from (function.__kwdefaults__ or {}).items()


def _is_users_space(value: Any) -> bool:
    """Whether a value is a class or module of the user's."""
    if isinstance(value, types.ModuleType):
        return is_users_module(value)
    return isinstance(value, type) and is_users(value)


def _names_in(code: types.CodeType) -> dict[str, None]:
    """Return what code and the functions inside it read, in order: `n`, and `P.n` after `P`."""
    names = dict[str, None]()
    steps = list(dis.get_instructions(code))
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        if step.opname in _READS:
            names[str(step.argval)] = None
            if after is not None and after.opname == "LOAD_ATTR":
                names[f"{step.argval}.{after.argval}"] = None
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names_in(constant)
    return names
