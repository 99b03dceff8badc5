"""Forward mode, one column at a time: a run with dual numbers, without vmap."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.autograd import forward_ad

from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.modes.mode import Blocks, Mode, ModeResult
from jacmagic.numeric.modes.reverse import identity
from jacmagic.numeric.options import DEFAULTS, ComputeOptions
from jacmagic.numeric.progress import progress


def by_columns(evaluation: Evaluation, options: ComputeOptions = DEFAULTS) -> ModeResult:
    """Compute all blocks with one jvp per column, which allows any control flow.

    Raises:
        RuntimeError: an operation has no forward formula.
    """
    primals = [tensor.detach() for tensor in evaluation.inputs]
    pieces = []
    n = evaluation.size[1]
    with progress(n) as advance:
        for column in range(n):
            tangents = [part[0] for part in identity(primals, column, column + 1)]
            with torch.no_grad(), evaluation.again():
                leaves = dual_outputs(evaluation, primals, tangents)
            pieces.append(tuple(leaf[None] for leaf in leaves))
            advance(column + 1)
    return ModeResult(blocks_of_columns(evaluation, pieces))


COLUMNS = Mode(
    "forward",
    by_columns,
    "columns",
    "column by column instead",
    failed="not computed in forward mode",
    method="torch's forward mode",
)


def dual_outputs(
    evaluation: Evaluation, primals: Sequence[Tensor], tangents: Sequence[Tensor]
) -> list[Tensor]:
    """Return the tangents of all outputs by one run with dual numbers."""
    with forward_ad.dual_level():
        leaves = evaluation.leaves(*map(forward_ad.make_dual, primals, tangents))
        return [_tangent(leaf) for leaf in leaves]


def _tangent(leaf: Tensor) -> Tensor:
    primal, tangent = forward_ad.unpack_dual(leaf)
    return torch.zeros_like(primal) if tangent is None else tangent


def blocks_of_columns(evaluation: Evaluation, pieces: Sequence[Sequence[Tensor]]) -> Blocks:
    """Turn batches of columns, (columns, *output.shape) per output, into blocks."""
    inputs = evaluation.inputs
    counts = [tensor.numel() for tensor in inputs]
    blocks = []
    for i, leaf in enumerate(evaluation.outputs.leaves):
        parts = [piece[i] for piece in pieces]
        whole = parts[0] if len(parts) == 1 else torch.cat([leaf.new_zeros(0, *leaf.shape), *parts])
        blocks.append(
            tuple(
                part.movedim(0, -1).reshape(leaf.shape + tensor.shape)
                for part, tensor in zip(whole.split(counts), inputs, strict=True)
            )
        )
    return tuple(blocks)
