"""The graph as a tape: a straight-line program in plain lists.

Slots are numbered inputs first, then constants, then operations; an operation names the slots it
reads. `Tape.evaluate` interprets it in Python; the browser interprets the same lists as JSON.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from jacmagic.symbolic.graph.nodes import Graph
from jacmagic.symbolic.graph.operations import OPERATIONS

FLOAT64 = 2.0**-53  # the unit roundoff of the arithmetic in which a tape runs


@dataclass(frozen=True)
class Tape:
    """A straight-line program of graph operations.

    Attributes:
        inputs: number of input slots, n.
        constants: the numbers in the slots after the inputs.
        operations: for each further slot, the operation's name and the slots it reads.
        outputs: the slots to return.
    """

    inputs: int
    constants: tuple[float, ...]
    operations: tuple[tuple, ...]
    outputs: tuple[int, ...]

    @property
    def first(self) -> int:
        """The slot of the first operation."""
        return self.inputs + len(self.constants)

    @cached_property
    def _program(self) -> list[tuple]:
        return [(OPERATIONS[name].evaluate, *slots) for name, *slots in self.operations]

    def slots(self, point: Sequence[float], unit: float = FLOAT64) -> list[float]:
        """Evaluate all slots at a point of n numbers.

        Args:
            point: the numbers.
            unit: the unit roundoff of an arithmetic with fewer digits, in which every slot is
                rounded as it is computed.
        """
        slots = [float(value) for value in point]
        slots.extend(self.constants)
        if unit <= FLOAT64:
            for evaluate, *reads in self._program:
                slots.append(evaluate(*[slots[read] for read in reads]))
            return slots
        bits = round(-math.log2(unit))
        slots = [_to_bits(value, bits) for value in slots]
        for evaluate, *reads in self._program:
            slots.append(_to_bits(evaluate(*[slots[read] for read in reads]), bits))
        return slots

    def evaluate(self, point: Sequence[float]) -> list[float]:
        """Evaluate the outputs at a point of n numbers, as float64."""
        slots = self.slots(point)
        return [float(slots[output]) for output in self.outputs]

    def to_json(self) -> dict:
        """Return lists, strings and numbers only; infinities and nan as strings for JSON."""
        constants = [value if math.isfinite(value) else str(value) for value in self.constants]
        return {
            "inputs": self.inputs,
            "constants": constants,
            "operations": [list(operation) for operation in self.operations],
            "outputs": list(self.outputs),
        }


def _to_bits(value: float, bits: int) -> float:
    """Round a number to some bits, half to even; without the bounds of an exponent."""
    if not math.isfinite(value):
        return value
    mantissa, exponent = math.frexp(value)
    return math.ldexp(round(math.ldexp(mantissa, bits)), exponent - bits)


def write_tape(graph: Graph, outputs: Sequence[int], inputs: Sequence[int]) -> Tape:
    """Write the part of a graph that some outputs need as a tape.

    Args:
        graph: the expression graph that holds the nodes.
        outputs: nodes whose values are wanted.
        inputs: the n variable nodes, in the order in which a point lists their values.
    """
    tape, _ = write_tape_with_slots(graph, outputs, inputs)
    return tape


def write_tape_with_slots(
    graph: Graph, outputs: Sequence[int], inputs: Sequence[int]
) -> tuple[Tape, dict[int, int]]:
    """Write a tape as `write_tape` does; return also the slot of every node reached."""
    slot = {node: k for k, node in enumerate(inputs)}
    reached = [node for node in graph.reach(outputs) if node not in slot]
    numbers = [node for node in reached if graph.operations[node] in ("number", "constant")]
    for node in numbers:
        slot[node] = len(slot)
    operations = []
    for node in reached:
        if node not in slot:
            operations.append((graph.operations[node], *(slot[a] for a in graph.operands(node))))
            slot[node] = len(slot)
    constants = tuple(float(graph.arguments[node][-1]) for node in numbers)
    outputs_ = tuple(slot[node] for node in outputs)
    return Tape(len(inputs), constants, tuple(operations), outputs_), slot
