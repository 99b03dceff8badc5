"""Row by row: one vector-Jacobian product per scalar output, as `torch.autograd.functional` does.

The plainest road and the last resort: whatever torch can differentiate backwards gets through
here, and only here can strict mode look at every single gradient.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from jacmagic.errors import StrictError
from jacmagic.numeric.engine import Rows, pulled
from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.progress import progress

FEW = 64  # rows whose directions are made together
Blocks = tuple[tuple[Tensor, ...], ...]


def by_rows(
    evaluation: Evaluation,
    *,
    create_graph: bool = False,
    strict: bool = False,
    reached: list[bool] | None = None,
) -> Blocks:
    """Compute all blocks with a loop of vjps: row k of output i is eₖᵀ·∂fᵢ/∂x.

    Args:
        evaluation: the plain run.
        create_graph: keep the result differentiable.
        strict: refuse outputs and gradients that are independent of an input.
        reached: takes for each block whether a backward pass got there.

    Raises:
        StrictError: in strict mode, an output or, with `create_graph`, a gradient is independent of
            an input.
    """
    leaves = evaluation.outputs.leaves
    if strict:
        _require_grad(leaves)
    return tuple(
        [
            rows_of_output(
                evaluation, index, create_graph=create_graph, strict=strict, reached=reached
            )
            for index in range(len(leaves))
        ]
    )


def rows_of_output(
    evaluation: Evaluation,
    index: int,
    *,
    create_graph: bool = False,
    strict: bool = False,
    reached: list[bool] | None = None,
) -> tuple[Tensor, ...]:
    """Return the blocks of one output, row by row."""
    leaf, inputs = evaluation.outputs.leaves[index], evaluation.inputs
    if not leaf.requires_grad or not leaf.numel():
        if reached is not None:
            reached.append(False)
        return zeros(leaf, inputs)
    rows: list[Rows] = []
    basis = _basis(leaf) if leaf.numel() <= FEW else None
    with progress(leaf.numel()) as told:
        for k in range(leaf.numel()):
            direction = _direction(leaf, k) if basis is None else basis[k]
            row = pulled((leaf,), inputs, (direction,), create_graph=create_graph)
            if strict:
                _check_row(row, index, create_graph=create_graph)
            rows.append(row)
            told(k + 1)
    if reached is not None:
        reached += [row is not None for row in rows[0]]
    return tuple(
        [_stacked([row[j] for row in rows], leaf, tensor) for j, tensor in enumerate(inputs)]
    )


def plain_row(evaluation: Evaluation, row: int) -> Tensor:
    """One row of the Jacobian, (n,): a backward pass from one output alone."""
    for leaf in evaluation.outputs.leaves:
        if row < leaf.numel():
            break
        row -= leaf.numel()
    inputs = evaluation.inputs
    parts: Sequence[Tensor | None] = [None] * len(inputs)
    if leaf.requires_grad:
        parts = pulled((leaf,), inputs, (_direction(leaf, row),))
    known = [
        torch.zeros_like(tensor) if part is None else part
        for part, tensor in zip(parts, inputs, strict=True)
    ]
    return torch.cat([part.detach().reshape(-1) for part in known])


def _basis(leaf: Tensor) -> Sequence[Tensor]:
    """All eₖ in the output's shape: parts of one tensor, which the rows are copied away from."""
    if leaf.dim() == 0:
        return (leaf.new_ones(()),)
    size = leaf.numel()
    whole = torch.eye(size, dtype=leaf.dtype, device=leaf.device)
    return whole.view(size, *leaf.shape).unbind()


def _direction(leaf: Tensor, k: int) -> Tensor:
    """eₖ in the output's shape, a fresh one: a gradient may be this very tensor."""
    direction = leaf.new_zeros(leaf.numel())
    direction[k].fill_(1)
    return direction.view(leaf.shape)


def _stacked(rows: list[Tensor | None], leaf: Tensor, tensor: Tensor) -> Tensor:
    if leaf.dim() == 0:  # two inputs may have been given the same tensor: copied as by a stack
        return torch.zeros_like(tensor) if rows[0] is None else rows[0].clone()
    known = [torch.zeros_like(tensor) if row is None else row for row in rows]
    return torch.stack(known).view(leaf.shape + tensor.shape)


def zeros(leaf: Tensor, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Return the blocks of an output that depends on nothing."""
    return tuple(tensor.new_zeros(leaf.shape + tensor.shape) for tensor in inputs)


def _require_grad(leaves: tuple[Tensor, ...]) -> None:
    for index, leaf in enumerate(leaves):
        if not leaf.requires_grad:
            raise StrictError(
                f"Output {index} of the user-provided function does not require gradients. The "
                "outputs must be computed in a differentiable manner from the input when running "
                "in strict mode."
            )


def _check_row(row: Rows, index: int, *, create_graph: bool) -> None:
    for position, gradient in enumerate(row):
        if gradient is None:
            raise StrictError(
                f"Output {index} of the user-provided function is independent of input {position}. "
                "This is not allowed in strict mode."
            )
        if create_graph and not gradient.requires_grad:
            raise StrictError(
                f"The jacobian of the user-provided function is independent of input {position}. "
                "This is not allowed in strict mode when create_graph=True."
            )
