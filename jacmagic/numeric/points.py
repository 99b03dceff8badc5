"""Many points, and the Jacobians at them: some in a chunk, and all of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from jacmagic.numeric.result import NumericJacobian


@dataclass(frozen=True)
class Points:
    """Where a function is to be differentiated.

    Attributes:
        tensors: the function's arguments; those that vary have a leading dimension of points.
        varies: for each argument whether it does.
        chosen: positions of the arguments to differentiate by.
        count: how many points there are.
    """

    tensors: tuple[Tensor, ...]
    varies: tuple[bool, ...]
    chosen: tuple[int, ...]
    count: int

    def at(self, index: int) -> tuple[Tensor, ...]:
        """Return the arguments at one point."""
        pairs = zip(self.tensors, self.varies, strict=True)
        return tuple(tensor[index] if varies else tensor for tensor, varies in pairs)

    def part(self, start: int, stop: int) -> tuple[Tensor, ...]:
        """Return the arguments at some neighbouring points."""
        pairs = zip(self.tensors, self.varies, strict=True)
        return tuple(tensor[start:stop] if varies else tensor for tensor, varies in pairs)


@dataclass(frozen=True)
class Chunk:
    """Jacobians at some of the points.

    Attributes:
        blocks: `blocks[i][j]` is (points, *output i, *input j).
        values: (points, *output i) for each output.
        notes: why the points were taken one by one, if they were.
    """

    blocks: tuple[tuple[Tensor, ...], ...]
    values: tuple[Tensor, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class BatchedJacobian:
    """Jacobians at all points.

    Attributes:
        first: what a plain run at the first point gave; its outputs tell the structure.
        blocks: `blocks[i][j]` is (points, *output i, *input j), of the input's dtype.
        values: (points, *output i) for each output.
        mode: "forward" or "reverse"; "loop" where points were taken one by one.
        notes: why, if they were.
    """

    first: NumericJacobian
    blocks: tuple[tuple[Tensor, ...], ...]
    values: tuple[Tensor, ...]
    mode: str
    notes: tuple[str, ...]

    @property
    def matrix(self) -> Tensor:
        """(points, m, n): outputs flattened by inputs flattened."""
        rows = []
        for row, values in zip(self.blocks, self.values, strict=True):
            count, size = len(values), values[0].numel()
            widths = [block.shape[values.dim() :].numel() for block in row]
            parts = [b.reshape(count, size, w) for b, w in zip(row, widths, strict=True)]
            rows.append(torch.cat(parts, dim=2))
        return torch.cat(rows, dim=1)
