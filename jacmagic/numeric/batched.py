"""Jacobians at many points at once: one batched pass over a chunk of points, or a loop.

`torch.func.vmap` maps the function's Jacobian over the points. Where it cannot (control flow that
depends on the values, writing in place, random numbers), or where it gives other values than a
plain run at the first point, the points are taken one by one and a note says why. So they are in
strict mode, which looks at the graph of each.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from jacmagic.errors import StrictError
from jacmagic.numeric.compute import check_request, compute
from jacmagic.numeric.ladder import OBSTACLES, cause_of
from jacmagic.numeric.memory import require_room
from jacmagic.numeric.numbers import Numbers
from jacmagic.numeric.pace import SECONDS_PER_BATCH
from jacmagic.numeric.points import Chunk, Many, Points
from jacmagic.numeric.quiet import quiet, random_states
from jacmagic.structure import Outputs, flatten

SCALARS_AT_ONCE = 2**20  # of the Jacobians in one chunk: 8 MiB of float64
FIRST, GROWTH = 16, 4  # points in the first chunk; how many times more in the next one
_CLOSE = {torch.float64: 1e-9, torch.float32: 1e-3}  # of a batched pass to a plain run
_LOOSE = 1e-1  # the same for short floats


class Differentiator:
    """Differentiates one function at chunks of points, batched while that works."""

    def __init__(
        self,
        function: Callable[..., Any],
        points: Points,
        *,
        strategy: str = "auto",
        create_graph: bool = False,
        strict: bool = False,
    ) -> None:
        """Run plainly at the first point, so that the user's own errors surface as such.

        Args:
            function: takes the points' arguments of one point by position.
            points: at least one point; real floating tensors where they are differentiated by.
            strategy: "auto", or any of `compute`'s.
            create_graph: keep the results differentiable by the points.
            strict: at every point an output independent of an input is an error.
        """
        self.function, self.points, self.strategy = function, points, strategy
        self.create_graph, self.strict = create_graph, strict
        check_request(strategy, None, create_graph=create_graph, strict=strict)
        self.first = self._plain(0)
        m = self.first.outputs.numel
        n = sum(points.at(0)[place].numel() for place in points.chosen)
        forward = n < m if strategy == "auto" else strategy.startswith("forward")
        self.mode = "forward" if forward else "reverse"
        self.size = m, n
        alone = strict and points.count > 1
        self.obstacle = "strict=True looks at the graph of every point" if alone else None
        self._checked = False

    def _plain(self, index: int) -> Numbers:
        """The Jacobian at one point."""
        arguments, chosen = self.points.at(index), self.points.chosen

        def function(*values: Tensor) -> Any:
            given = list(arguments)
            for place, value in zip(chosen, values, strict=True):
                given[place] = value
            return self.function(*given)

        try:
            return compute(
                function,
                [arguments[place] for place in chosen],
                strategy=self.strategy,
                create_graph=self.create_graph,
                strict=self.strict,
            )
        except StrictError as error:
            raise StrictError(f"at index {index}: {error}") from None

    def chunk(self, start: int, stop: int) -> Chunk:
        """The Jacobians at points `start` to `stop`."""
        if self.points.count == 1:
            return self._loop(start, stop)
        if self.obstacle is None:
            try:
                found = self._batched(start, stop)
            except OBSTACLES as obstacle:
                self.obstacle = cause_of(obstacle)
            else:
                if self._agrees(found, start):
                    return found
                self.obstacle = "a batched pass gives other values"
        return self._loop(start, stop)

    def _batched(self, start: int, stop: int) -> Chunk:
        points = self.points
        differentiate = torch.func.jacfwd if self.mode == "forward" else torch.func.jacrev

        def leaves(*arguments: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
            found = flatten(self.function(*arguments)).leaves
            return found, found

        jacobian = differentiate(leaves, argnums=points.chosen, has_aux=True)
        dims = tuple(0 if varies else None for varies in points.varies)
        tensors = tuple(map(self._kept, points.part(start, stop)))
        with torch.inference_mode(False), quiet(tensors, random_states(tensors, self.function)):
            blocks, values = torch.func.vmap(jacobian, in_dims=dims)(*tensors)
        inputs = [tensors[place] for place in points.chosen]
        return Chunk(
            tuple(
                tuple(
                    self._kept(block).to(one.dtype) for block, one in zip(row, inputs, strict=True)
                )
                for row in blocks
            ),
            tuple(map(self._kept, values)),
        )

    def _kept(self, tensor: Tensor) -> Tensor:
        """With its graph where that was asked for."""
        return tensor if self.create_graph else tensor.detach()

    def _agrees(self, found: Chunk, start: int) -> bool:
        """Whether the batched pass gave at its first point what a plain run gives; asked once."""
        if self._checked:
            return True
        plain = self.first if start == 0 else self._plain(start)
        self._checked = True
        pairs = [
            (block[0], other)
            for row, others in zip(found.blocks, plain.blocks, strict=True)
            for block, other in zip(row, others, strict=True)
        ]
        pairs += [(v[0], leaf) for v, leaf in zip(found.values, plain.outputs.leaves, strict=True)]
        return all(_close(one, other) for one, other in pairs)

    def _loop(self, start: int, stop: int) -> Chunk:
        whole = [self.first if index == 0 else self._plain(index) for index in range(start, stop)]
        blocks = tuple(
            tuple(torch.stack(parts) for parts in zip(*rows, strict=True))
            for rows in zip(*(numbers.blocks for numbers in whole), strict=True)
        )
        leaves = zip(*(numbers.outputs.leaves for numbers in whole), strict=True)
        why = [] if self.obstacle is None else [self.obstacle]
        notes = [f"not batched: {text}; computed point by point instead" for text in why]
        return Chunk(blocks, tuple(map(torch.stack, leaves)), tuple(notes))

    def outputs(self) -> Outputs:
        """The structure of one point's value."""
        return self.first.outputs

    def room(self, memory: int | None = None) -> None:
        """Refuse what would not fit.

        Raises:
            SizeError: all Jacobians together take more than `memory`, by default a quarter of
                what is free.
        """
        inputs = tuple(self.points.at(0)[place] for place in self.points.chosen)
        require_room(self.size[0] * self.points.count, inputs, memory)

    def chunks(self, chunk_size: int | None = None) -> Iterator[tuple[int, int]]:
        """Splits of the points into chunks that neither time nor memory minds.

        A batched pass costs about the same for one point as for many, so chunks grow while they
        are quick (see NOTE [Pace] in `pace`).
        """
        m, n = self.size
        ceiling = max(1, SCALARS_AT_ONCE // max(m * n + max(m, n), 1))
        size, start = min(FIRST, ceiling), 0
        while start < self.points.count:
            stop = min(self.points.count, start + (chunk_size or size))
            began = time.perf_counter()
            yield start, stop
            took = time.perf_counter() - began
            if took < SECONDS_PER_BATCH:
                size = min(ceiling, GROWTH * size)
            elif took > 2 * SECONDS_PER_BATCH:
                size = max(1, size // GROWTH)
            start = stop


def _close(one: Tensor, other: Tensor) -> bool:
    one, other = one.detach(), other.detach()
    tolerance = _CLOSE.get(one.dtype, _LOOSE)
    scale = float(other.abs().nan_to_num(0, 0, 0).max()) if other.numel() else 0.0
    return one.shape == other.shape and torch.allclose(
        one, other.to(one.dtype), rtol=tolerance, atol=tolerance * (1 + scale), equal_nan=True
    )


def compute_many(
    function: Callable[..., Any],
    points: Points,
    *,
    strategy: str = "auto",
    chunk_size: int | None = None,
    create_graph: bool = False,
    strict: bool = False,
    memory: int | None = None,
) -> Many:
    """The Jacobians of one function at many points.

    Args:
        function: takes the arguments of one point by position.
        points: where; at least one.
        strategy: as for one Jacobian; "auto" is forward mode where there are fewer inputs than
            outputs.
        chunk_size: points at a time; by default as time and memory allow.
        create_graph: keep the results differentiable by the points.
        strict: at every point an output independent of an input is an error; one point at a time.
        memory: bytes that the result may take; by default a quarter of what is free.

    Raises:
        SizeError: the result would not fit.
        StrictError: strict mode found an independent output; the message says at which point.
    """
    road = Differentiator(
        function, points, strategy=strategy, create_graph=create_graph, strict=strict
    )
    road.room(memory)
    parts = [road.chunk(start, stop) for start, stop in road.chunks(chunk_size)]
    notes = tuple(dict.fromkeys(note for part in parts for note in part.notes))
    m = len(road.first.blocks)
    return Many(
        road.first,
        tuple(
            tuple(
                torch.cat([part.blocks[i][j] for part in parts]) for j in range(len(points.chosen))
            )
            for i in range(m)
        ),
        tuple(torch.cat([part.values[i] for part in parts]) for i in range(m)),
        "loop" if notes else road.mode,
        notes,
    )
