"""What stands in for `math`, NumPy, their functions and arrays while a lifted function runs.

A stand-in asks first whether this thread is inside a lifted call and whether a tensor is among the
arguments. If not, the original gets them untouched. Float arrays become tensors, so that `out =
np.zeros(2); out[0] = x` keeps x's graph; arrays of whole numbers stay NumPy's until they meet a
tensor, so that they still serve as indices and divide exactly.
"""

from __future__ import annotations

import cmath
import functools
import math
import threading
import types
from collections.abc import Callable
from typing import Any

import numpy
import torch
from torch import Tensor

from jacmagic.lift.adapters import dtype_of, tensors_in
from jacmagic.lift.counterparts import call
from jacmagic.lift.naming import through


class Depth(threading.local):
    """How many lifted calls this thread is inside of."""

    count = 0


inside = Depth()

MODULES = {
    "cmath": cmath,
    "math": math,
    "numpy": numpy,
    "numpy.linalg": numpy.linalg,
    "numpy.fft": numpy.fft,
    "numpy.random": numpy.random,
}


class ArrayTensor(Tensor):
    """A NumPy array of floats as a tensor that also answers to NumPy's method names.

    Whatever is computed from it is a plain tensor.
    """

    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]  # as torch documents it

    def __matmul__(self, other: Any) -> Tensor:
        return call("numpy", "matmul", (self.plain(), other), {})

    def __rmatmul__(self, other: Any) -> Tensor:
        return call("numpy", "matmul", (other, self.plain()), {})

    def plain(self) -> Tensor:
        """The same memory as an ordinary tensor."""
        return self.as_subclass(Tensor)

    def astype(self, dtype: Any) -> Tensor:
        """`ndarray.astype`."""
        return self.plain().to(dtype_of(dtype))

    def copy(self) -> Tensor:
        """`ndarray.copy`, itself an array again."""
        return self.plain().clone().as_subclass(ArrayTensor)


def _method(name: str) -> Callable[..., Any]:
    """The array method that is the NumPy function of that name: `A.dot(x)` is `np.dot(A, x)`."""

    def method(self: ArrayTensor, *values: Any, **named: Any) -> Any:
        return call("numpy", name, (self.plain(), *values), named)

    return method


for _name in ("dot", "max", "min", "std", "var", "transpose", "round", "sort", "cumsum", "repeat"):
    setattr(ArrayTensor, _name, _method(_name))


class WholeArray(numpy.ndarray):
    """An array of integers or truth values that turns into a tensor when it meets one."""

    __array_priority__ = 2000.0  # above a tensor's 1000: `A @ x` asks here first

    def __array_ufunc__(self, ufunc: Any, method: str, *values: Any, **named: Any) -> Any:
        """Do with torch what has a tensor in it, the rest as NumPy does."""
        values = tuple(_bare(value) for value in values)
        if method == "__call__" and next(tensors_in(values), None) is not None:
            return call("numpy", ufunc.__name__, values, named)
        named = {
            key: tuple(map(_bare, value)) if key == "out" else value for key, value in named.items()
        }
        return received(getattr(ufunc, method)(*values, **named))

    def dot(self, other: Any, out: Any = None) -> Any:
        """`ndarray.dot`."""
        if isinstance(other, Tensor):
            return call("numpy", "dot", (_bare(self), other), {})
        return received(super().dot(other, out))


def _bare(value: Any) -> Any:
    return value.view(numpy.ndarray) if isinstance(value, WholeArray) else value


def received(value: Any) -> Any:
    """What NumPy returned, ready to meet tensors; scalars and odd dtypes pass as they are."""
    if not isinstance(value, numpy.ndarray) or not inside.count:
        return value
    if value.dtype.kind in "bi":
        return value.view(WholeArray)
    if value.dtype.kind not in "fc" or value.dtype.itemsize > (
        8 if value.dtype.kind == "f" else 16
    ):
        return value  # longdouble: torch has none
    usable = value.flags.writeable and value.dtype.isnative and min(value.strides, default=0) >= 0
    native = value if usable else numpy.array(value, dtype=value.dtype.newbyteorder("="), order="C")
    return _TORCH_FROM_NUMPY(numpy.asarray(native)).as_subclass(ArrayTensor)


class FunctionStandIn:
    """Stands in for one function of `math` or NumPy; attributes (`.reduce`) are the original's."""

    def __init__(self, module: str, original: Callable[..., Any]) -> None:
        self._module, self._original = module, original
        self.__name__ = getattr(original, "__name__", "?")
        self.__doc__ = original.__doc__

    def __call__(self, *values: Any, **named: Any) -> Any:
        if not inside.count:
            return self._original(*values, **named)
        if (kept := through(self.__name__, values)) is not None:
            return kept
        if all(map(_is_constant, tensors_in([*values, *named.values()]))):
            named = {key: _as_numpy(value) for key, value in named.items()}
            return received(self._original(*map(_as_numpy, values), **named))
        return call(self._module, self.__name__, values, named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

    def __repr__(self) -> str:
        return repr(self._original)


def _is_constant(value: Tensor) -> bool:
    """An array nothing was ever written into: NumPy itself may have it."""
    return isinstance(value, ArrayTensor) and value._version == 0


def _as_numpy(value: Any) -> Any:
    """Give NumPy back its own arrays; other values are untouched, down to their identity."""
    if isinstance(value, Tensor):
        return value.plain().numpy() if isinstance(value, ArrayTensor) else value
    if isinstance(value, (list, tuple)) and next(tensors_in(value), None) is not None:
        return type(value)(map(_as_numpy, value))
    return _bare(value)


class ModuleStandIn(types.ModuleType):
    """Stands in for `math`, NumPy or one of its submodules."""

    def __init__(self, name: str) -> None:
        super().__init__(name, MODULES[name].__doc__)

    def __getattr__(self, name: str) -> Any:
        return stand_in(getattr(MODULES[self.__name__], name))

    def __dir__(self) -> list[str]:
        return dir(MODULES[self.__name__])


def _from_numpy(array: Any) -> Tensor:
    """`torch.from_numpy`, which would refuse an array that is a tensor already."""
    if isinstance(array, ArrayTensor):
        return array.plain()
    return _TORCH_FROM_NUMPY(_bare(array))


_TORCH_FROM_NUMPY = torch.from_numpy


@functools.cache
def _stand_ins() -> dict[int, Any]:
    """The stand-in of every module and function of the tables, by the identity of the original."""
    table: dict[int, Any] = {id(module): ModuleStandIn(name) for name, module in MODULES.items()}
    table[id(_TORCH_FROM_NUMPY)] = _from_numpy
    for module, home in MODULES.items():
        for name, value in vars(home).items():
            if callable(value) and not isinstance(value, type) and not name.startswith("_"):
                table.setdefault(id(value), FunctionStandIn(module, value))
    return table


def stand_in(value: Any) -> Any:
    """What stands in for `value`; `value` itself where nothing needs to."""
    if isinstance(value, numpy.ndarray):
        return received(value)
    return _stand_ins().get(id(value), value)
