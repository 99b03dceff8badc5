"""Jacobians at many points at once: one batched pass over a chunk of points, or a loop.

`torch.func.vmap` maps the function's Jacobian over the points. Where it cannot (control flow that
depends on the values, writing in place, random numbers), or where it gives other numbers than a
plain run and a plain backward pass at one point of a chunk, drawn at random, all points are taken
one by one and a note says why. So are single points at which something is not finite, or which the
check of `stacked` refutes, and all points in strict mode, which looks at the graph of each.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from jacmagic.errors import StrictError
from jacmagic.function.outputs import Outputs, flatten
from jacmagic.function.silent_rerun import random_states, silent_rerun
from jacmagic.numeric.compute import check_request, compute
from jacmagic.numeric.evaluation import evaluate, writable
from jacmagic.numeric.freivalds import Dense, check, equal
from jacmagic.numeric.memory import require_room
from jacmagic.numeric.modes.batch_size import SECONDS_PER_BATCH
from jacmagic.numeric.modes.try_modes import TORCH_ERRORS, cause_of
from jacmagic.numeric.points import BatchedJacobian, Chunk, Points
from jacmagic.numeric.result import NumericJacobian
from jacmagic.numeric.second_derivative import Probed
from jacmagic.numeric.stacked import Stacked, refuted_points

SCALARS_AT_ONCE = 2**20  # of the Jacobians in one chunk: 8 MiB of float64
FIRST, GROWTH = 16, 4  # points in the first chunk; how many times more in the next one
VALUES = 2.0**10  # times the rounding of inputs by which values may differ from a plain run's
OTHER = "a batched pass gives other numbers than a plain one"
SOME = f"{OTHER} at some points; these computed one by one instead"


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
        self._random = torch.Generator().manual_seed(0)

    def _at(self, index: int) -> tuple[Callable[..., Any], list[Tensor]]:
        """Return the function of the chosen arguments at one point, and these."""
        arguments, chosen = self.points.at(index), self.points.chosen

        def function(*values: Tensor) -> Any:
            given = list(arguments)
            for place, value in zip(chosen, values, strict=True):
                given[place] = value
            return self.function(*given)

        return function, [arguments[place] for place in chosen]

    def _plain(self, index: int) -> NumericJacobian:
        """Return the Jacobian at one point."""
        function, tensors = self._at(index)
        try:
            return compute(
                function,
                tensors,
                strategy=self.strategy,
                create_graph=self.create_graph,
                strict=self.strict,
            )
        except StrictError as error:
            raise StrictError(f"at index {index}: {error}") from None

    def chunk(self, start: int, stop: int) -> Chunk:
        """Return the Jacobians at points `start` to `stop`."""
        if self.points.count == 1:
            return self._loop(start, stop)
        if self.obstacle is None:
            try:
                found = self._batched(start, stop)
            except TORCH_ERRORS as obstacle:
                self.obstacle = cause_of(obstacle)
            else:
                if self._agrees(found, start):
                    odd = self._refuted(found, start, stop)
                    if int(odd.sum()) <= 1 + len(odd) // 2:
                        return self._mended(found, start, odd)
                self.obstacle = OTHER
        return self._loop(start, stop)

    def _leaves(self, *arguments: Tensor) -> tuple[Tensor, ...]:
        return flatten(self.function(*writable(arguments))).leaves

    def _batched(self, start: int, stop: int) -> Chunk:
        points = self.points
        differentiate = torch.func.jacfwd if self.mode == "forward" else torch.func.jacrev

        def leaves(*arguments: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
            found = self._leaves(*arguments)
            return found, found

        jacobian = differentiate(leaves, argnums=points.chosen, has_aux=True)
        dims = tuple(0 if varies else None for varies in points.varies)
        tensors = tuple(map(self._kept, points.part(start, stop)))
        with (
            torch.inference_mode(False),
            silent_rerun(tensors, random_states(tensors, self.function)),
        ):
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
        """Whether plain runs confirm one point: the first of all, one at random of later chunks."""
        count = len(found.values[0])
        index = int(torch.randint(count, (1,), generator=self._random)) if start else 0
        function, tensors = self._at(start + index)
        blocks = [[block[index].detach() for block in row] for row in found.blocks]
        values = [value[index].detach() for value in found.values]
        matrix = Dense(blocks, values)
        if not start:
            leaves = self.first.outputs.leaves
            if not _same_values(values, blocks, leaves, tensors):
                return False
            if self.create_graph and not self._same_graph(found):
                return False
            if equal(matrix, Dense(self.first.blocks, leaves), leaves, tensors):
                return True
        with (
            torch.inference_mode(False),
            torch.enable_grad(),
            silent_rerun(tensors, random_states(tensors)),
        ):
            plain = evaluate(function, tensors, create_graph=False)
            if not _same_values(values, blocks, plain.outputs.leaves, plain.inputs):
                return False
            with contextlib.suppress(*TORCH_ERRORS):  # torch may not go backwards there
                return check(plain.outputs.leaves, plain.inputs, matrix).answer != "different"
        return True

    def _same_graph(self, found: Chunk) -> bool:
        """Whether the first point can be differentiated again as it can on its own."""
        chosen = [self.points.tensors[place] for place in self.points.chosen]
        attached = [tensor for tensor in chosen if tensor.requires_grad]
        first = self.first
        probed = Probed(first.blocks, first.outputs.leaves, self._at(0)[1])
        mine = probed.of_blocks([[block[0] for block in row] for row in found.blocks])
        return probed.compare(mine, probed.of_blocks(first.blocks), attached) == "equal"

    def _refuted(self, found: Chunk, start: int, stop: int) -> Tensor:
        """For each point whether a backward pass through all of them brings other numbers."""
        points = self.points
        tensors = [tensor.detach().clone() for tensor in points.part(start, stop)]
        inputs = [tensors[place].requires_grad_() for place in points.chosen]
        own = [points.varies[place] for place in points.chosen]
        dims = tuple(0 if varies else None for varies in points.varies)
        with (
            contextlib.suppress(*TORCH_ERRORS),  # torch may not go backwards there
            torch.inference_mode(False),
            torch.enable_grad(),
            silent_rerun(tensors, random_states(tensors, self.function)),
        ):
            leaves = torch.func.vmap(self._leaves, in_dims=dims)(*tensors)
            return refuted_points(Stacked(found.blocks, found.values, own), leaves, inputs, own)
        return torch.zeros(stop - start, dtype=torch.bool, device=found.values[0].device)

    def _mended(self, found: Chunk, start: int, odd: Tensor) -> Chunk:
        """The same with odd points, and those where something is not finite, taken one by one."""
        notes = (SOME,) if bool(odd.any()) else ()
        parts = [*found.values, *(block for row in found.blocks for block in row)]
        odd = torch.stack([odd, *(_not_finite(part) for part in parts)]).any(0)
        if not bool(odd.any()):
            return found
        values = [value.clone() for value in found.values]
        blocks = [[block.clone() for block in row] for row in found.blocks]
        for index in odd.nonzero().flatten().tolist():
            plain = self._plain(start + index)
            for value, leaf in zip(values, plain.outputs.leaves, strict=True):
                value[index] = leaf
            for row, others in zip(blocks, plain.blocks, strict=True):
                for block, other in zip(row, others, strict=True):
                    block[index] = other
        return Chunk(tuple(map(tuple, blocks)), tuple(values), notes)

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
        """Return the structure of one point's value."""
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


def _not_finite(part: Tensor) -> Tensor:
    """For each point whether a number is nan or infinite, (points,)."""
    return ~part.detach().isfinite().reshape(len(part), part[0].numel()).all(1)


def _same_values(
    values: Sequence[Tensor],
    blocks: Sequence[Sequence[Tensor]],
    leaves: Sequence[Tensor],
    inputs: Sequence[Tensor],
) -> bool:
    """Whether values differ by no more than a small change of the inputs makes of them.

    That is eps · (|f| + |J|·|x|), whatever the scales of f and x.
    """
    for value, row, leaf in zip(values, blocks, leaves, strict=True):
        if value.shape != leaf.shape or value.dtype != leaf.dtype:
            return False
        sizes = leaf.detach().abs().double()
        for block, tensor in zip(row, inputs, strict=True):
            flat = block.reshape(*leaf.shape, tensor.numel()).abs().double()
            sizes = sizes + flat @ tensor.detach().abs().double().reshape(-1)
        eps = max(torch.finfo(one.dtype).eps for one in (leaf, *inputs))
        gap = (value - leaf.detach()).abs()
        if bool((gap.double() > VALUES * eps * sizes).any()):  # never so where one is nan
            return False
    return True


def compute_many(
    function: Callable[..., Any],
    points: Points,
    *,
    strategy: str = "auto",
    chunk_size: int | None = None,
    create_graph: bool = False,
    strict: bool = False,
    memory: int | None = None,
) -> BatchedJacobian:
    """Return the Jacobians of one function at many points.

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
    many = Differentiator(
        function, points, strategy=strategy, create_graph=create_graph, strict=strict
    )
    many.room(memory)
    parts = [many.chunk(start, stop) for start, stop in many.chunks(chunk_size)]
    if many.obstacle == OTHER:  # which may have shown late: no chunk is believed
        parts = [many.chunk(start, stop) for start, stop in many.chunks(chunk_size)]
    notes = tuple(dict.fromkeys(note for part in parts for note in part.notes))
    m = len(many.first.blocks)
    return BatchedJacobian(
        many.first,
        tuple(
            tuple(
                torch.cat([part.blocks[i][j] for part in parts]) for j in range(len(points.chosen))
            )
            for i in range(m)
        ),
        tuple(torch.cat([part.values[i] for part in parts]) for i in range(m)),
        many.mode if many.obstacle is None else "loop",
        notes,
    )
