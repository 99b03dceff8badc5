"""For every tensor storage, the numbers of the sets that its elements depend on.

Views share their storage, so they need no rule, and a write in place lands in every view of the
same memory. A complex element holds two numbers, as its memory does, so that its real part may be
seen alone. Storages are held weakly: what the function lets go is let go here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.multiprocessing.reductions import StorageWeakRef

from jacmagic.numeric.sparsity.index_sets import CONSTANT, IndexSets


class Refused(Exception):
    """The dependence of an operation's result cannot be followed; the message says why."""


class Shadows:
    """The sets of all tensors that depend on the inputs."""

    def __init__(self, sets: IndexSets) -> None:
        """Begin with no tensor."""
        self.sets = sets
        self._flat: dict[int, tuple[StorageWeakRef, int, np.ndarray]] = {}

    def has(self, value: Any) -> bool:
        """Whether a value is a tensor whose memory is followed."""
        return isinstance(value, torch.Tensor) and _key(value) in self._flat

    def read(self, tensor: torch.Tensor) -> np.ndarray:
        """Return the sets of a tensor's elements, int64 in its shape."""
        known = self._flat.get(_key(tensor))
        if known is None:
            return np.full(tuple(tensor.shape), CONSTANT, dtype=np.int64)
        _, unit, flat = known
        ids = _through(_same_unit(tensor, unit, flat), tensor)
        if tensor.is_complex():
            return self.sets.both(ids[..., 0], ids[..., 1])
        return ids.copy()

    def write(self, tensor: torch.Tensor, ids: np.ndarray) -> None:
        """Let a tensor's elements depend on these sets, which broadcast to its shape."""
        key = _key(tensor)
        if key not in self._flat:
            storage = tensor.untyped_storage()
            flat = np.full(storage.nbytes() // _unit(tensor), CONSTANT, dtype=np.int64)
            self._flat[key] = StorageWeakRef(storage), _unit(tensor), flat
        _, unit, flat = self._flat[key]
        if tensor.numel():
            spread = ids[..., None] if tensor.is_complex() else ids
            _through(_same_unit(tensor, unit, flat), tensor)[...] = spread


def _unit(tensor: torch.Tensor) -> int:
    """Bytes of one real number."""
    return tensor.element_size() // (2 if tensor.is_complex() else 1)


def _key(tensor: torch.Tensor) -> int:
    if tensor.layout != torch.strided:
        raise Refused(f"a tensor of layout {tensor.layout} was used")
    return tensor.untyped_storage()._cdata


def _same_unit(tensor: torch.Tensor, unit: int, flat: np.ndarray) -> np.ndarray:
    if unit != _unit(tensor):
        raise Refused("the same memory was viewed as another dtype")
    if len(flat) * unit != tensor.untyped_storage().nbytes():
        raise Refused("a tensor's memory was resized")
    return flat


def _through(flat: np.ndarray, tensor: torch.Tensor) -> np.ndarray:
    """Return a flat array seen through a tensor; complex ones gain an axis of length 2."""
    parts = 2 if tensor.is_complex() else 1
    shape, strides = list(tensor.shape), [step * parts * flat.itemsize for step in tensor.stride()]
    if parts == 2:
        shape, strides = [*shape, 2], [*strides, flat.itemsize]
    if tensor.numel() == 0:
        return np.zeros(shape, dtype=np.int64)
    start = flat[tensor.storage_offset() * parts :]
    return np.lib.stride_tricks.as_strided(start, tuple(shape), tuple(strides))
