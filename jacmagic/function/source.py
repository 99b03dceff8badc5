"""The source of a function: the part that runs, its text, its file, its name."""

from __future__ import annotations

import inspect
import linecache
import types
from collections.abc import Callable
from typing import Any


def callable_part(function: Any) -> Any:
    """Return the owner of signature and source: a module's or instance's own method."""
    if inspect.isroutine(function) or inspect.isclass(function):
        return function
    if hasattr(function, "forward"):
        return function.forward
    return function


def _written(function: Any) -> Any:
    """Return the user's own function below wrappers and partials."""
    part = callable_part(function)
    part = getattr(part, "func", part)  # functools.partial
    part = part if inspect.isroutine(part) else getattr(part, "__call__", part)  # noqa: B004
    return inspect.unwrap(part)


def source_of(function: Any) -> str:
    """Return the text of a function, empty where Python does not know it."""
    part = _written(function)
    try:
        code = getattr(part, "__code__", None)
        return inspect.getsource(part) if code is None else "".join(lines_of(code)[0])
    except (OSError, TypeError, SyntaxError):
        return ""


def lines_of(code: types.CodeType) -> tuple[list[str], int]:
    """Return the lines of a function's code and the number of the first.

    `inspect.getsourcelines` gives the same, and asks every loaded module for its file before.

    Raises:
        OSError: Python does not know them.
    """
    linecache.checkcache(code.co_filename)
    lines, first = linecache.getlines(code.co_filename), code.co_firstlineno
    if not lines:  # in an archive, which the module's loader can read
        return inspect.getsourcelines(code)
    if first > len(lines):
        raise OSError("lineno is out of bounds")
    return inspect.getblock(lines[first - 1 :]), first


def is_plain(function: Any) -> bool:
    """Whether a callable is a function with nothing to unwrap."""
    return type(function) is types.FunctionType and not function.__dict__


def filename_of(function: Any) -> str | None:
    """Return the file that the function's code was compiled from."""
    if is_plain(function):
        return str(function.__code__.co_filename)
    code = getattr(_written(function), "__code__", None)
    return None if code is None else str(code.co_filename)


def title_of(function: Any) -> str:
    """Return the name by which the user knows a function."""
    function = getattr(function, "func", function)
    own = getattr(function, "__name__", None) or getattr(function, "original_name", None)
    name = own or type(function).__name__
    return "f" if name == "<lambda>" else str(name)


def parameters_of(func: Callable[..., Any]) -> list[str]:
    """Return the names of a function's positional parameters; empty if not known."""
    part = callable_part(func)
    plain = part.__func__ if isinstance(part, types.MethodType) else part
    if is_plain(plain):
        code = plain.__code__
        return list(code.co_varnames[plain is not part : code.co_argcount])
    return [parameter.name for parameter in _positional(part) or ()]


def required_of(func: Callable[..., Any]) -> int:
    """Return the number of required positional arguments; 1 if it is not known."""
    parameters = _positional(callable_part(func))
    return 1 if parameters is None else sum(p.default is p.empty for p in parameters)


def _positional(part: Any) -> list[inspect.Parameter] | None:
    try:
        parameters = inspect.signature(part).parameters.values()
    except (TypeError, ValueError):  # builtins have none
        return None
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [parameter for parameter in parameters if parameter.kind in kinds]


def uncompiled(func: Any) -> Any:
    """Return the function that `torch.compile` was given, which can be traced."""
    while True:
        parts = getattr(func, "__dict__", {})
        code = getattr(func, "__code__", None)
        if "_orig_mod" in getattr(func, "_modules", {}):
            func = func._orig_mod
        elif "_torchdynamo_orig_callable" in parts and "_dynamo" in getattr(
            code, "co_filename", ""
        ):
            func = parts["_torchdynamo_orig_callable"]  # not a wrapper that copied the attribute
        else:
            return func
