"""NumPy arrays that become differentiable where they meet a tensor.

An `Array` is an ndarray like any other until a tensor of the inputs is written into it or computed
with it. From then on a tensor holds its numbers and their graph, and NumPy's calls on it go to
their counterparts in torch. Its own memory is filled with nan then: code that reads it past
NumPy's protocols gets nan instead of numbers that have silently lost their derivative.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Mapping
from typing import Any

import numpy
import torch
from torch import Tensor

from jacmagic.errors import FunctionError
from jacmagic.function.pytree import map_leaves

DTYPES: dict[torch.dtype, numpy.dtype[Any]] = {
    torch.float64: numpy.dtype("f8"), torch.float32: numpy.dtype("f4"),
    torch.float16: numpy.dtype("f2"), torch.complex128: numpy.dtype("c16"),
    torch.complex64: numpy.dtype("c8"), torch.int64: numpy.dtype("i8"),
    torch.int32: numpy.dtype("i4"), torch.int16: numpy.dtype("i2"), torch.int8: numpy.dtype("i1"),
    torch.uint8: numpy.dtype("u1"), torch.bool: numpy.dtype("?"),
}  # fmt: skip
_UNREADABLE = {
    kind: numpy.full(1, numpy.nan if kind.kind in "fc" else 0, kind) for kind in DTYPES.values()
}


class _Tracked(threading.local):
    """Weak references to the arrays made in this thread while a lifted function runs."""

    arrays: list[weakref.ref[Array]] | None = None


tracked = _Tracked()


class Array(numpy.ndarray):
    """An ndarray whose operations with tensors keep the graph.

    NumPy's protocols are attached in `protocols`, the methods in `methods`.
    """

    __array_priority__ = 2000.0  # above a tensor's 1000: `A @ x` asks here first
    _tensor: Tensor | None = None
    _parent: Array | None = None  # the array whose memory a view looks into
    _derive: Callable[[Tensor], Tensor] | None = None  # the view's tensor of its parent's
    _seen: Tensor | None = None  # the parent's tensor that `_tensor` was derived from
    _is_written = False  # the tensor is this array's own and is written to in place
    _is_shared = False  # the memory belongs to an array of the user's

    def __array_finalize__(self, source: Any) -> None:
        if tracked.arrays is not None:
            tracked.arrays.append(weakref.ref(self))
            if len(tracked.arrays) > 10_000:
                tracked.arrays = [array for array in tracked.arrays if array() is not None]

    @classmethod
    def __torch_function__(
        cls, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Torch's functions take an array for the tensor it is, and return tensors."""
        if func is _FROM_NUMPY:
            return tensor_in(args[0])
        return func(*as_tensors(args), **as_tensors(kwargs or {}))

    def __getattr__(self, name: str) -> Any:
        """Return a tensor's attribute (`a.unsqueeze(0)`), once the array has a tensor."""
        if name.startswith("__") or (tensor := traced_by(self)) is None:
            raise AttributeError(f"'numpy.ndarray' object has no attribute {name!r}")
        return getattr(tensor, name)


_FROM_NUMPY = torch.from_numpy


def of_tensor(tensor: Tensor) -> Any:
    """Return an array of the tensor's shape and dtype that carries the tensor."""
    dtype = DTYPES.get(tensor.dtype)
    if dtype is None or tensor.layout != torch.strided:
        return tensor
    array = numpy.ndarray.__new__(
        Array, tuple(tensor.shape), dtype, buffer=_UNREADABLE[dtype], strides=(0,) * tensor.dim()
    )
    array._tensor = tensor if type(tensor) is Tensor else tensor.as_subclass(Tensor)
    return array


def view_of(parent: Array, derive: Callable[[Tensor], Tensor]) -> Any:
    """Return a view: writing to it writes to its parent, and the other way round."""
    tensor = tensor_in(parent)
    view = of_tensor(derive(tensor))
    if isinstance(view, Array):
        view._parent, view._derive, view._seen = parent, derive, tensor
    return view


def of_users(array: numpy.ndarray) -> Array:
    """Return a view of a user's array whose operations accept tensors."""
    view = array.view(Array)
    view._is_shared = True
    return view


def as_array(value: Any) -> Any:
    """Return NumPy's result, with plain arrays as ones whose operations accept tensors."""
    if type(value) is numpy.ndarray:
        view = value.view(Array)
        view._is_shared = not value.flags.owndata
        return view
    if type(value) in (tuple, list) and any(type(part) is numpy.ndarray for part in value):
        return type(value)(map(as_array, value))
    return value


def traced_by(value: Any) -> Tensor | None:
    """Return the tensor behind an array; None for an array without one, and all else."""
    if isinstance(value, Tensor):
        return value
    if not isinstance(value, Array):
        return None
    parent = value._parent
    if parent is None:
        root = value.base
        if value._tensor is not None or not isinstance(root, Array) or root._tensor is None:
            return value._tensor
        value._parent, value._derive = root, _part(root, value)  # taken before its array was traced
        parent = root
    tensor = traced_by(parent)
    if value._seen is not tensor:
        assert tensor is not None and value._derive is not None
        value._tensor, value._seen = value._derive(tensor), tensor
    return value._tensor


def _part(root: Array, view: Array) -> Callable[[Tensor], Tensor]:
    """How to take from its array's tensor a view that NumPy has made."""
    if root.dtype != view.dtype:
        raise FunctionError(
            f"expected a view of the dtype of its array, {root.dtype}; found {view.dtype}; "
            "write real + 1j * imaginary for an array that is made of parts"
        )
    begin = view.__array_interface__["data"][0] - root.__array_interface__["data"][0]
    shape, strides = view.shape, [step // view.itemsize for step in view.strides]
    if min(strides, default=0) < 0:
        raise FunctionError(
            "expected an array written in its own order; found a reversed view of it; "
            "write the reversal after the entries"
        )
    offset = begin // view.itemsize
    return lambda tensor: tensor.as_strided(shape, strides, tensor.storage_offset() + offset)


def traced(array: Array) -> Tensor:
    """Return the tensor behind an array that is about to be written to.

    It is a copy where the tensor has been computed with already, of which autograd may have kept
    it; and a tensor of the array's numbers where there was none.
    """
    root = array
    while root._parent is not None:
        root = root._parent
    if traced_by(array) is None and isinstance(array.base, Array):
        root = array.base
    if not root._is_written:
        root._tensor = _turned(root) if root._tensor is None else root._tensor.clone()
        root._is_written = True
    tensor = traced_by(array)
    assert tensor is not None
    return tensor


def _turned(array: Array) -> Tensor:
    """Return a tensor of the array's numbers, sharing memory that is the user's."""
    plain = array.view(numpy.ndarray)
    if array._is_shared and _is_usable(plain):
        return torch.from_numpy(plain)
    tensor = torch.from_numpy(_usable(plain).copy(order="K"))
    if not array._is_shared and plain.dtype.kind in "fc":
        plain.fill(numpy.nan)
    return tensor


def _is_usable(plain: numpy.ndarray) -> bool:
    return plain.flags.writeable and plain.dtype.isnative and min(plain.strides, default=0) >= 0


def _usable(plain: numpy.ndarray) -> numpy.ndarray:
    """Return an array that torch can take."""
    if _is_usable(plain):
        return plain
    return numpy.array(plain, dtype=plain.dtype.newbyteorder("="), order="C")


def has_tensor(value: Any) -> bool:
    """Whether any argument is a tensor or an array that carries one."""
    if isinstance(value, (list, tuple)):
        return any(map(has_tensor, value))
    return traced_by(value) is not None


def as_tensors(value: Any) -> Any:
    """Return the same arguments with a tensor for every array."""
    return map_leaves(
        lambda leaf: tensor_in(leaf) if isinstance(leaf, numpy.ndarray) else leaf, value
    )


def tensor_in(array: numpy.ndarray) -> Tensor:
    """Return an array as a tensor, with its graph where it carries one.

    Of an array that is written to it is a copy: what has been computed from it stays as it was.
    """
    tensor = traced_by(array)
    if tensor is not None:
        return tensor.clone() if _is_written_to(array) else tensor
    plain = array.view(numpy.ndarray)
    return torch.from_numpy(plain if _is_usable(plain) else _usable(plain))


def _is_written_to(array: Any) -> bool:
    while isinstance(array, Array):
        if array._is_written:
            return True
        array = array._parent
    return False
