"""Dense blocks as the matrix of Freivalds' check: row maxima, row combinations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from jacmagic.numeric.freivalds import MAX_ENTRIES_FOR_HIDDEN, array_of

SCALARS_PER_SLAB = 2**18  # that are read together, so that they stay in the cache
MAX_SCALARS_COPIED = 2**20  # up to which many outputs' blocks become one matrix


class Dense:
    """The blocks of a Jacobian, read as a matrix."""

    def __init__(self, blocks: Sequence[Sequence[Tensor]], leaves: Sequence[Tensor]) -> None:
        """`blocks[i][j]` has the shape of leaf i followed by that of input j."""
        rows = [
            torch.cat(parts, 1) if len(parts) > 1 else parts[0]
            for row, leaf in zip(blocks, leaves, strict=True)
            for parts in ([block.detach().reshape(leaf.numel(), -1) for block in row],)
            if leaf.numel()
        ]
        if len(rows) > 1 and sum(map(Tensor.numel, rows)) <= MAX_SCALARS_COPIED:
            rows = [torch.cat(rows)]
        self._slabs = [slab for part in rows for slab in self._cut(part)]
        few = len(self._slabs) == 1 and self._slabs[0].numel() <= MAX_ENTRIES_FOR_HIDDEN
        self._small = array_of(self._slabs[0]) if few else None  # quicker for few numbers
        self._sizes = None if self._small is None else _sizes_of(self._small)

    @staticmethod
    def _cut(part: Tensor) -> Iterator[Tensor]:
        if part.dtype not in (torch.float32, torch.float64):
            part = part.float()
        return iter(part.split(max(1, SCALARS_PER_SLAB // max(1, part.shape[1]))))

    def largest(self) -> np.ndarray:
        """(m,) the largest absolute value in each row, float64."""
        if self._sizes is not None:
            return np.asarray(self._sizes.max(1))
        return array_of(torch.cat([slab.abs().amax(1) for slab in self._slabs]))

    def combined(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """uᵀ·M and |u|ᵀ·|M|, (n,) float64 each."""
        if self._small is not None and self._sizes is not None:
            return u @ self._small, np.abs(u) @ self._sizes
        whole = torch.from_numpy(u).to(self._slabs[0].device)
        products, sizes = whole.new_zeros(()), whole.new_zeros(())
        for slab, part in zip(self._slabs, whole.split(list(map(len, self._slabs))), strict=True):
            weights = part.to(slab.dtype)
            products = products + (weights @ slab).double()
            sizes = sizes + (weights.abs() @ slab.abs()).double()
        return array_of(products), array_of(sizes)

    def hidden(self, u: np.ndarray, allowed: np.ndarray) -> list[int]:
        """Rows i with an entry for which 0 < |uᵢ·Mᵢⱼ| ≤ allowedⱼ; none where M is large."""
        if self._sizes is None:
            return []
        sizes = np.abs(u)[:, None] * self._sizes
        if (sizes.min(0) > allowed).all():
            return []
        rows: list[int] = ((sizes <= allowed) & (sizes > 0)).any(1).nonzero()[0].tolist()
        return rows


def _sizes_of(matrix: np.ndarray) -> np.ndarray:
    """Return absolute values, stored along the longer dimension, where NumPy's loops run."""
    m, n = matrix.shape
    return np.abs(np.asfortranarray(matrix) if m > n else matrix)
