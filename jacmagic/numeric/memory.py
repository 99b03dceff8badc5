"""How large a Jacobian will be, whether it fits, and how much of it to compute in one batch."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from jacmagic.errors import SizeError
from jacmagic.numeric.progress import progress

# NOTE [Pace]
# A batch must neither exhaust memory nor keep an interrupt (■) waiting, and how much a row of it
# costs depends on what the function does inside. Time is the measure for both: the plain run tells
# roughly what one row costs, each batch corrects that, and no batch is meant to take longer than
# this. What is touched in a tenth of a second also fits into memory.
SECONDS_PER_BATCH = 0.1
ROWS_AT_ONCE = 2**20  # scalars of the basis in one batch: 8 MiB of float64, about a cache's worth

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def readable(size: float) -> str:
    """A number of bytes for the eye: `80.0 GB`."""
    step = min(int(math.log(max(size, 1), 1000)), len(_UNITS) - 1)
    return f"{size / 1000**step:.{1 if step else 0}f} {_UNITS[step]}"


def available(device: torch.device) -> int:
    """Bytes of memory that a tensor on `device` could take now."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return 4 * 2**30  # not Linux: what every machine has


def allowance(device: torch.device, limit: int | None) -> int:
    """Bytes that a result on `device` may take: `limit`, or half of what is free."""
    return available(device) // 2 if limit is None else limit


def require_room(m: int, inputs: tuple[Tensor, ...], limit: int | None) -> None:
    """Refuse a Jacobian that would not fit, before anything is computed.

    Args:
        m: number of scalar outputs.
        inputs: the inputs, whose dtypes the blocks have.
        limit: bytes allowed; by default half of what is free.

    Raises:
        SizeError: it would take more.
    """
    n = sum(tensor.numel() for tensor in inputs)
    size = m * sum(tensor.numel() * tensor.element_size() for tensor in inputs)
    if limit is None and size < 2**24:
        return  # not worth asking the system
    allowed = allowance(inputs[0].device, limit)
    if size > allowed:
        raise SizeError(
            f"a Jacobian that fits into {readable(allowed)} was expected; this one is {m} × {n}, "
            f"{readable(size)}; write --wrt NAME for fewer inputs, --mode sparse if most entries "
            "are zero, or return fewer outputs (--chunk bounds the work in between, not the result)"
        )


def batches(
    total: int, width: int, *, chunk_size: int | None, seconds: float
) -> Iterator[tuple[int, int]]:
    """Split `total` directions into batches, see NOTE [Pace].

    Args:
        total: how many directions there are.
        width: scalars in one direction (one row of the basis).
        chunk_size: how many at a time; by default as the pace allows.
        seconds: what one direction is expected to cost.

    Yields:
        (start, stop) of each batch; the time until the next one is asked for is taken as its cost.
    """
    start, ceiling = 0, max(1, ROWS_AT_ONCE // max(width, 1))
    with progress(total) as told:
        while start < total:
            paced = min(ceiling, max(1, int(SECONDS_PER_BATCH / max(seconds, 1e-9))))
            stop = min(total, start + (chunk_size or paced))
            began = time.perf_counter()
            yield start, stop
            seconds = (time.perf_counter() - began) / (stop - start)
            start = stop
            told(start)
