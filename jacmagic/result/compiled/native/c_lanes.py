"""A straight-line program as C for several points, one in each vector lane.

The vectors are those of GCC and Clang (`vector_size`); where a compiler has no wide registers it
splits them. Functions of the mathematical library are called lane by lane.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from jacmagic.result.compiled.native.straight import Straight
from jacmagic.symbolic.codegen.languages import C
from jacmagic.symbolic.graph import OPERATIONS

LANES = 4

# Operation → C expression of vectors, where it is not that of numbers; conditions are vectors of
# -1 and 0.
_OF_VECTORS = {
    "sign": "pick({0} == {0}, pick({0} > 0, ALL(1.0), pick({0} < 0, ALL(-1.0), ALL(0.0))), {0})",
    "relu": "pick(({0} != {0}) | ({0} > 0), {0}, ALL(0.0))",
    "max": "pick(({0} != {0}) | ({0} > {1}), {0}, {1})",
    "min": "pick(({0} != {0}) | ({0} < {1}), {0}, {1})",
    "and": "{0} & {1}",
    "or": "{0} | {1}",
    "not": "~{0}",
    "where": "pick({0}, {1}, {2})",
}
# Operation → the C function of numbers that is called for each lane.
_BY_LANE = {
    operation: call[1]
    for operation in sorted(C.operations - _OF_VECTORS.keys() - {"clamp"})
    if (call := re.fullmatch(r"(\w+)\([^()]*\)", C.template(operation)))
}

_HEAD = f"""
#define LANES {LANES}
typedef double Reals __attribute__((vector_size({8 * LANES})));
typedef long long Truths __attribute__((vector_size({8 * LANES})));
#define ALL(number) ((Reals){{0}} + (number))
static inline Reals pick(Truths which, Reals a, Reals b)
{{
    return (Reals)((which & (Truths)a) | (~which & (Truths)b));
}}
"""


def lanes(program: Straight, types: Sequence[str], result: str) -> Iterator[str]:
    """Write the function `block` of `LANES` points, with a `status` for each.

    Args:
        program: what to compute.
        types: of the inputs, "double" or "float".
        result: type of the entries.
    """
    used = {operation for operation, *_ in program.tape.operations}
    yield _HEAD
    for operation, function in _BY_LANE.items():
        if operation in used:
            yield _each(function, OPERATIONS[operation].arity)
    arrays = ", ".join(f"const {kind} *x{k}" for k, kind in enumerate(types))
    yield f"static void block({result} *J, double *y, int *status, {arrays})\n{{"
    yield from _loads(program)
    yield from _body(program)
    yield "}"


def _each(name: str, count: int) -> str:
    """Return a function of numbers, lane by lane."""
    more, argument = (", Reals b", ", b[l]") if count == 2 else ("", "")
    return (
        f"static inline Reals each_{name}(Reals a{more})\n{{\n"
        f"    for (int l = 0; l < LANES; l++) a[l] = {name}(a[l]{argument});\n    return a;\n}}"
    )


def _loads(program: Straight) -> Iterator[str]:
    slot = 0
    for k, size in enumerate(program.sizes):
        for i in range(size):
            parts = ", ".join(f"x{k}[{lane * size + i}]" for lane in range(LANES))
            yield f"    const Reals v{slot} = {{{parts}}};"
            slot += 1


def _body(program: Straight) -> Iterator[str]:
    tape = program.tape
    first = tape.inputs + len(tape.constants)
    names = [f"v{slot}" for slot in range(tape.inputs)]
    names += [f"ALL({C.literal(value)})" for value in tape.constants]
    truths: set[int] = set()

    def number(slot: int) -> str:
        return f"pick({names[slot]}, ALL(1.0), ALL(0.0))" if slot in truths else names[slot]

    def truth(slot: int) -> str:
        return names[slot] if slot in truths else f"({names[slot]} != 0)"

    for slot, (operation, *reads) in enumerate(tape.operations, first):
        condition = OPERATIONS[operation].condition
        logical = operation in ("and", "or", "not")
        arguments = [truth(r) if logical else number(r) for r in reads]
        if operation == "where":
            arguments[0] = truth(reads[0])
        right = _expression(operation, arguments)
        yield f"    const {'Truths' if condition else 'Reals'} v{slot} = {right};"
        names.append(f"v{slot}")
        if condition:
            truths.add(slot)
    guards = [truth(slot) for slot in tape.outputs[: program.guards]]
    values = tape.outputs[program.guards : program.guards + program.values]
    total = " + ".join(f"0*{number(slot)}" for slot in program.moving) or "ALL(0.0)"
    yield f"    const Truths holds = {' & '.join([*guards, f'(({total}) == 0)'])};"
    yield "    for (int l = 0; l < LANES; l++) status[l] = !holds[l];"
    yield f"    memset(J, 0, LANES * {program.entries} * sizeof *J);"
    yield from _stores("J", program.entries, [(k, number(slot)) for k, slot in program.stored])
    yield "    if (y) {"
    yield from _stores("y", program.values, [(k, number(slot)) for k, slot in enumerate(values)])
    yield "    }"


def _expression(operation: str, arguments: Sequence[str]) -> str:
    """One operation; small whole powers by multiplication, as for one point."""
    if operation == "clamp":
        above = _OF_VECTORS["max"].format(*arguments[:2])
        return _OF_VECTORS["min"].format(f"({above})", arguments[2])
    if operation == "pow":
        for exponent, factors in ((2.0, 2), (3.0, 3)):
            if arguments[1] == f"ALL({C.literal(exponent)})":
                return " * ".join([arguments[0]] * factors)
    each = "each_" if operation in _BY_LANE else ""
    template = _OF_VECTORS.get(operation) or each + C.template(operation)
    return template.format(*arguments)


def _stores(array: str, count: int, names: Sequence[tuple[int, str]]) -> Iterator[str]:
    """Return the C statement that copies number k of lane l to entry l·count + k."""
    for k, name in names:
        yield f"    {{ const Reals r = {name};"
        yield "      " + " ".join(
            f"{array}[{lane * count + k}] = r[{lane}];" for lane in range(LANES)
        )
        yield "    }"
