"""Determinants as sums of products, differentiable without singular vectors.

Where the traced function itself differentiates `det`, torch's backward pass takes singular vectors,
which have no closed form. The expansion has the same value, and any number of derivatives.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

_MAX_ROWS = 3  # of a determinant that is expanded; one of 4 has 24 products already


def _determinant(a: torch.Tensor) -> torch.Tensor:
    """Laplace's expansion along the first row, as the rule of `det` writes it."""
    size = a.shape[-1]
    if size == 1:
        return a[..., 0, 0]
    columns = torch.arange(size)
    terms = [
        a[..., 0, column] * _determinant(a[..., 1:, :][..., columns[columns != column]])
        for column in range(size)
    ]
    result = terms[0]
    for column, term in enumerate(terms[1:], 1):
        result = result - term if column % 2 else result + term
    return result


def expansion_of(
    name: str, args: tuple, kwargs: dict
) -> Callable[[torch.Tensor], torch.Tensor] | None:
    """Return a call's function as sums and products; None for other calls."""
    if name not in ("det", "linalg_det") or len(args) != 1 or kwargs:
        return None
    a = args[0]
    small = a.ndim >= 2 and a.shape[-1] == a.shape[-2] and 1 <= a.shape[-1] <= _MAX_ROWS
    return _determinant if small and a.is_floating_point() else None
