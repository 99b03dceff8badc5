"""NumPy functions that only move entries: NumPy itself moves the indices.

`np.roll(a, 1)` of a tensor gathers from it the entries that `np.roll` of 0 … n − 1 names. So the
arguments mean exactly what they mean in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import torch
from torch import Tensor

from jacmagic.function.aten.operation import tensors_in
from jacmagic.function.interop.adapters import promoted, tensor

MOVING = (
    "flip fliplr flipud rot90 roll rollaxis tile repeat delete resize compress extract split "
    "array_split hsplit vsplit dsplit triu tril diag diagflat unstack"
).split()  # fmt: skip
_FIRST_SAYS_WHICH = ("compress", "extract")  # their second argument is the array
_FILLED = ("triu", "tril", "diag", "diagflat", "pad")  # new entries of theirs are zeros


def moving(name: str) -> Callable[..., Any]:
    """Return the function of tensors that moves entries as NumPy's of that name does."""
    function = getattr(numpy, name)

    def call(*values: Any, **named: Any) -> Any:
        position = 1 if name in _FIRST_SAYS_WHICH else 0
        source = tensor(values[position])
        before = tuple(map(_plain, values[:position]))
        rest = tuple(map(_plain, values[position + 1 :]))
        first = 1 if name in _FILLED else 0  # 0 then stands for a zero
        indices = first + numpy.arange(source.numel()).reshape(tuple(source.shape))
        named = {"axis" if key == "dim" else key: _plain(value) for key, value in named.items()}
        return _gathered(_flat(source, first), function(*before, indices, *rest, **named))

    return call


def _flat(source: Tensor, zeros: int) -> Tensor:
    flat = source.reshape(-1)
    return torch.cat([flat.new_zeros(zeros), flat]) if zeros else flat


def _gathered(flat: Tensor, indices: Any) -> Any:
    if isinstance(indices, (list, tuple)):
        return [_gathered(flat, part) for part in indices]
    return flat[torch.from_numpy(numpy.array(indices)).to(flat.device)]


def _plain(value: Any) -> Any:
    """Return an argument that specifies a movement, with numbers instead of tensors."""
    return value.tolist() if isinstance(value, Tensor) else value


def padded(x: Tensor, width: Any, mode: str = "constant", **named: Any) -> Tensor:
    """`np.pad` with a constant or with entries of the array itself."""
    filling = named.pop("constant_values", 0)
    indices = 1 + numpy.arange(x.numel()).reshape(tuple(x.shape))
    moved = numpy.pad(indices, width, mode, **named)  # type: ignore[call-overload]  # any mode
    flat, fill = promoted((x.reshape(-1), filling))
    return _gathered(torch.cat([fill.reshape(-1), flat]), moved)


def inserted(x: Any, position: Any, values: Any, dim: int | None = None) -> Tensor:
    """`np.insert`."""
    x, values = promoted((x, values))
    indices = numpy.arange(x.numel()).reshape(tuple(x.shape))
    new = x.numel() + numpy.arange(values.numel()).reshape(tuple(values.shape))
    moved = numpy.insert(indices, _plain(position), new, axis=dim)
    return _gathered(torch.cat([x.reshape(-1), values.reshape(-1)]), moved)


def blocked(parts: Any) -> Tensor:
    """`np.block` of nested lists."""
    like = next(tensors_in(parts))
    flat: list[Tensor] = []

    def placed(part: Any) -> Any:
        if isinstance(part, list):
            return [placed(row) for row in part]
        flat.append(tensor(part, like).reshape(-1))
        start = sum(row.numel() for row in flat[:-1])
        return start + numpy.arange(flat[-1].numel()).reshape(numpy.shape(part))

    indices = numpy.block(placed(parts))
    return _gathered(torch.cat(promoted(flat)), indices)
