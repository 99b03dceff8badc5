"""Functions that torch differentiates by way of a decomposition, written as sums of products.

Where the traced function itself differentiates `det`, torch's backward pass takes singular vectors,
which have no closed form. The expansion has the same value, and any number of derivatives.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

_LARGEST = 3  # rows of a determinant that is expanded


def _determinant(a: torch.Tensor) -> torch.Tensor:
    """Laplace's expansion along the first row, as the rule of `det` writes it."""
    size = a.shape[-1]
    if size == 1:
        return a[..., 0, 0]
    columns = torch.arange(size)
    terms = [
        a[..., 0, place] * _determinant(a[..., 1:, :][..., columns[columns != place]])
        for place in range(size)
    ]
    result = terms[0]
    for place, term in enumerate(terms[1:], 1):
        result = result - term if place % 2 else result + term
    return result


def expansion_of(
    name: str, args: tuple, kwargs: dict
) -> Callable[[torch.Tensor], torch.Tensor] | None:
    """A function with the value of this call, made of sums and products; None for other calls."""
    if name not in ("det", "linalg_det") or len(args) != 1 or kwargs:
        return None
    a = args[0]
    small = a.ndim >= 2 and a.shape[-1] == a.shape[-2] and 1 <= a.shape[-1] <= _LARGEST
    return _determinant if small and a.is_floating_point() else None
