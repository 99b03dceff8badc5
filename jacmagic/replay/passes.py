"""What need not be run again: constants, what nobody wants, what is said twice or undone at once.

Each pass takes recorded steps and gives fewer of them, which bring the same numbers.

NOTE [Memory that is written]: an operation that does not depend on the inputs is run once, while
recording, unless its memory is written by a step that does (zeros into which a slice is copied), or
after such a step has read it: then the whole life of that memory belongs to the program.

NOTE [Said once]: autograd undoes the same step for every operation that needs it, and detaches what
it kept. An operation on the same arguments is run once, and what only gives its argument another
name is none, as long as nobody writes into the memory.

NOTE [Another name]: what pads with nothing, multiplies by one or repeats a step returns new memory.
Another slot may stand for it only where nobody looks at that memory through a view.

NOTE [Constants that miss each other]: where two constants are added one after the other and no
component is touched by both, their sum is added once; not a bit is another then.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from jacmagic.replay.recorder import Recorder, Unrecorded
from jacmagic.replay.steps import Slot, Step, exchanged, may_raise, slots_in

_ATEN = torch.ops.aten
_ALIASES = (_ATEN.detach.default, _ATEN.alias.default)
_VIEWS = (_ATEN.view.default, _ATEN._unsafe_view.default)


def without_waste(recorder: Recorder, wanted: Sequence[int]) -> tuple[list[Step], list[int]]:
    """The steps that lead from the inputs to some slots, and where these are found now.

    Raises:
        Unrecorded: memory from outside was written.
    """
    moving = _moving(recorder)
    moved = [step for step in recorder.steps if moving(step)]
    steps = _needed(recorder, moved, wanted)
    kept = set(map(id, steps))
    recorder.total &= not any(may_raise(step) for step in moved if id(step) not in kept)
    for leaner in (_said_once, _views_joined, _constants_joined):
        steps, names = leaner(recorder, steps)
        wanted = [names.get(slot, slot) for slot in wanted]
        steps = _needed(recorder, steps, wanted)
    return steps, list(wanted)


def _moving(recorder: Recorder) -> Callable[[Step], bool]:
    """Which steps must be run again, see NOTE [Memory that is written]."""
    memory, steps = recorder.memory_of, recorder.steps
    alive: set[int] = set()
    written = {memory(slot): number for number, step in enumerate(steps) for slot in step.writes}

    def moving(step: Step) -> bool:
        slots = _slots(step)
        return any(map(recorder.depends, slots)) or not alive.isdisjoint(map(memory, slots))

    while True:
        again = [(number, step) for number, step in enumerate(steps) if moving(step)]
        first: dict[int, int] = {}
        for number, step in again:
            for slot in _slots(step):
                first.setdefault(memory(slot), number)
        growing = {memory(slot) for _, step in again for slot in step.writes}
        growing |= {place for place, last in written.items() if last > first.get(place, last)}
        if recorder.outside & written.keys() & first.keys():
            raise Unrecorded("memory from outside the function was written")
        if growing <= alive:
            return moving
        alive |= growing


def _slots(step: Step) -> tuple[int, ...]:
    return (*step.reads, *step.outs)


def _needed(recorder: Recorder, steps: Sequence[Step], wanted: Iterable[int]) -> list[Step]:
    """The steps whose results lead to what is wanted, and those that write where it lies."""
    needed, kept = set(wanted), []
    memory = {recorder.memory_of(slot) for slot in needed}
    for step in reversed(steps):
        writes = any(recorder.memory_of(slot) in memory for slot in step.writes)
        if writes or not needed.isdisjoint(step.outs):
            kept.append(step)
            needed |= set(step.reads)
            memory |= set(map(recorder.memory_of, step.reads))
    return kept[::-1]


Leaner = tuple[list[Step], dict[int, int]]  # steps, and the slots that stand for others


def _said_once(recorder: Recorder, steps: Sequence[Step]) -> Leaner:
    """The steps without repetitions, see NOTE [Said once]."""
    written = _written(recorder, steps)
    names: dict[int, int] = {}
    said: dict[str, tuple[int, ...]] = {}
    made = {*range(recorder.inputs), *(slot for step in steps for slot in step.outs)}
    memory = recorder.memory_of
    shared = Counter(map(memory, made))
    kept = []
    for step in steps:
        step = _renamed(step, names)
        if written.isdisjoint(map(memory, _slots(step))):
            outs, same = step.outs, _only_renamed(recorder, step, made, shared)
            earlier = same or said.setdefault(f"{step.func} {step.args} {step.kwargs}", outs)
            apart = [a for a, b in zip(outs, earlier, strict=True) if memory(a) != memory(b)]
            if earlier is not outs and all(same or shared[memory(slot)] == 1 for slot in apart):
                names |= dict(zip(outs, earlier, strict=True))
                continue
        kept.append(step)
    return kept, names


def _only_renamed(
    recorder: Recorder, step: Step, made: Container[int], shared: Mapping[int, int]
) -> tuple[int] | None:
    """The argument that a step returns as it is: detached, padded with nothing, times one."""
    if step.func in _ALIASES:
        return (step.args[0].number,)
    if len(step.outs) != 1 or shared[recorder.memory_of(step.outs[0])] > 1:
        return None  # see NOTE [Another name]
    tensors = recorder.tensors
    if step.func is _ATEN.slice_backward.default:
        part = step.args[0].number
        return (part,) if list(tensors[part].shape) == list(step.args[1]) else None
    if step.func is _ATEN.mul.Tensor and all(isinstance(one, Slot) for one in step.args):
        for one, other in (step.args, step.args[::-1]):
            kept, result = tensors[other.number], tensors[step.outs[0]]
            like = (kept.shape, kept.dtype) == (result.shape, result.dtype)
            fixed = one.number not in made
            if like and fixed and bool((recorder.read_once(one.number) == 1).all()):
                return (other.number,)
    return None


def _views_joined(recorder: Recorder, steps: Sequence[Step]) -> Leaner:
    """A view of a view looks at the first; one that changes nothing is none."""
    written = _written(recorder, steps)
    names: dict[int, int] = {}
    origin: dict[int, int] = {}
    kept = []
    for step in steps:
        step = _renamed(step, names)
        shares = len(step.outs) == 1 and bool(step.args) and isinstance(step.args[0], Slot)
        if shares and recorder.memory_of(step.outs[0]) not in written:
            (out,), base = step.outs, step.args[0].number
            if _same_view(recorder, out, base):
                names[out] = base
                continue
            first = origin.get(base, base)
            if step.func in _VIEWS:
                if _same_view(recorder, out, first):
                    names[out] = first
                    continue
                if _viewable(recorder, first, out):
                    origin[out] = first
                    shape = list(recorder.tensors[out].shape)
                    step = dataclasses.replace(step, func=_VIEWS[0], args=(Slot(first), shape))
        kept.append(step)
    return kept, names


def _same_view(recorder: Recorder, one: int, other: int) -> bool:
    """Whether two slots are the same components of the same memory."""
    a, b = recorder.tensors[one], recorder.tensors[other]
    return (
        recorder.memory_of(one) == recorder.memory_of(other)
        and (a.dtype, a.shape, a.stride()) == (b.dtype, b.shape, b.stride())
        and a.storage_offset() == b.storage_offset()
        and (a.is_conj(), a.is_neg()) == (b.is_conj(), b.is_neg())
    )


def _viewable(recorder: Recorder, base: int, out: int) -> bool:
    """Whether a slot is a plain view of another."""
    there, here = recorder.tensors[base], recorder.tensors[out]
    try:
        return there.detach().view(here.shape).stride() == here.stride()
    except RuntimeError:
        return False


def _constants_joined(recorder: Recorder, steps: Sequence[Step]) -> Leaner:
    """Constants that are added one after the other, see NOTE [Constants that miss each other]."""
    made = {slot: step for step in steps for slot in step.outs}
    uses = Counter(slot for step in steps for slot in step.reads)
    fixed = {slot for slot in uses if slot not in made and slot >= recorder.inputs}

    def parts(step: Step | None) -> tuple[int, int] | None:
        """What varies and what is constant in a sum."""
        if step is None or step.func is not _ATEN.add.Tensor or step.kwargs or len(step.args) != 2:
            return None
        slots = [one.number for one in step.args if isinstance(one, Slot)]
        still = [slot for slot in slots if slot in fixed]
        if len(slots) != 2 or len(still) != 1:
            return None
        return next(slot for slot in slots if slot not in fixed), still[0]

    kept = []
    for step in steps:
        outer = parts(step)
        inner = parts(made.get(outer[0])) if outer and uses[outer[0]] == 1 else None
        if outer and inner:
            one, other = recorder.read_once(inner[1]), recorder.read_once(outer[1])
            like = one.shape == other.shape == recorder.tensors[inner[0]].shape
            if like and one.dtype == other.dtype and _miss(one, other):
                joined = recorder.constant(one + other)
                fixed.add(joined)
                step = dataclasses.replace(step, args=(Slot(inner[0]), Slot(joined)))
                made |= dict.fromkeys(step.outs, step)
        kept.append(step)
    return kept, {}


def _miss(one: Tensor, other: Tensor) -> bool:
    return bool(((one == 0) | (other == 0)).all())


def _written(recorder: Recorder, steps: Iterable[Step]) -> set[int]:
    """The memory that some step writes into."""
    return {recorder.memory_of(slot) for step in steps for slot in step.writes}


def _renamed(step: Step, names: dict[int, int]) -> Step:
    """A step in whose arguments slots that stand for others are those others."""

    def known(leaf: Any) -> Any:
        return Slot(names.get(leaf.number, leaf.number)) if type(leaf) is Slot else leaf

    if not names or names.keys().isdisjoint(slots_in((step.args, step.kwargs))):
        return step
    args, kwargs = exchanged((step.args, step.kwargs), known)
    return dataclasses.replace(step, args=args, kwargs=kwargs)
