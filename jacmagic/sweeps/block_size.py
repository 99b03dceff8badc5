"""The size of a block, bounded by memory and by the seconds it takes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TypeVar

from jacmagic.numeric.batched import MAX_SCALARS_PER_CHUNK
from jacmagic.numeric.result import NumericJacobian
from jacmagic.sweeps.block import Task, differentiate_block
from jacmagic.sweeps.grid import Grid, block_shape, blocks

MAX_SECONDS_PER_BLOCK = 2.0  # about what an interrupted sweep loses, and one step of its bar
MAX_POINTS_PROBED = 64  # of the batched pass that is timed: enough to show what a batch saves
MIN_SECONDS_TO_REPEAT = 0.1  # of a first run, which may have spent most of them on loading

T = TypeVar("T")


def timed(run: Callable[[], T]) -> tuple[T, float]:
    """Return the result of a call, and its seconds."""
    began = time.perf_counter()
    result = run()
    return result, time.perf_counter() - began


def time_first(run: Callable[[], T]) -> tuple[T, float]:
    """Return the result of a first call, and the seconds of a later one."""
    result, seconds = timed(run)
    if seconds > MIN_SECONDS_TO_REPEAT:
        seconds = min(seconds, timed(run)[1])
    return result, seconds


def block_size(points: Grid, task: Task, first: NumericJacobian, seconds: float) -> int:
    """Return the number of points in a block.

    Where a plain run promises many blocks, a few points are timed in a batched pass instead.

    Args:
        points: where to differentiate.
        task: what to differentiate.
        first: the Jacobian at the first point.
        seconds: of its computation.
    """
    m, n = first.matrix.shape
    by_memory = max(1, MAX_SCALARS_PER_CHUNK // max(m * n + max(m, n), 1))
    by_time = _points_in_time(seconds)
    count = min(MAX_POINTS_PROBED, max(1, by_time // 4))
    if by_time < min(by_memory, math.prod(points.shape)) and count > 1:
        by_time = _points_in_time(_seconds_per_point(points, task, count))
    return min(by_memory, by_time)


def _points_in_time(seconds_per_point: float) -> int:
    return max(1, int(MAX_SECONDS_PER_BLOCK / max(seconds_per_point, 1e-9)))


def _seconds_per_point(points: Grid, task: Task, count: int) -> float:
    """Return the seconds for each of at most `count` points in a batched pass."""
    _, block = next(blocks(points.shape, block_shape(points.shape, count)))
    stacks = points.stacks(block)
    seconds = min(timed(lambda: differentiate_block(task, stacks))[1] for _ in range(2))
    return seconds / len(next(iter(stacks.values())))
