"""How many rows or columns go into one batch, learnt while the batches run.

NOTE [Pace]: a batch must neither exhaust memory nor keep an interrupt (■) waiting, and what a row
costs depends on what the function does inside, and on how many there are: a handful may take longer
in a batch than one by one (a matrix times a few vectors has a slow path of its own), a hundred a
hundredth each. So what takes long begins with a single row, and batches grow by leaps as long as
their rows get cheaper and they are expected to last no longer than `LONGEST`, or than two single
rows. Memory bounds them by the widest tensor on the function's way.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Iterator

import torch

from jacmagic.numeric.connections import widest
from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.memory import allowance
from jacmagic.numeric.progress import progress

SECONDS_PER_BATCH = 0.1  # what the first one is meant to take
LONGEST = 0.4  # and no other one is
LEAP = 16  # growth, and the smallest batch that is one
ROWS_AT_ONCE = 2**23  # scalars of the basis in one batch: 64 MiB of float64
ON_THE_WAY = 2**23  # scalars of the widest tensor that a batch makes: 64 MiB of float64
PER_SECOND = 1e9  # scalars that a thread writes at most in a second
SHARE = 2**6  # of the bytes that a result may take; a batch's tensor takes one part


def batches(
    evaluation: Evaluation, total: int, *, chunk_size: int | None, seconds: float
) -> Iterator[tuple[int, int]]:
    """Split `total` directions into batches, see NOTE [Pace].

    Args:
        evaluation: the plain run.
        total: how many directions there are.
        chunk_size: how many at a time; by default as pace and memory allow.
        seconds: what one direction is expected to cost.

    Yields:
        (start, stop) of each batch; the time until the next one is asked for is taken as its cost.
    """
    slight = _is_slight(evaluation, total)
    if slight and total and chunk_size is None and seconds * total <= SECONDS_PER_BATCH:
        yield 0, total
        return
    most = chunk_size or (total if slight else ceiling(evaluation))
    most = min(most, max(total, 1))
    pace = AdaptiveBatchSize(most, seconds)
    if evaluation.before <= LONGEST:  # no need to feel the way
        pace.size = most
    elif seconds * total > SECONDS_PER_BATCH:  # one by one is what a batch has to beat
        pace.size = 1
    start = 0
    with progress(total) as told:
        while start < total:
            stop = min(total, start + (chunk_size or pace.size))
            began = time.perf_counter()
            yield start, stop
            pace.took(stop - start, time.perf_counter() - began)
            start = stop
            told(start)


class AdaptiveBatchSize:
    """The size of the next batch.

    Attributes:
        size: how many rows it should have.
    """

    def __init__(self, ceiling: int, seconds: float) -> None:
        """At most `ceiling` rows, each expected to take so many seconds."""
        self.ceiling = ceiling
        self.size = self._expected(SECONDS_PER_BATCH / max(seconds, 1e-9), seconds)
        self._growing = True
        self._best = (float("inf"), 1)
        self._single = 0.0  # seconds of a row on its own, once that is known

    def _expected(self, size: float, seconds: float) -> int:
        """A size within the bounds, and enough for a batch to be worth it if that is quick."""
        if size < LEAP and LEAP * seconds <= LONGEST:
            size = LEAP
        return max(1, min(self.ceiling, int(size)))

    def took(self, rows: int, seconds: float) -> None:
        """A batch of so many rows took so long."""
        rate = seconds / rows
        first, cheaper = math.isinf(self._best[0]), rate < self._best[0]
        if cheaper:
            self._best = rate, rows
        if rows == 1:
            self._single = seconds
        longest = max(LONGEST, 2 * self._single)
        if seconds > 2 * longest:
            self._growing = first  # which may have loaded and prepared: the next one tells
            self.size = max(1, int(rows * longest / seconds))
        elif self._growing and cheaper:
            larger = self._expected(min(LEAP * rows, longest / max(rate, 1e-9)), rate)
            self._growing = larger > rows
            self.size = max(larger, rows)
        else:
            as_good = rate <= 1.2 * self._best[0]
            self._growing, self.size = False, rows if as_good else self._best[1]


def _is_slight(evaluation: Evaluation, total: int) -> bool:
    """Whether so many rows fit at once without a look at the graph.

    In the time that the function took no tensor can have been filled that would be too wide.
    """
    if total <= 1:
        return True
    device = evaluation.inputs[0].device
    widest_of_all = evaluation.seconds * PER_SECOND * torch.get_num_threads()
    fits = total * max(*evaluation.size, widest_of_all) <= ON_THE_WAY
    return fits and device.type == "cpu" and total * max(evaluation.size) <= ROWS_AT_ONCE


def ceiling(evaluation: Evaluation) -> int:
    """How many rows memory allows in one batch."""
    width = max(*evaluation.size, 1)
    bytes_each = max((tensor.element_size() for tensor in evaluation.inputs), default=8)
    now = int(time.monotonic())
    allowed = _allowance(evaluation.inputs[0].device, now) // (SHARE * bytes_each)
    on_the_way = min(ON_THE_WAY, allowed) // max(width, widest(evaluation))
    return max(1, min(ROWS_AT_ONCE // width, on_the_way))


@functools.lru_cache(maxsize=8)
def _allowance(device: torch.device, second: int) -> int:
    """Return what a result may take, asked of the system once a second."""
    return allowance(device, None)
