"""A closed form as a straight-line program: guards, values, entries of J.

Native code and straight-line Python are both written from it. It computes in float64; what it
gives holds where every guard holds and every result is finite.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jacmagic.symbolic.economy import cheapest
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.graph import Tape, write_tape


@dataclass(frozen=True)
class Straight:
    """A tape whose outputs are guards, then values, then entries.

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
        """The slots of values and entries that the point decides; all have to be finite."""
        first = self.tape.inputs + len(self.tape.constants)
        results = self.tape.outputs[self.guards :]
        return [slot for slot in dict.fromkeys(results) if not self.tape.inputs <= slot < first]

    @property
    def stored(self) -> list[tuple[int, int]]:
        """Return position and slot of every entry that is not zero at all points."""
        tape = self.tape
        zeros = {tape.inputs + k for k, value in enumerate(tape.constants) if value == 0}
        slots = tape.outputs[self.guards + self.values :]
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
    return Straight(tape, tuple(sizes), len(guards), len(trace.outputs), len(positions))


def obstacle(form: ClosedForm) -> str | None:
    """Why a closed form may differ from torch at other points; None if it does not.

    Where the code cuts torch's graph, the closed form follows the mathematics and torch does not.
    An integer part is no such point: it is recorded as a condition.
    """
    reached = set(form.graph.reach(form.trace.outputs))
    for leak in form.trace.leaks:
        if leak.lost_dependence or (leak.habit != "int()" and leak.nodes & reached):
            line = "" if leak.line is None else f" in line {leak.line}"
            return f"{leak.habit}{line} cuts torch's graph; {leak.advice}"
    return None
