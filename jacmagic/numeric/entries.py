"""Sparse Jacobian: stored entries and the plan that computes them at any point."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from jacmagic.function.interop.silence import silent
from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.memory import require_memory
from jacmagic.numeric.modes.mode import Blocks
from jacmagic.numeric.sparsity import Plan
from jacmagic.render.text import spaced

if TYPE_CHECKING:
    import scipy.sparse as sp


@dataclass(frozen=True)
class SparsePlan:
    """A plan as tensors on the inputs' device; valid at every point while steady.

    Attributes:
        plan: the pattern and its colours.
        steady: whether the pattern holds wherever the function is evaluated.
        starts: (m + 1,) where each row's entries begin, int64.
        columns: (entries,) their columns, int64.
        source: (entries,) their indices among the products.
        forward: for each input, sums of columns of the identity, (passes, *input.shape).
        backward: for each output, sums of rows of the identity, (passes, *output.shape).
    """

    plan: Plan
    steady: bool
    starts: Tensor = field(repr=False)
    columns: Tensor = field(repr=False)
    source: Tensor = field(repr=False)
    forward: tuple[Tensor, ...] = field(repr=False)
    backward: tuple[Tensor, ...] = field(repr=False)

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n)."""
        m, n = self.plan.pattern.shape
        return int(m), int(n)

    @cached_property
    def rows(self) -> Tensor:
        """(entries,) their rows, int64."""
        return torch.as_tensor(self.row_indices, device=self.starts.device)

    @cached_property
    def row_indices(self) -> np.ndarray:
        """The same in NumPy."""
        starts = self.plan.pattern.indptr
        return np.repeat(np.arange(len(starts) - 1, dtype=np.int64), np.diff(starts))

    def fits(self, evaluation: Evaluation) -> bool:
        """Whether the function still takes and returns what this plan was made for."""
        leaves = evaluation.outputs.leaves
        return (
            [(seed.shape[1:], seed.dtype) for seed in self.forward]
            == [(tensor.shape, tensor.dtype) for tensor in evaluation.inputs]
            and [seed.shape[1:] for seed in self.backward] == [leaf.shape for leaf in leaves]
            and self.columns.device == evaluation.inputs[0].device
        )


@dataclass(frozen=True)
class Sparse:
    """The entries of a Jacobian (m, n) that may differ from zero.

    Attributes:
        scheme: their rows and columns, and how they are computed.
        values: (entries,) row by row.
    """

    scheme: SparsePlan
    values: Tensor

    @cached_property
    def tensor(self) -> Tensor:
        """A `torch.sparse_csr` tensor (m, n)."""
        return _csr(self.scheme, self.values)

    @cached_property
    def pattern(self) -> Tensor:
        """A boolean `torch.sparse_csr` tensor (m, n), True where an entry is stored."""
        return _csr(self.scheme, torch.ones_like(self.values, dtype=torch.bool))

    @cached_property
    def entries(self) -> sp.csr_array:
        """The entries as SciPy's sparse float64 array (m, n)."""
        import scipy.sparse as sp  # only sparse matrices need it

        pattern = self.scheme.plan.pattern
        values = self.values.detach().cpu().double().numpy()
        return sp.csr_array((values, pattern.indices, pattern.indptr), shape=pattern.shape)

    def nonzero_outputs(self, leaves: tuple[Tensor, ...]) -> list[bool]:
        """Whether each output has an entry that is not zero."""
        ends = self.scheme.plan.pattern.indptr[np.cumsum([0, *map(Tensor.numel, leaves)])]
        counts = (ends[1:] - ends[:-1]).tolist()
        return [bool(part.any()) for part in self.values.split(counts)]

    @property
    def cost(self) -> str:
        """The passes and what they replace: "3 forward passes instead of 10 000"."""
        forward, backward = self.scheme.plan.forward, self.scheme.plan.backward
        m, n = self.scheme.shape
        parts = [
            f"{count} {name} pass{'es' * (count != 1)}"
            for count, name in ((forward, "forward"), (backward, "reverse"))
            if count
        ]
        dense = n if not backward else m if not forward else min(m, n)
        return f"{' and '.join(parts) or 'no pass'} instead of {spaced(dense)}"

    def blocks(self, leaves: tuple[Tensor, ...]) -> Blocks:
        """Return the dense matrix cut by outputs and inputs, each of the input's dtype."""
        rows = self.dense().split([leaf.numel() for leaf in leaves])
        sizes = [seed.shape[1:].numel() for seed in self.scheme.forward]
        return tuple(
            tuple(
                part.reshape(leaf.shape + seed.shape[1:]).to(seed.dtype)
                for part, seed in zip(row.split(sizes, dim=1), self.scheme.forward, strict=True)
            )
            for row, leaf in zip(rows, leaves, strict=True)
        )

    def dense(self, memory: int | None = None) -> Tensor:
        """All m · n entries.

        Raises:
            SizeError: they would not fit into `memory`, by default a quarter of what is free.
        """
        m, n = self.scheme.shape
        require_memory(m, (self.values.new_empty(1).expand(n),), memory)
        whole = self.values.new_zeros(m, n)
        whole[self.scheme.rows, self.scheme.columns] = self.values
        return whole


def to_csr(matrix: Tensor) -> Tensor:
    """Return a dense matrix as a `torch.sparse_csr` tensor."""
    with silent():  # torch calls its sparse layouts a beta
        return matrix.to_sparse_csr()


def _csr(scheme: SparsePlan, values: Tensor) -> Tensor:
    with silent():  # torch calls its sparse layouts a beta
        return torch.sparse_csr_tensor(scheme.starts, scheme.columns, values, scheme.shape)
