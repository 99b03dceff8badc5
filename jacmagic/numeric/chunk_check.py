"""Check of batched Jacobians at a chunk of points by plain passes.

One point of every chunk is run plainly and compared: values, numbers and, where the result is to be
differentiated again, the graph. All points are compared with one batched backward pass.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from jacmagic.function.outputs import flatten
from jacmagic.function.silent_rerun import random_states, silent_rerun
from jacmagic.numeric.dense_matrix import Dense
from jacmagic.numeric.evaluation import evaluate, writable
from jacmagic.numeric.freivalds import check, equal
from jacmagic.numeric.points import Chunk, Points
from jacmagic.numeric.result import NumericJacobian
from jacmagic.numeric.rounding import MAX_ROUNDINGS
from jacmagic.numeric.second_derivative import Probed
from jacmagic.numeric.stacked import Stacked, refuted_points
from jacmagic.numeric.torch_errors import TORCH_ERRORS


class ChunkCheck:
    """Comparison of one function's batched Jacobians with plain passes.

    Args:
        function: takes the points' arguments of one point by position.
        points: all of them.
        first: the Jacobian at the first point, by a plain run.
        create_graph: whether the results are to be differentiated again.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        points: Points,
        first: NumericJacobian,
        *,
        create_graph: bool,
    ) -> None:
        self._function, self._points, self._first = function, points, first
        self._create_graph = create_graph
        self._random = torch.Generator().manual_seed(0)

    def agrees(self, chunk: Chunk, start: int) -> bool:
        """Whether a plain run confirms one point: the first, or a random one later on."""
        count = len(chunk.values[0])
        index = int(torch.randint(count, (1,), generator=self._random)) if start else 0
        function, tensors = self._points.of_chosen(self._function, start + index)
        blocks = [[block[index].detach() for block in row] for row in chunk.blocks]
        values = [value[index].detach() for value in chunk.values]
        if not start:
            leaves = self._first.outputs.leaves
            if not _same_values(values, blocks, leaves, tensors):
                return False
            if self._create_graph and not self._same_graph(chunk):
                return False
            if equal(Dense(blocks, values), Dense(self._first.blocks, leaves), leaves, tensors):
                return True
        return self._agrees_with_a_run(function, tensors, blocks, values)

    def _agrees_with_a_run(
        self,
        function: Callable[..., Any],
        tensors: Sequence[Tensor],
        blocks: Sequence[Sequence[Tensor]],
        values: Sequence[Tensor],
    ) -> bool:
        """Whether a plain run and one backward pass confirm the Jacobian at one point."""
        with (
            torch.inference_mode(False),
            torch.enable_grad(),
            silent_rerun(tensors, random_states(tensors)),
        ):
            plain = evaluate(function, tensors, create_graph=False)
            leaves = plain.outputs.leaves
            if not _same_values(values, blocks, leaves, plain.inputs):
                return False
            with contextlib.suppress(*TORCH_ERRORS):  # torch may not go backwards there
                return check(leaves, plain.inputs, Dense(blocks, values)).answer != "different"
        return True

    def _same_graph(self, chunk: Chunk) -> bool:
        """Whether the first point has the second derivatives of a plain computation."""
        first, points = self._first, self._points
        chosen = [points.tensors[k] for k in points.chosen]
        attached = [tensor for tensor in chosen if tensor.requires_grad]
        inputs = points.of_chosen(self._function, 0)[1]
        probed = Probed(first.blocks, first.outputs.leaves, inputs)
        batched = probed.of_blocks([[block[0] for block in row] for row in chunk.blocks])
        return probed.compare(batched, probed.of_blocks(first.blocks), attached) == "equal"

    def refuted(self, chunk: Chunk, start: int, stop: int) -> Tensor:
        """For each point whether a backward pass through all of them gives other numbers."""
        points, function = self._points, self._function
        tensors = [tensor.detach().clone() for tensor in points.part(start, stop)]
        inputs = [tensors[k].requires_grad_() for k in points.chosen]
        own = [points.varies[k] for k in points.chosen]
        with (
            contextlib.suppress(*TORCH_ERRORS),  # torch may not go backwards there
            torch.inference_mode(False),
            torch.enable_grad(),
            silent_rerun(tensors, random_states(tensors, function)),
        ):
            batched = torch.func.vmap(lambda *a: leaves_of(function, a), in_dims=points.dims)
            leaves = batched(*tensors)
            return refuted_points(Stacked(chunk.blocks, chunk.values, own), leaves, inputs, own)
        return torch.zeros(stop - start, dtype=torch.bool, device=chunk.values[0].device)


def leaves_of(function: Callable[..., Any], arguments: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return a function's flat outputs; it may write to its arguments."""
    return flatten(function(*writable(arguments))).leaves


def not_finite(chunk: Chunk) -> Tensor:
    """For each point whether a number is nan or infinite, (points,)."""
    parts = [*chunk.values, *(block for row in chunk.blocks for block in row)]
    finite = [part.detach().isfinite().reshape(len(part), part[0].numel()) for part in parts]
    return ~torch.stack([rows_finite.all(1) for rows_finite in finite]).all(0)


def _same_values(
    values: Sequence[Tensor],
    blocks: Sequence[Sequence[Tensor]],
    leaves: Sequence[Tensor],
    inputs: Sequence[Tensor],
) -> bool:
    """Whether values differ by no more than rounding of the inputs explains.

    That is eps · (|f| + |J|·|x|), whatever the scales of f and x.
    """
    for value, row, leaf in zip(values, blocks, leaves, strict=True):
        if value.shape != leaf.shape or value.dtype != leaf.dtype:
            return False
        sizes = leaf.detach().abs().double()
        for block, tensor in zip(row, inputs, strict=True):
            flat = block.reshape(*leaf.shape, tensor.numel()).abs().double()
            sizes = sizes + flat @ tensor.detach().abs().double().reshape(-1)
        eps = max(torch.finfo(tensor.dtype).eps for tensor in (leaf, *inputs))
        gap = (value - leaf.detach()).abs()
        if bool((gap.double() > MAX_ROUNDINGS * eps * sizes).any()):  # never so where one is nan
            return False
    return True
