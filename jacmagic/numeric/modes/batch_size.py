"""Adaptive batch size: rows or columns per batch, by measured time.

NOTE [Adaptive batches]: a batch must neither exhaust memory nor delay an interrupt (■), and what a
row costs depends on what the function does inside, and on how many there are: a handful may take
longer in a batch than one by one (a matrix times a few vectors has a slow path of its own), a
hundred a hundredth each. So what takes long begins with a single row, and batches grow as long as
their rows get cheaper and they are expected to last no longer than `MAX_BATCH_SECONDS`, or than two
single rows. Memory bounds them by the widest tensor that the function makes.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Iterator

import torch

from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.memory import allowance
from jacmagic.numeric.progress import progress

FIRST_BATCH_SECONDS = 0.1  # that the first batch is meant to take
MAX_BATCH_SECONDS = 0.4  # that any other one is; an interrupt waits for the end of a batch
BATCH_GROWTH = 16  # from one batch to the next, and the smallest batch that gains anything
MAX_BASIS_SCALARS = 2**23  # of the directions in one batch: 64 MiB of float64
MAX_INTERMEDIATE_SCALARS = 2**23  # of the widest tensor that a batch makes: 64 MiB of float64
SCALARS_PER_SECOND = 1e9  # that a thread writes at most: 8 GB/s
BATCHES_PER_ALLOWANCE = 2**6  # of which the bytes that a result may take are enough for a tensor
RATE_TOLERANCE = 1.2  # times the best seconds per row, up to which a size is as good


def batches(
    evaluation: Evaluation, total: int, *, chunk_size: int | None, seconds: float
) -> Iterator[tuple[int, int]]:
    """Split `total` directions into batches, see NOTE [Adaptive batches].

    Args:
        evaluation: the plain run.
        total: how many directions there are.
        chunk_size: how many at a time; by default as time and memory allow.
        seconds: what one direction is expected to cost.

    Yields:
        (start, stop) of each batch; the time until the next one is asked for is taken as its cost.
    """
    small = _is_small(evaluation, total)
    if small and total and chunk_size is None and seconds * total <= FIRST_BATCH_SECONDS:
        yield 0, total
        return
    most = chunk_size or (total if small else ceiling(evaluation))
    most = min(most, max(total, 1))
    sizes = AdaptiveBatchSize(most, seconds)
    if evaluation.before <= MAX_BATCH_SECONDS:  # a full batch is known to be short
        sizes.size = most
    elif seconds * total > FIRST_BATCH_SECONDS:  # one by one is what a batch has to beat
        sizes.size = 1
    start = 0
    with progress(total) as advance:
        while start < total:
            stop = min(total, start + (chunk_size or sizes.size))
            began = time.perf_counter()
            yield start, stop
            sizes.record(stop - start, time.perf_counter() - began)
            start = stop
            advance(start)


class AdaptiveBatchSize:
    """The size of the next batch.

    Attributes:
        size: how many rows it should have.
    """

    def __init__(self, ceiling: int, seconds: float) -> None:
        """Start with at most `ceiling` rows, each expected to take so many seconds."""
        self.ceiling = ceiling
        self.size = self._expected(FIRST_BATCH_SECONDS / max(seconds, 1e-9), seconds)
        self._growing = True
        self._best = (float("inf"), 1)
        self._single = 0.0  # seconds of a row on its own, once that is known

    def _expected(self, size: float, seconds: float) -> int:
        """Return a size within the bounds, and large enough to gain if that is quick."""
        if size < BATCH_GROWTH and BATCH_GROWTH * seconds <= MAX_BATCH_SECONDS:
            size = BATCH_GROWTH
        return max(1, min(self.ceiling, int(size)))

    def record(self, rows: int, seconds: float) -> None:
        """Record the seconds that a batch took, and choose the size of the next one."""
        rate = seconds / rows
        first, cheaper = math.isinf(self._best[0]), rate < self._best[0]
        if cheaper:
            self._best = rate, rows
        if rows == 1:
            self._single = seconds
        longest = max(MAX_BATCH_SECONDS, 2 * self._single)
        if seconds > 2 * longest:
            self._growing = first  # which may have loaded and prepared: the next one decides
            self.size = max(1, int(rows * longest / seconds))
        elif self._growing and cheaper:
            larger = self._expected(min(BATCH_GROWTH * rows, longest / max(rate, 1e-9)), rate)
            self._growing = larger > rows
            self.size = max(larger, rows)
        else:
            as_good = rate <= RATE_TOLERANCE * self._best[0]
            self._growing, self.size = False, rows if as_good else self._best[1]


def _is_small(evaluation: Evaluation, total: int) -> bool:
    """Whether so many rows fit at once, without a traversal of the graph.

    In the time that so many runs of the function would take, or that the whole Jacobian took
    before, no tensor can have been filled that would be too wide.
    """
    if total <= 1:
        return True
    seconds = min(total * evaluation.seconds, evaluation.before)
    written = seconds * SCALARS_PER_SECOND * torch.get_num_threads()
    fits = max(total * max(evaluation.size), written) <= MAX_INTERMEDIATE_SCALARS
    return fits and evaluation.inputs[0].is_cpu


def ceiling(evaluation: Evaluation) -> int:
    """How many rows memory allows in one batch."""
    width = max(*evaluation.size, 1)
    bytes_each = max((tensor.element_size() for tensor in evaluation.inputs), default=8)
    now = int(time.monotonic())
    allowed = _allowance(evaluation.inputs[0].device, now) // (BATCHES_PER_ALLOWANCE * bytes_each)
    on_the_way = min(MAX_INTERMEDIATE_SCALARS, allowed) // max(width, evaluation.graph.widest)
    return max(1, min(MAX_BASIS_SCALARS // width, on_the_way))


@functools.lru_cache(maxsize=8)
def _allowance(device: torch.device, second: int) -> int:
    """Return what a result may take, asked of the system once a second."""
    return allowance(device, None)
