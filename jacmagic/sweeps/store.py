"""Storage of a sweep's blocks: memory, or a Zarr array with a chunk for each.

A block is written first and ticked off after, so that a process that ends in between loses this
block and no other. xarray opens the store as it is: `xarray.open_zarr(path)["jacobian"]`.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from jacmagic.errors import PointError
from jacmagic.sweeps.grid import Block
from jacmagic.sweeps.result import has_xarray
from jacmagic.sweeps.spec import SweepSpec

ARRAY, TICKS = "jacobian", "done"


class Memory:
    """A sweep's blocks in memory: the interface of `Store` without a path."""

    def __init__(self, spec: SweepSpec) -> None:
        self.spec = spec
        self.block = spec.block
        self.array = np.full(spec.shape, np.nan, dtype=spec.dtype)

    def is_done(self, index: tuple[int, ...]) -> bool:
        """Whether a block was written by an earlier call: never."""
        return False

    def write(self, index: tuple[int, ...], block: Block, matrix: np.ndarray) -> None:
        """Store a block, (points, m, n)."""
        self.array[block] = _on_grid(matrix, block)

    def read(self) -> Any:
        """Return all Jacobians, (*grid, m, n)."""
        return self.array


class Store:
    """A sweep's blocks on disk.

    Attributes:
        path: of the Zarr group.
        spec: of the sweep.
        block: points of one block along each axis, as the first call has chosen them.
    """

    def __init__(self, path: str | Path, spec: SweepSpec) -> None:
        """Open the store of a sweep, or create it.

        Raises:
            PointError: the path holds another sweep, or Zarr is not installed.
        """
        self.path, self.spec = Path(path), spec
        with _zarr() as zarr:
            group = zarr.open_group(str(path), mode="a")
            header = dict(group.attrs).get("jacmagic")
            if header is None:
                _refuse_foreign(group, self.path)
                _create(group, spec)
                header = dict(group.attrs)["jacmagic"]
            if header["fingerprint"] != spec.fingerprint:
                raise PointError(
                    f"expected the store of this sweep; found one of {header['title']} with "
                    f"another function, grid or fixed values in {path}; "
                    "write another store=, or delete it"
                )
            self.array, self.ticks = group[ARRAY], group[TICKS]
            self.done = np.asarray(self.ticks[...])
            self.block = tuple(header["block"])

    def is_done(self, index: tuple[int, ...]) -> bool:
        """Whether a block was written."""
        return bool(self.done[index])

    def write(self, index: tuple[int, ...], block: Block, matrix: np.ndarray) -> None:
        """Store a block, (points, m, n), then mark it as done."""
        self.array[block] = _on_grid(matrix, block)
        self.ticks[index] = self.done[index] = 1

    def first(self) -> np.ndarray | None:
        """Return the Jacobian at the first point (m, n), if it was written."""
        corner = (0,) * len(self.block)
        return np.asarray(self.array[corner]) if self.is_done(corner) else None

    def read(self) -> Any:
        """Return all Jacobians, (*grid, m, n), with xarray as a lazy variable."""
        if not has_xarray():
            return np.asarray(self.array[...])
        import xarray

        with _zarr():
            opened = xarray.open_zarr(str(self.path), consolidated=False, chunks=None)
        return opened[ARRAY].variable


def _on_grid(matrix: np.ndarray, block: Block) -> np.ndarray:
    """Return a block's Jacobians, (points, m, n), along the axes of the grid."""
    sizes = [part.stop - part.start for part in block]
    return matrix.reshape(*sizes, *matrix.shape[1:])


def _create(group: Any, spec: SweepSpec) -> None:
    """Create arrays and coordinates, then the attribute that marks a sweep's store."""
    axes = spec.shape[:-2]
    counts = [-(-length // part) for length, part in zip(axes, spec.block, strict=True)]
    group.create_array(
        ARRAY,
        shape=spec.shape,
        chunks=(*spec.block, *(max(1, size) for size in spec.shape[-2:])),
        dtype=spec.dtype,
        fill_value=float("nan"),
        dimension_names=spec.dims,
        overwrite=True,
    )
    group.create_array(
        TICKS,
        shape=counts,
        chunks=[1] * len(counts),
        dtype="uint8",
        fill_value=0,
        dimension_names=[f"block_of_{name}" for name in spec.dims[:-2]],
        overwrite=True,
    )
    for name, values in spec.coords.items():
        axis = group.create_array(
            name,
            shape=values.shape,
            dtype=values.dtype,
            dimension_names=(name,),
            overwrite=True,
        )
        axis[:] = values
    group.attrs["jacmagic"] = {
        "title": spec.title,
        "fingerprint": spec.fingerprint,
        "block": list(spec.block),
        "labels": [list(labels) for labels in spec.labels],
    }


def _refuse_foreign(group: Any, path: Path) -> None:
    """Refuse a group that no sweep has created."""
    own = {ARRAY, TICKS}
    if dict(group.attrs) or (set(group.keys()) and not own & set(group.keys())):
        raise PointError(
            f"expected an empty or new path for the store; found other data in {path}; "
            "write another store="
        )


@contextlib.contextmanager
def _zarr() -> Iterator[Any]:
    """Import Zarr without its warnings, or say how to install it."""
    try:
        import zarr
    except ImportError:
        raise PointError(
            "store= needs Zarr, which is not installed; write pip install 'jacmagic[sweep]'"
        ) from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield zarr
