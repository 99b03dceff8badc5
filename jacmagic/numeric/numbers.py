"""A Jacobian as torch computed it: dense blocks or entries, and how they came about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from jacmagic.numeric.entries import Sparse
from jacmagic.numeric.rows import Blocks
from jacmagic.structure import Outputs


@dataclass(frozen=True)
class Numbers:
    """A Jacobian as torch computed it.

    Attributes:
        outputs: the function's value; detached unless the graph was asked for.
        found: the dense blocks, or the entries that may differ from zero.
        mode: "rows", "reverse", "forward" or "sparse".
        passes: how many vector products that took: rows, or columns in forward mode.
        notes: short remarks for the reader, such as why it could not be batched.
        connected: `connected[i][j]` is False where torch's graph does not lead from output i to
            input j; the block is then zero, whatever the function may be.
    """

    outputs: Outputs
    found: Blocks | Sparse
    mode: str
    passes: int
    notes: tuple[str, ...]
    connected: tuple[tuple[bool, ...], ...]

    @property
    def sparse(self) -> Sparse | None:
        """The entries and their places, if only these were computed."""
        return self.found if isinstance(self.found, Sparse) else None

    @property
    def m(self) -> int:
        """The number of scalar outputs."""
        return self.outputs.numel

    @cached_property
    def blocks(self) -> Blocks:
        """`blocks[i][j]` is ∂(output i)/∂(input j), of shape output.shape + input.shape.

        Of the input's dtype, but for an explicit forward mode.

        Raises:
            SizeError: only the entries that may differ from zero were computed, and all m · n
                would not fit into memory.
        """
        if isinstance(self.found, Sparse):
            return self.found.blocks(self.outputs.leaves)
        return self.found

    @property
    def matrix(self) -> Tensor:
        """(m, n): outputs flattened by inputs flattened."""
        rows = []
        for leaf, blocks in zip(self.outputs.leaves, self.blocks, strict=True):
            parts = [block.reshape(leaf.numel(), _width(leaf, block)) for block in blocks]
            rows.append(torch.cat(parts, 1) if parts else leaf.new_zeros(leaf.numel(), 0))
        return torch.cat(rows)

    @property
    def tensors(self) -> list[Tensor]:
        """The tensors that hold the Jacobian: its blocks, or the entries of a sparse one."""
        if isinstance(self.found, Sparse):
            return [self.found.values]
        return [block for row in self.found for block in row]

    def moved(self, outputs: Outputs, tensors: Sequence[Tensor]) -> Numbers:
        """The Jacobian at another point, from that value and those `tensors`."""
        found: Blocks | Sparse
        if isinstance(self.found, Sparse):
            found = Sparse(self.found.scheme, tensors[0])
        else:
            rest = iter(tensors)
            found = tuple([tuple([next(rest) for _ in row]) for row in self.found])
        return Numbers(outputs, found, self.mode, self.passes, self.notes, self.connected)

    def structured(self, *, single: bool) -> Any:
        """Torch's nesting: per output a tensor if there is a `single` input, else a tuple."""
        return self.outputs.rebuild([row[0] if single else row for row in self.blocks])


class Source(Protocol):
    """A Jacobian that is known as a function of floats; see `jacmagic.numeric.recording`."""

    numbers: Numbers
    order: np.ndarray | None

    def tensors_of(self, floats: np.ndarray) -> Sequence[Tensor]:
        """A tensor for each output and each block."""

    def from_floats(self, floats: Sequence[float]) -> Late | None:
        """The Jacobian where the inputs have these components; None where that is not known."""


class Late(Numbers):
    """A dense Jacobian as floats, which become tensors when somebody asks for these.

    Attributes:
        source: where it comes from, with the Jacobian at another point: alike but for the numbers.
        floats: the components of all outputs and then of all blocks.
    """

    source: Source
    floats: np.ndarray

    def __init__(self, source: Source, floats: np.ndarray) -> None:
        """The Jacobian at a point."""
        like = source.numbers
        vars(self).update(
            mode=like.mode,
            passes=like.passes,
            notes=like.notes,
            connected=like.connected,
            source=source,
            floats=floats,
        )

    @cached_property
    def _whole(self) -> Numbers:
        like, tensors = self.source.numbers, self.source.tensors_of(self.floats)
        count = len(like.outputs.leaves)
        return like.moved(like.outputs.replace(tensors[:count]), tensors[count:])

    @property
    def outputs(self) -> Outputs:
        """The function's value."""
        return self._whole.outputs

    @property
    def found(self) -> Blocks | Sparse:
        """The dense blocks."""
        return self._whole.found

    @property
    def sparse(self) -> None:
        """It is dense."""

    @property
    def m(self) -> int:
        """The number of scalar outputs."""
        return self.source.numbers.m

    @property
    def matrix(self) -> Tensor:
        """(m, n), float64."""
        return torch.from_numpy(self.floats[self.source.order])


def order_of(numbers: Numbers) -> np.ndarray | None:
    """(m, n) where each entry stands among all components; None if sparse or without inputs."""
    if isinstance(numbers.found, Sparse) or not all(numbers.found):
        return None
    begin = numbers.outputs.numel
    rows = []
    for leaf, blocks in zip(numbers.outputs.leaves, numbers.found, strict=True):
        row = []
        for block in blocks:
            places = np.arange(begin, begin + block.numel())
            row.append(places.reshape(leaf.numel(), _width(leaf, block)))
            begin += block.numel()
        rows.append(np.concatenate(row, axis=1))
    return np.concatenate(rows) if rows else None


def _width(leaf: Tensor, block: Tensor) -> int:
    return torch.Size(block.shape[leaf.dim() :]).numel()
