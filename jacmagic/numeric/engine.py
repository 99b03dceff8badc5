"""Backward passes by autograd's engine itself, one or a batch of them, and levels of `vmap`.

`torch.autograd.grad` and `torch.func.vmap` check and unpack their arguments in Python, which for a
small function takes longer than its backward pass. Here the directions are known to fit, and the
engine is called as these two do.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from jacmagic.function.torch_internals import (
    add_batch_dimension,
    enter_vmap,
    functorch_depth,
    leave_vmap,
    load_vmap_rules,
    remove_batch_dimension,
    run_backward,
)

Rows = tuple[Tensor | None, ...]
OnTensor = Callable[[Tensor], Tensor]


def or_zeros(rows: Sequence[Tensor | None], like: Sequence[Tensor]) -> list[Tensor]:
    """Return gradients with zeros where no graph leads to a tensor."""
    return [
        torch.zeros_like(tensor) if row is None else row
        for row, tensor in zip(rows, like, strict=True)
    ]


def backward(
    outputs: Sequence[Tensor],
    inputs: Sequence[Tensor],
    directions: Sequence[Tensor],
    *,
    create_graph: bool = False,
) -> Rows:
    """Run one backward pass: dᵀ·∂outputs/∂input, None where no graph leads to it.

    Args:
        outputs: tensors that require gradients.
        inputs: tensors that they were computed from.
        directions: d, in the shapes and dtypes of the outputs.
        create_graph: keep the result differentiable.
    """
    rows: Rows = run_backward(
        tuple(outputs),
        tuple(directions),
        True,  # keep the graph
        create_graph,
        tuple(inputs),
        allow_unreachable=True,
        accumulate_grad=False,
    )
    return rows


def batched_backward(
    outputs: Sequence[Tensor],
    inputs: Sequence[Tensor],
    basis: Sequence[Tensor],
    *,
    create_graph: bool = False,
) -> Rows:
    """Run many backward passes at once, as `torch.func.vmap` does.

    Args:
        outputs: as in `backward`.
        inputs: as in `backward`.
        basis: k directions for each output, (k, *output.shape).
        create_graph: keep the result differentiable.

    Returns:
        (k, *input.shape) for each input, None where no graph leads to it.

    Raises:
        RuntimeError: a backward formula cannot be batched.
    """
    with mapped(len(basis[0])) as (batched, unbatched):
        directions = [batched(vector) for vector in basis]
        rows = backward(outputs, inputs, directions, create_graph=create_graph)
        return tuple([None if row is None else unbatched(row) for row in rows])


@contextlib.contextmanager
def mapped(count: int, randomness: str = "error") -> Iterator[tuple[OnTensor, OnTensor]]:
    """Enter a level of `vmap`; yield functions that wrap tensors and unwrap results.

    Args:
        count: how many directions are mapped over, the first dimension of each tensor.
        randomness: as of `torch.func.vmap`.
    """
    load_vmap_rules()
    before = functorch_depth()
    try:
        level = enter_vmap(count, randomness)
        yield (
            lambda tensor: add_batch_dimension(tensor, 0, level),
            lambda tensor: remove_batch_dimension(tensor, level, count, 0),
        )
    finally:  # an interrupt may fall before `level` has a value
        while functorch_depth() > before:
            leave_vmap()
