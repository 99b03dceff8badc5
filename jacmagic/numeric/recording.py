"""A road recorded as a program, and when that may stand in for the road.

NOTE [When a program may stand in]: only while nothing that the function reads from outside has
changed; what was read for good while recording is compared number by number. First it must bring
what the road itself does at two points, and not take longer. The function is still run, plainly, at
every point, and must return the program's value bit by bit, unless a run could tell nothing new.

NOTE [When the function need not run]: it does nothing but compute from its arguments and from what
is watched (`jacmagic.purity`), and no operation was seen that raises for some numbers. The inputs
lie in memory as those that were recorded did, and no mode of torch's or of the user's would see it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from jacmagic.numeric.evaluation import Evaluation, evaluate
from jacmagic.numeric.ladder import OBSTACLES
from jacmagic.numeric.numbers import Late, Numbers, order_of
from jacmagic.replay import (
    FloatForm,
    Layout,
    Program,
    Readings,
    Recorder,
    Unrecorded,
    layout_of,
    program_of,
    same_values,
    undisturbed,
)

SMALL = 2**18  # scalars of a result beyond which its operations outweigh what leads to them
PROOFS = 2  # points at which a program must bring what the road does before it stands in
RUNS = 2  # of the program at each of these points; the quickest counts
SLOWER = 1.0  # times what the road takes, beyond which a program does not stand in

Walk = Callable[[Evaluation], Numbers]


class Watched(Protocol):
    """What a function reads from outside its arguments; see `jacmagic.surroundings`."""

    @property
    def pure(self) -> bool:
        """Whether the function does nothing but compute from this and from its arguments."""

    @property
    def loose(self) -> Sequence[Tensor]:
        """Tensors whose numbers may become others without a trace."""

    @property
    def memory(self) -> AbstractSet[int]:
        """The memory of all tensors that are watched."""

    def compare(self, tensors: Sequence[Tensor]) -> bool:
        """Look at the numbers of some tensors too, from now on; False if they are too many."""

    def unchanged(self) -> bool:
        """Whether all is as it was."""


@dataclass
class Recording:
    """A program, and what it stands for.

    Attributes:
        program: from the inputs to the function's values and the Jacobian's tensors.
        outside: what the function reads from outside.
        numbers: what the road brought when it was walked.
        attached: whether each output had a graph.
        shapes: of the inputs.
        layouts: how each input lay in memory; None where the function has to run as well.
        order: the place of each entry of the matrix among the program's floats; None where it has
            no such form.
        proved: at how many points it brought what the road itself did.
        quickest: seconds of the program, the shortest of its proofs.
        road: seconds of the road that it would stand in for, the shortest likewise.
    """

    program: Program
    outside: Watched
    numbers: Numbers
    attached: list[bool]
    shapes: tuple[torch.Size, ...]
    layouts: tuple[Layout, ...] | None
    order: np.ndarray | None
    proved: int = 0
    quickest: float = math.inf
    road: float = math.inf

    @property
    def slower(self) -> bool:
        """Whether its operations outweigh what leads to them."""
        return self.proved >= PROOFS and self.quickest > SLOWER * self.road

    def prove(self, evaluation: Evaluation, numbers: Numbers, seconds: float) -> bool:
        """Whether it brings what the road brought; `seconds` is what the whole call took."""
        road, results = numbers.tensors, None
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
        self.road = min(self.road, seconds - evaluation.seconds * (self.layouts is None))
        return True

    def numbers_alone(self, tensors: Sequence[Tensor]) -> Numbers | None:
        """What the road would bring, without a run of the function; None where it has to run.

        The caller sees to it that they are `undisturbed`; see NOTE [When the function need not
        run].
        """
        if self.layouts is None or tuple(map(layout_of, tensors)) != self.layouts:
            return None
        if not self.outside.unchanged():
            return None
        try:
            if self.float_form is not None:
                with contextlib.suppress(ArithmeticError, ValueError):
                    return Late(self, self.float_form.at(tensors))
            results = self.program(*tensors)
        except OBSTACLES:
            return None
        count = len(self.attached)
        return self.numbers.moved(self.numbers.outputs.replace(results[:count]), results[count:])

    def numbers_at(self, evaluation: Evaluation) -> Numbers | None:
        """What the road would bring; None where the program may not stand in."""
        results = self._results(evaluation, evaluation.inputs)
        if results is None:
            return None
        leaves = evaluation.outputs.leaves
        outputs = evaluation.outputs.replace([leaf.detach() for leaf in leaves])
        return self.numbers.moved(outputs, results[len(leaves) :])

    def from_floats(self, floats: Sequence[float]) -> Late | None:
        """The Jacobian where the inputs have these components, if their number is right.

        None where a number is not finite or the function has to run.
        """
        assert self.float_form is not None
        if not self.contiguous or not undisturbed(()) or not self.outside.unchanged():
            return None
        with contextlib.suppress(*OBSTACLES):
            return Late(self, self.float_form.run(*floats))
        return None

    def tensors_of(self, floats: np.ndarray) -> tuple[Tensor, ...]:
        """A tensor for each output and each block of a Jacobian `from_floats`."""
        assert self.float_form is not None
        return self.float_form.tensors(floats)

    @cached_property
    def contiguous(self) -> bool:
        """Whether the inputs lay in memory as new tensors do."""
        return self.layouts == tuple([layout_of(torch.empty(shape)) for shape in self.shapes])

    @property
    def float_form(self) -> FloatForm | None:
        """The program in floats, where there is one and the Jacobian is dense."""
        return None if self.order is None else self.program.float_form

    def _results(
        self, evaluation: Evaluation, inputs: Sequence[Tensor]
    ) -> tuple[Tensor, ...] | None:
        """What the program brings; see NOTE [When a program may stand in]."""
        leaves = evaluation.outputs.leaves
        if [leaf.requires_grad for leaf in leaves] != self.attached or not self.outside.unchanged():
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
    outside: Watched | None,
) -> Recording | None:
    """Record a road; None where that cannot be done, or is not worth it.

    Args:
        evaluation: the plain run.
        numbers: what the road brought.
        walks: the same road again, on another evaluation, and others that bring the same.
        outside: what the function reads from outside; None if that is not known.
    """
    if outside is None or not _is_small(numbers):
        return None
    try:
        program, strange = _program(evaluation, walks[0])
    except (Unrecorded, *OBSTACLES):
        return None
    for walk in walks[1:]:
        with contextlib.suppress(Unrecorded, *OBSTACLES):
            program = min(program, _program(evaluation, walk)[0], key=lambda one: one.steps)
    strided = [tensor for tensor in outside.loose if tensor.layout == torch.strided]
    if not outside.compare([tensor for tensor in strided if program.has_read(tensor)]):
        return None
    attached = [leaf.requires_grad for leaf in evaluation.outputs.leaves]
    alone = outside.pure and program.total and strange <= outside.memory
    order = None if program.float_form is None else order_of(numbers)
    shapes = tuple(tensor.shape for tensor in evaluation.inputs)
    layouts = tuple(map(layout_of, evaluation.inputs)) if alone else None
    return Recording(program, outside, numbers, attached, shapes, layouts, order)


def _is_small(numbers: Numbers) -> bool:
    """Whether starting the operations costs more than the operations."""
    leaves = (*numbers.outputs.leaves, *numbers.tensors)
    return (
        all(leaf.device.type == "cpu" for leaf in leaves)
        and sum(leaf.numel() for leaf in leaves) <= SMALL
        and not numbers.notes
        and (numbers.sparse is None or numbers.sparse.scheme.certain)
    )


def _program(evaluation: Evaluation, walk: Walk) -> tuple[Program, frozenset[int]]:
    """Run the function and its road once more, under a recorder.

    Returns:
        The program, and the memory that the function met and that came from outside.
    """
    tensors = [tensor.detach() for tensor in evaluation.inputs]
    recorder = Recorder(tensors)
    with evaluation.again(), recorder, Readings(recorder):
        there = evaluate(evaluation.function, tensors, create_graph=False)
        strange = frozenset(recorder.strange)
        numbers = walk(dataclasses.replace(there, seconds=evaluation.seconds))
    return program_of(recorder, [*numbers.outputs.leaves, *numbers.tensors]), strange


def _close(one: Tensor, other: Tensor) -> bool:
    """Equal but for the order of sums; nan to nan."""
    eps = torch.finfo(other.dtype).eps
    return one.shape == other.shape and torch.allclose(
        one, other, rtol=100 * eps, atol=100 * eps, equal_nan=True
    )
