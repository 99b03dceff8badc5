"""A straight-line program as C for several points, one in each vector lane.

The vectors are those of GCC and Clang (`vector_size`); where a compiler has no wide registers it
splits them. Functions of the mathematical library are called lane by lane.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from jacmagic.result.compiled.native.straight import Straight
from jacmagic.symbolic.graph import OPERATIONS

LANES = 4
_CALLED = (
    "sqrt exp log sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh "
    "erf erfc lgamma j0 j1 y0 y1 floor ceil fabs sigmoid"
)
_CALLED_BY_TWO = "pow atan2 modulo"

# Operation → C expression of vectors; conditions are vectors of -1 and 0.
TEMPLATES: dict[str, str] = {
    **{name: f"each_{name}({{0}})" for name in _CALLED.split()},
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    "mul": "{0} * {1}",
    "div": "{0} / {1}",
    "neg": "-{0}",
    "pow": "each_pow({0}, {1})",
    "atan2": "each_atan2({0}, {1})",
    "mod": "each_modulo({0}, {1})",
    "abs": "each_fabs({0})",
    "sign": "pick({0} == {0}, pick({0} > 0, ALL(1.0), pick({0} < 0, ALL(-1.0), ALL(0.0))), {0})",
    "relu": "pick(({0} != {0}) | ({0} > 0), {0}, ALL(0.0))",
    "max": "pick(({0} != {0}) | ({0} > {1}), {0}, {1})",
    "min": "pick(({0} != {0}) | ({0} < {1}), {0}, {1})",
    "lt": "{0} < {1}",
    "le": "{0} <= {1}",
    "gt": "{0} > {1}",
    "ge": "{0} >= {1}",
    "eq": "{0} == {1}",
    "ne": "{0} != {1}",
    "and": "{0} & {1}",
    "or": "{0} | {1}",
    "not": "~{0}",
    "where": "pick({0}, {1}, {2})",
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


def lanes(
    program: Straight,
    types: Sequence[str],
    result: str,
    literal: Callable[[float], str],
) -> Iterator[str]:
    """Write the function `block` of `LANES` points, with a `status` for each.

    Args:
        program: what to compute.
        types: of the inputs, "double" or "float".
        result: type of the entries.
        literal: writes a number.
    """
    used = {operation for operation, *_ in program.tape.operations}
    yield _HEAD
    yield from (_each(name, 1) for name in _CALLED.split() if name in used or _is_abs(name, used))
    yield from (_each(name, 2) for name in _CALLED_BY_TWO.split() if _two(name) in used)
    arrays = ", ".join(f"const {kind} *x{k}" for k, kind in enumerate(types))
    yield f"static void block({result} *J, double *y, int *status, {arrays})\n{{"
    yield from _loads(program)
    yield from _body(program, literal)
    yield "}"


def _is_abs(name: str, used: set[str]) -> bool:
    return name == "fabs" and "abs" in used


def _two(name: str) -> str:
    return "mod" if name == "modulo" else name


def _each(name: str, count: int) -> str:
    """Return a function of numbers, lane by lane."""
    more, given = (", Reals b", ", b[l]") if count == 2 else ("", "")
    return (
        f"static inline Reals each_{name}(Reals a{more})\n{{\n"
        f"    for (int l = 0; l < LANES; l++) a[l] = {name}(a[l]{given});\n    return a;\n}}"
    )


def _loads(program: Straight) -> Iterator[str]:
    slot = 0
    for k, size in enumerate(program.sizes):
        for i in range(size):
            parts = ", ".join(f"x{k}[{lane * size + i}]" for lane in range(LANES))
            yield f"    const Reals v{slot} = {{{parts}}};"
            slot += 1


def _body(program: Straight, literal: Callable[[float], str]) -> Iterator[str]:
    tape = program.tape
    first = tape.inputs + len(tape.constants)
    names = [f"v{slot}" for slot in range(tape.inputs)]
    names += [f"ALL({literal(value)})" for value in tape.constants]
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
        right = _expression(operation, arguments, literal)
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


def _expression(operation: str, arguments: Sequence[str], literal: Callable[[float], str]) -> str:
    """One operation; small whole powers by multiplication, as for one point."""
    if operation == "clamp":
        inner = TEMPLATES["max"].format(*arguments[:2])
        return TEMPLATES["min"].format(f"({inner})", arguments[2])
    if operation == "pow":
        for exponent, factors in ((2.0, 2), (3.0, 3)):
            if arguments[1] == f"ALL({literal(exponent)})":
                return " * ".join([arguments[0]] * factors)
    return TEMPLATES[operation].format(*arguments)


def _stores(array: str, count: int, names: Sequence[tuple[int, str]]) -> Iterator[str]:
    """Return the C statement that copies number k of lane l to entry l·count + k."""
    for k, name in names:
        yield f"    {{ const Reals r = {name};"
        yield "      " + " ".join(
            f"{array}[{lane * count + k}] = r[{lane}];" for lane in range(LANES)
        )
        yield "    }"
