"""From recorded steps to a function: constants computed once, what nobody needs left out.

NOTE [Memory that is written]: an operation that does not depend on the inputs is run once, while
recording, unless its memory is written by a step that does (zeros into which a slice is copied):
then the whole life of that memory belongs to the program.

NOTE [Said once]: autograd undoes the same step for every operation that needs it, and detaches what
it kept. An operation on the same arguments is run once, and what only gives its argument another
name is none, as long as nobody writes into the memory.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_map

from jacmagic.replay.recorder import Recorder, Slot, Step, Unrecorded, takes_shape_only

_LITERALS = (int, bool, type(None))
_ALIASES = (torch.ops.aten.detach.default, torch.ops.aten.alias.default)


@dataclass(frozen=True)
class Program:
    """A recorded computation.

    Attributes:
        run: takes the input tensors by position and returns the results.
        steps: how many operations it runs.
    """

    run: Callable[..., tuple[Tensor, ...]]
    steps: int

    def __call__(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """The results at other inputs of the same shapes and dtypes; none shares their memory."""
        with torch.no_grad():
            return self.run(*tensors)


def program_of(recorder: Recorder, results: Sequence[Tensor]) -> Program:
    """The steps that lead from the inputs to some results.

    Args:
        recorder: what was recorded, after it is done.
        results: tensors that were met on the way.

    Raises:
        Unrecorded: a result came from elsewhere, or memory from outside was written.
    """
    wanted = [recorder.slot_of(tensor) for tensor in results]
    moving = _moving(recorder)
    steps = _needed(recorder, [step for step in recorder.steps if moving(step)], wanted)
    steps, names = _said_once(recorder, steps)
    wanted = [names.get(slot, slot) for slot in wanted]
    steps = _needed(recorder, steps, wanted)
    return Program(_compiled(recorder, steps, wanted), len(steps))


def _moving(recorder: Recorder) -> Callable[[Step], bool]:
    """Which steps must be run again, see NOTE [Memory that is written]."""
    memory = recorder.memory_of
    alive: set[int] = set()

    def moving(step: Step) -> bool:
        slots = _slots(step)
        return any(map(recorder.depends, slots)) or not alive.isdisjoint(map(memory, slots))

    written = {memory(slot) for step in recorder.steps for slot in step.writes}
    while True:
        touched = {memory(s) for step in recorder.steps if moving(step) for s in _slots(step)}
        if written & touched & recorder.outside:
            raise Unrecorded("memory from outside the function was written")
        if written & touched <= alive:
            return moving
        alive |= written & touched


def _slots(step: Step) -> tuple[int, ...]:
    return (*step.reads, *step.outs)


def _needed(recorder: Recorder, steps: list[Step], wanted: Iterable[int]) -> list[Step]:
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


def _said_once(recorder: Recorder, steps: Sequence[Step]) -> tuple[list[Step], dict[int, int]]:
    """The steps without repetitions, and the slots that stand for others, see NOTE [Said once]."""
    written = {recorder.memory_of(slot) for step in steps for slot in step.writes}
    names: dict[int, int] = {}
    said: dict[str, tuple[int, ...]] = {}
    kept = []
    for step in steps:
        args, kwargs = _renamed((step.args, step.kwargs), names)
        if written.isdisjoint(map(recorder.memory_of, _slots(step))):
            alias = (args[0].number,) if step.func in _ALIASES else None
            outs = step.outs
            earlier = alias or said.setdefault(f"{step.func} {args} {kwargs}", outs)
            if earlier is not outs:
                names |= dict(zip(outs, earlier, strict=True))
                continue
        kept.append(dataclasses.replace(step, args=args, kwargs=kwargs))
    return kept, names


def _renamed(given: Any, names: dict[int, int]) -> Any:
    """Arguments in which slots that stand for others are those others."""
    return tree_map(
        lambda leaf: Slot(names.get(leaf.number, leaf.number)) if type(leaf) is Slot else leaf,
        given,
    )


# ── as Python ─────────────────────────────────────────────────────────────────────────────────


def _compiled(
    recorder: Recorder, steps: Sequence[Step], wanted: Sequence[int]
) -> Callable[..., tuple[Tensor, ...]]:
    """One line of Python for each step."""
    inputs = range(recorder.inputs)
    known = set(inputs)
    names: dict[str, Any] = {}

    def text(value: Any, known: Container[int] = known) -> str:
        if isinstance(value, Slot):
            if value.number not in known:
                names[f"c{value.number}"] = recorder.tensors[value.number]
                return f"c{value.number}"
            return f"v{value.number}"
        if type(value) in (list, tuple):
            inside = "".join(f"{text(item, known)}, " for item in value)
            return f"[{inside}]" if isinstance(value, list) else f"({inside})"
        if type(value) in _LITERALS:
            return repr(value)
        name = f"k{len(names)}"
        names[name] = value
        return name

    lines, last = [], _last_uses(steps, wanted)
    for number, step in enumerate(steps):
        names[f"f{number}"] = _quickest(step, recorder)
        there = () if takes_shape_only(step.func) else known  # the recorded tensor will do
        given = [text(value, there) for value in step.args]
        given += [f"{key}={text(value, there)}" for key, value in step.kwargs.items()]
        outs = ["_" if slot is None else f"v{slot}" for slot in step.results]
        target = outs[0] if step.single else f"({', '.join(outs)},)"
        lines.append(f"    {target} = f{number}({', '.join(given)})")
        lines += [f"    del v{slot}" for slot in last.get(number, ())]
        known |= set(step.outs)
    own = {slot: recorder.memory_of(slot) for slot in wanted}
    foreign = {recorder.memory_of(slot) for slot in inputs}
    foreign |= {recorder.memory_of(s) for step in steps for s in step.reads if s not in known}
    answers, seen = [], set[int]()
    for slot in wanted:
        fresh = slot in known and own[slot] not in foreign and own[slot] not in seen
        seen.add(own[slot])
        answers.append(text(Slot(slot)) + ("" if fresh else ".clone()"))
    heading = f"def run({', '.join(f'v{slot}' for slot in inputs)}):"
    exec("\n".join([heading, *lines, f"    return ({', '.join(answers)},)"]), names)
    return names["run"]


def _last_uses(steps: Sequence[Step], wanted: Sequence[int]) -> dict[int, list[int]]:
    """After which step which results are of no more use: memory that is free is used again."""
    last = {slot: number for number, step in enumerate(steps) for slot in step.outs}
    last |= {s: number for number, step in enumerate(steps) for s in step.reads if s in last}
    ends: dict[int, list[int]] = {}
    for slot, number in last.items():
        if slot not in wanted:
            ends.setdefault(number, []).append(slot)
    return ends


def _quickest(step: Step, recorder: Recorder) -> Callable[..., Any]:
    """An operation as the user's own code calls it, where that does the very same.

    `torch.mul` starts in half the time of `torch.ops.aten.mul.Tensor`.
    """
    func: Any = step.func
    name = func.overloadpacket.__name__
    short = getattr(torch, name, None) or getattr(Tensor, name, None)
    if short is None or step.writes:
        return func
    args, kwargs = tree_map(
        lambda leaf: recorder.tensors[leaf.number] if isinstance(leaf, Slot) else leaf,
        (step.args, step.kwargs),
    )
    with torch.no_grad():
        try:
            mine = tree_flatten(short(*args, **kwargs))[0]
        except (TypeError, RuntimeError, ValueError):
            return func
    theirs = [None if slot is None else recorder.tensors[slot] for slot in step.results]
    return short if len(mine) == len(theirs) and all(map(_same, mine, theirs)) else func


def _same(one: Any, other: Tensor | None) -> bool:
    """Equal bit by bit, of the same dtype and strides."""
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
