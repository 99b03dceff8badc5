"""The methods of an array that holds a tensor: NumPy's meanings, differentiable.

An array that has met no tensor is left to NumPy. `a.std()` of one that has is `np.std(a)`; the
methods without a function of that name are written out here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy
import torch

from jacmagic.function.interop.adapters import dtype_of
from jacmagic.function.interop.arrays import (
    Array,
    as_array,
    has_tensor,
    of_tensor,
    tensor_in,
    traced,
    traced_by,
    view_of,
)
from jacmagic.function.interop.conversions import numbers_of, untraced
from jacmagic.function.interop.indexing import is_view, read, write
from jacmagic.function.interop.protocols import computed

SAME_AS_FUNCTION = frozenset(
    "all any argmax argmin argsort choose clip conj conjugate cumprod cumsum diagonal dot "
    "max mean min nonzero prod put ravel repeat round searchsorted squeeze std sum swapaxes "
    "take trace var".split()
)


def _read(self: Array, index: Any) -> Any:
    if traced_by(self) is None and not has_tensor(index):
        return numpy.ndarray.__getitem__(self, untraced(index))
    if is_view(index):
        return view_of(self, lambda tensor: tensor[index])
    return of_tensor(read(tensor_in(self), index))


def _write(self: Array, index: Any, value: Any) -> None:
    if traced_by(self) is None and not has_tensor([index, value]):
        numpy.ndarray.__setitem__(self, untraced(index), untraced(value))
    else:
        write(traced(self), index, value)


def _items(self: Array) -> Iterator[Any]:
    if self.ndim == 0:
        raise TypeError("iteration over a 0-d array")
    return (self[i] for i in range(len(self)))


def _by_function(name: str) -> Callable[..., Any]:
    """Return the array method of a NumPy function: `A.dot(x)` is `np.dot(A, x)`."""
    original = getattr(numpy.ndarray, name)

    def method(self: Array, *values: Any, **named: Any) -> Any:
        if has_tensor([self, values, list(named.values())]):
            return computed("numpy", name, (self, *values), named)
        return as_array(original(self, *map(untraced, values), **named))

    return method


def _by_tensor(name: str, convert: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method of its own for arrays that hold a tensor; NumPy's for others."""
    original = getattr(numpy.ndarray, name)

    def method(self: Array, *values: Any, **named: Any) -> Any:
        if not has_tensor([self, values]):
            return original(self, *map(untraced, values), **named)
        return convert(self, *values, **named)

    return method


def _as_type(self: Array, dtype: Any, *_: Any, **__: Any) -> Any:
    return of_tensor(tensor_in(self).to(dtype_of(dtype), copy=True))


def _copied(self: Array, *_: Any, **__: Any) -> Any:
    return of_tensor(tensor_in(self).clone())


def _flattened(self: Array, order: Any = "C") -> Any:
    return of_tensor(tensor_in(self.ravel(order)).clone())


def _reshaped(self: Array, *shape: Any, order: str = "C", **_: Any) -> Any:
    new_shape = shape[0] if len(shape) == 1 else shape
    return computed("numpy", "reshape", (self, new_shape), {"order": order})


def _transposed(self: Array, *axes: Any) -> Any:
    order = axes[0] if len(axes) == 1 else axes
    return computed("numpy", "transpose", (self, order or None), {})


def _sorted(self: Array, axis: int = -1, *_: Any, **__: Any) -> None:
    self[...] = computed("numpy", "sort", (self, axis), {})


def _item(self: Array, *index: Any) -> Any:
    """Return the number that the tensor's `item()` gives, where its graph ends."""
    where = index[0] if len(index) == 1 else index
    source = self.ravel() if len(index) == 1 and not isinstance(where, tuple) else self
    chosen = tensor_in(source[where] if index else source)
    return chosen.item()


def _number(name: str) -> Callable[[Array], Any]:
    """Return `float(a)` or the like as a method that converts the tensor: the cut is detected."""
    original = getattr(numpy.ndarray, name)

    def method(self: Array) -> Any:
        tensor = traced_by(self)
        if tensor is None:
            return original(self)
        if self.size != 1:
            raise TypeError("only 0-dimensional arrays can be converted to Python scalars")
        return getattr(tensor.reshape(()), name)()

    return method


def _truth(self: Array) -> bool:
    tensor = traced_by(self)
    if tensor is not None and self.size == 1:
        return bool(tensor)
    return bool(numpy.ndarray.__bool__(self.view(numpy.ndarray)))


def _shown(how: Callable[..., str]) -> Callable[..., str]:
    """Return a method that formats as NumPy formats a plain array or number."""

    def method(self: Array, *spec: str) -> str:
        plain = numbers_of(self)
        return how(plain[()] if plain.ndim == 0 and how is not repr else plain, *spec)

    return method


def _part(name: str) -> property:
    original = getattr(numpy.ndarray, name)

    def part(self: Array) -> Any:
        tensor = traced_by(self)
        if tensor is None:
            return original.__get__(self)
        if name == "imag":
            return of_tensor(tensor.imag if tensor.is_complex() else torch.zeros_like(tensor))
        return of_tensor(tensor.real)

    return property(part, lambda self, value: getattr(self, name).__setitem__(..., value))


_WRITTEN_OUT: dict[str, Callable[..., Any]] = {
    "astype": _as_type, "copy": _copied, "flatten": _flattened, "reshape": _reshaped,
    "transpose": _transposed, "sort": _sorted, "item": _item,
    "__copy__": _copied, "__deepcopy__": _copied,
    "compress": lambda self, condition, axis=None: numpy.compress(condition, self, axis),
    "fill": lambda self, value: self.__setitem__(..., value),
    "tolist": lambda self: tensor_in(self).tolist(),
}  # fmt: skip

_METHODS: dict[str, Any] = {
    **{name: _by_function(name) for name in SAME_AS_FUNCTION},
    **{name: _by_tensor(name, convert) for name, convert in _WRITTEN_OUT.items()},
    **{f"__{name}__": _number(f"__{name}__") for name in ("float", "int", "complex", "index")},
    **{name: _part(name) for name in ("real", "imag")},
    "__getitem__": _read, "__setitem__": _write, "__iter__": _items, "__bool__": _truth,
    "__repr__": _shown(repr), "__str__": _shown(str), "__format__": _shown(format),
    "__round__": lambda self, n=None: int(self.round()) if n is None else self.round(n),
    "__contains__": lambda self, value: bool((self == value).any()),
    "T": property(lambda self: self.transpose()),
    "mT": property(lambda self: self.swapaxes(-1, -2)),
    "flat": property(  # a view, that a tensor can be written into
        lambda self: self.ravel(), lambda self, value: self.put(numpy.arange(self.size), value)
    ),
}  # fmt: skip

for _name, _value in _METHODS.items():
    setattr(Array, _name, _value)
