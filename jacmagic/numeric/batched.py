"""Jacobians at many points: one batched pass over a chunk of points, or a loop.

`torch.func.vmap` maps the function's Jacobian over the points. Where it cannot (control flow that
depends on the values, writing in place, random numbers), or where it gives other numbers than a
plain run and a plain backward pass at one point of a chunk, drawn at random, all points are taken
one by one and a note says why. So are single points at which something is not finite, or which the
check of `stacked` refutes, and all points in strict mode, which looks at the graph of each.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from jacmagic.errors import StrictError
from jacmagic.function.silent_rerun import random_states, silent_rerun
from jacmagic.numeric.chunk_check import ChunkCheck, leaves_of, not_finite
from jacmagic.numeric.compute import compute
from jacmagic.numeric.memory import require_memory
from jacmagic.numeric.modes.batch_size import FIRST_BATCH_SECONDS
from jacmagic.numeric.options import DEFAULTS, ComputeOptions
from jacmagic.numeric.points import BatchedJacobian, Chunk, Points
from jacmagic.numeric.result import NumericJacobian
from jacmagic.numeric.torch_errors import TORCH_ERRORS, cause_of

MAX_SCALARS_PER_CHUNK = 2**20  # of its Jacobians: 8 MiB of float64
FIRST_CHUNK, CHUNK_GROWTH = 16, 4  # points in the first one; how many times more in the next one
OTHER = "a batched pass gives other numbers than a plain one"
SOME = f"{OTHER} at some points; these computed one by one instead"


class Differentiator:
    """Jacobians of one function at chunks of points, batched while that works."""

    def __init__(
        self, function: Callable[..., Any], points: Points, options: ComputeOptions = DEFAULTS
    ) -> None:
        """Run plainly at the first point, so that the user's own errors surface as such.

        Args:
            function: takes the points' arguments of one point by position.
            points: at least one point; real floating tensors where they are differentiated by.
            options: as for one Jacobian; `chunk_size` counts points.
        """
        self.function, self.points = function, points
        self._options = replace(options, chunk_size=None)
        self.first = self._plain(0)
        m, inputs = self.first.m, points.of_chosen(function, 0)[1]
        n = sum(tensor.numel() for tensor in inputs)
        automatic = options.strategy == "auto"
        forward = n < m if automatic else options.strategy.startswith("forward")
        self.mode = "forward" if forward else "reverse"
        self.size = m, n
        alone = options.strict and points.count > 1
        self.obstacle = "strict=True looks at the graph of every point" if alone else None
        graph = options.create_graph
        self._check = ChunkCheck(function, points, self.first, create_graph=graph)

    def _plain(self, index: int) -> NumericJacobian:
        """Return the Jacobian at one point."""
        try:
            return compute(*self.points.of_chosen(self.function, index), self._options)
        except StrictError as error:
            raise StrictError(f"at index {index}: {error}") from None

    def chunk(self, start: int, stop: int) -> Chunk:
        """Return the Jacobians at points `start` to `stop`."""
        if self.points.count == 1:
            return self._loop(start, stop)
        if self.obstacle is None:
            try:
                batched = self._batched(start, stop)
            except TORCH_ERRORS as obstacle:
                self.obstacle = cause_of(obstacle)
            else:
                if self._check.agrees(batched, start):
                    refuted = self._check.refuted(batched, start, stop)
                    if int(refuted.sum()) <= 1 + len(refuted) // 2:
                        return self._repaired(batched, start, refuted)
                self.obstacle = OTHER
        return self._loop(start, stop)

    def _batched(self, start: int, stop: int) -> Chunk:
        """Return the Jacobians of a chunk by one batched pass."""
        points, function = self.points, self.function
        differentiate = torch.func.jacfwd if self.mode == "forward" else torch.func.jacrev

        def leaves(*arguments: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
            values = leaves_of(function, arguments)
            return values, values

        jacobian = differentiate(leaves, argnums=points.chosen, has_aux=True)
        tensors = tuple(map(self._with_graph, points.part(start, stop)))
        with (
            torch.inference_mode(False),
            silent_rerun(tensors, random_states(tensors, function)),
        ):
            blocks, values = torch.func.vmap(jacobian, in_dims=points.dims)(*tensors)
        dtypes = [tensors[k].dtype for k in points.chosen]
        return Chunk(
            tuple(
                tuple(self._with_graph(b).to(dtype) for b, dtype in zip(row, dtypes, strict=True))
                for row in blocks
            ),
            tuple(map(self._with_graph, values)),
        )

    def _with_graph(self, tensor: Tensor) -> Tensor:
        """Return a tensor with its graph if `create_graph`, detached otherwise."""
        return tensor if self._options.create_graph else tensor.detach()

    def _repaired(self, chunk: Chunk, start: int, refuted: Tensor) -> Chunk:
        """Compute refuted points, and those with nan or infinity, one by one."""
        notes = (SOME,) if bool(refuted.any()) else ()
        odd = refuted | not_finite(chunk)
        if not bool(odd.any()):
            return chunk
        values = [value.clone() for value in chunk.values]
        blocks = [[block.clone() for block in row] for row in chunk.blocks]
        for index in odd.nonzero().flatten().tolist():
            plain = self._plain(start + index)
            for value, leaf in zip(values, plain.outputs.leaves, strict=True):
                value[index] = leaf
            for row, others in zip(blocks, plain.blocks, strict=True):
                for block, other in zip(row, others, strict=True):
                    block[index] = other
        return Chunk(tuple(map(tuple, blocks)), tuple(values), notes)

    def _loop(self, start: int, stop: int) -> Chunk:
        """Return the Jacobians of a chunk point by point."""
        numbers = [self.first if index == 0 else self._plain(index) for index in range(start, stop)]
        note = f"not batched: {self.obstacle}; computed point by point instead"
        return Chunk.stacked(numbers, () if self.obstacle is None else (note,))

    def chunks(self, chunk_size: int | None = None) -> Iterator[tuple[int, int]]:
        """Split the points into chunks that fit into memory and allow an interrupt.

        A batched pass costs about the same for one point as for many, so chunks grow while they
        are quick (see NOTE [Adaptive batches] in `modes.batch_size`).
        """
        m, n = self.size
        ceiling = max(1, MAX_SCALARS_PER_CHUNK // max(m * n + max(m, n), 1))
        size, start = min(FIRST_CHUNK, ceiling), 0
        while start < self.points.count:
            stop = min(self.points.count, start + (chunk_size or size))
            began = time.perf_counter()
            yield start, stop
            took = time.perf_counter() - began
            if took < FIRST_BATCH_SECONDS:
                size = min(ceiling, CHUNK_GROWTH * size)
            elif took > 2 * FIRST_BATCH_SECONDS:
                size = max(1, size // CHUNK_GROWTH)
            start = stop


def compute_many(
    function: Callable[..., Any], points: Points, options: ComputeOptions = DEFAULTS
) -> BatchedJacobian:
    """Return the Jacobians of one function at many points.

    Args:
        function: takes the arguments of one point by position.
        points: where; at least one.
        options: as for one Jacobian. "auto" is forward mode where there are fewer inputs than
            outputs; `chunk_size` counts points; `strict` takes one point at a time.

    Raises:
        SizeError: the result takes more than a quarter of the memory that is free.
        StrictError: strict mode found an independent output; the message says at which point.
    """
    many = Differentiator(function, points, options)
    require_memory(many.size[0] * points.count, points.of_chosen(function, 0)[1], None)
    size = options.chunk_size
    parts = [many.chunk(start, stop) for start, stop in many.chunks(size)]
    if many.obstacle == OTHER:  # a late chunk differed: all are computed again, point by point
        parts = [many.chunk(start, stop) for start, stop in many.chunks(size)]
    whole = Chunk.joined(parts)
    mode = many.mode if many.obstacle is None else "loop"
    return BatchedJacobian(many.first, whole.blocks, whole.values, mode, whole.notes)
