"""Numeric Jacobian: dense blocks or sparse entries, with mode and notes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from jacmagic.function.outputs import Outputs
from jacmagic.numeric.entries import Sparse
from jacmagic.numeric.modes.mode import Blocks


@dataclass(frozen=True)
class NumericJacobian:
    """A Jacobian as torch computed it.

    Attributes:
        outputs: the function's value; detached unless the graph was asked for.
        data: the dense blocks, or the entries that may differ from zero.
        mode: "rows", "reverse", "forward" or "sparse".
        passes: how many vector products that took: rows, or columns in forward mode.
        notes: short remarks for the reader, such as why it could not be batched.
        connected: `connected[i][j]` is False where torch's graph does not lead from output i to
            input j; the block is then zero, whatever the function may be.
    """

    outputs: Outputs
    data: Blocks | Sparse
    mode: str
    passes: int
    notes: tuple[str, ...]
    connected: tuple[tuple[bool, ...], ...]

    @property
    def sparse(self) -> Sparse | None:
        """The entries, if only these were computed."""
        return self.data if isinstance(self.data, Sparse) else None

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
        if isinstance(self.data, Sparse):
            return self.data.blocks(self.outputs.leaves)
        return self.data

    def with_notes(self, notes: tuple[str, ...]) -> NumericJacobian:
        """Return the same with some notes before its own."""
        return replace(self, notes=(*notes, *self.notes)) if notes else self

    @property
    def matrix(self) -> Tensor:
        """(m, n): outputs flattened by inputs flattened."""
        rows = []
        for leaf, blocks in zip(self.outputs.leaves, self.blocks, strict=True):
            parts = [block.reshape(leaf.numel(), _width(leaf, block)) for block in blocks]
            rows.append(torch.cat(parts, 1) if parts else leaf.new_zeros(leaf.numel(), 0))
        return torch.cat(rows)


def _width(leaf: Tensor, block: Tensor) -> int:
    return torch.Size(block.shape[leaf.dim() :]).numel()


def detached(outputs: Outputs) -> Outputs:
    """Return a function's value without the graph that leads to it."""
    return outputs.replace([leaf.detach() for leaf in outputs.leaves])
