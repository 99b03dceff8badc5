"""How each step is called: as the user's own code would, and into memory that nobody needs again.

NOTE [Spent memory]: where an operand was made by the program itself and this is the last that is
heard of its memory, the result takes its place (`a.mul_(b)` for `a * b`). Numbers are the same;
what is saved is new memory for every step, which is most of the cost for large tensors.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from jacmagic.replay.recorder import (
    Recorder,
    Slot,
    Step,
    exchanged,
    leaves_of,
    slots_in,
    takes_shape_only,
)

_ATEN = torch.ops.aten

# Operations of one tensor, or of two of one shape, that have a form which overwrites the first.
_IN_PLACE = frozenset(
    "abs acos asin atan add ceil cos cosh div erf exp expm1 log log1p mul neg pow reciprocal rsqrt "
    "sigmoid sin sinh sqrt sub tan tanh".split()
)
_COMMUTE = frozenset(("add", "mul"))


@dataclass(frozen=True)
class Call:
    """One call of a program.

    Attributes:
        function: what to call.
        args: its arguments, slots in the place of tensors.
        kwargs: those given by name.
        results: the slots of what it returns; None for what is no tensor.
        single: whether it returns one bare tensor.
        shape_only: whether the numbers in its arguments do not matter.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    results: tuple[int | None, ...]
    single: bool
    shape_only: bool = False

    @cached_property
    def reads(self) -> tuple[int, ...]:
        """The slots whose numbers it reads."""
        return () if self.shape_only else slots_in((self.args, self.kwargs))

    @cached_property
    def outs(self) -> tuple[int, ...]:
        """The slots it fills."""
        return tuple(slot for slot in self.results if slot is not None)


def spelled(recorder: Recorder, steps: Sequence[Step], wanted: Sequence[int]) -> list[Call]:
    """The calls that some steps amount to, in order; fewer where one does the work of two."""
    proof = _Proof(recorder)
    steps = _into_slices(recorder, steps, wanted, proof)
    memory = _Memory(recorder, steps, wanted)
    calls = []
    for number, step in enumerate(steps):
        shape_only = takes_shape_only(step.func)
        call = Call(step.func, step.args, step.kwargs, step.results, step.single, shape_only)
        if step.func not in (add_slice, add_at) and not step.writes:
            call = _overwriting(memory, number, call, proof) or _plain(recorder, call, proof)
        calls.append(call)
    return calls


class _Memory:
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


def _overwriting(memory: _Memory, number: int, call: Call, proof: _Proof) -> Call | None:
    """The same call into the memory of an operand, where that is spent."""
    function: Any = call.function
    name = function.overloadpacket.__name__
    if name not in _IN_PLACE or not call.single:
        return None
    orders = [call.args]
    if name in _COMMUTE and len(call.args) == 2 and not call.kwargs:
        orders.append(call.args[::-1])
    for args in orders:
        if not isinstance(args[0], Slot) or not isinstance(call.results[0], int):
            continue
        slots = slots_in((args, call.kwargs))
        if memory.spent(args[0].number, number, call.results[0], slots):
            short = getattr(Tensor, f"{name}_")
            other = Call(short, args, call.kwargs, call.results, True)
            if proof(other, instead_of=function, overwrites=True):
                return other
    return None


def _plain(recorder: Recorder, call: Call, proof: _Proof) -> Call:
    """An operation as the user's own code calls it, where that does the very same.

    `torch.mul` starts in half the time of `torch.ops.aten.mul.Tensor`.
    """
    function: Any = call.function
    name = function.overloadpacket.__name__
    short = getattr(torch, name, None) or getattr(Tensor, name, None)
    ways = [] if short is None else [(short, call.args, call.kwargs)]
    if function in _SPELLINGS and (own := _SPELLINGS[function](recorder, *call.args)):
        ways.insert(0, (*own, {}))
    for other, args, kwargs in ways:
        known = Call(other, args, kwargs, call.results, call.single, call.shape_only)
        if proof(known, instead_of=function):
            return known
    return dataclasses.replace(call, function=function._op)


class _Proof:
    """Whether a call does what was recorded: tried once for each kind of arguments."""

    def __init__(self, recorder: Recorder) -> None:
        self._tensors = recorder.tensors
        self._known: set[tuple[Any, ...]] = set()

    def __call__(self, call: Call, *, instead_of: Any, overwrites: bool = False) -> bool:
        """Whether it gives the same bits, of the same dtype and strides."""
        kinds = tuple(map(self._kind, call.args)), tuple(call.kwargs)
        case = (instead_of, call.function, *kinds)
        if case not in self._known and self._brings_the_same(call, overwrites=overwrites):
            self._known.add(case)
        return case in self._known

    def _kind(self, given: Any) -> Any:
        if not isinstance(given, Slot):
            return type(given)
        tensor = self._tensors[given.number]
        return tensor.dtype, tensor.dim()

    def _brings_the_same(self, call: Call, *, overwrites: bool) -> bool:
        first = call.args[0].number if overwrites else None
        held = {} if first is None else {first: self._tensors[first].clone()}

        def value(leaf: Any) -> Any:
            if not isinstance(leaf, Slot):
                return leaf
            return held.get(leaf.number, self._tensors[leaf.number])

        args, kwargs = exchanged((call.args, call.kwargs), value)
        with torch.no_grad():
            try:
                mine = list(leaves_of(call.function(*args, **kwargs)))
            except (TypeError, RuntimeError, ValueError):
                return False
        theirs = [None if slot is None else self._tensors[slot] for slot in call.results]
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


# ── slices ────────────────────────────────────────────────────────────────────────────────────

Way = tuple[Callable[..., Any], tuple[Any, ...]]  # what to call, and with what


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
_SPELLINGS: dict[Any, Callable[..., Way | None]] = {
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


def _into_slices(
    recorder: Recorder, steps: Sequence[Step], wanted: Sequence[int], proof: _Proof
) -> list[Step]:
    """Where something is added that is zero outside a slice, add to the slice alone.

    Autograd pads the gradient of every slice to full size, and sums what it padded.
    """
    memory = _Memory(recorder, steps, wanted)
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
            slots = (total.number, part.number)
            if not memory.spent(total.number, number, step.outs[0], slots):
                continue
            call = Call(adder, (total, part, *way[1]), {}, step.results, True)
            if proof(call, instead_of=pad.func, overwrites=True):
                merged = Step(adder, call.args, {}, step.results, True, ())
                changed |= {place: None, number: merged}
                overwritten.add(recorder.memory_of(total.number))
                break
    return [s for k, old in enumerate(steps) if (s := changed.get(k, old)) is not None]
