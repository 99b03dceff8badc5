"""The components of several tensors as one vector: a tensor, or float64 numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def components(tensors: Sequence[Tensor]) -> np.ndarray:
    """Return the components of all tensors, row-major, as one float64 array (n,)."""
    parts = [tensor.detach().reshape(-1).cpu().double() for tensor in tensors]
    return torch.cat(parts).numpy() if parts else np.zeros(0)


def flat(tensors: Sequence[Tensor]) -> Tensor:
    """Return all components as one tensor (n,); of one tensor, without a copy."""
    # torch 2.8 cannot reshape what is as long as a mask says
    parts = [one if one.ndim == 1 else one.reshape(-1) for one in tensors]
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def parts_of(point: np.ndarray, like: Sequence[Tensor]) -> list[Tensor]:
    """Return the tensors of a flat point (n,), of the shapes, dtypes and devices of others."""
    parts, start = [], 0
    for tensor in like:
        part = torch.from_numpy(point[start : start + tensor.numel()].copy())
        start += tensor.numel()
        parts.append(part.to(dtype=tensor.dtype, device=tensor.device).reshape(tensor.shape))
    return parts
