"""Plain backward passes: one vector-Jacobian product per scalar output.

This is what `torch.autograd.functional.jacobian` does, and the last fallback: whatever torch can
differentiate backwards can be computed so, and only so can strict mode check every single gradient.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence

import torch
from torch import Tensor

from jacmagic.errors import StrictError
from jacmagic.function.torch_internals import version_of
from jacmagic.numeric.engine import Rows, backward, or_zeros
from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.modes.mode import Mode, ModeResult
from jacmagic.numeric.options import DEFAULTS, ComputeOptions
from jacmagic.numeric.progress import progress

MAX_ROWS_OF_ONE_BASIS = 64  # rows whose directions are made together; more would take m² scalars


def by_rows(evaluation: Evaluation, options: ComputeOptions = DEFAULTS) -> ModeResult:
    """Compute all blocks with a loop of vjps: row k of output i is eₖᵀ·∂fᵢ/∂x.

    Args:
        evaluation: the plain run.
        options: `strict` refuses outputs and gradients that are independent of an input,
            `create_graph` keeps the result differentiable.

    Raises:
        StrictError: in strict mode, an output or, with `create_graph`, a gradient is independent of
            an input.
    """
    leaves = evaluation.outputs.leaves
    if options.strict:
        _require_grad(leaves)
    blocks, all_reached = [], True
    for index in range(len(leaves)):
        row, reached = _blocks_of_output(evaluation, index, options)
        blocks.append(row)
        all_reached = all_reached and reached
    return ModeResult(tuple(blocks), all_reached)


ROWS = Mode("rows", by_rows, "rows", "row by row instead")


def rows_of_output(
    evaluation: Evaluation, index: int, options: ComputeOptions
) -> tuple[Tensor, ...]:
    """Return the blocks of one output, row by row."""
    return _blocks_of_output(evaluation, index, options)[0]


def _blocks_of_output(
    evaluation: Evaluation, index: int, options: ComputeOptions
) -> tuple[tuple[Tensor, ...], bool]:
    """Return the blocks of one output, and whether every input was reached."""
    leaf, inputs = evaluation.outputs.leaves[index], evaluation.inputs
    size = leaf.numel()
    if not leaf.requires_grad or not size:
        return zeros(leaf, inputs), False
    rows: list[Rows] = []
    basis = _basis(leaf) if size <= MAX_ROWS_OF_ONE_BASIS else None
    with progress(size) as advance:
        for k in range(size):
            direction = _direction(leaf, k) if basis is None else basis[k]
            row = backward((leaf,), inputs, (direction,), create_graph=options.create_graph)
            if options.strict:
                _check_row(row, index, create_graph=options.create_graph)
            rows.append(row)
            advance(k + 1)
    columns = zip(zip(*rows, strict=True), inputs, strict=True)
    blocks = tuple([_stacked(parts, leaf, tensor) for parts, tensor in columns])
    return blocks, all(part is not None for part in rows[0])


def plain_row(evaluation: Evaluation, row: int) -> Tensor:
    """One row of the Jacobian, (n,): a backward pass from one output alone."""
    leaf, k = component(evaluation.outputs.leaves, row)
    inputs = evaluation.inputs
    parts: Sequence[Tensor | None] = [None] * len(inputs)
    if leaf.requires_grad:
        parts = backward((leaf,), inputs, (_direction(leaf, k),))
    return torch.cat([part.detach().reshape(-1) for part in or_zeros(parts, inputs)])


def component(leaves: Sequence[Tensor], row: int) -> tuple[Tensor, int]:
    """Return the output to which a row of the Jacobian belongs, and the row in it."""
    for leaf in leaves:
        if row < leaf.numel():
            break
        row -= leaf.numel()
    return leaf, row


def _basis(leaf: Tensor) -> tuple[Tensor, ...]:
    """All eₖ in the output's shape, kept for the next call unless something wrote into them."""
    key = leaf.shape, leaf.dtype, leaf.device, threading.get_ident()
    basis = _cached_basis(*key)
    if version_of(basis[0]):
        _cached_basis.cache_clear()
        basis = _cached_basis(*key)
    return basis


@functools.lru_cache(maxsize=16)
def _cached_basis(
    shape: torch.Size, dtype: torch.dtype, device: torch.device, thread: int
) -> tuple[Tensor, ...]:
    if not shape:
        return (torch.ones((), dtype=dtype, device=device),)
    size = shape.numel()
    return torch.eye(size, dtype=dtype, device=device).view(size, *shape).unbind()


def _direction(leaf: Tensor, k: int) -> Tensor:
    """eₖ in the output's shape, a new tensor: a gradient may alias it."""
    direction = leaf.new_zeros(leaf.numel())
    direction[k].fill_(1)
    return direction.view(leaf.shape)


def _stacked(rows: Sequence[Tensor | None], leaf: Tensor, tensor: Tensor) -> Tensor:
    if leaf.dim() == 0:  # two inputs may have been given the same tensor: copied as by a stack
        return torch.zeros_like(tensor) if rows[0] is None else rows[0].clone()
    whole = torch.stack(or_zeros(rows, [tensor] * len(rows)))
    return whole if leaf.dim() == 1 else whole.view(leaf.shape + tensor.shape)


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
