"""Functions of a symmetric matrix that read one triangle of it only, as LAPACK's do.

cholesky, eigh and eigvalsh read the lower triangle; torch spreads their derivative evenly over both
entries of a pair, so that it is right along every symmetric change. Finite differences move one
entry at a time and see the whole derivative in one triangle and none in the other; what can be
compared is the sum of a pair.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch

TOLD = (
    "the function reads one triangle of a symmetric matrix, and torch spreads the derivative over "
    "both; finite differences are compared pair by pair"
)

Parts = tuple[np.ndarray, np.ndarray, np.ndarray]


def symmetrised(parts: Parts, tensors: Sequence[torch.Tensor], truth: np.ndarray) -> Parts | None:
    """Finite differences with each pair's mean in both of its columns; None where that is not so.

    It is so for a pair of columns of a symmetric matrix in which torch has one column twice, while
    one of both entries alone does not move the function.

    Args:
        parts: the differences, their errors and their scales, each (m, n).
        tensors: the inputs.
        truth: torch's Jacobian (m, n).
    """
    value, error, scale = parts
    found = [
        (a, b)
        for a, b in _pairs(tensors)
        if np.array_equal(truth[:, a], truth[:, b])
        and (not scale[:, a].any()) != (not scale[:, b].any())
    ]
    if not found:
        return None
    value, error, scale = value.copy(), error.copy(), scale.copy()
    for a, b in found:
        for part in (value, error, scale):
            part[:, a] = part[:, b] = (part[:, a] + part[:, b]) / 2
    return value, error, scale


def _pairs(tensors: Sequence[torch.Tensor]) -> Iterator[tuple[int, int]]:
    """Columns of entries (p, q) and (q, p) of symmetric matrices."""
    start = 0
    for tensor in tensors:
        n = tensor.shape[-1] if tensor.ndim >= 2 else 0
        if n > 1 and tensor.shape[-2] == n and torch.equal(tensor, tensor.mT):
            places = torch.arange(start, start + tensor.numel()).reshape(tensor.shape)
            for p in range(n):
                for q in range(p):
                    upper, lower = places[..., q, p].reshape(-1), places[..., p, q].reshape(-1)
                    yield from zip(upper.tolist(), lower.tolist(), strict=True)
        start += tensor.numel()
