"""Conversions of nested arguments and results: arrays, tensors, plain ndarrays."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy
from torch import Tensor

from jacmagic.function.interop.arrays import Array, of_tensor, tensor_in, traced_by
from jacmagic.function.pytree import map_leaves
from jacmagic.function.torch_internals import without_torch_functions


def untraced(value: Any) -> Any:
    """Return the same arguments with plain ndarrays, for NumPy itself."""
    return map_leaves(
        lambda leaf: leaf.view(numpy.ndarray) if isinstance(leaf, Array) else leaf, value
    )


def with_tensors(value: Any) -> Any:
    """Return the same arguments with tensors for traced arrays, ndarrays for others."""

    def one(part: Any) -> Any:
        if not isinstance(part, Array):
            return part
        return part.view(numpy.ndarray) if traced_by(part) is None else tensor_in(part)

    return map_leaves(one, value)


def with_arrays(value: Any) -> Any:
    """Return the same arguments or results with arrays for tensors."""
    return map_leaves(lambda leaf: of_tensor(leaf) if isinstance(leaf, Tensor) else leaf, value)


def numbers_of(array: Array) -> numpy.ndarray:
    """Return a plain ndarray without a graph; nan where `vmap` hides the numbers."""
    tensor = traced_by(array)
    plain = array.view(numpy.ndarray)
    if tensor is None:
        return plain
    with without_torch_functions():  # no cut: the numbers are shown, or left behind
        try:
            return tensor.detach().cpu().numpy()
        except RuntimeError:
            return plain


def returned(value: Any) -> Any:
    """Return what a lifted function returned, with tensors instead of arrays."""

    def one(part: Any) -> Any:
        if isinstance(part, Array):
            tensor = traced_by(part)
            return numbers_of(part) if tensor is None else tensor
        if dataclasses.is_dataclass(part) and not isinstance(part, type):
            for field in dataclasses.fields(part):
                before = getattr(part, field.name, None)
                if (after := map_leaves(one, before)) is not before:
                    object.__setattr__(part, field.name, after)
        return part

    return map_leaves(one, value)
