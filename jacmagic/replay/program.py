"""From recorded steps to a function: one line of Python for each call."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from jacmagic.replay.floats import FloatForm, float_form
from jacmagic.replay.passes import without_waste
from jacmagic.replay.recorder import Recorder, storage_of
from jacmagic.replay.spelling import spelled
from jacmagic.replay.steps import Slot, Step

_LITERALS = (int, bool, type(None))


@dataclass(frozen=True)
class Program:
    """A recorded computation.

    Attributes:
        run: takes the input tensors by position and returns the results.
        steps: how many operations it runs.
        total: whether no check was left out that raises for some numbers, and nothing depends on
            where in its memory an input begins.
        read: memory from outside that was read once, while recording.
        float_form: the same in Python's floats, where these are few and that is quicker.
    """

    run: Callable[..., tuple[Tensor, ...]]
    steps: int
    total: bool
    read: frozenset[int]
    float_form: FloatForm | None = None

    def __call__(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """The results at other inputs of the same shapes and dtypes; none shares their memory."""
        if self.float_form is not None:
            with contextlib.suppress(ArithmeticError, ValueError):
                return self.float_form.tensors(self.float_form.at(tensors))
        with torch.no_grad():
            return self.run(*tensors)

    def has_read(self, tensor: Tensor) -> bool:
        """Whether it would not notice other numbers in a tensor from outside."""
        return storage_of(tensor) in self.read


def program_of(recorder: Recorder, results: Sequence[Tensor]) -> Program:
    """The steps that lead from the inputs to some results.

    Args:
        recorder: what was recorded, after it is done.
        results: tensors that were met on the way.

    Raises:
        Unrecorded: a result came from elsewhere, or memory from outside was written.
    """
    steps, wanted = without_waste(recorder, [recorder.slot_of(tensor) for tensor in results])
    calls = spelled(recorder, steps, wanted)
    run = _compiled(recorder, calls, wanted)
    form = float_form(recorder, steps, wanted, run)
    return Program(run, len(calls), recorder.total, frozenset(recorder.read), form)


# ── as Python ─────────────────────────────────────────────────────────────────────────────────


def _compiled(
    recorder: Recorder, calls: Sequence[Step], wanted: Sequence[int]
) -> Callable[..., tuple[Tensor, ...]]:
    """A Python function that makes some calls and returns the wanted slots."""
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

    lines, last = [], _last_uses(calls, wanted)
    for number, call in enumerate(calls):
        names[f"f{number}"] = call.func
        there = () if call.shape_only else known  # the recorded tensor will do
        given = [text(value, there) for value in call.args]
        given += [f"{key}={text(value, there)}" for key, value in call.kwargs.items()]
        outs = ["_" if slot is None else f"v{slot}" for slot in call.results]
        target = outs[0] if call.single else f"({', '.join(outs)},)"
        target = f"{target} = " if call.outs else ""
        lines.append(f"    {target}f{number}({', '.join(given)})")
        lines += [f"    del v{slot}" for slot in last.get(number, ())]
        known |= set(call.outs)
    own = {slot: recorder.memory_of(slot) for slot in wanted}
    foreign = {recorder.memory_of(slot) for slot in inputs}
    foreign |= {recorder.memory_of(s) for call in calls for s in call.reads if s not in known}
    answers, seen = [], set[int]()
    for slot in wanted:
        fresh = slot in known and own[slot] not in foreign and own[slot] not in seen
        seen.add(own[slot])
        answers.append(text(Slot(slot)) + ("" if fresh else ".clone()"))
    heading = f"def run({', '.join(f'v{slot}' for slot in inputs)}):"
    exec("\n".join([heading, *lines, f"    return ({', '.join(answers)},)"]), names)
    return names["run"]


def _last_uses(calls: Sequence[Step], wanted: Sequence[int]) -> dict[int, list[int]]:
    """After which call which results are of no more use: memory that is free is used again."""
    last = {slot: number for number, call in enumerate(calls) for slot in call.outs}
    last |= {s: number for number, call in enumerate(calls) for s in call.reads if s in last}
    ends: dict[int, list[int]] = {}
    for slot, number in last.items():
        if slot not in wanted:
            ends.setdefault(number, []).append(slot)
    return ends
