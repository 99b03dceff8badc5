"""Points of a batch, and the Jacobians at a chunk of them or at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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

    @property
    def dims(self) -> tuple[int | None, ...]:
        """The dimension of each argument that `vmap` runs over."""
        return tuple(0 if varies else None for varies in self.varies)

    def at(self, index: int) -> tuple[Tensor, ...]:
        """Return the arguments at one point."""
        pairs = zip(self.tensors, self.varies, strict=True)
        return tuple(tensor[index] if varies else tensor for tensor, varies in pairs)

    def part(self, start: int, stop: int) -> tuple[Tensor, ...]:
        """Return the arguments at some neighbouring points."""
        pairs = zip(self.tensors, self.varies, strict=True)
        return tuple(tensor[start:stop] if varies else tensor for tensor, varies in pairs)

    def of_chosen(
        self, function: Callable[..., Any], index: int
    ) -> tuple[Callable[..., Any], list[Tensor]]:
        """Return a function of the chosen arguments alone at one point, and these."""
        arguments = self.at(index)

        def partial(*values: Tensor) -> Any:
            replaced = dict(zip(self.chosen, values, strict=True))
            return function(*(replaced.get(k, argument) for k, argument in enumerate(arguments)))

        return partial, [arguments[k] for k in self.chosen]


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

    @classmethod
    def joined(cls, chunks: list[Chunk]) -> Chunk:
        """Return the points of several chunks, one after the other."""
        blocks = zip(*(chunk.blocks for chunk in chunks), strict=True)
        values = zip(*(chunk.values for chunk in chunks), strict=True)
        return cls(
            tuple(tuple(map(torch.cat, zip(*rows, strict=True))) for rows in blocks),
            tuple(map(torch.cat, values)),
            tuple(dict.fromkeys(note for chunk in chunks for note in chunk.notes)),
        )

    @classmethod
    def stacked(cls, numbers: list[NumericJacobian], notes: tuple[str, ...]) -> Chunk:
        """Return the points of single Jacobians."""
        blocks = zip(*(number.blocks for number in numbers), strict=True)
        values = zip(*(number.outputs.leaves for number in numbers), strict=True)
        return cls(
            tuple(tuple(map(torch.stack, zip(*rows, strict=True))) for rows in blocks),
            tuple(map(torch.stack, values)),
            notes,
        )


@dataclass(frozen=True)
class BatchedJacobian:
    """Jacobians at all points.

    Attributes:
        first: what a plain run at the first point gave; its outputs have the structure of all.
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
