"""A closed form as a straight-line program: guards, values, entries of J.

Native code and straight-line Python are both written from it. It computes in float64; what it
gives holds where every guard holds and every result is finite.

NOTE [Branches not taken] Torch multiplies the derivative of the side of `torch.where` that is not
selected by 0, which gives nan where that derivative is infinite; the closed form just selects.
So both sides of every selection that the entries read have to be finite, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from jacmagic.symbolic.economy import cheapest
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.graph import Tape, write_tape


@dataclass(frozen=True)
class Straight:
    """A tape whose outputs are guards, values, entries, and what else has to be finite.

    Attributes:
        tape: runs on the n components of all inputs, row-major.
        sizes: the number of components of each input.
        guards: how many outputs are recorded conditions; 0 is false.
        values: m, how many are components of the function's value.
        entries: how many are entries of the Jacobian.
    """

    tape: Tape
    sizes: tuple[int, ...]
    guards: int
    values: int
    entries: int

    @property
    def moving(self) -> list[int]:
        """The slots that the point decides, other than guards; all have to be finite."""
        first = self.tape.inputs + len(self.tape.constants)
        results = self.tape.outputs[self.guards :]
        return [slot for slot in dict.fromkeys(results) if not self.tape.inputs <= slot < first]

    @property
    def stored(self) -> list[tuple[int, int]]:
        """Return position and slot of every entry that is not zero at all points."""
        tape = self.tape
        zeros = {tape.inputs + k for k, value in enumerate(tape.constants) if value == 0}
        first = self.guards + self.values
        slots = tape.outputs[first : first + self.entries]
        return [(position, slot) for position, slot in enumerate(slots) if slot not in zeros]


def straight(
    form: ClosedForm, sizes: Sequence[int], positions: Sequence[tuple[int, int]]
) -> Straight:
    """Write a closed form as a straight-line program.

    Args:
        form: the closed form, by all n components.
        sizes: the number of components of each input, n in all.
        positions: row and column of every entry wanted.
    """
    graph, trace = form.graph, form.trace
    guards = list(dict.fromkeys(assumption.condition for assumption in trace.assumptions))
    program = cheapest(graph, trace.inputs, trace.outputs, form.rows, positions, guards=guards)
    tape = write_tape(program.graph, program.roots, program.variables)
    outputs = (*tape.outputs, *_selected(tape, tape.outputs[len(guards) + len(trace.outputs) :]))
    whole = replace(tape, outputs=outputs)
    return Straight(whole, tuple(sizes), len(guards), len(trace.outputs), len(positions))


def _selected(tape: Tape, entries: Sequence[int]) -> list[int]:
    """Return both sides of every selection that some slots depend on."""
    reached, sides = set(entries), dict[int, None]()
    for k in reversed(range(len(tape.operations))):
        name, *reads = tape.operations[k]
        if tape.first + k in reached:
            reached.update(reads)
            sides |= dict.fromkeys(reads[1:] if name == "where" else ())
    return list(sides)


def obstacle(form: ClosedForm) -> str | None:
    """Why a closed form may differ from torch at other points; None if it does not.

    Where the code cuts torch's graph, the closed form follows the mathematics and torch does not.
    An integer part is no such point: it is recorded as a condition.
    """
    reached = set(form.graph.reach(form.trace.outputs))
    for leak in form.trace.leaks:
        if leak.lost_dependence or (leak.habit != "int()" and leak.nodes & reached):
            line = "" if leak.line is None else f" in line {leak.line}"
            if leak.habit == "autograd.Function":
                return f"{leak.name}{line} has a backward of its own"
            if leak.habit == "no derivative":
                return f"torch has no derivative of {leak.name}{line}"
            return f"{leak.habit}{line} cuts torch's graph; {leak.advice}"
    return None
