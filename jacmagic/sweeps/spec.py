"""The specification of a sweep, by which a later call resumes it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn

from jacmagic.function.closures import numbers_read
from jacmagic.function.problem import Problem
from jacmagic.function.source import source_of
from jacmagic.numeric.result import NumericJacobian
from jacmagic.sweeps.block import Task, as_array
from jacmagic.sweeps.grid import Grid, block_shape
from jacmagic.sweeps.result import dimensions


@dataclass(frozen=True)
class SweepSpec:
    """Names, sizes and blocks of a sweep.

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

    @property
    def all_coords(self) -> dict[str, Any]:
        """Values along every dimension, labels along the last two."""
        return {**self.coords, **dict(zip(self.dims[-2:], self.labels, strict=True))}


def spec_of(
    points: Grid, task: Task, problem: Problem, first: NumericJacobian, block_size: int
) -> SweepSpec:
    """Return the specification of a sweep.

    Args:
        points: where to differentiate.
        task: what to differentiate.
        problem: the problem at the first point.
        first: the Jacobian there.
        block_size: points in a block.
    """
    labels = (
        [label.text for label in problem.rows(first.outputs)],
        [label.text for label in problem.columns],
    )
    return SweepSpec(
        title=problem.title,
        fingerprint=fingerprint(
            [
                [problem.title, source_of(task.function), *labels, list(task.names)],
                *_numbers_in(points, task),
            ]
        ),
        dims=dimensions(list(points.axes)),
        shape=(*points.shape, *first.matrix.shape),
        dtype=as_array(first.matrix).dtype.name,
        block=block_shape(points.shape, block_size),
        coords={name: as_array(values) for name, values in points.axes.items()},
        labels=labels,
    )


def fingerprint(parts: Sequence[Any]) -> str:
    """Return a hash of texts, arrays and nests of them."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            digest.update(f"{part.dtype}{part.shape}".encode())
            digest.update(np.ascontiguousarray(part).tobytes())
        else:
            digest.update(json.dumps(part).encode())
    return digest.hexdigest()[:16]


def _numbers_in(points: Grid, task: Task) -> Iterator[Any]:
    """Yield the names and numbers that a sweep depends on."""
    varying = points.axes if points.listed is None else points.listed
    for name, values in (*varying.items(), *task.at.items()):
        yield from (name, as_array(values))
    if isinstance(task.function, nn.Module):
        yield from map(as_array, task.function.state_dict().values())
    for name, value in sorted(numbers_read(task.function), key=lambda pair: pair[0]):
        yield name
        value = as_array(value) if isinstance(value, Tensor) else value
        yield value if isinstance(value, np.ndarray) else repr(value)
