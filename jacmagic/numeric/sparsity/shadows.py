"""The index sets of every tensor's elements, kept as the shadow of its memory."""

from __future__ import annotations

import numpy as np
import torch

from jacmagic.function.aten.shadows import Shadows
from jacmagic.numeric.sparsity.index_sets import CONSTANT, IndexSets


class SetShadows(Shadows):
    """The sets of all tensors that depend on the inputs."""

    def __init__(self, sets: IndexSets) -> None:
        """Begin with no tensor."""
        super().__init__()
        self.sets = sets

    def read(self, tensor: torch.Tensor) -> np.ndarray:
        """Return the sets of a tensor's elements, int64 in its shape."""
        shadow = self.view(tensor)
        if shadow is None:
            return np.full(tuple(tensor.shape), CONSTANT, dtype=np.int64)
        if tensor.is_complex():
            return self.sets.both(shadow[..., 0], shadow[..., 1])
        return shadow.copy()

    def write(self, tensor: torch.Tensor, ids: np.ndarray) -> None:
        """Let a tensor's elements depend on these sets, which broadcast to its shape."""
        shadow = self.cover(tensor)
        if tensor.numel():
            shadow[...] = ids[..., None] if tensor.is_complex() else ids
