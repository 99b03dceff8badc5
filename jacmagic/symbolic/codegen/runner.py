"""Repeated evaluation of a tape: interpreted at first, then compiled Python or NumPy.

Compiled, a tape is straight-line Python, one assignment for each operation. The source is made of
the templates of Python's table, slot numbers and float literals; no name and no text of the user's
is ever in it. Where a function of `math` raises (a pole, an overflow, a domain), the whole point
is left to `Tape.evaluate`, whose IEEE 754 answers are the reference. So both give the same bits
everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from jacmagic.symbolic.codegen.languages.python import PYTHON
from jacmagic.symbolic.graph.arrays import Schedule, schedule
from jacmagic.symbolic.graph.operations import OPERATIONS
from jacmagic.symbolic.graph.tape import Tape

MAX_INTERPRETED_RUNS = 3  # most tapes run no oftener; compiling takes as long as some 30 runs
MIN_OPERATIONS_FOR_NUMPY = 200  # times points; below, the schedule costs more than it saves
# Costs with Python 3.11 and NumPy 2 on one core of x86-64, rounded up.
MICROSECONDS_PER_ASSIGNMENT = 0.05
MICROSECONDS_PER_CALL = 3.0  # of NumPy
MICROSECONDS_PER_NUMBER = 0.01  # within it


class Runner:
    """Evaluator of one tape at many points.

    Values are float64; poles, overflows and domains are IEEE 754's, as in `Tape.evaluate`, and
    nothing raises.
    """

    def __init__(self, tape: Tape, *, first_runs: int = MAX_INTERPRETED_RUNS) -> None:
        """Nothing is compiled yet.

        Args:
            tape: what to run.
            first_runs: how often it is interpreted before it is compiled.
        """
        self.tape = tape
        self._waiting = first_runs
        fixed = range(tape.inputs, tape.first)
        self._varying = np.array(
            [i for i, slot in enumerate(tape.outputs) if slot not in fixed], dtype=np.intp
        )
        self._wanted = [tape.outputs[i] for i in self._varying]
        self._base = np.array(
            [tape.constants[s - tape.inputs] if s in fixed else 0.0 for s in tape.outputs],
            dtype=np.float64,
        )

    def __call__(self, point: Sequence[float]) -> np.ndarray:
        """Return the outputs' values at a point of n numbers, (outputs,)."""
        if self._waiting > 0:
            self._waiting -= 1
            return np.array(self.tape.evaluate(point), dtype=np.float64)
        values = self._base.copy()
        if self._wanted:
            values[self._varying] = self._fastest(point)
        return values

    def at_all(self, points: np.ndarray) -> np.ndarray:
        """Return the outputs' values at points (k, n), as (k, outputs)."""
        points = np.asarray(points, dtype=np.float64)
        if not self._wanted or not len(points):
            return np.repeat(self._base[None], len(points), axis=0)
        if self._prefers_arrays(len(points)):
            values = np.repeat(self._base[None], len(points), axis=0)
            values[:, self._varying] = self._schedule.at_all(points)
            return values
        return np.stack([self(point) for point in points.tolist()])

    # ── compiled Python and NumPy ─────────────────────────────────────────────────────────────

    @cached_property
    def _schedule(self) -> Schedule:
        return schedule(self.tape, self._wanted)

    @cached_property
    def _fastest(self) -> Callable[[Sequence[float]], Sequence[float] | np.ndarray]:
        return self._schedule.at if self._prefers_arrays(1) else self._python

    @cached_property
    def _compiled(self) -> Callable[[Sequence[float]], list[float]]:
        return compiled(self.tape, self._wanted)

    def _python(self, point: Sequence[float]) -> list[float]:
        try:
            return self._compiled([float(number) for number in point])
        except RAISED:
            slots = self.tape.slots(point)
            return [slots[slot] for slot in self._wanted]

    def _prefers_arrays(self, points: int) -> bool:
        """Whether NumPy is faster, by the costs above."""
        operations = len(self.tape.operations)
        if operations * points < MIN_OPERATIONS_FOR_NUMPY:
            return False
        arrays = (
            MICROSECONDS_PER_CALL * len(self._schedule.groups)
            + MICROSECONDS_PER_NUMBER * operations * points
        )
        return arrays < MICROSECONDS_PER_ASSIGNMENT * operations * points


# ── straight-line Python ──────────────────────────────────────────────────────────────────────────


RAISED = (ArithmeticError, ValueError)  # where Python has no answer and IEEE 754 has one

# What a template or a call may name: the graph's own operations, which do not raise, and `math`.
_NAMES: dict[str, object] = {
    **{name: operation.evaluate for name, operation in OPERATIONS.items()},
    "abs": abs,
    "math": math,
    "__builtins__": {},
}


def compiled(tape: Tape, results: Sequence[int]) -> Callable[[Sequence[float]], list[float]]:
    """Compile a tape; the time that takes is proportional to its length.

    Args:
        tape: what to run.
        results: slots whose values are returned.

    Returns:
        A function from a sequence of exactly n floats to the wanted slots' values; it raises one of
        `RAISED` where `Tape.evaluate` has to be asked instead.
    """
    namespace = dict(_NAMES)
    exec(compile(source(tape, results), "<tape>", "exec"), namespace)  # of our own text, see above
    return namespace["run"]  # type: ignore[return-value]  # the source defines it


def source(tape: Tape, results: Sequence[int]) -> str:
    """Return the source of a function from the point to the wanted values."""
    slots = range(tape.first, tape.first + len(tape.operations))
    names = [  # of each slot: made of its number, or a literal
        *(f"v{slot}" for slot in range(tape.inputs)),
        *map(PYTHON.literal, tape.constants),
        *(f"v{slot}" for slot in slots),
    ]
    lines = [f"    {', '.join(names[: tape.inputs])}, = point"] if tape.inputs else []
    for slot, (name, *reads) in zip(slots, tape.operations, strict=True):
        arguments = [names[read] for read in reads]
        if name in PYTHON.operations:
            right = PYTHON.template(name).format(*arguments)
        else:
            right = f"{name}({', '.join(arguments)})"
        lines.append(f"    {names[slot]} = {right}")
    returned = ", ".join(names[slot] for slot in results)
    return "\n".join(["def run(point):", *lines, f"    return [{returned}]"])
