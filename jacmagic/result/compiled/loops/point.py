"""The C function of one point: a table of calls, which one loop goes through.

The calls are data, so that a program of thousands of stages takes no longer to compile than the few
functions that its stages share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from jacmagic.result.compiled.loops.calls import encoded
from jacmagic.result.compiled.loops.source import Source
from jacmagic.result.compiled.loops.stages import Stage

_ALIGNED = 8  # numbers: buffers begin at whole cache lines


@dataclass(frozen=True)
class Loops:
    """A traced computation as stages.

    Attributes:
        sizes: the number of components of each input.
        entries: how many entries of J.
        values: m.
        before: the stages that J needs, the last one writing it.
        after: further stages that the values need, the last one writing them.
        buffers: sizes of all buffers.
    """

    sizes: tuple[int, ...]
    entries: int
    values: int
    before: list[Stage]
    after: list[Stage]
    buffers: dict[str, int]

    @property
    def cost(self) -> float:
        """Operations on numbers in all, roughly."""
        return sum(stage.cost(self.buffers) for stage in (*self.before, *self.after))


def point(program: Loops, source: Source, types: Sequence[str], result: str) -> Iterator[str]:
    """Write the function of one point; it returns 1 where an entry or a value is not finite.

    Args:
        program: the stages.
        source: gets their functions and tables.
        types: of the inputs, "double" or "float".
        result: type of the entries.
    """
    starts, size = _starts(program)
    before = _calls(program.before, source, starts)
    after = _calls(program.after, source, starts)
    yield f"static _Thread_local double arena[{max(size, 1)}] __attribute__((aligned(64)));"
    yield from _run(source)
    yield _ALL_FINITE
    arrays = ", ".join(f"const {kind} *g{k}" for k, kind in enumerate(types))
    yield f"int at({result} *restrict out, double *restrict y, {arrays})\n{{"
    for k, (kind, count) in enumerate(zip(types, program.sizes, strict=True)):
        yield from _as_double(f"x{k}", f"g{k}", kind, count)
    if result == "double":
        yield "double *J = out;"
    else:
        yield f"static _Thread_local double J[{program.entries}];"
    inputs = "".join(f", (double *)x{k}" for k in range(len(types)))
    yield f"double *const base[] = {{arena, J, y{inputs}}};"
    yield f"if (go_through({before}, base)) return 1;"
    yield f"if (!all_finite(J, {program.entries})) return 1;"
    if result != "double":
        yield f"for (long i = 0; i < {program.entries}; i++) out[i] = J[i];"
    yield f"if (y) {{\nif (go_through({after}, base)) return 1;"
    yield f"if (!all_finite(y, {program.values})) return 1;\n}}\nreturn 0;\n}}"


_ALL_FINITE = """\
static int all_finite(const double *restrict a, long count)
{
    double s[8] = {0};
    long i = 0;
    for (; i + 8 <= count; i += 8)
        for (int l = 0; l < 8; l++) s[l] += a[i + l] - a[i + l];
    for (; i < count; i++) s[0] += a[i] - a[i];
    return s[0] + s[1] + s[2] + s[3] + s[4] + s[5] + s[6] + s[7] == 0;
}"""


def _starts(program: Loops) -> tuple[dict[str, tuple[int, int]], int]:
    """Return where each buffer is, as a base and an offset, and the size of the arena."""
    starts, size = {"J": (1, 0), "y": (2, 0)}, 0
    for name, count in program.buffers.items():
        if name.startswith("x"):
            starts[name] = 3 + int(name[1:]), 0
        elif name not in starts:
            starts[name] = 0, size
            size += -(-count // _ALIGNED) * _ALIGNED
    return starts, size


def _calls(stages: Sequence[Stage], source: Source, starts: dict[str, tuple[int, int]]) -> str:
    """Return the calls of some stages: a table and how many they are.

    A call is the number of a function and its arguments, see `encoded`.
    """
    calls: list[int] = []
    for stage in stages:
        number, arguments = source.call(stage)
        calls.append(number)
        for argument in arguments:
            calls += encoded(argument, starts)
    return f"{source.table(np.array(calls, dtype=np.int32))}, {len(stages)}"


def _run(source: Source) -> Iterator[str]:
    """Write the loop through calls."""
    yield "#define BUFFER(k) (base[at[k]] + at[k + 1])\n#define TABLE(k) (tables[at[k]])"
    yield "#define INTEGER(k) (at[k])"
    yield "static int go_through(const int *at, long count, double *const *base)\n{"
    yield "for (; count > 0; count--) switch (*at) {"
    yield from (function.case for function in source.functions.values())
    yield "}\nreturn 0;\n}"


def _as_double(name: str, source: str, kind: str, size: int) -> Iterator[str]:
    if kind == "double":
        yield f"const double *{name} = {source};"
    else:
        yield f"static _Thread_local double {name}[{size}];"
        yield f"for (long i = 0; i < {size}; i++) {name}[i] = {source}[i];"
