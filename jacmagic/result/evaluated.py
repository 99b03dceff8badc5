"""Torch's numbers at one point: value, blocks, matrix and labels."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from jacmagic.function.components import components
from jacmagic.function.problem import Problem
from jacmagic.labels import Label
from jacmagic.numeric.entries import to_csr
from jacmagic.numeric.modes.rescue import NOT_BY_TORCH
from jacmagic.numeric.options import ComputeOptions
from jacmagic.numeric.result import NumericJacobian
from jacmagic.numeric.tuning import Tuning
from jacmagic.result.options import DisplayOptions
from jacmagic.symbolic.branches import ClosedForms
from jacmagic.symbolic.notation import Notation, notation_of

if TYPE_CHECKING:
    import scipy.sparse as sp

# modes that are not called "reverse mode" by their name "reverse"
_TITLES = {
    "rows": "reverse mode, row by row",
    "closed form": "the closed form",
    "differences": "finite differences",
}
Outside = Callable[[], Collection[int]]  # finds inputs that the function reads from outside
MAX_SPARSE_ENTRIES_SHOWN = 250_000  # entries above which a sparse Jacobian is never written out
MAX_DENSE_ENTRIES_SHOWN = 2_000_000  # entries above which a dense one is shown as a summary


@dataclass(frozen=True, eq=False, repr=False)
class Evaluated:
    """The numeric half of a Jacobian: (m, n), outputs by inputs.

    Attributes:
        problem: the function and the point.
        numbers: what torch computed.
        forms: the closed forms of the function, by branch.
        options: how torch was asked to compute.
        view: how this object shows itself.
        outside: finds the positions of inputs that the function reads from outside its arguments.
        tuning: how the function's Jacobian is computed best, shared by other points.
    """

    problem: Problem
    numbers: NumericJacobian
    forms: ClosedForms
    options: ComputeOptions
    view: DisplayOptions
    outside: Outside = frozenset
    tuning: Tuning | None = None

    # ── torch's numbers ───────────────────────────────────────────────────────────────────────

    @property
    def blocks(self) -> Any:
        """torch's nested structure of blocks: a tensor, tuples of tensors, or dicts.

        Block (i, j) has the shape of output i followed by that of input j.
        """
        rows = [self.problem.nested(row) for row in self.numbers.blocks]
        return self.numbers.outputs.rebuild(rows)

    @property
    def by_name(self) -> dict[str, Any]:
        """The blocks by input name, such as "0.weight"; each nests as the outputs do."""
        return {
            input_.name: self.numbers.outputs.rebuild([row[j] for row in self.numbers.blocks])
            for j, input_ in enumerate(self.problem.inputs)
        }

    @cached_property
    def matrix(self) -> torch.Tensor:
        """One tensor (m, n): outputs flattened by inputs flattened.

        Raises:
            SizeError: it was computed sparsely and would not fit into memory; `sparse` does.
        """
        if self.numbers.sparse is not None:
            return self.numbers.sparse.dense()
        if not self.numbers.connected:  # there are no outputs
            n = self.problem.size
            return torch.zeros(0, n, dtype=self.problem.inputs[0].value.dtype)
        return self.numbers.matrix

    @property
    def _array(self) -> np.ndarray:
        """The matrix as float64 on the CPU (m, n)."""
        return self.matrix.detach().cpu().double().numpy()

    @cached_property
    def sparse(self) -> torch.Tensor:
        """The matrix as a `torch.sparse_csr` tensor (m, n)."""
        entries = self.numbers.sparse
        return to_csr(self.matrix) if entries is None else entries.tensor

    @property
    def entries(self) -> sp.csr_array:
        """The entries as SciPy's sparse float64 array (m, n)."""
        sparse = self.numbers.sparse
        if sparse is not None:
            return sparse.entries
        import scipy.sparse as sp  # only sparse matrices need it

        return sp.csr_array(self._array)

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n)."""
        return self.numbers.m, self.problem.size

    @property
    def large(self) -> bool:
        """Whether there are too many entries for a table: a summary is shown instead."""
        size = self.shape[0] * self.shape[1]
        return size > (
            MAX_DENSE_ENTRIES_SHOWN if self.numbers.sparse is None else MAX_SPARSE_ENTRIES_SHOWN
        )

    @property
    def value(self) -> Any:
        """The function's value at the point, in its own structure; a Hessian's gradient."""
        return self.numbers.outputs.rebuild(list(self.numbers.outputs.leaves))

    @property
    def flat_value(self) -> np.ndarray:
        """The function's value at the point, as float64 components (m,)."""
        return components(self.numbers.outputs.leaves)

    @property
    def point(self) -> dict[str, torch.Tensor]:
        """The inputs by name; those on manifolds, not their tangent vectors."""
        return self.problem.point

    @property
    def title(self) -> str:
        """The function's name."""
        return self.problem.title

    @property
    def notation(self) -> Notation:
        """The names of this matrix and its entries, as a Jacobian or a Hessian."""
        return notation_of(self.problem)

    @property
    def mode(self) -> str:
        """The mode that was used.

        "rows", "reverse", "forward" or "sparse"; "closed form" or "differences" where torch has no
        derivative.
        """
        return self.numbers.mode

    @property
    def cost(self) -> str:
        """The mode and its cost, such as "reverse mode: 3 passes"."""
        if self.numbers.sparse is not None:
            return self.numbers.sparse.cost
        passes = self.numbers.passes
        title = _TITLES.get(self.mode, f"{self.mode} mode")
        if self.mode in NOT_BY_TORCH:
            return title
        return f"{title}: {passes} pass{'es' * (passes != 1)}"

    @property
    def block_sizes(self) -> tuple[list[int], list[int]]:
        """How many components each output and each input has; none where each is one entry."""
        outputs = [leaf.numel() for leaf in self.numbers.outputs.leaves]
        inputs = self.problem.sizes
        if self.problem.potential is not None:
            outputs = inputs
        rows, columns = (s if max(s, default=0) > 1 else [] for s in (outputs, inputs))
        return rows, columns

    # ── labels ────────────────────────────────────────────────────────────────────────────────

    @property
    def rows(self) -> Sequence[Label]:
        """The m labels of the outputs' components; of the inputs' for a Hessian."""
        return self.problem.rows(self.numbers.outputs)

    @cached_property
    def columns(self) -> Sequence[Label]:
        """The n labels of the inputs' components."""
        return self.problem.columns

    @property
    def row_labels(self) -> list[str]:
        """The rows' names as text."""
        return [label.text for label in self.rows]

    @property
    def column_labels(self) -> list[str]:
        """The columns' names as text."""
        return [label.text for label in self.columns]
