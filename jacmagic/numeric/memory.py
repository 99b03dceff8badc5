"""Memory of a Jacobian: its size, what is available, and the refusal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from jacmagic.errors import SizeError

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def readable(size: float) -> str:
    """Return a number of bytes in readable units: `80.0 GB`."""
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
    """Bytes that a result may take: `limit`, or a quarter of what is free."""
    return available(device) // 4 if limit is None else limit


def require_memory(m: int, inputs: Sequence[Tensor], limit: int | None) -> None:
    """Refuse a Jacobian that would not fit, before anything is computed.

    Args:
        m: number of scalar outputs.
        inputs: the inputs, whose dtypes the blocks have.
        limit: bytes allowed; by default a quarter of what is free.

    Raises:
        SizeError: it would take more.
    """
    size = m * sum([tensor.nbytes for tensor in inputs])
    if limit is None and size < 2**24:
        return  # not worth asking the system
    allowed = allowance(inputs[0].device, limit)
    if size > allowed:
        n = sum(tensor.numel() for tensor in inputs)
        raise SizeError(
            f"a Jacobian that fits into {readable(allowed)} was expected; this one is {m} × {n}, "
            f"{readable(size)}; write --wrt NAME for fewer inputs, --mode sparse if most entries "
            "are zero, or return fewer outputs (--chunk bounds the work in between, not the result)"
        )
