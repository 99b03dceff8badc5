"""A tape as straight-line Python: one assignment for each operation, compiled.

The source is made of the templates of Python's table, slot numbers and float literals; no name and
no text of the user's is ever in it. Where a function of `math` raises (a pole, an overflow, a
domain), the whole point is left to `Tape.evaluate`, whose IEEE 754 answers are the reference. So
both give the same bits everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from jacmagic.symbolic.codegen.languages.python import PYTHON
from jacmagic.symbolic.graph.operations import OPERATIONS
from jacmagic.symbolic.graph.tape import Tape

MAX_ASSIGNMENTS = 4_000  # in one function; beyond, Python's compiler takes more than linear time

RAISED = (ArithmeticError, ValueError)  # where Python has no answer and IEEE 754 has one

# What a template or a call may name: the graph's own operations, which do not raise, and `math`.
_NAMES: dict[str, object] = {
    **{name: operation.evaluate for name, operation in OPERATIONS.items()},
    "abs": abs,
    "math": math,
    "__builtins__": {},
}


def compiled(
    tape: Tape, results: Sequence[int], *, longest: int = MAX_ASSIGNMENTS
) -> Callable[[Sequence[float]], list[float]]:
    """Compile a tape.

    Args:
        tape: what to run.
        results: slots whose values are returned.
        longest: operations in one generated function.

    Returns:
        A function from a sequence of exactly n floats to the wanted slots' values; it raises one of
        `RAISED` where `Tape.evaluate` has to be asked instead.
    """
    if len(tape.operations) <= longest:
        function: Callable[[Sequence[float]], list[float]] = _built(_whole(tape, results))
        return function
    parts = [_built(source) for source in _parts(tape, results, longest)]
    rest = [*tape.constants, *[0.0] * len(tape.operations)]

    def run(point: Sequence[float]) -> list[float]:
        slots = [*point, *rest]
        for part in parts:
            part(slots)
        return [slots[slot] for slot in results]

    return run


def _built(source: str) -> Callable:
    namespace = dict(_NAMES)
    exec(compile(source, "<tape>", "exec"), namespace)  # of our own text, see above
    return namespace["run"]  # type: ignore[return-value]  # the source defines it


def _whole(tape: Tape, results: Sequence[int]) -> str:
    """Return the source of one function from the point to the wanted values."""
    names = _names(tape)
    inputs = "".join(f"{name}, " for name in names[: tape.inputs])
    lines = [f"    {inputs}= point"] if inputs else []
    lines += _assignments(tape, names, range(tape.first, len(names)))
    returned = ", ".join(names[slot] for slot in results)
    return "\n".join(["def run(point):", *lines, f"    return [{returned}]"])


def _parts(tape: Tape, results: Sequence[int], longest: int) -> Iterator[str]:
    """Yield sources of functions that each fill a part of a common list of slots."""
    names = _names(tape)
    last_use = dict.fromkeys(results, len(names))
    for slot, (_, *reads) in enumerate(tape.operations, tape.first):
        for read in reads:
            last_use[read] = max(last_use.get(read, 0), slot)
    for start in range(tape.first, len(names), longest):
        slots = range(start, min(start + longest, len(names)))
        read = {read for slot in slots for read in tape.operations[slot - tape.first][1:]}
        before = [s for s in sorted(read) if s < start and not tape.inputs <= s < tape.first]
        after = [s for s in slots if last_use.get(s, 0) >= slots.stop]
        yield "\n".join(
            [
                "def run(slots):",
                *(f"    {names[slot]} = slots[{slot}]" for slot in before),
                *_assignments(tape, names, slots),
                *(f"    slots[{slot}] = {names[slot]}" for slot in after),
            ]
        )


def _names(tape: Tape) -> list[str]:
    """Return how each slot is written: a name made of its number, or a literal."""
    last = tape.first + len(tape.operations)
    return [
        *(f"v{slot}" for slot in range(tape.inputs)),
        *map(PYTHON.literal, tape.constants),
        *(f"v{slot}" for slot in range(tape.first, last)),
    ]


def _assignments(tape: Tape, names: Sequence[str], slots: range) -> Iterator[str]:
    for slot in slots:
        name, *reads = tape.operations[slot - tape.first]
        arguments = [names[read] for read in reads]
        if name in PYTHON.operations:
            right = PYTHON.template(name).format(*arguments)
        else:
            right = f"{name}({', '.join(arguments)})"
        yield f"    {names[slot]} = {right}"
