"""A straight-line program as C: one function for a point, one loop over points.

The source is made of fixed templates, slot numbers and literals; nothing of the user's text is in
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from jacmagic.result.compiled.native.c_python import from_python
from jacmagic.result.compiled.native.kernel import Counted
from jacmagic.result.compiled.native.straight import Straight
from jacmagic.symbolic.codegen.languages.c import IEEE_FUNCTIONS, C
from jacmagic.symbolic.graph import OPERATIONS

HEAD = f"""\
#include <math.h>
#include <stddef.h>
#include <string.h>

{IEEE_FUNCTIONS}"""


def c_source(
    program: Straight,
    shapes: Sequence[tuple[int, ...]],
    types: Sequence[str],
    result: tuple[tuple[int, ...], str],
    *,
    python: bool = True,
) -> str:
    """Write a program as C.

    Args:
        program: what to compute.
        shapes: of the inputs.
        types: of the inputs, "double" or "float".
        result: shape and type of the array of entries.
        python: also write what Python calls without `ctypes`.

    Raises:
        KeyError: for an operation that C has no function for.
    """
    lines = [HEAD, *_at(program, types, result[1]), *many(program, types, result[1])]
    if python:
        lines += from_python(shapes, types, result)
    return "\n".join([*lines, ""])


def _names(types: Sequence[str]) -> str:
    return ", ".join(f"const {kind} *x{k}" for k, kind in enumerate(types))


def _at(program: Straight, types: Sequence[str], result: str) -> Iterator[str]:
    """Return 0, the number of the first guard that fails, or one more if not finite."""
    yield f"\nint at({result} *J, double *y, {_names(types)})\n{{"
    tape, name = program.tape, _slots(program)
    first = tape.inputs + len(tape.constants)
    guards: dict[int, int] = {}
    for number, slot in enumerate(tape.outputs[: program.guards], 1):
        guards.setdefault(slot, number)
        if slot < first:
            yield f"    if (!{name(slot)}) return {number};"
    for slot, (operation, *reads) in enumerate(tape.operations, first):
        kind = "int" if OPERATIONS[operation].condition else "double"
        yield f"    const {kind} v{slot} = {_expression(operation, reads, name)};"
        if slot in guards:
            yield f"    if (!v{slot}) return {guards[slot]};"
    values = tape.outputs[program.guards : program.guards + program.values]
    if program.moving:
        total = " + ".join(f"0*{name(slot)}" for slot in program.moving)
        yield f"    if ({total} != 0) return {program.guards + 1};"
    yield f"    if (J) {{\n        memset(J, 0, {program.entries} * sizeof *J);"
    yield from (f"        J[{k}] = {name(slot)};" for k, slot in program.stored)
    yield "    }\n    if (y) {"
    yield from (f"        y[{k}] = {name(slot)};" for k, slot in enumerate(values))
    yield "    }\n    return 0;\n}"


def _expression(operation: str, reads: Sequence[int], name: Callable[[int], str]) -> str:
    arguments = [name(read) for read in reads]
    if operation == "pow":
        return _power(*arguments)
    return C.template(operation).format(*arguments)


def _power(base: str, exponent: str) -> str:
    """Small whole powers by multiplication, as torch does."""
    factors = {"(2.0)": 2, "(3.0)": 3, "(-1.0)": 1, "(-2.0)": 2}.get(exponent)
    if factors is None:
        return C.template("pow").format(base, exponent)
    product = " * ".join([base] * factors)
    return f"1 / ({product})" if exponent.startswith("(-") else product


def _slots(program: Straight) -> Callable[[int], str]:
    """How each slot is written: a component, a literal or a variable."""
    tape = program.tape
    components = [f"x{k}[{i}]" for k, size in enumerate(program.sizes) for i in range(size)]
    literals = [C.literal(value) for value in tape.constants]

    def name(slot: int) -> str:
        if slot < tape.inputs:
            return components[slot]
        slot -= tape.inputs
        return literals[slot] if slot < len(literals) else f"v{slot + tape.inputs}"

    return name


def many(program: Counted, types: Sequence[str], result: str) -> Iterator[str]:
    """Yield the loop over points."""
    moved = ", ".join(f"x{k} + p*{size}" for k, size in enumerate(program.sizes))
    entries, values = program.entries, program.values
    outputs = f"J + p*{entries}, y ? y + p*{values} : 0"
    yield f"\nvoid many(long count, {result} *J, double *y, int *status, {_names(types)})\n{{"
    yield f"    for (ptrdiff_t p = 0; p < count; p++) status[p] = at({outputs}, {moved});"
    yield "}"
