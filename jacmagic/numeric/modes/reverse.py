"""Reverse mode, batched: many rows at a time by pushing a piece of the identity through one vjp."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from jacmagic.function.interop.silence import silent
from jacmagic.numeric.engine import pulled, pulled_batch
from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.modes.batch_size import batches
from jacmagic.numeric.modes.rows import Blocks, zeros

QUICK = 1e-3  # seconds of one plain run


def by_reverse(
    evaluation: Evaluation,
    *,
    create_graph: bool = False,
    chunk_size: int | None = None,
    reached: list[bool] | None = None,
) -> Blocks:
    """Compute all blocks with batched vjps: Vᵀ·J for V = a slice of the m × m identity.

    Args:
        evaluation: the plain run.
        create_graph: keep the result differentiable.
        chunk_size: rows at a time.
        reached: takes for each block whether the passes got there; of one output only.

    Raises:
        RuntimeError: a backward formula of the function cannot be batched.
    """
    inputs = evaluation.inputs
    attached = [leaf for leaf in evaluation.outputs.leaves if leaf.requires_grad and leaf.numel()]

    def pull(basis: list[Tensor], outputs: Sequence[Tensor] = attached) -> tuple[Tensor, ...]:
        if len(basis[0]) == 1:
            alone = pulled(outputs, inputs, [part[0] for part in basis], create_graph=create_graph)
            rows = tuple([None if row is None else row[None] for row in alone])
        else:
            rows = pulled_batch(outputs, inputs, basis, create_graph=create_graph)
        if reached is not None:
            lone = len(evaluation.outputs.leaves) == 1
            reached.extend(row is not None and lone for row in rows)
        return tuple(
            tensor.new_zeros(len(basis[0]), *tensor.shape) if row is None else row
            for row, tensor in zip(rows, inputs, strict=True)
        )

    def alone(row: int) -> tuple[Tensor, ...]:
        leaf, place = _component(attached, row)
        return pull(identity([leaf], place, place + 1), [leaf])

    return _split(evaluation, _columns(evaluation, pull, attached, chunk_size, alone))


def by_vjp(evaluation: Evaluation) -> Blocks:
    """Compute all blocks as `by_reverse` does, through `torch.func.vjp`.

    That runs the function once more, and differentiates the operations in another way, which for
    products of matrices takes half the time.

    Raises:
        RuntimeError: the function, or its backward formula, cannot be batched.
    """
    leaves = evaluation.outputs.leaves
    attached = [k for k, leaf in enumerate(leaves) if leaf.requires_grad and leaf.numel()]

    def some(*values: Tensor) -> tuple[Tensor, ...]:
        found = evaluation.leaves(*values)
        return tuple(found[k] for k in attached)

    with evaluation.again():
        single = torch.func.vjp(some, *(tensor.detach() for tensor in evaluation.inputs))[1]
    chosen = [leaves[k] for k in attached]

    def pull(basis: list[Tensor]) -> tuple[Tensor, ...]:
        rows: tuple[Tensor, ...] = torch.func.vmap(single)(tuple(basis))
        return rows

    def alone(row: int) -> tuple[Tensor, ...]:
        rows = single(tuple(part[0] for part in identity(chosen, row, row + 1)))
        return tuple(one[None] for one in rows)

    return _split(evaluation, _columns(evaluation, pull, chosen, None, alone))


def _columns(
    evaluation: Evaluation,
    pull: Callable[[list[Tensor]], tuple[Tensor, ...]],
    attached: list[Tensor],
    chunk_size: int | None,
    alone: Callable[[int], tuple[Tensor, ...]],
) -> list[Tensor]:
    """For each input the rows of all attached outputs, (rows, *input.shape), batch by batch.

    A batch of one row is taken by `alone`: what batches have to beat.
    """
    pieces = []
    for start, stop in batches(
        evaluation,
        sum(leaf.numel() for leaf in attached),
        chunk_size=chunk_size,
        seconds=backward_seconds(evaluation),
    ):
        with silent():  # vmap's remarks on its speed
            if stop - start == 1:
                pieces.append(alone(start))
            else:
                pieces.append(pull(identity(attached, start, stop)))
    return [
        torch.cat([piece[j] for piece in pieces]) if len(pieces) > 1 else pieces[0][j]
        for j in range(len(evaluation.inputs) if pieces else 0)
    ]


def _component(leaves: Sequence[Tensor], row: int) -> tuple[Tensor, int]:
    """Return the output that a row belongs to, and its place there."""
    for leaf in leaves:
        if row < leaf.numel():
            break
        row -= leaf.numel()
    return leaf, row


def backward_seconds(evaluation: Evaluation) -> float:
    """Return what one row of a backward pass is expected to take, beside starting it.

    Of a quick function's plain run most is Python, which a backward pass does not repeat.
    """
    return evaluation.seconds * (2 if evaluation.seconds > QUICK else 0.25)


def identity(tensors: list[Tensor], start: int, stop: int) -> list[Tensor]:
    """Rows `start` to `stop` of the identity, cut into pieces shaped like `tensors`."""
    pieces, begin = [], 0
    if len(tensors) == 1 and stop - start == (size := tensors[0].numel()):
        only = tensors[0]
        return [torch.eye(size, dtype=only.dtype, device=only.device).view(size, *only.shape)]
    for tensor in tensors:
        piece = tensor.new_zeros(stop - start, tensor.numel())
        end = begin + tensor.numel()
        if start < end and begin < stop:
            piece.diagonal(start - begin).fill_(1)
        pieces.append(piece.view(stop - start, *tensor.shape))
        begin = end
    return pieces


def _split(evaluation: Evaluation, columns: list[Tensor]) -> Blocks:
    """Cut the rows of each input by outputs; detached outputs have rows of zeros."""
    blocks, row = [], 0
    leaves = evaluation.outputs.leaves
    if len(leaves) == 1 and columns:
        return (tuple(map(torch.Tensor.reshape, columns, _shapes(leaves[0], evaluation))),)
    for leaf in leaves:
        if not leaf.requires_grad or not leaf.numel():
            blocks.append(zeros(leaf, evaluation.inputs))
            continue
        stop = row + leaf.numel()
        blocks.append(
            tuple(
                column[row:stop].reshape(shape)
                for column, shape in zip(columns, _shapes(leaf, evaluation), strict=True)
            )
        )
        row = stop
    return tuple(blocks)


def _shapes(leaf: Tensor, evaluation: Evaluation) -> list[torch.Size]:
    """Return the shapes of an output's blocks."""
    return [leaf.shape + tensor.shape for tensor in evaluation.inputs]
