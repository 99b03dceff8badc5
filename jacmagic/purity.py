"""Whether code does nothing but compute: by its bytecode and by what it names.

Torch's operations and a recorder together see what a function computes, a watch sees what it reads.
Neither sees a clock, a file, a generator of random numbers outside torch, or a line that is
printed. Here everything that code can reach is held against lists of what is known to have no such
memory and no such effect; what is on no list counts as impure.

NOTE [What code leaves behind]: a function may well write into what the watch looks at (a counter, a
list of its calls). The watch sees that as a change, unless the same was there before.

NOTE [Attributes by name]: what `a.b` is depends on what `a` is, which the bytecode does not tell.
An attribute is pure if it is so on every module that the code may hold and on every tensor. On an
object of the user's it is a value that the watch looks at.
"""

from __future__ import annotations

import builtins
import cmath
import collections
import dataclasses
import dis
import functools
import inspect
import itertools
import math
import operator
import types
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from jacmagic.lift.counterparts import NUMPY, RENAMED, SEQUENCES

_BUILTINS = frozenset(
    """
    abs all any bool bytes callable complex dict divmod enumerate filter float frozenset hasattr int
    isinstance issubclass iter len list map max min next object ord chr pow property range reversed
    round set slice sorted staticmethod classmethod str sum super tuple type zip Ellipsis
    NotImplemented
    """.split()
)
_TORCH = frozenset(
    """
    Size Tensor broadcast_shapes device dtype enable_grad finfo get_default_dtype iinfo
    is_grad_enabled is_tensor no_grad unique unravel_index
    """.split()
)
# Of tensors: what writes or reads past torch's operations, or leaves something behind.
_TENSORS = frozenset(
    """
    apply_ backward const_data_ptr data_ptr grad grad_fn map2_ map_ name
    register_hook register_post_accumulate_grad_hook record_stream retain_grad retains_grad set_
    share_memory_ storage untyped_storage
    """.split()
)
_FUNCTIONAL = (functional, torch.linalg, torch.special, torch.fft, torch.functional)
_MODULES = (torch, nn, *_FUNCTIONAL, np, np.linalg, math, cmath, operator, itertools, functools)
_CONSTANTS = (
    bool, int, float, complex, str, type(None), torch.dtype, torch.layout, torch.memory_format,
    np.generic, np.dtype,
)  # fmt: skip
_DESCRIPTIONS = (
    types.GetSetDescriptorType, types.MemberDescriptorType, inspect.Signature, dataclasses.Field,
)  # fmt: skip
_KINDS = (
    torch.Tensor, nn.Parameter, torch.Size, collections.OrderedDict, collections.defaultdict,
    collections.deque, types.SimpleNamespace, functools.partial, types.MethodType,
)  # fmt: skip
_ATTRIBUTES = frozenset(("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR", "IMPORT_FROM"))
_GLOBALS = frozenset(("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS", "LOAD_BUILD_CLASS"))
_SPECIAL = frozenset(
    "__add__ __call__ __class__ __contains__ __enter__ __exit__ __getitem__ __init__ __iter__ "
    "__len__ __matmul__ __mul__ __name__ __neg__ __next__ __pow__ __setitem__ __sub__".split()
)


class Impure(Exception):
    """The code may do more than compute; the message says what it was that may."""


def attributes_in(code: types.CodeType, namespace: dict[str, Any]) -> set[str]:
    """The attributes that code, and the functions defined inside it, ask for.

    Args:
        code: of a function.
        namespace: its global names; what stands there is not looked at here.

    Raises:
        Impure: it imports or names something built in that is on no list.
    """
    found = set()
    for step in _steps_of(code):
        if step.opname in _ATTRIBUTES:
            found.add(step.argval)
        elif step.opname == "IMPORT_NAME":
            if all(module.__name__ != step.argval for module in _MODULES):
                raise Impure(f"import {step.argval}")
        elif step.opname in _GLOBALS and step.argval not in namespace:
            _require_built_in(step.argval)
    return found


def _steps_of(code: types.CodeType) -> Iterator[dis.Instruction]:
    yield from dis.get_instructions(code)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _steps_of(constant)


def _require_built_in(name: str | None) -> None:
    value = getattr(builtins, name or "__build_class__", None)
    if name in _BUILTINS or (isinstance(value, type) and issubclass(value, BaseException)):
        return
    raise Impure(f"{name or 'class'}")


def is_pure(value: Any) -> bool:
    """Whether something of Python's, NumPy's or torch's own does nothing but compute.

    Example:
        >>> import time
        >>> is_pure(math.sin), is_pure(torch.softmax), is_pure(time.time), is_pure(print)
        (True, True, False, False)
    """
    if isinstance(value, types.ModuleType):
        return any(value is module for module in _MODULES)
    if isinstance(value, type):
        return id(value) in _known() or _is_pure_class(value)
    return isinstance(value, (np.ufunc, *_CONSTANTS, *_DESCRIPTIONS)) or id(value) in _known()


def _is_pure_class(kind: type) -> bool:
    return (
        issubclass(kind, (BaseException, *_CONSTANTS)) and kind.__module__ in ("builtins", "numpy")
    ) or kind.__module__.startswith("torch.nn.modules.")


def is_pure_attribute(name: str, modules: Collection[types.ModuleType]) -> bool:
    """Whether an attribute is so wherever it may be found, see NOTE [Attributes by name].

    Args:
        name: of the attribute.
        modules: what the code may hold.
    """
    if name.startswith("__") or (name.startswith("_") and hasattr(torch.Tensor, name)):
        return name in _SPECIAL
    if name in _TENSORS:
        return False
    owners = [*modules, *(_FUNCTIONAL if torch in modules or nn in modules else ())]
    owners += [nn] * (torch in modules) + [np.linalg] * (np in modules)
    return all(is_pure(getattr(owner, name)) for owner in owners if hasattr(owner, name))


@functools.cache
def _known() -> dict[int, Any]:
    """By identity: functions and classes that do nothing but compute."""
    variable: Any = torch._C._VariableFunctions
    native = {name for name in dir(variable) if not name.startswith("_")} - {"from_file"}
    found = [getattr(torch, name, None) for name in native | _TORCH | set(torch.functional.__all__)]
    found += [getattr(builtins, name) for name in _BUILTINS]
    found += [function for module in _FUNCTIONAL for function in _functions_of(module)]
    found += [vars(module)[name] for module in (math, cmath) for name in dir(module)]
    found += [value for name, value in vars(itertools).items() if not name.startswith("_")]
    found += [*_functions_of(operator), functools.reduce, functools.wraps, *_KINDS]
    numpys = {*NUMPY, *RENAMED, *SEQUENCES, *native, "ndarray", "errstate"}
    found += [getattr(np, name) for name in numpys if hasattr(np, name)]
    found += [*_functions_of(np.linalg), object, type]
    return {id(one): one for one in found if callable(one)}


def _functions_of(module: types.ModuleType) -> Iterator[Any]:
    """The public functions of a module, but not the modules and classes it imports."""
    kinds = (types.FunctionType, types.BuiltinFunctionType, type(np.linalg.norm))
    for name, value in vars(module).items():
        if not name.startswith("_") and isinstance(value, kinds):
            yield value
