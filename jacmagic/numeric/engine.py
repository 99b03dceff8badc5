"""Backward passes by autograd's engine itself, one or a batch of them.

`torch.autograd.grad` and `torch.func.vmap` check and unpack their arguments in Python, which for a
small function takes longer than its backward pass. Here the directions are known to fit, and the
engine is called as these two do. Nothing else in this package knows the private names of either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch._functorch.vmap import lazy_load_decompositions

_engine: Any = torch.autograd.Variable
_levels: Any = torch._C._functorch

Rows = tuple[Tensor | None, ...]


def pulled(
    outputs: Sequence[Tensor],
    inputs: Sequence[Tensor],
    directions: Sequence[Tensor],
    *,
    create_graph: bool = False,
) -> Rows:
    """One backward pass: for each input dᵀ·∂outputs/∂input, None where no graph leads to it.

    Args:
        outputs: tensors that require gradients.
        inputs: tensors that they were computed from.
        directions: d, in the shapes and dtypes of the outputs.
        create_graph: keep the result differentiable.
    """
    rows: Rows = _engine._execution_engine.run_backward(
        tuple(outputs),
        tuple(directions),
        True,  # keep the graph
        create_graph,
        tuple(inputs),
        allow_unreachable=True,
        accumulate_grad=False,
    )
    return rows


def pulled_batch(
    outputs: Sequence[Tensor],
    inputs: Sequence[Tensor],
    directions: Sequence[Tensor],
    *,
    create_graph: bool = False,
) -> Rows:
    """Many backward passes at once, as `torch.func.vmap` does them.

    Args:
        outputs: tensors that require gradients.
        inputs: tensors that they were computed from.
        directions: k directions for each output, (k, *output.shape).
        create_graph: keep the result differentiable.

    Returns:
        (k, *input.shape) for each input, None where no graph leads to it.

    Raises:
        RuntimeError: a backward formula cannot be batched.
    """
    lazy_load_decompositions()
    count, before = len(directions[0]), _levels.maybe_current_level() or 0
    try:
        level = _levels._vmap_increment_nesting(count, "error")
        batch = [_levels._add_batch_dim(one, 0, level) for one in directions]
        rows = pulled(outputs, inputs, batch, create_graph=create_graph)
        return tuple(
            None if row is None else _levels._remove_batch_dim(row, level, count, 0) for row in rows
        )
    finally:  # an interrupt may fall before `level` has a value
        while (_levels.maybe_current_level() or 0) > before:
            _levels._vmap_decrement_nesting()
