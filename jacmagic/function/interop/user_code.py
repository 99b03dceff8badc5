"""The distinction of the user's code from library code, and the names it reads."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from typing import Any

import torch

LIBRARIES = frozenset(
    sys.stdlib_module_names | {"IPython", "jacmagic", "numpy", "scipy", "sympy", "torch"}
) - {"__main__"}


def is_users(value: Any) -> bool:
    """Whether a function, class or object is the user's own, and not of a library.

    Code compiled into a bare namespace gives `builtins` as its module.
    """
    if isinstance(value, type) and value.__module__ == "builtins":
        return value.__flags__ & _HEAP != 0
    module = getattr(value, "__module__", None) or "builtins"
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


def owner_of(value: Any) -> Any:
    """Return what a method is bound to; None of anything else.

    `apply` of a `torch.autograd.Function` is a method in C in some releases of torch.
    """
    if isinstance(value, types.MethodType):
        return value.__self__
    owner = value.__self__ if isinstance(value, types.BuiltinFunctionType) else None
    return owner if isinstance(owner, type) and issubclass(owner, torch.autograd.Function) else None


def names_in(code: types.CodeType) -> Iterator[str]:
    """Yield every name that the code, and functions inside it, may look up."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from names_in(constant)
