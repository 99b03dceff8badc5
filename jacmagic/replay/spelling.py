"""How each step is called: as the user's own code would, and into memory that is spent."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from jacmagic.replay.calls import Call, Memory, Proof
from jacmagic.replay.recorder import Recorder, Slot, Step, slots_in, takes_shape_only
from jacmagic.replay.slices import SLICES, add_at, add_slice, into_slices

# Operations of one tensor, or of two of one shape, that have a form which overwrites the first.
_IN_PLACE = frozenset(
    "abs acos asin atan add ceil cos cosh div erf exp expm1 log log1p mul neg pow reciprocal rsqrt "
    "sigmoid sin sinh sqrt sub tan tanh".split()
)
_COMMUTE = frozenset(("add", "mul"))


def spelled(recorder: Recorder, steps: Sequence[Step], wanted: Sequence[int]) -> list[Call]:
    """The calls that some steps amount to, in order; fewer where one does the work of two."""
    proof = Proof(recorder)
    steps = into_slices(recorder, steps, wanted, proof)
    memory = Memory(recorder, steps, wanted)
    calls = []
    for number, step in enumerate(steps):
        shape_only = takes_shape_only(step.func)
        call = Call(step.func, step.args, step.kwargs, step.results, step.single, shape_only)
        if step.func not in (add_slice, add_at) and not step.writes:
            call = _overwriting(memory, number, call, proof) or plain(recorder, call, proof)
        calls.append(call)
    return calls


def _overwriting(memory: Memory, number: int, call: Call, proof: Proof) -> Call | None:
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


def plain(recorder: Recorder, call: Call, proof: Proof) -> Call:
    """An operation as the user's own code calls it, where that does the very same.

    `torch.mul` starts in half the time of `torch.ops.aten.mul.Tensor`.
    """
    function: Any = call.function
    name = function.overloadpacket.__name__
    short = getattr(torch, name, None) or getattr(Tensor, name, None)
    ways = [] if short is None else [(short, call.args, call.kwargs)]
    if function in SLICES and (own := SLICES[function](recorder, *call.args)):
        ways.insert(0, (*own, {}))
    for other, args, kwargs in ways:
        known = Call(other, args, kwargs, call.results, call.single, call.shape_only)
        if proof(known, instead_of=function):
            return known
    return dataclasses.replace(call, function=function._op)
