"""Shadow memory: an integer beside every number in a tensor's memory.

NOTE [Shadows live per storage]: views share their storage, so a view needs no rule at all, and an
in-place write lands in every view of the same memory, exactly as the numbers do. A shadow is a flat
int64 array with an integer for each real number in memory: a complex element has two, real part
first, so that `view_as_real`, `.real` and `.imag` are views here as they are there. A tensor reads
and writes its shadow through its own offset, shape and strides. Storages are referred to weakly:
what the function frees is freed, and a storage's address is not reused before its shadow goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.multiprocessing.reductions import StorageWeakRef

from jacmagic.function.aten.operation import is_dense
from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.function.torch_internals import storage_key


@dataclass(frozen=True)
class _Shadow:
    """The integers of one storage, and the bytes of one of its real numbers."""

    storage: StorageWeakRef
    unit: int
    integers: np.ndarray


class Shadows:
    """The shadows of all tensors that an interpreter follows."""

    def __init__(self) -> None:
        """Begin without any tensor."""
        self._of_storage: dict[int, _Shadow] = {}

    def has(self, value: Any) -> bool:
        """Whether a value is a tensor whose memory has a shadow."""
        return is_dense(value) and storage_key(value) in self._of_storage

    def view(self, tensor: torch.Tensor) -> np.ndarray | None:
        """Return a view of the integers of a tensor's elements; None without a shadow.

        Complex elements have an axis of length 2 after the tensor's own.
        """
        shadow = self._of_storage.get(key_of(tensor))
        if shadow is None:
            return None
        if shadow.unit != unit_of(tensor):
            raise Unsupported("view", "reads the same memory as another dtype")
        if len(shadow.integers) * shadow.unit != tensor.untyped_storage().nbytes():
            raise Unsupported("resize_", "changes a tensor's memory")
        return _strided(shadow.integers, tensor)

    def cover(self, tensor: torch.Tensor) -> np.ndarray:
        """Return the same, after giving the tensor's memory a shadow where it has none."""
        key = key_of(tensor)
        if key not in self._of_storage:
            storage, unit = tensor.untyped_storage(), unit_of(tensor)
            initial = self.initial(tensor, storage.nbytes() // unit)
            self._of_storage[key] = _Shadow(StorageWeakRef(storage), unit, initial)
        integers = self.view(tensor)
        assert integers is not None
        return integers

    def initial(self, tensor: torch.Tensor, size: int) -> np.ndarray:
        """Return the integers of memory that nothing has been written to yet."""
        return np.zeros(size, dtype=np.int64)


def key_of(tensor: torch.Tensor) -> int:
    """Return what tensors that share memory have in common."""
    if tensor.layout != torch.strided:
        raise Unsupported(f"a tensor of layout {tensor.layout}", "cannot be followed")
    return storage_key(tensor)


def unit_of(tensor: torch.Tensor) -> int:
    """Bytes of one real number."""
    return tensor.element_size() // (2 if tensor.is_complex() else 1)


def _strided(flat: np.ndarray, tensor: torch.Tensor) -> np.ndarray:
    """Return a flat array through a tensor's strides; complex ones gain an axis of 2."""
    parts = 2 if tensor.is_complex() else 1
    shape, strides = list(tensor.shape), [step * parts * flat.itemsize for step in tensor.stride()]
    if parts == 2:
        shape, strides = [*shape, 2], [*strides, flat.itemsize]
    if tensor.numel() == 0:
        return np.zeros(shape, dtype=np.int64)
    offset = tensor.storage_offset() * parts * flat.itemsize
    return np.ndarray(shape, flat.dtype, flat, offset, strides)
