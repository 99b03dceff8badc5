"""Sizes of a point's components, and points near it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

_RELATIVE_SHIFTS = (0.07, 0.13)  # how far beside a point, relative to each component; all differ
_CLOSER = (1.0, 2.0**-10, 2.0**-20)  # times that, should the farther points be of another branch


def sizes_of(tensors: Sequence[Tensor]) -> np.ndarray:
    """Return the sizes (n,) of the components; of 0, the largest of its tensor."""
    parts = [tensor.detach().reshape(-1).cpu().double().abs().numpy() for tensor in tensors]
    overall = max((part.max(initial=0.0) for part in parts), default=0.0) or 1.0
    filled = [np.where(part > 0, part, part.max(initial=0.0) or overall) for part in parts]
    return np.concatenate(filled) if filled else np.zeros(0)


def beside(tensors: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Points near a point, the farthest first; no component stays where it is."""
    point = [tensor.detach() for tensor in tensors]
    sizes = torch.from_numpy(sizes_of(point)).split([tensor.numel() for tensor in point])
    for closer in _CLOSER:
        moved = []
        for x, size in zip(point, sizes, strict=True):
            shifts = torch.linspace(*_RELATIVE_SHIFTS, max(x.numel(), 1), dtype=size.dtype)[
                : x.numel()
            ]
            moved.append(x + (closer * shifts * size).reshape(x.shape).to(x))
        yield moved
