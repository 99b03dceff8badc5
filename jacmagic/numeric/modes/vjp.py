"""Reverse mode by `torch.func.vjp`, batched: runs the function once more."""

from __future__ import annotations

import torch
from torch import Tensor

from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.modes.mode import Mode, ModeResult
from jacmagic.numeric.modes.reverse import Columns, blocks_of_rows, identity, in_batches
from jacmagic.numeric.options import DEFAULTS, ComputeOptions


def by_vjp(evaluation: Evaluation, options: ComputeOptions = DEFAULTS) -> ModeResult:
    """Compute all blocks as `by_reverse` does, through `torch.func.vjp`.

    That runs the function once more, and differentiates the operations in another way, which for
    products of matrices takes half the time.

    Raises:
        RuntimeError: the function, or its backward formula, cannot be batched.
    """
    leaves = evaluation.outputs.leaves
    attached = [k for k, leaf in enumerate(leaves) if leaf.requires_grad and leaf.numel()]

    def differentiable(*values: Tensor) -> tuple[Tensor, ...]:
        again = evaluation.leaves(*values)
        return tuple(again[k] for k in attached)

    with evaluation.again():
        primals = [tensor.detach() for tensor in evaluation.inputs]
        single = torch.func.vjp(differentiable, *primals)[1]
    outputs = [leaves[k] for k in attached]

    def batch(basis: list[Tensor]) -> Columns:
        rows: Columns = torch.func.vmap(single)(tuple(basis))
        return rows

    def alone(row: int) -> Columns:
        rows = single(tuple(part[0] for part in identity(outputs, row, row + 1)))
        return tuple(part[None] for part in rows)

    columns = in_batches(evaluation, outputs, batch, alone, options.chunk_size)
    return ModeResult(blocks_of_rows(evaluation, columns))


VJP = Mode(
    "reverse",
    by_vjp,
    "rows",
    "by torch.func instead",
    batched=True,
    failed="not batched by torch.func",
    method="torch's batched vector-Jacobian product (torch.func.vjp)",
)
