"""`jacmagic.sweep`: the Jacobian at every point of a grid, block by block.

grid ─cut─▶ blocks ─differentiate, here or on a cluster─▶ memory or a store ─▶ one array
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jacmagic.errors import PointError
from jacmagic.function.problem import Problem
from jacmagic.function.values import as_tensor
from jacmagic.numeric.compute import compute as compute_numbers
from jacmagic.numeric.memory import require_memory
from jacmagic.numeric.options import ComputeOptions, check_chunk_size
from jacmagic.numeric.result import NumericJacobian
from jacmagic.sweeps.block import (
    BlockResult,
    Task,
    arguments,
    as_array,
    chosen_names,
    differentiate_block,
)
from jacmagic.sweeps.block_size import block_size, time_first
from jacmagic.sweeps.grid import Block, Grid, blocks, grid_of
from jacmagic.sweeps.result import has_xarray, labelled
from jacmagic.sweeps.spec import SweepSpec, spec_of
from jacmagic.sweeps.store import Memory, Store

MIN_SECONDS_TO_SHOW_PROGRESS = 1.0  # a shorter sweep needs no bar
MAX_RELATIVE_DIFFERENCE = 1e-3  # of a store's first point: coarser than rounding in float32

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
            computes only what is missing. The store does not hold what the function reads from
            outside its arguments, but the first point is computed again and must agree.
        client: a `dask.distributed.Client`, whose workers compute the blocks.
        progress: show a bar after one second.

    Returns:
        An `xarray.DataArray` where xarray is installed (`pip install 'jacmagic[sweep]'`), else a
        `Sweep`: `.values` (*grid, m, n), `.dims`, `.coords`. From a store, xarray reads when the
        values are needed.

    Raises:
        PointError: names or values do not fit the function; the store is of another sweep.
        OptionError: an unknown strategy, or a `chunk_size` below 1.
        SizeError: the result would not fit into memory and there is no store to read it from.

    Example:
        >>> import torch, jacmagic
        >>> f = lambda r, t: (r * torch.cos(t), r * torch.sin(t))
        >>> jacmagic.sweep(f, {"r": [1.0, 2.0], "t": [0.0, 0.5, 1.0]}).shape
        (2, 3, 2, 2)
    """
    check_chunk_size(chunk_size)
    points, task = _read(func, grid, at, wrt, ComputeOptions(strategy))
    problem = task.problem(points.stacks(points.origin))
    first, size = _first(points, task, problem, chunk_size)
    spec = spec_of(points, task, problem, first, size)
    storage = _storage(spec, store, problem, first)
    jobs = list(blocks(points.shape, storage.block))
    left = [job for job in jobs if not storage.is_done(job[0])]
    notes = dict.fromkeys((*problem.notes, *first.notes))
    results = _block_results(task, points, left, client)
    for (index, block), result in _with_progress(results, len(jobs), len(left), progress):
        notes |= dict.fromkeys(result.notes)
        storage.write(index, block, result.matrix)
    agreement = f"a plain backward pass confirms one point in each of {len(jobs)} blocks"
    attrs = {"title": spec.title, "notes": list(notes), "agreement": agreement}
    return labelled(storage.read(), spec.dims, spec.all_coords, attrs)


def _read(
    func: Callable[..., Any],
    grid: Any,
    at: Mapping[str, Any] | None,
    wrt: Any,
    options: ComputeOptions,
) -> tuple[Grid, Task]:
    """Return the points and the task; their names are checked against the function's."""
    fixed = {name: as_tensor(value, name, []).detach() for name, value in (at or {}).items()}
    free = [name for name in arguments(func) if name not in fixed] or [
        f"x{i}" for i in range(1, 10)
    ]
    points = grid_of(grid, free)
    twice = [name for name in points.names if name in fixed]
    if twice:
        raise PointError(f"{twice[0]} is in the grid and in at={{…}}; write it once")
    names = chosen_names(func, [*points.names, *fixed])
    return points, Task(func, names, fixed, wrt, options)


def _first(
    points: Grid, task: Task, problem: Problem, chunk_size: int | None
) -> tuple[NumericJacobian, int]:
    """Return the Jacobian at the first point and the size of a block.

    The user's own errors come from here, before anything is stored.
    """

    def differentiate() -> NumericJacobian:
        values = problem.tensors
        return compute_numbers(problem.function, values, task.options)

    if chunk_size is not None:
        return differentiate(), chunk_size
    first, seconds = time_first(differentiate)
    return first, block_size(points, task, first, seconds)


def _storage(
    spec: SweepSpec, path: str | Path | None, problem: Problem, first: NumericJacobian
) -> Memory | Store:
    """Open the store, or allocate memory."""
    if path is None or not has_xarray():
        count = math.prod(spec.shape[:-2])
        require_memory(first.outputs.numel * count, problem.tensors, None)
    if path is None:
        return Memory(spec)
    store = Store(path, spec)
    _check_first(store, first)
    return store


def _check_first(store: Store, first: NumericJacobian) -> None:
    """Refuse a store whose Jacobian at the first point is not the function's."""
    stored = store.first()
    if stored is None:
        return
    now = as_array(first.matrix)
    scale = np.abs(now[np.isfinite(now)]).max(initial=0.0)
    share = MAX_RELATIVE_DIFFERENCE
    if not np.allclose(stored, now, rtol=share, atol=share * scale, equal_nan=True):
        raise PointError(
            f"expected the store of this sweep; found other values at the first point in "
            f"{store.path}: what the function reads from outside has changed; "
            "write another store=, or delete it"
        )


def _block_results(
    task: Task, points: Grid, jobs: Sequence[Job], client: Any
) -> Iterator[tuple[Job, BlockResult]]:
    """Yield results of blocks: in order here, or from a cluster as they arrive."""
    if client is None:
        for job in jobs:
            yield job, differentiate_block(task, points.stacks(job[1]))
        return
    from distributed import as_completed

    # The task goes along with every block: scattered data is lost with the worker that holds it.
    futures = {
        client.submit(differentiate_block, task, points.stacks(job[1]), pure=False): job
        for job in jobs
    }
    for future, result in as_completed(list(futures), with_results=True):
        yield futures.pop(future), result


def _with_progress(
    results: Iterator[tuple[Job, BlockResult]], total: int, left: int, progress: bool
) -> Iterator[tuple[Job, BlockResult]]:
    """Yield the same under a progress bar, which shows when it takes long."""
    from tqdm.auto import tqdm

    yield from tqdm(
        results,
        total=total,
        initial=total - left,
        delay=MIN_SECONDS_TO_SHOW_PROGRESS,
        desc="Jacobians",
        unit="block",
        disable=not progress,
    )
