"""For every tensor storage, the expressions its elements stand for.

NOTE [Shadows live per storage]: views share their storage, so a view needs no rule at all, and an
in-place write lands in every view of the same memory, exactly as the numbers do. A shadow is a flat
int64 array of graph nodes; a tensor reads and writes it through its own offset and strides.
"""

from __future__ import annotations

import numpy as np
import torch

from jacmagic.graph import Graph
from jacmagic.trace.rules import Unsupported

POISON = (
    -1
)  # an element whose expression is unknown; reading it refuses, it never becomes a constant

_SHORT_FLOATS = (torch.float32, torch.float16, torch.bfloat16)


class Poisoned(Exception):
    """An element was read whose expression is unknown."""


def _through(flat: np.ndarray, tensor: torch.Tensor) -> np.ndarray:
    """A flat storage-wide array seen through a tensor's offset, shape and strides."""
    if tensor.numel() == 0:
        return np.zeros(tuple(tensor.shape), dtype=np.int64)
    strides = tuple(step * flat.itemsize for step in tensor.stride())
    return np.lib.stride_tricks.as_strided(
        flat[tensor.storage_offset() :], tuple(tensor.shape), strides
    )


class Shadows:
    """The expressions of all tensors that a traced function has touched."""

    def __init__(self, graph: Graph) -> None:
        """Begin with no tensor shadowed."""
        self.graph = graph
        self._flat: dict[int, np.ndarray] = {}
        self._alive: list[torch.Tensor] = []  # storage addresses are reused once freed

    @staticmethod
    def _key(tensor: torch.Tensor) -> int:
        try:
            return tensor.untyped_storage()._cdata
        except NotImplementedError:  # a wrapper of torch.func's, or a sparse tensor
            raise Unsupported(
                "torch.func or a sparse tensor", "inside the function has no closed form yet"
            ) from None

    def has(self, value: object) -> bool:
        """Whether a value is a tensor that carries expressions."""
        return isinstance(value, torch.Tensor) and self._key(value) in self._flat

    def read(self, tensor: torch.Tensor) -> np.ndarray:
        """The nodes of a tensor's elements, in its shape, as int64.

        Raises:
            Poisoned: if an element has no known expression.
        """
        flat = self._flat.get(self._key(tensor))
        if flat is None:
            return self.constants(tensor)
        nodes = _through(flat, tensor).copy()
        if (nodes == POISON).any():
            raise Poisoned
        if tensor.is_neg():
            nodes = np.vectorize(self.graph.neg, otypes=[np.int64])(nodes)
        return nodes

    def constants(self, tensor: torch.Tensor) -> np.ndarray:
        """The nodes of a tensor's numbers, exact as a person would mean them."""
        numbers = tensor.detach().cpu()
        if numbers.dtype in _SHORT_FLOATS:
            flat = [float(str(value)) for value in numbers.float().numpy().reshape(-1)]
        else:
            flat = numbers.reshape(-1).tolist()
        nodes = np.fromiter((self.graph.number(value) for value in flat), np.int64, len(flat))
        return nodes.reshape(tuple(tensor.shape))

    def write(self, tensor: torch.Tensor, nodes: np.ndarray | int) -> None:
        """Let a tensor's elements stand for these nodes."""
        key = self._key(tensor)
        if key not in self._flat:
            size = tensor.untyped_storage().nbytes() // tensor.element_size()
            flat = np.zeros(size, dtype=np.int64)
            if tensor.numel() != size:  # the rest of the memory holds plain numbers
                whole = tensor.detach().as_strided((size,), (1,), 0)
                flat[:] = self.constants(whole)
            self._flat[key] = flat
            self._alive.append(tensor)
        if tensor.numel():
            _through(self._flat[key], tensor)[...] = nodes
