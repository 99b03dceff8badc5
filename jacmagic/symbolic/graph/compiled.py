"""A tape as straight-line Python: one assignment for each operation, compiled by Python itself.

The source is made of fixed templates, slot numbers and float literals; no name and no text of the
user's is ever in it. Where a quick function of `math` would raise (a pole, an overflow, a domain),
the whole point is left to `Tape.evaluate`, whose IEEE 754 answers are the reference. So both give
the same bits everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from jacmagic.symbolic.graph.operations import OPERATIONS
from jacmagic.symbolic.graph.tape import Tape

LONGEST = 4_000  # assignments in one function; beyond, Python's compiler slows down

# Operation → expression of its arguments; what is absent calls `OPERATIONS[name].evaluate`.
TEMPLATES: dict[str, str] = {
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    "mul": "{0} * {1}",
    "div": "{0} / {1}",
    "neg": "-{0}",
    "mod": "{0} % {1}",
    "abs": "abs({0})",
    "relu": "{0} if {0} != {0} or {0} > 0 else 0.0",
    "lt": "{0} < {1}",
    "le": "{0} <= {1}",
    "gt": "{0} > {1}",
    "ge": "{0} >= {1}",
    "eq": "{0} == {1}",
    "ne": "{0} != {1}",
    "and": "True if {0} and {1} else False",
    "or": "True if {0} or {1} else False",
    "not": "not {0}",
    "where": "{1} if {0} else {2}",
}

# Operations that are one function of `math`, which may raise.
QUICK = frozenset("pow sqrt exp log sin cos tan asin acos sinh cosh acosh atanh".split())

RAISED = (ArithmeticError, ValueError)  # where Python has no answer and IEEE 754 has one

_NAMES: dict[str, object] = {
    **{name: operation.evaluate for name, operation in OPERATIONS.items()},
    **{name: getattr(math, name) for name in QUICK},
    "abs": abs,
    "inf": math.inf,
    "nan": math.nan,
    "__builtins__": {},
}


def compiled(
    tape: Tape, wanted: Sequence[int], *, longest: int = LONGEST
) -> Callable[[Sequence[float]], list[float]]:
    """Compile a tape.

    Args:
        tape: what to run.
        wanted: slots whose values are returned.
        longest: operations in one generated function.

    Returns:
        A function from a sequence of exactly n floats to the wanted slots' values; it raises one of
        `RAISED` where `Tape.evaluate` has to be asked instead.
    """
    if len(tape.operations) <= longest:
        function: Callable[[Sequence[float]], list[float]] = _built(_whole(tape, wanted))
        return function
    parts = [_built(source) for source in _parts(tape, wanted, longest)]
    rest = [*tape.constants, *[0.0] * len(tape.operations)]

    def run(point: Sequence[float]) -> list[float]:
        slots = [*point, *rest]
        for part in parts:
            part(slots)
        return [slots[slot] for slot in wanted]

    return run


def _built(source: str) -> Callable:
    namespace = dict(_NAMES)
    exec(compile(source, "<tape>", "exec"), namespace)  # of our own text, see above
    return namespace["run"]  # type: ignore[return-value]  # the source defines it


def _whole(tape: Tape, wanted: Sequence[int]) -> str:
    """One function from the point to the wanted values."""
    names = _names(tape)
    given = "".join(f"{names[slot]}, " for slot in range(tape.inputs))
    lines = [f"    {given}= point"] if given else []
    start = tape.inputs + len(tape.constants)
    lines += _assignments(tape, names, range(start, start + len(tape.operations)))
    returned = ", ".join(names[slot] for slot in wanted)
    return "\n".join(["def run(point):", *lines, f"    return [{returned}]"])


def _parts(tape: Tape, wanted: Sequence[int], longest: int) -> Iterator[str]:
    """Functions that each fill in their share of a common list of slots."""
    names = _names(tape)
    first = tape.inputs + len(tape.constants)
    end = first + len(tape.operations)
    last_use = dict.fromkeys(wanted, end)
    for place, (_, *reads) in enumerate(tape.operations, first):
        for slot in reads:
            last_use[slot] = max(last_use.get(slot, 0), place)
    for start in range(first, end, longest):
        slots = range(start, min(start + longest, end))
        read = {slot for place in slots for slot in tape.operations[place - first][1:]}
        before = [s for s in sorted(read) if s < start and not tape.inputs <= s < first]
        yield "\n".join(
            [
                "def run(slots):",
                *(f"    {names[slot]} = slots[{slot}]" for slot in before),
                *_assignments(tape, names, slots),
                *(
                    f"    slots[{s}] = {names[s]}"
                    for s in slots
                    if last_use.get(s, 0) >= slots.stop
                ),
            ]
        )


def _names(tape: Tape) -> list[str]:
    """How each slot is written: a name made of its number, or a literal."""
    first = tape.inputs + len(tape.constants)
    return [
        *(f"v{slot}" for slot in range(tape.inputs)),
        *(f"({float(value)!r})" for value in tape.constants),
        *(f"v{slot}" for slot in range(first, first + len(tape.operations))),
    ]


def _assignments(tape: Tape, names: Sequence[str], slots: range) -> Iterator[str]:
    first = tape.inputs + len(tape.constants)
    for slot in slots:
        name, *reads = tape.operations[slot - first]
        arguments = [names[read] for read in reads]
        template = TEMPLATES.get(name)
        right = template.format(*arguments) if template else f"{name}({', '.join(arguments)})"
        yield f"    {names[slot]} = {right}"
