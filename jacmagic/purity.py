"""Whether code does nothing but compute: by its bytecode and by what it names.

Torch's operations and a recorder together see what a function computes, a watch sees what it reads.
Neither sees a clock, a file, a generator of random numbers outside torch, or a line that is
printed. Here everything that code can reach is held against lists of what is known to have no such
memory and no such effect; what is on no list counts as impure.

NOTE [What code leaves behind]: a function may well write into what the watch looks at (a counter, a
list of its calls). The watch sees that as a change, unless the same was there before.

NOTE [Attributes by name]: what `a.b` is depends on what `a` is, which the bytecode does not tell.
A name is pure if what it names is so wherever a module on these lists, a tensor or an array has it.
On an object of the user's it is a value that the watch looks at: there a name may be any.
"""

from __future__ import annotations

import abc
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
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, cast

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from jacmagic.lift.counterparts import NUMPY, RENAMED, SEQUENCES
from jacmagic.lift.walk import LIBRARIES

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
    is_grad_enabled is_tensor layout no_grad unique unravel_index
    """.split()
)
# Of tensors and arrays, beside the names of torch's own operations and their forms in place.
_TENSORS = frozenset(
    """
    astype bfloat16 bool byte cdouble cfloat chalf complex conj contiguous copy copy_ data device
    dim double dtype element_size expand expand_as float H half imag index int is_contiguous
    is_cpu is_cuda is_leaf is_sparse item itemsize layout long mH mT nbytes ndim ndimension
    nelement new_empty new_full new_ones new_tensor new_zeros numpy real repeat requires_grad
    requires_grad_ reshape_as shape short size stride strides sum_to_size T to to_dense tolist
    type type_as unfold unique values view view_as
    """.split()
)
# Of NumPy, beside what has a counterpart in torch.
_NUMPY = frozenset(
    """
    astype broadcast_arrays broadcast_shapes choose compress cumulative_prod cumulative_sum delete
    digitize errstate extract finfo flatnonzero geomspace identity iinfo insert ix_ nancumprod
    nancumsum nanmax nanmin nanprod nanstd nanvar ndarray pad partition poly polyadd polyder
    polyfit polyint polymul polysub rollaxis take_along_axis tri trim_zeros union1d unique
    unravel_index
    """.split()
)
_FUNCTIONAL = (functional, torch.linalg, torch.special, torch.fft, torch.functional)
_MODULES = (
    torch, nn, *_FUNCTIONAL, np, np.linalg, np.fft, math, cmath, operator, itertools, functools
)  # fmt: skip
_CONSTANTS = (
    bool, int, float, complex, str, type(None), torch.dtype, torch.layout, torch.memory_format,
    np.generic, np.dtype,
)  # fmt: skip
_DESCRIPTIONS = (
    types.GetSetDescriptorType, types.MemberDescriptorType, inspect.Signature, dataclasses.Field,
)  # fmt: skip
_KINDS = (
    abc.ABCMeta, torch.Tensor, nn.Parameter, torch.Size, collections.OrderedDict,
    collections.deque, types.SimpleNamespace, functools.partial,
    types.MethodType,
)  # fmt: skip
_ATTRIBUTES = frozenset(("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR", "IMPORT_FROM"))
_GLOBALS = frozenset(("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"))
_STORES = frozenset(("STORE_ATTR", "DELETE_ATTR"))
_HOLDERS = (torch.Tensor, np.ndarray)
_OWNERS = (*_HOLDERS, *_MODULES)
_SPECIAL = frozenset(
    "__add__ __call__ __class__ __contains__ __enter__ __exit__ __getitem__ __init__ __iter__ "
    "__len__ __matmul__ __mul__ __name__ __neg__ __next__ __pow__ __setitem__ __sub__".split()
)


def only_computes(
    code: types.CodeType,
    namespace: Mapping[str, Any],
    own: AbstractSet[tuple[str, str]] = frozenset(),
) -> bool:
    """Whether code, and the functions defined inside it, name nothing but what is pure.

    Args:
        code: of a function.
        namespace: its global names; what stands there is not looked at here.
        own: how objects of the user's are loaded: ("LOAD_GLOBAL", name), or ("LOAD_DEREF", name)
            from the function's closure.

    Example:
        >>> def shifted(x):
        ...     return torch.roll(x, 1) - x
        >>> def noisy(x):
        ...     return print(x) or x
        >>> only_computes(shifted.__code__, {"torch": torch}), only_computes(noisy.__code__, {})
        (True, False)
    """
    inside = [one for one in code.co_consts if isinstance(one, types.CodeType)]
    anywhere = {way for way in own if way[0] == "LOAD_GLOBAL"}
    steps = list(dis.get_instructions(code))
    before = [None, *steps]
    left = [
        step
        for step, last in zip(steps, before, strict=False)
        if not (step.opname in _ATTRIBUTES and last and (last.opname, last.argval) in own)
        and not (step.opname in _STORES and code.co_name == "__init__")  # which fills what it makes
    ]
    return all(_is_pure_step(step, namespace) for step in left) and all(
        only_computes(one, namespace, anywhere) for one in inside
    )


def _is_pure_step(step: dis.Instruction, namespace: Mapping[str, Any]) -> bool:
    """Whether one instruction does not lead to what is on no list."""
    kind, name = step.opname, step.argval
    if kind in _ATTRIBUTES:
        return is_pure_attribute(name)
    if kind in _STORES:
        return not any(hasattr(owner, name) for owner in _OWNERS)
    if kind == "IMPORT_NAME":
        return any(module.__name__ == name for module in _MODULES)
    if kind in _GLOBALS:
        return name in namespace or _is_built_in(name)
    return kind not in ("MATCH_CLASS", "LOAD_BUILD_CLASS")


def _is_built_in(name: str) -> bool:
    value = getattr(builtins, name, None)
    return name in _BUILTINS or (isinstance(value, type) and issubclass(value, BaseException))


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


@functools.cache
def is_pure_attribute(name: str) -> bool:
    """Whether an attribute is so wherever it may be found, see NOTE [Attributes by name]."""
    if name.startswith("__"):
        return name in _SPECIAL
    if any(hasattr(kind, name) for kind in _HOLDERS) and not _is_native(name):
        return False
    return all(is_pure(getattr(one, name)) for one in _MODULES if hasattr(one, name))


def named_in_libraries(names: Iterable[str]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Where names stand in the modules on these lists, or might: somebody may bind them anew."""
    for name in names:
        if hasattr(torch.Tensor, name):
            yield vars(torch.Tensor), name
        for module in _MODULES:
            if name in vars(module):
                yield vars(module), name


def _is_native(name: str) -> bool:
    """Whether a tensor's attribute is an operation of torch's, or on the list."""
    return name in _TENSORS or name in _natives() or name.removesuffix("_") in _natives()


@functools.cache
def _natives() -> frozenset[str]:
    """The names of torch's own operations."""
    names = dir(cast(Any, torch._C)._VariableFunctions)
    return frozenset(name for name in names if not name.startswith("_")) - {"from_file"}


@functools.cache
def _known() -> dict[int, Any]:
    """By identity: functions and classes that do nothing but compute."""
    native = _natives()
    found = [getattr(torch, name, None) for name in native | _TORCH | set(torch.functional.__all__)]
    found += [getattr(builtins, name) for name in _BUILTINS]
    found += [function for module in _FUNCTIONAL for function in _functions_of(module)]
    found += [vars(module)[name] for module in (math, cmath) for name in dir(module)]
    found += [value for name, value in vars(itertools).items() if not name.startswith("_")]
    found += [*_functions_of(operator), functools.reduce, functools.wraps, *_KINDS]
    numpys = {*_NUMPY, *NUMPY, *RENAMED, *SEQUENCES, *native}
    found += [getattr(np, name) for name in numpys if hasattr(np, name)]
    found += [*_functions_of(np.linalg), *_functions_of(np.fft), object, type]
    return {id(one): one for one in found if callable(one) and _is_theirs(one)}


def _is_theirs(function: Any) -> bool:
    """Whether a library wrote what stands under its name."""
    module = getattr(function, "__module__", None) or "builtins"
    return module.partition(".")[0] in LIBRARIES


def _functions_of(module: types.ModuleType) -> Iterator[Any]:
    """The public functions of a module, but not the modules and classes it imports."""
    kinds = (types.FunctionType, types.BuiltinFunctionType, type(np.linalg.norm))
    for name, value in vars(module).items():
        if not name.startswith("_") and isinstance(value, kinds):
            yield value
