"""Forward mode: columns by dual numbers, batched with vmap or one after the other.

Worth its re-runs of the function where there are many more outputs than inputs.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.autograd import forward_ad

from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.modes.batch_size import batches
from jacmagic.numeric.modes.reverse import identity
from jacmagic.numeric.modes.rows import Blocks
from jacmagic.numeric.progress import progress


def by_forward(evaluation: Evaluation, *, chunk_size: int | None = None) -> Blocks:
    """Compute all blocks with batched jvps: J·V for V = a slice of the n × n identity.

    Raises:
        RuntimeError: the function cannot be batched (its control flow depends on the data, …) or an
            operation has no forward formula.
    """
    primals = tuple(tensor.detach() for tensor in evaluation.inputs)

    def push(*tangents: Tensor) -> tuple[Tensor, ...]:
        return torch.func.jvp(evaluation.leaves, primals, tangents)[1]

    pieces = []
    _, n = evaluation.size
    for start, stop in batches(
        evaluation, n, chunk_size=chunk_size, seconds=4 * evaluation.seconds
    ):
        with torch.no_grad(), evaluation.again():
            basis = identity(list(primals), start, stop)
            pieces.append(torch.func.vmap(push, randomness="same")(*basis))
    return _columns_to_blocks(evaluation, pieces)


def by_columns(evaluation: Evaluation) -> Blocks:
    """Compute all blocks with one jvp per column: without vmap, so any control flow goes.

    Raises:
        RuntimeError: an operation has no forward formula.
    """
    primals = tuple(tensor.detach() for tensor in evaluation.inputs)
    pieces = []
    with progress(evaluation.size[1]) as told:
        for column in range(evaluation.size[1]):
            tangents = [part[0] for part in identity(list(primals), column, column + 1)]
            with torch.no_grad(), evaluation.again(), forward_ad.dual_level():
                duals = map(forward_ad.make_dual, primals, tangents)
                pieces.append(tuple(_tangent(leaf)[None] for leaf in evaluation.leaves(*duals)))
            told(column + 1)
    return _columns_to_blocks(evaluation, pieces)


def _tangent(leaf: Tensor) -> Tensor:
    primal, tangent = forward_ad.unpack_dual(leaf)
    return torch.zeros_like(primal) if tangent is None else tangent


def _columns_to_blocks(evaluation: Evaluation, pieces: list[tuple[Tensor, ...]]) -> Blocks:
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
