"""Slices and indices: autograd pads their gradients to full size, a program need not.

Where something is added that is zero outside a slice, it is added to the slice alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from jacmagic.replay.proof import Memory, Proof, Way
from jacmagic.replay.recorder import Recorder
from jacmagic.replay.steps import Slot, Step, slots_in

_ATEN = torch.ops.aten


def _bounds(size: int, start: Any, end: Any) -> tuple[int, int]:
    """Where a slice begins and how many components it takes, as Python counts."""
    begin, stop, _ = slice(start, end).indices(size)
    return begin, max(0, stop - begin)


def _narrow(
    recorder: Recorder, x: Slot, dim: int = 0, start: Any = None, end: Any = None, step: int = 1
) -> Way | None:
    bounds = _bounds(recorder.tensors[x.number].shape[dim], start, end)
    return (torch.narrow, (x, dim, *bounds)) if step == 1 else None


def _padded(
    recorder: Recorder, g: Slot, sizes: Sequence[int], dim: int, start: Any, end: Any, step: int
) -> Way | None:
    begin, length = _bounds(sizes[dim], start, end)
    behind = [0, 0] * (len(sizes) - 1 - dim % len(sizes))
    widths = [*behind, begin, sizes[dim] - begin - length]
    return (torch.constant_pad_nd, (g, widths)) if step == 1 else None


# Operation → another function and arguments that do the same, and start sooner.
SLICES: dict[Any, Callable[..., Way | None]] = {
    _ATEN.slice.Tensor: _narrow,
    _ATEN.slice_backward.default: _padded,
}


def add_slice(total: Tensor, part: Tensor, dim: int, start: int, length: int) -> Tensor:
    """Add a part to a slice of what is not needed any more, and return the whole."""
    total.narrow(dim, start, length).add_(part)
    return total


def add_at(total: Tensor, part: Tensor, dim: int, index: int) -> Tensor:
    """Add a part at one index of what is not needed any more, and return the whole."""
    total.select(dim, index).add_(part)
    return total


# Operation that pads → from its arguments but the first to what adds the part alone, and where.
_ADDERS: dict[Any, Callable[..., Way | None]] = {
    _ATEN.slice_backward.default: lambda sizes, dim, start, end, step: (
        (add_slice, (dim, *_bounds(sizes[dim], start, end))) if step == 1 else None
    ),
    _ATEN.select_backward.default: lambda sizes, dim, index: (add_at, (dim, index)),
}


def into_slices(
    recorder: Recorder, steps: Sequence[Step], wanted: Sequence[int], proof: Proof
) -> list[Step]:
    """The steps in which padded gradients are added where they belong, without padding."""
    memory = Memory(recorder, steps, wanted)
    written = {recorder.memory_of(slot) for step in steps for slot in step.writes}
    uses = Counter([*wanted, *(slot for step in steps for slot in step.reads)])
    made = {slot: number for number, step in enumerate(steps) for slot in step.outs}
    changed: dict[int, Step | None] = {}
    overwritten: set[int] = set()
    for number, step in enumerate(steps):
        if step.func is not _ATEN.add.Tensor or step.kwargs or len(slots_in(step.args)) != 2:
            continue
        for total, padded in (step.args, step.args[::-1]):
            place = made.get(padded.number, -1)
            pad = changed.get(place, steps[place]) if place >= 0 else None
            way = _ADDERS[pad.func](*pad.args[1:]) if pad and pad.func in _ADDERS else None
            if pad is None or way is None:
                continue
            adder, part = way[0], pad.args[0]
            home = recorder.memory_of(part.number)
            if uses[padded.number] > 1 or home in written | overwritten:
                continue
            shapes = [recorder.tensors[slot].shape for slot in (padded.number, step.outs[0])]
            if shapes[0] != shapes[1]:
                continue
            slots = (total.number, part.number)
            if not memory.spent(total.number, number, step.outs[0], slots):
                continue
            merged = Step(adder, (total, part, *way[1]), {}, step.results, True)
            if proof(merged, instead_of=pad.func, overwrites=True):
                changed |= {place: None, number: merged}
                overwritten.add(recorder.memory_of(total.number))
                break
    return [s for k, old in enumerate(steps) if (s := changed.get(k, old)) is not None]
