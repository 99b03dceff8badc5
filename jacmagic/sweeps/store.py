"""Where a sweep keeps what is done: a Zarr store of one array, one chunk for each block.

A block is written first and ticked off after, so that whatever dies in between costs this block
and no other. xarray opens the store as it is: `xarray.open_zarr(path)["jacobian"]`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jacmagic.errors import PointError
from jacmagic.sweeps.grid import Block

ARRAY, TICKS = "jacobian", "done"


@dataclass(frozen=True)
class SweepSpec:
    """Everything that two calls must share for one to go on where the other ended.

    Attributes:
        title: the function's name.
        fingerprint: of the function's text, the grid, the fixed values.
        dims: a name for each dimension.
        shape: (*grid, m, n).
        dtype: of the Jacobians.
        block: points of one block along each axis.
        coords: values along each axis of the grid.
        labels: of the rows and of the columns.
    """

    title: str
    fingerprint: str
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: str
    block: tuple[int, ...]
    coords: Mapping[str, np.ndarray]
    labels: tuple[Sequence[str], Sequence[str]]


def fingerprint(parts: Sequence[Any]) -> str:
    """Return a short text that differs where any part does: texts, arrays, nests of them."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            digest.update(f"{part.dtype}{part.shape}".encode())
            digest.update(np.ascontiguousarray(part).tobytes())
        else:
            digest.update(json.dumps(part).encode())
    return digest.hexdigest()[:16]


class Store:
    """A sweep's blocks on disk."""

    def __init__(self, path: str | Path, plan: SweepSpec) -> None:
        """Open the store of a plan, or make it.

        Raises:
            PointError: the path holds another sweep, or Zarr is not installed.
        """
        self.path, self.plan = Path(path), plan
        with _zarr() as zarr:
            group = zarr.open_group(str(path), mode="a")
            known = dict(group.attrs).get("jacmagic")
            if known is None:
                _refuse_foreign(group, self.path)
                self._make(group)
                known = dict(group.attrs)["jacmagic"]
            if known["fingerprint"] != plan.fingerprint:
                raise PointError(
                    f"expected the store of this sweep; found one of {known['title']} with another "
                    f"function, grid or fixed values in {path}; write another store=, or delete it"
                )
            self.array, self.ticks = group[ARRAY], group[TICKS]
            self.known = np.asarray(self.ticks[...])
            self.block = tuple(known["block"])

    def _make(self, group: Any) -> None:
        """Arrays and coordinates; the attribute that makes it a sweep's store comes last."""
        plan = self.plan
        axes = plan.shape[:-2]
        counts = [-(-length // part) for length, part in zip(axes, plan.block, strict=True)]
        group.create_array(
            ARRAY,
            shape=plan.shape,
            chunks=(*plan.block, *(max(1, size) for size in plan.shape[-2:])),
            dtype=plan.dtype,
            fill_value=float("nan"),
            dimension_names=plan.dims,
            overwrite=True,
        )
        group.create_array(
            TICKS,
            shape=counts,
            chunks=[1] * len(counts),
            dtype="uint8",
            fill_value=0,
            dimension_names=[f"block_of_{name}" for name in plan.dims[:-2]],
            overwrite=True,
        )
        for name, values in plan.coords.items():
            axis = group.create_array(
                name,
                shape=values.shape,
                dtype=values.dtype,
                dimension_names=(name,),
                overwrite=True,
            )
            axis[:] = values
        group.attrs["jacmagic"] = {
            "title": plan.title,
            "fingerprint": plan.fingerprint,
            "block": list(plan.block),
            "labels": [list(labels) for labels in plan.labels],
        }

    def is_done(self, place: tuple[int, ...]) -> bool:
        """Whether a block was written."""
        return bool(self.known[place])

    def write(self, place: tuple[int, ...], block: Block, matrix: np.ndarray) -> None:
        """Keep a block, (points, m, n), then tick it off."""
        sizes = [part.stop - part.start for part in block]
        self.array[block] = matrix.reshape(*sizes, *self.plan.shape[-2:])
        self.ticks[place] = self.known[place] = 1

    def first(self) -> np.ndarray | None:
        """Return the Jacobian at the first point (m, n), if it was written."""
        corner = (0,) * len(self.block)
        return np.asarray(self.array[corner]) if self.is_done(corner) else None

    def read(self, *, lazily: bool) -> Any:
        """All Jacobians, (*grid, m, n); lazily as a variable of xarray that reads when needed."""
        if not lazily:
            return np.asarray(self.array[...])
        import xarray

        with _zarr():
            opened = xarray.open_zarr(str(self.path), consolidated=False, chunks=None)
        return opened[ARRAY].variable


def _refuse_foreign(group: Any, path: Path) -> None:
    """Refuse a group that was made by somebody else."""
    own = {ARRAY, TICKS}
    if dict(group.attrs) or (set(group.keys()) and not own & set(group.keys())):
        raise PointError(
            f"expected an empty or new path for the store; found other data in {path}; "
            "write another store="
        )


@contextlib.contextmanager
def _zarr() -> Iterator[Any]:
    """Zarr, without its warnings; or one line about how to get it."""
    try:
        import zarr
    except ImportError:
        raise PointError(
            "store= needs Zarr, which is not installed; write pip install 'jacmagic[sweep]'"
        ) from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield zarr
