"""NumPy's indexing on tensors: reversed slices, lists, masks and index arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy
import torch
from torch import Tensor

from jacmagic.function.interop.adapters import tensor
from jacmagic.function.interop.arrays import as_tensors, has_tensor


def is_view(index: Any) -> bool:
    """Whether NumPy gives a view that torch can give too: numbers and rising slices."""
    return all(
        part is None or part is Ellipsis
        or (isinstance(part, slice) and (part.step is None or part.step > 0))
        or (isinstance(part, int) and not isinstance(part, bool))
        for part in _parts(index)
    )  # fmt: skip


def read(source: Tensor, index: Any) -> Tensor:
    """`source[index]`; a view where NumPy gives one, unless it is reversed."""
    if not _needs_positions(index):
        return source[as_tensors(index)]
    positions = _positions(source, index)
    return source.reshape(-1)[positions.reshape(-1)].reshape(positions.shape)


def write(target: Tensor, index: Any, value: Any) -> None:
    """`target[index] = value`, in place."""
    value = tensor(as_tensors(value), target).to(target.dtype)
    if not _needs_positions(index):
        target[as_tensors(index)] = value
        return
    positions = numpy.unravel_index(_positions(target, index).numpy(), tuple(target.shape))
    target[tuple(torch.from_numpy(numpy.array(part)) for part in positions)] = value


def _parts(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)


def _needs_positions(index: Any) -> bool:
    """Whether torch would refuse or misread an index; False if it holds inputs."""
    reversed_ = any(
        isinstance(part, slice) and part.step is not None and part.step < 0
        for part in _parts(index)
    )
    nested = any(isinstance(part, (list, range)) for part in _parts(index))
    return (reversed_ or nested) and not has_tensor(index)


def _positions(source: Tensor, index: Any) -> Tensor:
    """Return the row-major position of every entry that an index reads, by NumPy."""
    shape = tuple(source.shape)
    plain = tuple(numpy.asarray(p) if isinstance(p, (list, range)) else p for p in _parts(index))
    chosen = numpy.arange(math.prod(shape)).reshape(shape)[plain]
    return torch.from_numpy(numpy.array(chosen)).to(source.device)
