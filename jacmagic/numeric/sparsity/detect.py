"""Detection of a function's sparsity pattern at a point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.function.deadline import Deadline
from jacmagic.numeric.sparsity.index_sets import FIRST, IndexSets, TooDense
from jacmagic.numeric.sparsity.mode import DependenceMode, OutOfTime

if TYPE_CHECKING:
    import scipy.sparse as sp

MAX_ENTRIES = 2**27  # of all sets: 512 MiB of 32-bit numbers


@dataclass(frozen=True)
class Pattern:
    """Which outputs may depend on which inputs.

    Attributes:
        matrix: boolean (m, n) with sorted columns; what is not stored is zero.
        steady: whether it holds at every point, and not only on the branch taken at this one.
    """

    matrix: sp.csr_array
    steady: bool


@dataclass(frozen=True)
class NoPattern:
    """The reason why there is no pattern, as a clause."""

    reason: str


def detect(
    function: Callable[..., Sequence[torch.Tensor]],
    inputs: Sequence[torch.Tensor],
    *,
    most: int = MAX_ENTRIES,
    seconds: float = float("inf"),
) -> Pattern | NoPattern:
    """Run a function once and follow what its outputs depend on.

    Args:
        function: takes the tensors by position and returns a flat sequence of tensors.
        inputs: real floating tensors that require gradients, n components in all.
        most: entries, in the result and on the way, beyond which it is not worth while.
        seconds: time after which it is not worth while.

    Returns:
        The pattern (m, n), or why there is none.
    """
    sizes = [tensor.numel() for tensor in inputs]
    sets = IndexSets(sum(sizes), most)
    mode = DependenceMode(sets, Deadline(seconds))
    try:
        start = FIRST
        for tensor, size in zip(inputs, sizes, strict=True):
            mode.shadows.write(tensor, np.arange(start, start + size).reshape(tuple(tensor.shape)))
            start += size
        with mode:
            outputs = function(*inputs)
        rows = np.concatenate([_rows(mode, leaf) for leaf in outputs] or [np.zeros(0, int)])
        return Pattern(sets.rows(rows), mode.steady)
    except Unsupported as refused:
        return NoPattern(str(refused))
    except TooDense:
        return NoPattern("too many of its entries depend on the inputs")
    except OutOfTime:
        return NoPattern("finding its zeros takes longer than computing them")


def _rows(mode: DependenceMode, leaf: Any) -> np.ndarray:
    """Return the sets of an output; what torch does not differentiate has none."""
    ids = mode.shadows.read(leaf).reshape(-1)
    return ids if leaf.requires_grad else np.zeros_like(ids)
