"""The result of a sweep: an `xarray.DataArray`, or without xarray a `Sweep`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

ROW, COLUMN = "output", "input"


@dataclass(frozen=True, eq=False)
class Sweep:
    """Jacobians over a grid, as an `xarray.DataArray` would hold them.

    Attributes:
        values: (*grid, m, n).
        dims: a name for each dimension; the last two are the rows and the columns.
        coords: the values along each dimension, labels along the last two.
        attrs: title and notes.
    """

    values: Tensor
    dims: tuple[str, ...]
    coords: Mapping[str, Any]
    attrs: Mapping[str, Any]

    @property
    def shape(self) -> tuple[int, ...]:
        """(*grid, m, n)."""
        return tuple(self.values.shape)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{d}: {s}" for d, s in zip(self.dims, self.shape, strict=True))
        return f"Jacobians of {self.attrs['title']} ({sizes})"


def has_xarray() -> bool:
    """Whether the result can be an `xarray.DataArray`."""
    try:
        import xarray  # noqa: F401 only to see whether it is installed
    except ImportError:
        return False
    return True


def dimensions(axes: Sequence[str]) -> tuple[str, ...]:
    """Return a name for each dimension; rows and columns avoid the axes' names."""
    last = []
    for name in (ROW, COLUMN):
        while name in axes:
            name += "_"
        last.append(name)
    return (*axes, *last)


def labelled(
    values: Any, dims: tuple[str, ...], coords: Mapping[str, Any], attrs: Mapping[str, Any]
) -> Any:
    """Return the Jacobians with their coordinates.

    Args:
        values: (*grid, m, n), a NumPy array or an xarray variable that reads when needed.
        dims: a name for each dimension.
        coords: the values along each.
        attrs: title and notes.
    """
    if has_xarray():
        import xarray

        name = f"jacobian_of_{attrs['title']}"
        return xarray.DataArray(values, coords=coords, dims=dims, name=name, attrs=dict(attrs))
    return Sweep(torch.from_numpy(values), dims, dict(coords), dict(attrs))
