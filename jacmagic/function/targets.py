"""All kinds of targets: how a value of the user's becomes a call by names.

Functions, lambdas, methods, `functools.partial`, callable instances, `nn.Module`, SymPy matrices
and expressions.
"""

from __future__ import annotations

import builtins
import functools
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

import torch

from jacmagic.errors import FunctionError
from jacmagic.function.interop import lifted
from jacmagic.function.modules import module_target
from jacmagic.function.source import filename_of, source_of, title_of, uncompiled
from jacmagic.function.target import EMPTY, POSITIONAL, Argument, Target, arguments_of, call_by_name


def target_of(value: Any, title: str) -> Target:
    """Return the target that a value of the user's namespace is.

    Args:
        value: a function, method, partial, callable instance or class, module, SymPy expression
            or matrix.
        title: how the user wrote it.

    Raises:
        FunctionError: the value is none of these.
    """
    if is_sympy(value):
        return _sympy_target(value, title)
    value = uncompiled(value)
    if isinstance(value, torch.nn.Module):
        return module_target(value, title)
    if inspect.isclass(value):
        value = _instance(value, title)
        if isinstance(value, torch.nn.Module):
            return module_target(value, title)
    if not callable(value) and not callable(getattr(value, "forward", None)):
        raise FunctionError(
            f"expected a function; found {title} of type {type(value).__name__}; "
            "write a def, a lambda, or a class with forward or __call__"
        )
    named = title if title.isidentifier() else title_of(value)
    return _callable_target(value if callable(value) else value.forward, named)


def _instance(value: type, title: str) -> Any:
    """Return an instance of a class that needs no arguments."""
    try:
        parameters = list(inspect.signature(value).parameters.values())
    except (TypeError, ValueError):  # int, dict and the like
        raise FunctionError(
            f"expected a function; found the class {title}, whose instances cannot be called; "
            "write a def, a lambda, or a class with forward or __call__"
        ) from None
    missing = [p.name for p in parameters if p.default is EMPTY and p.kind in POSITIONAL]
    if missing:
        raise FunctionError(
            f"expected an instance of {title}; found the class, which needs {', '.join(missing)}; "
            f"write instance = {title}({', '.join(f'{name}=…' for name in missing)})"
        )
    return value()


def _callable_target(function: Callable[..., Any], title: str) -> Target:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # builtins such as torch.sin tell nothing
        signature = inspect.signature(lambda *values: values)
    kinds = {parameter.kind for parameter in signature.parameters.values()}
    raised = users_callable(function)
    return Target(
        title=title,
        call=lambda values: call_by_name(raised, signature, values),
        arguments=arguments_of(signature),
        is_open=bool(kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}),
        source=source_of(function),
        filename=filename_of(function),
    )


def users_callable(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a callable whose `math` and NumPy calls, or its parts', are lifted.

    Modules, classes and what the user compares by identity otherwise stay what they are.
    """
    if isinstance(function, (torch.nn.Module, type)):
        return function
    bare = not inspect.isroutine(function) or inspect.isbuiltin(function)
    plain = bare and not isinstance(function, functools.partial) and not source_of(function)
    # a builtin of math or NumPy is replaced as a partial's argument is
    return lifted(functools.partial(_apply, function) if plain else function)


def _apply(function: Callable[..., Any], *values: Any, **named: Any) -> Any:
    return function(*values, **named)


def is_sympy(value: Any) -> bool:
    """Whether a value is a SymPy expression or matrix, without importing SymPy."""
    sympy = sys.modules.get("sympy")
    return sympy is not None and isinstance(value, (sympy.Expr, sympy.MatrixBase))


def _sympy_target(value: Any, title: str) -> Target:
    import sympy

    symbols = sorted(value.free_symbols, key=lambda symbol: _natural(symbol.name))
    matrix = value if isinstance(value, sympy.MatrixBase) else None
    entries = value if matrix is None else list(matrix)
    printer = "torch" if value.has(sympy.Piecewise) else "math"
    function = sympy.lambdify(symbols, entries, modules=printer)
    reserved = {*function.__globals__, *dir(builtins)}
    unknown = [name for name in function.__code__.co_names if name not in reserved]
    if unknown:
        raise FunctionError(
            f"expected functions that torch has; found {', '.join(unknown)} in {title}; "
            "write the expression with others"
        )
    raised = lifted(function)

    def call(values: Mapping[str, Any]) -> Any:
        result = raised(*(values[symbol.name] for symbol in symbols))
        if matrix is None:
            return result
        like = next(v for v in values.values() if isinstance(v, torch.Tensor))
        parts = [torch.as_tensor(part, dtype=like.dtype, device=like.device) for part in result]
        shape = [size for size in matrix.shape if size != 1] or [1]
        return torch.stack(torch.broadcast_tensors(*parts)).reshape(shape)

    return Target(
        title=title if title.isidentifier() else "f",
        call=call,
        arguments=tuple(Argument(symbol.name) for symbol in symbols),
    )


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts x2 before x10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]
