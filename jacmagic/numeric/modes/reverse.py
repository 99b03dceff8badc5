"""Reverse mode, batched: vmap over vjps with rows of the identity."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from jacmagic.function.interop.silence import silent
from jacmagic.numeric.engine import Rows, backward, batched_backward
from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.modes.batch_size import batches
from jacmagic.numeric.modes.mode import Blocks, Mode, ModeResult
from jacmagic.numeric.modes.rows import component, zeros
from jacmagic.numeric.options import DEFAULTS, ComputeOptions

MAX_SECONDS_OF_PYTHON = 1e-3  # of a plain run, up to which most of it is Python, not arithmetic

Columns = tuple[Tensor, ...]  # some rows of the Jacobian, (rows, *input.shape) for each input


def by_reverse(evaluation: Evaluation, options: ComputeOptions = DEFAULTS) -> ModeResult:
    """Compute all blocks with batched vjps: Vᵀ·J for slices V of the identity.

    Args:
        evaluation: the plain run.
        options: `create_graph` keeps the result differentiable, `chunk_size` bounds the rows of a
            batch.

    Raises:
        RuntimeError: a backward formula of the function cannot be batched.
    """
    inputs, graph = evaluation.inputs, options.create_graph
    attached = attached_to_inputs(evaluation)
    lone = len(evaluation.outputs.leaves) == 1  # of several, one may be connected where others miss
    missed: list[bool] = []

    def padded(rows: Rows, count: int) -> Columns:
        missed.extend([row is None for row in rows])
        return tuple(
            [
                tensor.new_zeros(count, *tensor.shape) if row is None else row
                for row, tensor in zip(rows, inputs, strict=True)
            ]
        )

    def batch(basis: list[Tensor]) -> Columns:
        rows = batched_backward(attached, inputs, basis, create_graph=graph)
        return padded(rows, basis[0].shape[0])

    def alone(row: int) -> Columns:
        leaf, k = component(attached, row)
        direction = identity([leaf], k, k + 1)[0][0]
        rows = backward([leaf], inputs, [direction], create_graph=graph)
        return padded(tuple([None if part is None else part[None] for part in rows]), 1)

    columns = in_batches(evaluation, attached, batch, alone, options.chunk_size)
    blocks = blocks_of_rows(evaluation, columns)
    return ModeResult(blocks, lone and bool(missed) and not any(missed))


REVERSE = Mode(
    "reverse",
    by_reverse,
    "rows",
    "in reverse mode instead",
    batched=True,
    failed="not batched",
    method="torch's batched backward pass (vmap)",
)


def attached_to_inputs(evaluation: Evaluation) -> list[Tensor]:
    """Return the outputs that have rows to differentiate."""
    return [leaf for leaf in evaluation.outputs.leaves if leaf.requires_grad and leaf.numel()]


def in_batches(
    evaluation: Evaluation,
    attached: list[Tensor],
    batch: Callable[[list[Tensor]], Columns],
    alone: Callable[[int], Columns],
    chunk_size: int | None,
) -> list[Tensor]:
    """Compute the rows of all attached outputs in batches, (rows, *input.shape).

    Args:
        evaluation: the plain run.
        attached: the outputs with rows to differentiate.
        batch: computes the rows of some directions for each output.
        alone: computes the row of an index: what batches have to beat.
        chunk_size: rows at a time.
    """
    total = sum([leaf.numel() for leaf in attached])
    seconds = backward_seconds(evaluation)
    pieces = []
    for start, stop in batches(evaluation, total, chunk_size=chunk_size, seconds=seconds):
        with silent():  # vmap's remarks on its speed
            single = stop - start == 1
            pieces.append(alone(start) if single else batch(identity(attached, start, stop)))
    if len(pieces) <= 1:
        return list(pieces[0]) if pieces else []
    return [torch.cat(parts) for parts in zip(*pieces, strict=True)]


def backward_seconds(evaluation: Evaluation) -> float:
    """Return the expected seconds of one row's backward pass, beside its start.

    Of a quick function's plain run most is Python, which a backward pass does not repeat.
    """
    return evaluation.seconds * (2 if evaluation.seconds > MAX_SECONDS_OF_PYTHON else 0.25)


def identity(tensors: Sequence[Tensor], start: int, stop: int) -> list[Tensor]:
    """Rows `start` to `stop` of the identity, cut into pieces shaped like `tensors`."""
    pieces, begin = [], 0
    if len(tensors) == 1 and stop - start == (size := tensors[0].numel()):
        only = tensors[0]
        whole = torch.eye(size, dtype=only.dtype, device=only.device)
        return [whole if only.dim() == 1 else whole.view(size, *only.shape)]
    for tensor in tensors:
        piece = tensor.new_zeros(stop - start, tensor.numel())
        end = begin + tensor.numel()
        if start < end and begin < stop:
            piece.diagonal(start - begin).fill_(1)
        pieces.append(piece.view(stop - start, *tensor.shape))
        begin = end
    return pieces


def blocks_of_rows(evaluation: Evaluation, columns: list[Tensor]) -> Blocks:
    """Cut the rows of each input by outputs; detached outputs have rows of zeros."""
    blocks, row = [], 0
    leaves = evaluation.outputs.leaves
    if len(leaves) == 1 and columns:
        if leaves[0].dim() == 1:
            return (tuple(columns),)
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
