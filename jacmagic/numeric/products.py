"""Products with seed vectors: J·s by dual numbers, sᵀ·J by backward passes.

Batched where torch can, one by one where it cannot, and J·s by a double backward pass where an
operation has no forward formula: Jᵀ·v is linear in v, and its derivative by v, transposed, is J.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from jacmagic.function.components import flat
from jacmagic.function.interop.silence import silent
from jacmagic.function.torch_internals import forward_pass
from jacmagic.numeric.engine import Rows, backward, batched_backward, mapped, or_zeros
from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.modes.batch_size import batches
from jacmagic.numeric.modes.columns import dual_outputs
from jacmagic.numeric.modes.forward import RUNS_PER_DUAL_BATCH
from jacmagic.numeric.torch_errors import TORCH_ERRORS

Seeds = Sequence[Tensor]  # for each input, or each output, (passes, *shape)


def forward_products(evaluation: Evaluation, seeds: Seeds, chunk: int | None) -> Tensor:
    """J·s for all seeds, (passes, m): dual numbers, or two backward passes."""
    for by_dual_numbers in (_batched_duals, _single_duals):
        with contextlib.suppress(*TORCH_ERRORS):
            return by_dual_numbers(evaluation, seeds, chunk)
    return _twice_backward(evaluation, seeds)


def _batched_duals(evaluation: Evaluation, seeds: Seeds, chunk: int | None) -> Tensor:
    """J·s by `vmap` over runs with dual numbers."""
    primals = tuple(tensor.detach() for tensor in evaluation.inputs)
    pieces = []
    for start, stop in _parts(evaluation, len(seeds[0]), chunk):
        count = stop - start
        with torch.no_grad(), evaluation.again(), mapped(count, "same") as level:
            tangents = tuple([level.batched(seed[start:stop]) for seed in seeds])
            _, columns = forward_pass(evaluation.leaves, primals, tangents, of=evaluation.function)
            pieces.append(_flat_rows([level.unbatched(column) for column in columns], count))
    return pieces[0] if len(pieces) == 1 else torch.cat(pieces)


def _single_duals(evaluation: Evaluation, seeds: Seeds, chunk: int | None) -> Tensor:
    """J·s by one run with dual numbers for each seed, whatever `chunk` is."""
    primals = [tensor.detach() for tensor in evaluation.inputs]
    rows = []
    for index, _ in _parts(evaluation, len(seeds[0]), 1):
        with torch.no_grad(), evaluation.again():
            tangents = [seed[index] for seed in seeds]
            rows.append(flat(dual_outputs(evaluation, primals, tangents)))
    return torch.stack(rows)


def _twice_backward(evaluation: Evaluation, seeds: Seeds) -> Tensor:
    """J·s as the derivative of Jᵀ·v by v, for operations without a forward formula."""
    outputs = evaluation.outputs.leaves
    attached = [leaf for leaf in outputs if leaf.requires_grad]
    directions = [torch.zeros_like(leaf, requires_grad=True) for leaf in attached]
    pulled = torch.autograd.grad(
        attached, evaluation.inputs, directions, create_graph=True, allow_unused=True
    )
    pairs = [
        (row, seed)
        for row, seed in zip(pulled, seeds, strict=True)
        if row is not None and row.requires_grad
    ]
    rows = []
    for index, _ in _parts(evaluation, len(seeds[0]), 1):
        columns: Sequence[Tensor | None] = [None] * len(directions)
        if pairs:
            columns = torch.autograd.grad(
                [row for row, _ in pairs],
                directions,
                [seed[index] for _, seed in pairs],
                retain_graph=True,
                allow_unused=True,
            )
        remaining = iter(columns)
        parts = [next(remaining) if leaf.requires_grad else None for leaf in outputs]
        rows.append(flat(or_zeros(parts, outputs)).detach())
    return torch.stack(rows)


def backward_products(evaluation: Evaluation, seeds: Seeds, chunk: int | None) -> Tensor:
    """sᵀ·J for all seeds, (passes, n), batched or one by one."""
    leaves, inputs = evaluation.outputs.leaves, evaluation.inputs
    attached = [k for k, leaf in enumerate(leaves) if leaf.requires_grad]
    outputs = [leaves[k] for k in attached]

    def alone(directions: Sequence[Tensor]) -> Tensor:
        return flat(or_zeros(backward(outputs, inputs, directions), inputs))

    pieces = []
    for start, stop in _parts(evaluation, len(seeds[0]), chunk):
        batch, count = [seeds[k][start:stop] for k in attached], stop - start
        rows: Rows | None = None
        if count > 1:
            with silent(), contextlib.suppress(*TORCH_ERRORS):  # vmap's remarks on its speed
                rows = batched_backward(outputs, inputs, batch)
        if rows is None:
            pieces.append(torch.stack([alone([part[k] for part in batch]) for k in range(count)]))
        else:
            batches = [
                tensor.new_zeros(count, *tensor.shape) if row is None else row
                for row, tensor in zip(rows, inputs, strict=True)
            ]
            pieces.append(_flat_rows(batches, count))
    return (pieces[0] if len(pieces) == 1 else torch.cat(pieces)).detach()


def _flat_rows(parts: Sequence[Tensor], count: int) -> Tensor:
    """Return batches of parts, (count, *shape) each, side by side: (count, components)."""
    rows = [part.reshape(count, part.shape[1:].numel()) for part in parts]
    return rows[0] if len(rows) == 1 else torch.cat(rows, 1)


def _parts(evaluation: Evaluation, count: int, chunk: int | None) -> Iterator[tuple[int, int]]:
    return batches(
        evaluation, count, chunk_size=chunk, seconds=RUNS_PER_DUAL_BATCH * evaluation.seconds
    )
