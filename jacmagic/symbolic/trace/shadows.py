"""For every tensor storage, the expressions its elements stand for.

NOTE [Shadows live per storage]: views share their storage, so a view needs no rule at all, and an
in-place write lands in every view of the same memory, exactly as the numbers do. A shadow is a flat
int64 array of graph nodes, one for each real number in memory: a complex element holds two, real
part first, so that `view_as_real`, `.real` and `.imag` are views here as they are there. A tensor
reads and writes its shadow through its own offset, shape and strides.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from jacmagic.symbolic.graph import ONE, ZERO, Graph, meant
from jacmagic.symbolic.trace.rules import (
    ComplexNodes,
    Unsupported,
    conjugate,
    each,
    toward_zero,
    truth,
)

POISON = -1  # an element whose expression is unknown: reading it refuses, it is never a constant

_SHORT_FLOATS = (torch.float32, torch.float16, torch.bfloat16, torch.complex64)


class Poisoned(Exception):
    """An element was read whose expression is unknown."""


def _unit(tensor: torch.Tensor) -> int:
    """Bytes of one real number."""
    return tensor.element_size() // (2 if tensor.is_complex() else 1)


def _through(flat: np.ndarray, tensor: torch.Tensor) -> np.ndarray:
    """A flat storage-wide array seen through a tensor; complex ones gain an axis of length 2."""
    parts = 2 if tensor.is_complex() else 1
    shape, strides = list(tensor.shape), [step * parts * flat.itemsize for step in tensor.stride()]
    if parts == 2:
        shape, strides = [*shape, 2], [*strides, flat.itemsize]
    if tensor.numel() == 0:
        return np.zeros(shape, dtype=np.int64)
    start = flat[tensor.storage_offset() * parts :]
    return np.lib.stride_tricks.as_strided(start, tuple(shape), tuple(strides))


def key_of(tensor: torch.Tensor) -> int:
    """Return what tensors that share memory have in common."""
    try:
        return tensor.untyped_storage()._cdata
    except NotImplementedError:  # a sparse tensor
        raise Unsupported("sparse tensors", "have no closed form yet") from None


def plain(value: object) -> bool:
    """Whether a value is a tensor with memory of its own, no wrapper of torch.func's."""
    return isinstance(value, torch.Tensor) and not torch._C._functorch.is_functorch_wrapped_tensor(
        value
    )


class Shadows:
    """The expressions of all tensors that a traced function has touched."""

    def __init__(self, graph: Graph) -> None:
        """Begin with no tensor shadowed."""
        self.graph = graph
        self._flat: dict[int, tuple[int, np.ndarray]] = {}  # key → bytes of a number, nodes
        self._memory: set[int] = set()  # where the numbers of these storages lie
        self._alive: list[torch.Tensor] = []  # storage addresses are reused once freed

    def has(self, value: Any) -> bool:
        """Whether a value is a tensor that carries expressions."""
        return plain(value) and value.layout == torch.strided and key_of(value) in self._flat

    def keep(self, tensor: torch.Tensor) -> int:
        """Keep a tensor's memory from being reused, and return its key."""
        self._alive.append(tensor)
        return key_of(tensor)

    def read(self, tensor: torch.Tensor) -> Any:
        """Return the nodes of a tensor's elements: an int64 array in its shape, or `ComplexNodes`.

        Raises:
            Poisoned: if an element has no known expression.
        """
        known = self._flat.get(key_of(tensor))
        if known is None:
            if tensor.numel() and tensor.untyped_storage().data_ptr() in self._memory:
                raise Unsupported("memory", "is shared behind torch's back (DLPack, a pointer)")
            return self.constants(tensor)
        nodes = _through(self._seen_as(tensor, *known), tensor).copy()
        if (nodes == POISON).any():
            raise Poisoned
        if tensor.is_neg():
            nodes = each(self.graph, self.graph.neg, nodes)
        if not tensor.is_complex():
            return nodes
        pair = ComplexNodes(nodes[..., 0], nodes[..., 1])
        return conjugate(self.graph, pair) if tensor.is_conj() else pair

    def nodes_of(self, tensor: torch.Tensor) -> list[int]:
        """Return the known nodes of a tensor's elements, in no particular shape."""
        nodes = _through(self._seen_as(tensor, *self._flat[key_of(tensor)]), tensor)
        return nodes[nodes != POISON].tolist()

    def _seen_as(self, tensor: torch.Tensor, unit: int, flat: np.ndarray) -> np.ndarray:
        if unit != _unit(tensor):
            raise Unsupported("view", "of the same memory as another dtype has no closed form")
        return flat

    def constants(self, tensor: torch.Tensor) -> Any:
        """Return the nodes of a tensor's numbers, exact as a person would mean them."""
        numbers = tensor.detach().cpu()
        if tensor.is_complex():
            real = torch.view_as_real(numbers.resolve_conj())
            return ComplexNodes(self.constants(real[..., 0]), self.constants(real[..., 1]))
        if numbers.dtype in _SHORT_FLOATS:
            flat = [meant(value) for value in numbers.double().reshape(-1).tolist()]
        else:
            flat = numbers.reshape(-1).tolist()
        nodes = np.fromiter((self.graph.number(value) for value in flat), np.int64, len(flat))
        return nodes.reshape(tuple(tensor.shape))

    def write(self, tensor: torch.Tensor, nodes: Any) -> None:
        """Let a tensor's elements stand for these nodes, which broadcast to its shape."""
        key = key_of(tensor)
        if key not in self._flat:
            size = tensor.untyped_storage().nbytes() // _unit(tensor)
            flat = np.zeros(size, dtype=np.int64)
            if tensor.numel() * (2 if tensor.is_complex() else 1) != size:
                self._fill(flat, tensor)
            self._flat[key] = _unit(tensor), flat
            if size:
                self._memory.add(tensor.untyped_storage().data_ptr())
            self.keep(tensor)
        if tensor.numel():
            flat = self._seen_as(tensor, *self._flat[key])
            _through(flat, tensor)[...] = self._laid_out(tensor, nodes)

    def _fill(self, flat: np.ndarray, tensor: torch.Tensor) -> None:
        """The rest of a tensor's memory holds plain numbers."""
        size = tensor.untyped_storage().nbytes() // tensor.element_size()
        whole = self.constants(tensor.detach().as_strided((size,), (1,), 0))
        if isinstance(whole, ComplexNodes):
            whole = np.stack([whole.re, whole.im], -1).reshape(-1)
        flat[:] = whole

    def _laid_out(self, tensor: torch.Tensor, nodes: Any) -> Any:
        """Nodes as the tensor's dtype keeps them in memory."""
        if tensor.is_complex():
            if not isinstance(nodes, ComplexNodes):
                if np.ndim(nodes) == 0 and int(nodes) == POISON:
                    return POISON
                nodes = ComplexNodes(np.asarray(nodes), np.zeros_like(nodes))
            if tensor.is_conj():
                nodes = conjugate(self.graph, nodes)
            shape = tuple(tensor.shape)
            return np.stack([np.broadcast_to(p, shape) for p in (nodes.re, nodes.im)], axis=-1)
        if tensor.is_neg():
            nodes = each(self.graph, self.graph.neg, nodes)
        return nodes


def fitted(g: Graph, nodes: np.ndarray, dtype: torch.dtype, *, cut: bool = False) -> np.ndarray:
    """Nodes as a tensor of this dtype holds them; `cut` drops what follows the decimal point."""
    if dtype == torch.bool:
        return each(g, lambda u: truth(g, u), nodes)
    nodes = numeric(g, nodes)
    return each(g, lambda u: toward_zero(g, u), nodes) if cut else nodes


def numeric(g: Graph, nodes: np.ndarray) -> np.ndarray:
    """Truth values as the numbers 1 and 0."""
    if not any(g.is_condition(int(node)) for node in np.asarray(nodes).flat):
        return nodes
    return each(g, lambda u: g.where(u, ONE, ZERO) if g.is_condition(u) else u, nodes)


def as_array(tensor: torch.Tensor) -> np.ndarray:
    """Return the numbers as they are now: an in-place operation may change them."""
    return np.array(tensor.detach().cpu().resolve_neg().numpy())
