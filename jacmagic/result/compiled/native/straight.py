"""A closed form as a straight-line program: guards, values, entries of J.

Native code and straight-line Python are both written from it. It computes in float64; what it
gives holds where every guard holds and every result is finite.

NOTE [Branches not taken] Torch multiplies the derivative of the side of `torch.where` that is not
selected by 0, which gives nan where that derivative is infinite; the closed form just selects.
So both sides of every selection that the entries read have to be finite, too.
"""

from __future__ import annotations

from dataclasses import dataclass

from jacmagic.symbolic.graph import Tape


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
