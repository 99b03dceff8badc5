"""Functions that read one triangle of a symmetric matrix, as LAPACK's do.

cholesky, eigh and eigvalsh read one triangle; torch spreads their derivative evenly over both
entries of a pair, which is the derivative of the same function of (A + Aᴴ)/2. Finite differences
move one entry at a time; so they ask that function too, and are comparable entry by entry.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from jacmagic.function.torch_internals import without_transforms
from jacmagic.numeric.rounding import MAX_ROUNDINGS

_LINALG = "cholesky cholesky_ex eigh eigvalsh matrix_sqrth"  # the last from torch 2.15 on
READERS = frozenset(
    {
        *(getattr(torch.linalg, name) for name in _LINALG.split() if hasattr(torch.linalg, name)),
        torch.cholesky,
        Tensor.cholesky,
    }
)


class Triangles:
    """Symmetric parts for the functions that read one triangle.

    Attributes:
        spread: whether that has changed any matrix by more than rounding.
    """

    def __init__(self) -> None:
        """Observe matrices first, at a point where they should be symmetric."""
        self.spread = False
        self._looks = True
        self._met = False
        self._are_symmetric = True

    @property
    def reads_one(self) -> bool:
        """Whether a matrix that is not symmetric at the point is read in one triangle only."""
        return self._met and not self._are_symmetric

    def settle(self) -> None:
        """End the observation: what was symmetric so far is symmetrised from now on."""
        self._looks = False

    def symmetric(self, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Return a reader's arguments with the symmetric part of the matrix.

        A function that is given other matrices at the point itself gets them as they are: what
        torch differentiates there is no function of the symmetric part.
        """
        name = next((keyword for keyword in ("A", "input") if keyword in kwargs), None)
        matrix = args[0] if name is None else kwargs[name]
        self._met = True
        if self._looks:
            self._are_symmetric &= _is_symmetric(matrix)
        if self._looks or not self._are_symmetric:
            return args, kwargs
        self.spread = self.spread or not _is_symmetric(matrix)
        part = matrix / 2 + matrix.mH / 2
        return ((part, *args[1:]), kwargs) if name is None else (args, {**kwargs, name: part})


def _is_symmetric(matrix: Tensor) -> bool:
    """Whether a matrix, or each one of a `vmap`, is symmetric up to rounding."""
    with torch.no_grad():
        gaps = (matrix - matrix.mH).abs()
        allowed = MAX_ROUNDINGS * torch.finfo(matrix.dtype).eps * matrix.abs()
        near = (gaps <= allowed.amax() if matrix.numel() else gaps == 0).all()
    return bool(without_transforms(near).all())
