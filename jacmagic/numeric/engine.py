"""Backward passes by autograd's engine itself, one or a batch of them, and levels of `vmap`.

`torch.autograd.grad` and `torch.func.vmap` check and unpack their arguments in Python, which for a
small function takes longer than its backward pass. Here the directions are known to fit, and the
engine is called as these two do.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    with mapped(basis[0].shape[0]) as level:
        directions = [level.batched(vector) for vector in basis]
        rows = backward(outputs, inputs, directions, create_graph=create_graph)
        return tuple([None if row is None else level.unbatched(row) for row in rows])


class mapped:
    """Context of a level of `vmap`, which wraps tensors and unwraps results.

    Args:
        count: how many directions are mapped over, the first dimension of each tensor.
        randomness: as of `torch.func.vmap`.
    """

    def __init__(self, count: int, randomness: str = "error") -> None:
        self._count, self._randomness = count, randomness

    def __enter__(self) -> mapped:
        load_vmap_rules()
        self._before = functorch_depth()
        try:
            self._level = enter_vmap(self._count, self._randomness)
        except BaseException:  # an interrupt may fall before `_level` has a value
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        while functorch_depth() > self._before:
            leave_vmap()

    def batched(self, tensor: Tensor) -> Tensor:
        """Map over the first dimension of a tensor."""
        return add_batch_dimension(tensor, 0, self._level)

    def unbatched(self, tensor: Tensor) -> Tensor:
        """Return a result with the directions as its first dimension."""
        return remove_batch_dimension(tensor, self._level, self._count, 0)
