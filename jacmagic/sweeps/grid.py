"""The points of a sweep: a product of axes or a list, cut into blocks."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from jacmagic.errors import PointError
from jacmagic.function.values import as_tensor

Block = tuple[slice, ...]
POINT = "point"  # the one axis of a list of points


@dataclass(frozen=True)
class Grid:
    """A product of axes, or a list of points.

    Attributes:
        axes: the values along each axis by its name; a list of points has one axis, `point`.
        listed: the stacked values (P, …) by input, for a list of points; None for a product.
    """

    axes: Mapping[str, Tensor]
    listed: Mapping[str, Tensor] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along each axis."""
        return tuple(len(values) for values in self.axes.values())

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs that vary."""
        return tuple(self.axes if self.listed is None else self.listed)

    def stacks(self, block: Block) -> dict[str, Tensor]:
        """Return the values at a block's points, (points, …), last axis fastest."""
        if self.listed is not None:
            return {name: values[block[0]] for name, values in self.listed.items()}
        cut = [values[part] for values, part in zip(self.axes.values(), block, strict=True)]
        meshes = torch.meshgrid(*cut, indexing="ij")
        return {name: mesh.reshape(-1) for name, mesh in zip(self.axes, meshes, strict=True)}

    @property
    def origin(self) -> Block:
        """The block of the first point alone."""
        return tuple(slice(0, 1) for _ in self.axes)


def grid_of(grid: Any, names: Sequence[str]) -> Grid:
    """Read the user's grid.

    Args:
        grid: a mapping from names to 1-D values, an array (P, …) for a single input, a tuple of
            these for several, or a list of points (of tuples, for several inputs).
        names: the function's arguments in order.

    Raises:
        PointError: values are not numbers, an axis is empty or not 1-D, lengths differ.
    """
    if isinstance(grid, Mapping):
        return _product(grid)
    if isinstance(grid, list) and grid and isinstance(grid[0], tuple):
        if len({len(point) for point in grid}) > 1:
            raise PointError("expected points of equal length; write as many values in each tuple")
        grid = tuple(list(column) for column in zip(*grid, strict=True))
    parts = grid if isinstance(grid, tuple) else (grid,)
    if len(parts) > len(names):
        raise PointError(
            f"expected points of at most {len(names)} inputs, {', '.join(names)}; found "
            f"{len(parts)} values in each; write one for each input"
        )
    listed = {n: _stack(part, n) for n, part in zip(names, parts, strict=False)}
    counts = {len(values) for values in listed.values()}
    if len(counts) != 1 or counts == {0}:
        lengths = ", ".join(f"{len(values)} of {name}" for name, values in listed.items())
        raise PointError(f"expected as many points for every input, at least one; found {lengths}")
    return Grid({POINT: torch.arange(counts.pop())}, listed)


def _product(values_by_name: Mapping[str, Any]) -> Grid:
    axes = {}
    for name, values in values_by_name.items():
        axis = _stack(values, name)
        if axis.ndim != 1 or not len(axis):
            raise PointError(
                f"expected 1-D values along {name}; found shape {tuple(axis.shape)}; "
                f"write grid={{'{name}': [0.0, 0.5, 1.0]}}, and what stays fixed in at={{…}}"
            )
        axes[name] = axis
    if not axes:
        raise PointError("expected at least one axis; found none; write grid={'x': [0.0, 1.0]}")
    return Grid(axes)


def _stack(values: Any, name: str) -> Tensor:
    listed = list(values) if isinstance(values, range) else values
    tensor = as_tensor(listed, name, []).detach()
    if not tensor.ndim:
        raise PointError(f"expected several values for {name}; found one; write [{float(tensor)}]")
    return tensor


def block_shape(shape: Sequence[int], size: int) -> tuple[int, ...]:
    """Return the shape of the largest block of at most `size` points.

    The last axes are whole, one is cut, the first ones are single.

    Example:
        >>> block_shape((4, 5, 6), 12)
        (1, 2, 6)
    """
    block, left = [], max(1, size)
    for length in reversed(shape):
        part = max(1, min(length, left))
        block.append(part)
        left = left // part if part == length else 1
    return tuple(reversed(block))


def blocks(shape: Sequence[int], block: Sequence[int]) -> Iterator[tuple[tuple[int, ...], Block]]:
    """Yield every block: its index among the blocks and its slices."""
    counts = [math.ceil(length / part) for length, part in zip(shape, block, strict=True)]
    for index in itertools.product(*map(range, counts)):
        yield (
            index,
            tuple(
                slice(i * part, min((i + 1) * part, length))
                for i, part, length in zip(index, block, shape, strict=True)
            ),
        )
