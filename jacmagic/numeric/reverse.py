"""Reverse mode, batched: many rows at a time by pushing a piece of the identity through one vjp."""

from __future__ import annotations

import warnings

import torch
from torch import Tensor

from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.memory import batches
from jacmagic.numeric.rows import Blocks, zeros


def by_reverse(
    evaluation: Evaluation, *, create_graph: bool = False, chunk_size: int | None = None
) -> Blocks:
    """Compute all blocks with batched vjps: Vᵀ·J for V = a slice of the m × m identity.

    Raises:
        RuntimeError: a backward formula of the function cannot be batched.
    """
    leaves, inputs = evaluation.outputs.leaves, evaluation.inputs
    attached = [leaf for leaf in leaves if leaf.requires_grad and leaf.numel()]
    m = sum(leaf.numel() for leaf in attached)
    found: list[tuple[Tensor | None, ...]] = []
    counts: list[int] = []
    for start, stop in batches(
        m, max(evaluation.size), chunk_size=chunk_size, seconds=2 * evaluation.seconds
    ):
        basis = identity(attached, start, stop)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # vmap's remarks on its speed
            found.append(
                torch.autograd.grad(
                    attached,
                    inputs,
                    basis,
                    retain_graph=True,
                    create_graph=create_graph,
                    allow_unused=True,
                    is_grads_batched=True,
                )
            )
        counts.append(stop - start)
    columns = [
        _joined([piece[j] for piece in found], counts, tensor) for j, tensor in enumerate(inputs)
    ]
    return _split(evaluation, columns)


def identity(tensors: list[Tensor], start: int, stop: int) -> list[Tensor]:
    """Rows `start` to `stop` of the identity, cut into pieces shaped like `tensors`."""
    pieces, begin = [], 0
    for tensor in tensors:
        piece = tensor.new_zeros(stop - start, tensor.numel())
        end = begin + tensor.numel()
        if start < end and begin < stop:
            piece.diagonal(start - begin).fill_(1)
        pieces.append(piece.view(stop - start, *tensor.shape))
        begin = end
    return pieces


def _joined(pieces: list[Tensor | None], counts: list[int], tensor: Tensor) -> Tensor:
    """All attached rows of one input's gradients, (m, *input.shape)."""
    known = [
        tensor.new_zeros(count, *tensor.shape) if piece is None else piece
        for piece, count in zip(pieces, counts, strict=True)
    ]
    if not known:
        return tensor.new_zeros(0, *tensor.shape)
    return known[0] if len(known) == 1 else torch.cat(known)


def _split(evaluation: Evaluation, columns: list[Tensor]) -> Blocks:
    """Cut the rows of each input by outputs; detached outputs have rows of zeros."""
    blocks, row = [], 0
    for leaf in evaluation.outputs.leaves:
        if not leaf.requires_grad or not leaf.numel():
            blocks.append(zeros(leaf, evaluation.inputs))
            continue
        stop = row + leaf.numel()
        blocks.append(
            tuple(
                column[row:stop].reshape(leaf.shape + tensor.shape)
                for column, tensor in zip(columns, evaluation.inputs, strict=True)
            )
        )
        row = stop
    return tuple(blocks)
