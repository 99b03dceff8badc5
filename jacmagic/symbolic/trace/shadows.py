"""The nodes of every tensor's elements, kept as the shadow of its memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.multiprocessing.reductions import StorageWeakRef

from jacmagic.function.aten.shadows import Shadows
from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.symbolic.graph import ONE, ZERO, Graph, meant
from jacmagic.symbolic.trace.rules import ComplexNodes, conjugate, each, toward_zero, truth

POISON = -1  # an element whose expression is unknown: reading it refuses, it is never a constant

_SHORT_FLOATS = (torch.float32, torch.float16, torch.bfloat16, torch.complex64)


class Poisoned(Exception):
    """Raised when an element is read whose expression is unknown."""


class NodeShadows(Shadows):
    """The expressions of all tensors that a traced function has touched."""

    def __init__(self, graph: Graph) -> None:
        """Begin with no tensor shadowed."""
        super().__init__()
        self.graph = graph
        self._storage_at: dict[int, StorageWeakRef] = {}  # address of shadowed memory → storage

    def read(self, tensor: torch.Tensor) -> Any:
        """Return the nodes of a tensor's elements, an int64 array or `ComplexNodes`.

        Raises:
            Poisoned: if an element has no known expression.
        """
        shadow = self.view(tensor)
        if shadow is None:
            self._check_memory(tensor)
            return self.constants(tensor)
        if (shadow == POISON).any():
            raise Poisoned
        nodes = each(self.graph, self.graph.neg, shadow) if tensor.is_neg() else shadow.copy()
        if not tensor.is_complex():
            return nodes
        pair = ComplexNodes(nodes[..., 0], nodes[..., 1])
        return conjugate(self.graph, pair) if tensor.is_conj() else pair

    def _check_memory(self, tensor: torch.Tensor) -> None:
        """Refuse a tensor without a shadow on the memory of one that has a shadow."""
        storage = self._storage_at.get(tensor.untyped_storage().data_ptr())
        if tensor.numel() and storage is not None and not storage.expired():
            raise Unsupported("memory", "is shared behind torch's back (DLPack, a pointer)")

    def nodes_of(self, tensor: torch.Tensor) -> list[int]:
        """Return the known nodes of a tensor's elements, in no particular shape."""
        nodes = self.cover(tensor)
        return nodes[nodes != POISON].tolist()

    def constants(self, tensor: torch.Tensor) -> Any:
        """Return the nodes of a tensor's numbers, as the decimals that were typed."""
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
        """Set the nodes of a tensor's elements; they broadcast to its shape."""
        shadow = self.cover(tensor)
        if tensor.numel():
            shadow[...] = self._laid_out(tensor, nodes)

    def initial(self, tensor: torch.Tensor, size: int) -> np.ndarray:
        """Return the nodes of new memory; what the tensor leaves out holds plain numbers."""
        storage = tensor.untyped_storage()
        if size:
            self._storage_at[storage.data_ptr()] = StorageWeakRef(storage)
        if tensor.numel() * (2 if tensor.is_complex() else 1) == size:
            return super().initial(tensor, size)
        count = storage.nbytes() // tensor.element_size()
        whole = self.constants(tensor.detach().as_strided((count,), (1,), 0))
        if isinstance(whole, ComplexNodes):
            return np.stack([whole.re, whole.im], -1).reshape(-1)
        return np.asarray(whole)

    def _laid_out(self, tensor: torch.Tensor, nodes: Any) -> Any:
        """Return nodes as the tensor's dtype keeps them in memory."""
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
    """Return nodes cast to a dtype; `cut` drops what follows the decimal point."""
    if dtype == torch.bool:
        return each(g, lambda u: truth(g, u), nodes)
    nodes = numeric(g, nodes)
    return each(g, lambda u: toward_zero(g, u), nodes) if cut else nodes


def numeric(g: Graph, nodes: np.ndarray) -> np.ndarray:
    """Return nodes with truth values as the numbers 1 and 0."""
    if not any(g.is_condition(int(node)) for node in np.asarray(nodes).flat):
        return nodes
    return each(g, lambda u: g.where(u, ONE, ZERO) if g.is_condition(u) else u, nodes)


def as_array(tensor: torch.Tensor) -> np.ndarray:
    """Return the numbers as they are now: an in-place operation may change them."""
    if tensor.dtype is torch.bfloat16:  # which NumPy does not have
        tensor = tensor.float()
    return np.array(tensor.detach().cpu().resolve_neg().numpy())
