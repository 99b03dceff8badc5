"""The components of several tensors as one flat vector of float64 numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def components(tensors: Sequence[Tensor]) -> np.ndarray:
    """Return the components of all tensors, row-major, as one float64 array (n,)."""
    parts = [one.detach().reshape(-1).cpu().double() for one in tensors]
    return torch.cat(parts).numpy() if parts else np.zeros(0)
