"""`jacmagic.sweep`: the Jacobian at every point of a grid, block by block.

grid ─cut─▶ blocks ─differentiate, here or on a cluster─▶ memory or a store ─▶ one array
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn

from jacmagic.errors import PointError
from jacmagic.function.closures import numbers_read
from jacmagic.function.problem import Problem
from jacmagic.function.source import source_of
from jacmagic.function.values import as_tensor
from jacmagic.numeric.batched import MAX_SCALARS_PER_CHUNK
from jacmagic.numeric.compute import compute as compute_numbers
from jacmagic.numeric.memory import require_memory
from jacmagic.numeric.options import ComputeOptions
from jacmagic.numeric.result import NumericJacobian
from jacmagic.sweeps.block import (
    BlockResult,
    Task,
    arguments,
    as_array,
    chosen_names,
    differentiate_block,
)
from jacmagic.sweeps.grid import Block, Grid, block_shape, blocks, grid_of
from jacmagic.sweeps.result import answer, dimensions, has_xarray
from jacmagic.sweeps.store import Store, SweepSpec, fingerprint

SECONDS_PER_BLOCK = 2.0  # what a block may take if its points are done one by one
PROBED = 64  # points whose batched pass is timed
PATIENCE = 1.0  # seconds before a progress bar shows

Job = tuple[tuple[int, ...], Block]


def sweep(
    func: Callable[..., Any],
    grid: Any,
    *,
    at: Mapping[str, Any] | None = None,
    wrt: str | Sequence[str] | None = None,
    strategy: str = "auto",
    chunk_size: int | None = None,
    store: str | Path | None = None,
    client: Any = None,
    progress: bool = True,
) -> Any:
    """Return the Jacobian of a function at every point of a grid.

    Args:
        func: takes one point; arguments by the names of the grid. Also a module.
        grid: names → 1-D values, whose product is the grid; or a tensor (P, …) of points of a
            single input, a tuple of these for several inputs, or a list of points.
        at: names → values of the arguments that stay fixed. They are differentiated by, too,
            unless `wrt` leaves them out.
        wrt: names to differentiate by; all by default.
        strategy: "auto", "reverse-mode" or "forward-mode".
        chunk_size: points in a block; by default as memory and time allow.
        store: a path for a Zarr store. Each block is written when it is done; the same call again
            computes only what is missing. What the function reads from outside its arguments is
            not known to the store, but the first point is computed again and must agree.
        client: a `dask.distributed.Client`, whose workers compute the blocks.
        progress: show a bar after one second.

    Returns:
        An `xarray.DataArray` where xarray is installed (`pip install 'jacmagic[sweep]'`), else a
        `Sweep`: `.values` (*grid, m, n), `.dims`, `.coords`. From a store, xarray reads when the
        values are needed.

    Raises:
        PointError: names or values do not fit the function; the store is of another sweep.
        SizeError: the result would not fit into memory and there is no store to read it from.

    Example:
        >>> import torch, jacmagic
        >>> f = lambda r, t: (r * torch.cos(t), r * torch.sin(t))
        >>> jacmagic.sweep(f, {"r": [1.0, 2.0], "t": [0.0, 0.5, 1.0]}).shape
        (2, 3, 2, 2)
    """
    points, task = _read(func, grid, at, wrt, strategy)
    problem = task.problem(points.stacks(points.origin))
    began = time.perf_counter()
    first = _plain(problem, strategy)
    seconds = time.perf_counter() - began
    if seconds > PATIENCE / 10 and chunk_size is None:  # the first one loads and prepares
        seconds = min(seconds, _seconds(lambda: _plain(problem, strategy)))
    size = _size(points, task, first, seconds) if chunk_size is None else chunk_size
    plan = _plan(points, task, problem, first, size)
    kept = None if store is None else Store(store, plan)
    lazily = kept is not None and has_xarray()
    if kept is None or not lazily:
        _require_room(math.prod(points.shape), problem, first)
    if kept is not None:
        _check_first(kept, first)
    jobs = list(blocks(points.shape, plan.block if kept is None else kept.block))
    left = [job for job in jobs if kept is None or not kept.is_done(job[0])]
    made = np.full(plan.shape if kept is None else (0,), np.nan, dtype=plan.dtype)
    notes: dict[str, None] = dict.fromkeys((*problem.notes, *first.notes))
    done = len(jobs) - len(left)
    for (place, block), found in _watched(_done(task, points, left, client), jobs, done, progress):
        notes |= dict.fromkeys(found.notes)
        if kept is not None:
            kept.write(place, block, found.matrix)
        else:
            sizes = [part.stop - part.start for part in block]
            made[block] = found.matrix.reshape(*sizes, *plan.shape[-2:])
    values = made if kept is None else kept.read(lazily=lazily)
    coords = {**plan.coords, **dict(zip(plan.dims[-2:], plan.labels, strict=True))}
    agreement = f"a plain backward pass confirms one point in each of {len(jobs)} blocks"
    attrs = {"title": plan.title, "notes": list(notes), "agreement": agreement}
    return answer(values, plan.dims, coords, attrs)


def _read(
    func: Callable[..., Any], grid: Any, at: Mapping[str, Any] | None, wrt: Any, strategy: str
) -> tuple[Grid, Task]:
    """Return the points and the task, whose names fit."""
    fixed = {name: as_tensor(value, name, []).detach() for name, value in (at or {}).items()}
    known = arguments(func)
    free = [name for name in known if name not in fixed] or [f"x{i}" for i in range(1, 10)]
    points = grid_of(grid, free)
    twice = [name for name in points.names if name in fixed]
    if twice:
        raise PointError(f"{twice[0]} stands in the grid and in at={{…}}; write it once")
    names = chosen_names(func, [*points.names, *fixed])
    return points, Task(func, names, fixed, wrt, strategy)


def _plain(problem: Problem, strategy: str) -> NumericJacobian:
    """The Jacobian at the first point, so that the user's own errors come before everything."""
    return compute_numbers(problem.function, problem.tensors, ComputeOptions(strategy))


def _size(points: Grid, task: Task, first: NumericJacobian, seconds: float) -> int:
    """Points in a block: what fits into memory and into the time after which work is kept.

    Where a plain run promises many blocks, a few points tell what a batched pass costs instead.
    """
    m, n = first.matrix.shape
    by_memory = max(1, MAX_SCALARS_PER_CHUNK // max(m * n + max(m, n), 1))
    by_time = max(1, int(SECONDS_PER_BLOCK / max(seconds, 1e-9)))
    probe = min(PROBED, max(1, by_time // 4))
    if by_time < min(by_memory, math.prod(points.shape)) and probe > 1:
        _, block = next(blocks(points.shape, block_shape(points.shape, probe)))
        stacks = points.stacks(block)
        took = min(_seconds(lambda: differentiate_block(task, stacks)) for _ in range(2))
        each = took / len(next(iter(stacks.values())))
        by_time = max(1, int(SECONDS_PER_BLOCK / max(each, 1e-9)))
    return min(by_memory, by_time)


def _seconds(run: Callable[[], Any]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def _plan(
    points: Grid,
    task: Task,
    problem: Problem,
    first: NumericJacobian,
    size: int,
) -> SweepSpec:
    """Names, sizes and blocks of the whole."""
    if size < 1:
        raise PointError(f"chunk_size needs a number of at least 1; found {size}; write 64")
    m, n = first.matrix.shape
    labels = (
        [label.text for label in first.outputs.labels(problem.title)],
        [label.text for one in problem.inputs for label in one.labels],
    )
    coords = {name: as_array(values) for name, values in points.axes.items()}
    if points.listed is not None:
        flat = {k: as_array(v) for k, v in points.listed.items()}
    else:
        flat = coords
    return SweepSpec(
        title=problem.title,
        fingerprint=fingerprint(
            [
                [problem.title, source_of(task.function), *labels, list(task.names)],
                *(part for name, values in flat.items() for part in (name, values)),
                *(part for k, v in task.at.items() for part in (k, as_array(v))),
                *_weights(task.function),
                *_read_from_outside(task.function),
            ]
        ),
        dims=dimensions(list(points.axes)),
        shape=(*points.shape, m, n),
        dtype=as_array(first.matrix).dtype.name,
        block=block_shape(points.shape, size),
        coords=coords,
        labels=labels,
    )


def _weights(function: Any) -> Iterator[np.ndarray]:
    if isinstance(function, nn.Module):
        for tensor in function.state_dict().values():
            yield as_array(tensor)


def _read_from_outside(function: Any) -> Iterator[Any]:
    """Numbers and arrays that change what the function gives, though its text stays."""
    for name, value in sorted(numbers_read(function), key=lambda one: one[0]):
        yield name
        is_array = isinstance(value, np.ndarray | Tensor)
        yield as_array(value) if is_array else repr(value)


def _require_room(count: int, problem: Problem, first: NumericJacobian) -> None:
    inputs: tuple[Tensor, ...] = tuple(one.value for one in problem.inputs)
    require_memory(first.outputs.numel * count, inputs, None)


def _check_first(kept: Store, first: NumericJacobian) -> None:
    """What is stored at the first point must be what the function gives there now."""
    known = kept.first()
    if known is None:
        return
    now = as_array(first.matrix)
    scale = np.abs(now[np.isfinite(now)]).max(initial=0.0)
    if not np.allclose(known, now, rtol=1e-3, atol=1e-3 * scale, equal_nan=True):
        raise PointError(
            f"expected the store of this sweep; found other values at the first point in "
            f"{kept.path}: what the function reads from outside has changed; "
            "write another store=, or delete it"
        )


def _done(
    task: Task, points: Grid, jobs: Sequence[Job], client: Any
) -> Iterator[tuple[Job, BlockResult]]:
    """Yield the blocks as they are done: one after the other, or on a cluster in any order."""
    if client is None:
        for job in jobs:
            yield job, differentiate_block(task, points.stacks(job[1]))
        return
    from distributed import as_completed

    # The task goes along with every block: what is scattered dies with the worker that holds it.
    futures = {
        client.submit(differentiate_block, task, points.stacks(job[1]), pure=False): job
        for job in jobs
    }
    for future, found in as_completed(list(futures), with_results=True):
        yield futures.pop(future), found


def _watched(
    done: Iterator[tuple[Job, BlockResult]], jobs: Sequence[Job], already: int, progress: bool
) -> Iterator[tuple[Job, BlockResult]]:
    """Yield the same under a progress bar, which shows when it takes long."""
    from tqdm.auto import tqdm

    yield from tqdm(
        done,
        total=len(jobs),
        initial=already,
        delay=PATIENCE,
        desc="Jacobians",
        unit="block",
        disable=not progress,
    )
