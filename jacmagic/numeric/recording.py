"""A road recorded as a program, and when that may stand in for the road.

NOTE [When a program may stand in]: the function itself is still run, plainly, at every point. Its
program stands in for the road alone, and only where its values of the function are the same bit by
bit and nothing that the function reads from outside has changed. Before that it has to bring what
the road itself does, when it is recorded and at the next point, and not to take longer.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from jacmagic.numeric.entries import Sparse
from jacmagic.numeric.evaluation import Evaluation, evaluate
from jacmagic.numeric.ladder import OBSTACLES
from jacmagic.numeric.numbers import Numbers
from jacmagic.numeric.rows import Blocks
from jacmagic.replay import Program, Readings, Recorder, Unrecorded, program_of, same_values

SMALL = 2**18  # scalars of a result beyond which its operations outweigh what leads to them
PROOFS = 2  # points at which a program must bring what the road does before it stands in
RUNS = 2  # of the program at each of these points; the quickest counts
SLOWER = 1.0  # times what the road takes, beyond which a program does not stand in

Walk = Callable[[Evaluation], Numbers]


@dataclass
class Recording:
    """A program, and what it stands for.

    Attributes:
        program: from the inputs to the function's values and the Jacobian's tensors.
        unchanged: whether what the function reads from outside is as it was.
        numbers: what the road brought when it was walked.
        attached: whether each output had a graph.
        proved: at how many points it brought what the road itself did.
        quickest: seconds of the program, the shortest of its proofs.
        road: seconds of the road that it would stand in for, the shortest likewise.
    """

    program: Program
    unchanged: Callable[[], bool]
    numbers: Numbers
    attached: list[bool]
    proved: int = 0
    quickest: float = math.inf
    road: float = math.inf

    @property
    def slower(self) -> bool:
        """Whether its operations outweigh what leads to them."""
        return self.proved >= PROOFS and self.quickest > SLOWER * self.road

    def prove(self, evaluation: Evaluation, numbers: Numbers, seconds: float) -> bool:
        """Whether it brings what the road brought, in so many seconds with the plain run."""
        road, results = _flat(numbers), None
        inputs = [tensor.detach().clone() for tensor in evaluation.inputs]
        for _ in range(RUNS):
            began = time.perf_counter()
            results = self._results(evaluation, inputs)
            self.quickest = min(self.quickest, time.perf_counter() - began)
        if not all(map(same_values, inputs, evaluation.inputs)):
            return False  # a program never writes into what it is given
        if results is None or not all(map(_close, results[-len(road) :], road)):
            return False
        self.proved += 1
        self.road = min(self.road, seconds - evaluation.seconds)
        return True

    def numbers_at(self, evaluation: Evaluation) -> Numbers | None:
        """What the road would bring; None where the program may not stand in."""
        results = self._results(evaluation, evaluation.inputs)
        if results is None:
            return None
        leaves = evaluation.outputs.leaves
        outputs = evaluation.outputs.replace([leaf.detach() for leaf in leaves])
        return _with(self.numbers, outputs, results[len(leaves) :])

    def _results(
        self, evaluation: Evaluation, inputs: Sequence[Tensor]
    ) -> tuple[Tensor, ...] | None:
        """What the program brings; see NOTE [When a program may stand in]."""
        leaves = evaluation.outputs.leaves
        if [leaf.requires_grad for leaf in leaves] != self.attached or not self.unchanged():
            return None
        try:
            results = self.program(*inputs)
        except OBSTACLES:
            return None
        for leaf, result in zip(leaves, results, strict=False):
            if leaf.shape != result.shape or leaf.dtype != result.dtype:
                return None
            if not same_values(leaf, result):
                return None
        return results


def recorded(
    evaluation: Evaluation,
    numbers: Numbers,
    walks: Sequence[Walk],
    unchanged: Callable[[], bool] | None,
) -> Recording | None:
    """Record a road; None where that cannot be done, or is not worth it.

    Args:
        evaluation: the plain run.
        numbers: what the road brought.
        walks: the same road again, on another evaluation, and others that bring the same.
        unchanged: whether what the function reads from outside is as it was; None if unknown.
    """
    if unchanged is None or not _is_small(numbers):
        return None
    try:
        program = _program(evaluation, walks[0])
    except (Unrecorded, *OBSTACLES):
        return None
    for walk in walks[1:]:
        with contextlib.suppress(Unrecorded, *OBSTACLES):
            program = min(program, _program(evaluation, walk), key=lambda one: one.steps)
    attached = [leaf.requires_grad for leaf in evaluation.outputs.leaves]
    return Recording(program, unchanged, numbers, attached)


def _is_small(numbers: Numbers) -> bool:
    """Whether starting the operations costs more than the operations."""
    leaves = (*numbers.outputs.leaves, *_flat(numbers))
    return (
        all(leaf.device.type == "cpu" for leaf in leaves)
        and sum(leaf.numel() for leaf in leaves) <= SMALL
        and not numbers.notes
        and (numbers.sparse is None or numbers.sparse.scheme.certain)
    )


def _program(evaluation: Evaluation, walk: Walk) -> Program:
    """Run the function and its road once more, under a recorder."""
    tensors = [tensor.detach() for tensor in evaluation.inputs]
    recorder = Recorder(tensors)
    with evaluation.again(), recorder, Readings(recorder):
        there = evaluate(evaluation.function, tensors, create_graph=False)
        numbers = walk(dataclasses.replace(there, seconds=evaluation.seconds))
    return program_of(recorder, [*numbers.outputs.leaves, *_flat(numbers)])


def _flat(numbers: Numbers) -> list[Tensor]:
    """The tensors that hold a Jacobian."""
    if isinstance(numbers.found, Sparse):
        return [numbers.found.values]
    return [block for row in numbers.found for block in row]


def _with(numbers: Numbers, outputs: Any, tensors: Sequence[Tensor]) -> Numbers:
    """The same with other outputs and other tensors."""
    found: Blocks | Sparse
    if isinstance(numbers.found, Sparse):
        found = Sparse(numbers.found.scheme, tensors[0])
    else:
        rest = iter(tensors)
        found = tuple([tuple([next(rest) for _ in row]) for row in numbers.found])
    return Numbers(outputs, found, numbers.mode, numbers.passes, numbers.notes, numbers.connected)


def _close(one: Tensor, other: Tensor) -> bool:
    """Equal but for the order of sums; nan to nan."""
    eps = torch.finfo(other.dtype).eps
    return one.shape == other.shape and torch.allclose(
        one, other, rtol=100 * eps, atol=100 * eps, equal_nan=True
    )
