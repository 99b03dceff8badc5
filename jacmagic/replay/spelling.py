"""How each step is called: as the user's own code would, and into memory that is spent."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from jacmagic.replay.proof import Memory, Proof
from jacmagic.replay.recorder import Recorder
from jacmagic.replay.slices import SLICES, add_at, add_slice, into_slices
from jacmagic.replay.steps import Slot, Step, slots_in

# Operations of one tensor, or of two of one shape, that have a form which overwrites the first.
_IN_PLACE = frozenset(
    "abs acos asin atan add ceil cos cosh div erf exp expm1 log log1p mul neg pow reciprocal rsqrt "
    "sigmoid sin sinh sqrt sub tan tanh".split()
)
_COMMUTE = frozenset(("add", "mul"))


def spelled(recorder: Recorder, steps: Sequence[Step], wanted: Sequence[int]) -> list[Step]:
    """The calls that some steps amount to, in order; fewer where one does the work of two."""
    proof = Proof(recorder)
    steps = into_slices(recorder, steps, wanted, proof)
    memory = Memory(recorder, steps, wanted)
    calls = []
    for number, step in enumerate(steps):
        if step.func not in (add_slice, add_at) and not step.writes:
            step = _overwriting(memory, number, step, proof) or plain(recorder, step, proof)
        calls.append(step)
    return calls


def _overwriting(memory: Memory, number: int, step: Step, proof: Proof) -> Step | None:
    """The same call into the memory of an operand, where that is spent."""
    function: Any = step.func
    name = function.overloadpacket.__name__
    if name not in _IN_PLACE or not step.single:
        return None
    orders = [step.args]
    if name in _COMMUTE and len(step.args) == 2 and not step.kwargs:
        orders.append(step.args[::-1])
    for args in orders:
        if not isinstance(args[0], Slot) or not isinstance(step.results[0], int):
            continue
        slots = slots_in((args, step.kwargs))
        if memory.spent(args[0].number, number, step.results[0], slots):
            short = getattr(Tensor, f"{name}_")
            other = dataclasses.replace(step, func=short, args=args)
            if proof(other, instead_of=function, overwrites=True):
                return other
    return None


def plain(recorder: Recorder, step: Step, proof: Proof) -> Step:
    """An operation as the user's own code calls it, where that does the very same.

    `torch.mul` starts in half the time of `torch.ops.aten.mul.Tensor`.
    """
    function: Any = step.func
    name = function.overloadpacket.__name__
    short = getattr(torch, name, None) or getattr(Tensor, name, None)
    ways = [] if short is None else [(short, step.args, step.kwargs)]
    if function in SLICES and (own := SLICES[function](recorder, *step.args)):
        ways.insert(0, (*own, {}))
    for other, args, kwargs in ways:
        known = dataclasses.replace(step, func=other, args=args, kwargs=kwargs)
        if proof(known, instead_of=function):
            return known
    return dataclasses.replace(step, func=function._op)
