"""Which memory a step may overwrite, and the proof that another step does the same.

NOTE [Spent memory]: where an operand was made by the program itself and this is the last that is
heard of its memory, the result takes its place (`a.mul_(b)` for `a * b`). Numbers are the same;
what is saved is new memory for every step, which is most of the cost for large tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from jacmagic.replay.recorder import Recorder
from jacmagic.replay.steps import Slot, Step, exchanged, leaves_of

Way = tuple[Callable[..., Any], tuple[Any, ...]]  # what to call, and with what


class Memory:
    """Which memory the program made itself, and when it is used for the last time."""

    def __init__(self, recorder: Recorder, steps: Sequence[Step], wanted: Iterable[int]) -> None:
        self._of = recorder.memory_of
        self._tensors = recorder.tensors
        self._own: set[int] = set()
        self._last: dict[int, int] = {}
        for number, step in enumerate(steps):
            read = set(map(self._of, step.reads))
            self._own |= set(map(self._of, step.outs)) - read
            for place in (*read, *map(self._of, (*step.outs, *step.writes))):
                self._last[place] = number
        for slot in wanted:
            self._last[self._of(slot)] = len(steps)
        self._own -= recorder.outside

    def spent(self, slot: int, number: int, result: int, others: Iterable[int]) -> bool:
        """Whether the result of a step may take an operand's place, see NOTE [Spent memory]."""
        place, mine, new = self._of(slot), self._tensors[slot], self._tensors[result]
        return (
            place in self._own
            and self._last[place] == number
            and place != self._of(result)
            and (mine.dtype, mine.shape, mine.stride()) == (new.dtype, new.shape, new.stride())
            and mine.untyped_storage().nbytes() == new.untyped_storage().nbytes()
            and not (mine.is_conj() or mine.is_neg() or new.is_conj() or new.is_neg())
            and all(other == slot or self._of(other) != place for other in others)
        )


class Proof:
    """Whether a step does what was recorded: tried once for each kind of arguments."""

    def __init__(self, recorder: Recorder) -> None:
        self._tensors = recorder.tensors
        self._known: set[tuple[Any, ...]] = set()

    def __call__(self, step: Step, *, instead_of: Any, overwrites: bool = False) -> bool:
        """Whether it gives the same bits, of the same dtype and strides."""
        kinds = self._kind(step.args), self._kind(tuple(step.kwargs.items()))
        case = (instead_of, step.func, *kinds)
        if case not in self._known and self._brings_the_same(step, overwrites=overwrites):
            self._known.add(case)
        return case in self._known

    def _kind(self, given: Any) -> Any:
        if isinstance(given, tuple | list):
            return tuple(map(self._kind, given))
        if not isinstance(given, Slot):
            return given if isinstance(given, int | str) else type(given)
        tensor = self._tensors[given.number]
        return tensor.dtype, tensor.dim()

    def _brings_the_same(self, step: Step, *, overwrites: bool) -> bool:
        first = step.args[0].number if overwrites else None
        held = {} if first is None else {first: self._tensors[first].clone()}

        def value(leaf: Any) -> Any:
            if not isinstance(leaf, Slot):
                return leaf
            return held.get(leaf.number, self._tensors[leaf.number])

        args, kwargs = exchanged((step.args, step.kwargs), value)
        with torch.no_grad():
            try:
                mine = list(leaves_of(step.func(*args, **kwargs)))
            except (TypeError, RuntimeError, ValueError):
                return False
        theirs = [None if slot is None else self._tensors[slot] for slot in step.results]
        return len(mine) == len(theirs) and all(map(_same, mine, theirs))


def _same(one: Any, other: Tensor | None) -> bool:
    if other is None:
        return one is None
    return (
        isinstance(one, Tensor)
        and (one.dtype, one.shape, one.stride()) == (other.dtype, other.shape, other.stride())
        and same_values(one, other)
    )


def same_values(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors of one shape hold the same numbers, nan counted as equal to itself."""
    return torch.equal(one, other) or bool(((one == other) | (one != one) & (other != other)).all())
