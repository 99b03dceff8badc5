"""Products of a Jacobian with given vectors: J·s with dual numbers, sᵀ·J by backward passes.

Batched where torch can, one by one where it cannot, and J·s by a double backward pass where an
operation has no forward formula: Jᵀ·v is linear in v, and its derivative by v, transposed, is J.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.autograd import forward_ad

from jacmagic.function.interop.silence import silent
from jacmagic.function.silent_rerun import set_random_states
from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.modes.batch_size import batches
from jacmagic.numeric.modes.try_modes import TORCH_ERRORS


def forward_products(
    evaluation: Evaluation, seeds: tuple[Tensor, ...], chunk: int | None
) -> Tensor:
    """J·s for all seeds, (passes, m): batched, one by one, or by two backward passes."""
    primals = tuple(tensor.detach() for tensor in evaluation.inputs)

    def push(*tangents: Tensor) -> Tensor:
        leaves = torch.func.jvp(evaluation.leaves, primals, tangents)[1]
        return _flat(leaves)

    def batched() -> Tensor:
        pieces = []
        for start, stop in _parts(evaluation, len(seeds[0]), chunk):
            with torch.no_grad(), evaluation.again():
                batch = [seed[start:stop] for seed in seeds]
                pieces.append(torch.func.vmap(push, randomness="same")(*batch))
        return pieces[0] if len(pieces) == 1 else torch.cat(pieces)

    def one_by_one() -> Tensor:
        rows = []
        for index, _ in _parts(evaluation, len(seeds[0]), 1):
            with torch.no_grad(), evaluation.again(), forward_ad.dual_level():
                set_random_states(primals, evaluation.random)
                duals = [
                    forward_ad.make_dual(p, s[index]) for p, s in zip(primals, seeds, strict=True)
                ]
                rows.append(_flat([_tangent(leaf) for leaf in evaluation.leaves(*duals)]))
        return torch.stack(rows)

    for way in (batched, one_by_one):
        try:
            return way()
        except TORCH_ERRORS:
            continue
    return _twice_backward(evaluation, seeds, chunk)


def _twice_backward(evaluation: Evaluation, seeds: tuple[Tensor, ...], chunk: int | None) -> Tensor:
    """J·s as the derivative of Jᵀ·v by v, for operations that have no forward formula."""
    leaves = [leaf for leaf in evaluation.outputs.leaves if leaf.requires_grad]
    places = [torch.zeros_like(leaf, requires_grad=True) for leaf in leaves]
    pulled = torch.autograd.grad(
        leaves, evaluation.inputs, places, create_graph=True, allow_unused=True
    )
    known = [index for index, one in enumerate(pulled) if one is not None and one.requires_grad]
    rows = []
    for index, _ in _parts(evaluation, len(seeds[0]), 1):
        columns = (
            torch.autograd.grad(
                [pulled[k] for k in known],
                places,
                [seeds[k][index] for k in known],
                retain_graph=True,
                allow_unused=True,
            )
            if known
            else [None] * len(places)
        )
        found = iter(columns)
        parts = [next(found) if leaf.requires_grad else None for leaf in evaluation.outputs.leaves]
        rows.append(
            _flat(
                [
                    torch.zeros_like(leaf) if part is None else part
                    for leaf, part in zip(evaluation.outputs.leaves, parts, strict=True)
                ]
            ).detach()
        )
    return torch.stack(rows)


def backward_products(
    evaluation: Evaluation, seeds: tuple[Tensor, ...], chunk: int | None
) -> Tensor:
    """sᵀ·J for all seeds, (passes, n), batched or one by one."""
    leaves = evaluation.outputs.leaves
    reached = [k for k, leaf in enumerate(leaves) if leaf.requires_grad]

    def pull(*directions: Tensor) -> Tensor:
        rows = torch.autograd.grad(
            [leaves[k] for k in reached],
            evaluation.inputs,
            directions,
            retain_graph=True,
            allow_unused=True,
        )
        return _flat(
            [
                torch.zeros_like(tensor) if row is None else row
                for row, tensor in zip(rows, evaluation.inputs, strict=True)
            ]
        )

    pieces = []
    for start, stop in _parts(evaluation, len(seeds[0]), chunk):
        batch = [seeds[k][start:stop] for k in reached]
        single = stop - start == 1
        try:
            with silent():  # vmap's remarks on its speed
                if single:
                    pieces.append(pull(*(part[0] for part in batch))[None])
                else:
                    pieces.append(torch.func.vmap(pull)(*batch))
        except TORCH_ERRORS:
            rows = [pull(*(part[k] for part in batch)) for k in range(stop - start)]
            pieces.append(torch.stack(rows))
    return (pieces[0] if len(pieces) == 1 else torch.cat(pieces)).detach()


def _parts(evaluation: Evaluation, count: int, chunk: int | None) -> Iterator[tuple[int, int]]:
    return batches(evaluation, count, chunk_size=chunk, seconds=4 * evaluation.seconds)


def _flat(tensors: Sequence[Tensor]) -> Tensor:
    """All components in one row; without a copy if there is one tensor."""
    rows = [tensor.reshape(-1) for tensor in tensors]
    return rows[0] if len(rows) == 1 else torch.cat(rows)


def _tangent(leaf: Tensor) -> Tensor:
    primal, tangent = forward_ad.unpack_dual(leaf)
    return torch.zeros_like(primal) if tangent is None else tangent
