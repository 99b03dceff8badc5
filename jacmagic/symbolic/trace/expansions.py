"""Determinants as sums of products, and their logarithms where these have a value.

Where the traced function itself differentiates `det`, torch's backward pass takes singular vectors,
which have no closed form. The expansion has the same value, and any number of derivatives.
`logdet` selects nan by a sign; that the determinant is positive is a condition, as of an `if`.
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


def _log_determinant(a: torch.Tensor) -> torch.Tensor:
    positive = bool((torch.linalg.det(a) > 0).all())
    return torch.linalg.slogdet(a).logabsdet if positive else torch.logdet(a)


def expansion_of(
    name: str, args: tuple, kwargs: dict
) -> Callable[[torch.Tensor], torch.Tensor] | None:
    """Return a call's function in simpler operations; None for other calls."""
    if len(args) != 1 or kwargs or name not in ("det", "linalg_det", "logdet"):
        return None
    if name == "logdet":
        return _log_determinant
    a = args[0]
    small = a.ndim >= 2 and a.shape[-1] == a.shape[-2] and 1 <= a.shape[-1] <= _MAX_ROWS
    return _determinant if small and a.is_floating_point() else None
