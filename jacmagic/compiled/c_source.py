"""A straight-line program as C: one function for a point, one loop over points, one Python call.

The source is made of fixed templates, slot numbers and literals; nothing of the user's text is in
it. Python's header is not needed: the few functions of its stable interface that are called are
declared here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from jacmagic.compiled.c_lanes import lanes
from jacmagic.compiled.straight import Straight
from jacmagic.graph import OPERATIONS

_SAME_NAME = (
    "sqrt exp log sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh "
    "erf erfc lgamma j0 j1 y0 y1 floor ceil"
)

# Operation → C expression of its arguments, each a name or a literal in brackets.
TEMPLATES: dict[str, str] = {
    **{name: f"{name}({{0}})" for name in _SAME_NAME.split()},
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    "mul": "{0} * {1}",
    "div": "{0} / {1}",
    "neg": "-{0}",
    "pow": "pow({0}, {1})",
    "atan2": "atan2({0}, {1})",
    "abs": "fabs({0})",
    "sign": "{0} == {0} ? (double)(({0} > 0) - ({0} < 0)) : {0}",
    "sigmoid": "sigmoid({0})",
    "mod": "modulo({0}, {1})",
    "relu": "{0} != {0} || {0} > 0 ? {0} : 0.0",
    "max": "larger({0}, {1})",
    "min": "smaller({0}, {1})",
    "clamp": "smaller(larger({0}, {1}), {2})",
    "lt": "{0} < {1}",
    "le": "{0} <= {1}",
    "gt": "{0} > {1}",
    "ge": "{0} >= {1}",
    "eq": "{0} == {1}",
    "ne": "{0} != {1}",
    "and": "{0} && {1}",
    "or": "{0} || {1}",
    "not": "!{0}",
    "where": "{0} ? {1} : {2}",
}

_HEAD = """\
#include <math.h>
#include <stddef.h>
#include <string.h>

static inline double larger(double a, double b) { return a != a || a > b ? a : b; }
static inline double smaller(double a, double b) { return a != a || a < b ? a : b; }
static inline double sigmoid(double x)
{
    if (x >= 0) return 1 / (1 + exp(-x));
    const double small = exp(x);
    return small / (1 + small);
}
static inline double modulo(double a, double b)
{
    const double rest = fmod(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
"""

# From Python: `fill(J, x0, ...)` of floats and arrays; `run(J, y, x0, ...)` and
# `all(k, J, y, status, x0, ...)` of addresses. -1 says that an argument is of another kind.
_PYTHON = """
typedef struct { void *buf; void *obj; ptrdiff_t len, itemsize; int readonly, ndim; char *format;
                 ptrdiff_t *shape, *strides, *suboffsets; void *internal; } View;
typedef void *(*Call)(void *, void *const *, ptrdiff_t);
typedef struct { const char *name; Call call; int flags; const char *doc; } Method;
extern char PyFloat_Type[], PyLong_Type[];
extern void *PyObject_Type(void *), *PyErr_Occurred(void), *PyLong_AsVoidPtr(void *);
extern void *PyLong_FromLong(long), *PyCFunction_NewEx(Method *, void *, void *);
extern void *PyEval_SaveThread(void);
extern double PyFloat_AsDouble(void *);
extern int PyType_IsSubtype(void *, void *), PyObject_GetBuffer(void *, View *, int);
extern void PyErr_Clear(void), Py_DecRef(void *), PyBuffer_Release(View *);
extern void PyEval_RestoreThread(void *);

static int is_number(void *object)
{
    void *type = PyObject_Type(object);
    const int answer = PyType_IsSubtype(type, PyFloat_Type) || type == (void *)PyLong_Type;
    Py_DecRef(type);
    return answer;
}

static int view_of(void *object, View *view, int flags, char format, int rank,
                   const ptrdiff_t *shape)
{
    if (PyObject_GetBuffer(object, view, flags) != 0) { PyErr_Clear(); return 0; }
    int fits = view->ndim == rank && view->format && view->format[0] == format
               && view->format[1] == 0;
    for (int d = 0; fits && d < rank; d++) fits = view->shape[d] == shape[d];
    if (!fits) PyBuffer_Release(view);
    return fits;
}
"""


def c_source(
    program: Straight,
    shapes: Sequence[tuple[int, ...]],
    types: Sequence[str],
    result: tuple[tuple[int, ...], str],
    *,
    python: bool = True,
    wide: bool = False,
) -> str:
    """Write a program as C.

    Args:
        program: what to compute.
        shapes: of the inputs.
        types: of the inputs, "double" or "float".
        result: shape and type of the array of entries.
        python: also write what Python calls without `ctypes`.
        wide: compute several points at once in the loop over points.

    Raises:
        KeyError: for an operation that C has no function for.
    """
    lines = [_HEAD, *_at(program, types, result[1])]
    lines += lanes(program, types, result[1], _literal) if wide else []
    lines += _many(program, types, result[1], wide)
    if python:
        lines += [
            _PYTHON,
            *_fill(shapes, types, result),
            *_calls(len(types)),
            *_methods(len(types)),
        ]
    return "\n".join([*lines, ""])


def _names(types: Sequence[str]) -> str:
    return ", ".join(f"const {kind} *x{k}" for k, kind in enumerate(types))


def _at(program: Straight, types: Sequence[str], result: str) -> Iterator[str]:
    """0, or the number of the first guard that fails, or one more where J is not finite."""
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
    moving = dict.fromkeys(slot for _, slot in program.stored if slot >= first)
    if moving:
        total = " + ".join(f"0*v{slot}" for slot in moving)
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
    return TEMPLATES[operation].format(*arguments)


def _power(base: str, exponent: str) -> str:
    """Small whole powers by multiplication, as torch does."""
    factors = {"(2.0)": 2, "(3.0)": 3, "(-1.0)": 1, "(-2.0)": 2}.get(exponent)
    if factors is None:
        return TEMPLATES["pow"].format(base, exponent)
    product = " * ".join([base] * factors)
    return f"1 / ({product})" if exponent.startswith("(-") else product


def _slots(program: Straight) -> Callable[[int], str]:
    """How each slot is written: a component, a literal or a variable."""
    tape = program.tape
    components = [f"x{k}[{i}]" for k, size in enumerate(program.sizes) for i in range(size)]
    literals = [_literal(value) for value in tape.constants]

    def name(slot: int) -> str:
        if slot < tape.inputs:
            return components[slot]
        slot -= tape.inputs
        return literals[slot] if slot < len(literals) else f"v{slot + tape.inputs}"

    return name


def _literal(value: float) -> str:
    if math.isnan(value):
        return "(NAN)"
    if math.isinf(value):
        return "(INFINITY)" if value > 0 else "(-INFINITY)"
    return f"({value!r})"


def _many(program: Straight, types: Sequence[str], result: str, wide: bool) -> Iterator[str]:
    """The loop over points, `LANES` at a time where `wide` says so."""
    moved = ", ".join(f"x{k} + p*{size}" for k, size in enumerate(program.sizes))
    entries, values = program.entries, program.values
    outputs = f"J + p*{entries}, y ? y + p*{values} : 0"
    yield f"\nvoid many(long count, {result} *J, double *y, int *status, {_names(types)})\n{{"
    yield "    ptrdiff_t p = 0;"
    if wide:
        yield f"    for (; p + LANES <= count; p += LANES) block({outputs}, status + p, {moved});"
    yield f"    for (; p < count; p++) status[p] = at({outputs}, {moved});"
    yield "}"


def _fill(
    shapes: Sequence[tuple[int, ...]], types: Sequence[str], result: tuple[tuple[int, ...], str]
) -> Iterator[str]:
    """The Python function `fill`: entries into its first argument, from floats and arrays."""
    count, arrays = len(types), [k for k, shape in enumerate(shapes) if shape]
    yield "static void *fill(void *self, void *const *given, ptrdiff_t count)\n{"
    yield f"    View J{''.join(f', w{k}' for k in range(count))};"
    yield "    long status = -1;"
    yield from (f"    {types[k]} n{k}; int r{k} = 0;" for k in range(count))
    yield f"    if (count != {count + 1}) return PyLong_FromLong(-1);"
    for k, shape in enumerate(shapes):
        view = _view(f"given[{k + 1}]", f"w{k}", 0x1C, types[k], shape)
        if k in arrays:
            yield f"    r{k} = {view};\n    if (!r{k}) goto done;"
        else:
            yield f"    if (is_number(given[{k + 1}])) n{k} = PyFloat_AsDouble(given[{k + 1}]);"
            yield f"    else {{ r{k} = {view}; if (!r{k}) goto done; }}"
    yield f"    if (!{_view('given[0]', 'J', 0x1D, result[1], result[0])}) goto done;"
    pointers = ", ".join(f"r{k} ? w{k}.buf : &n{k}" for k in range(count))
    yield f"    status = at(J.buf, 0, {pointers});\n    PyBuffer_Release(&J);"
    yield "done:"
    yield from (f"    if (r{k}) PyBuffer_Release(&w{k});" for k in range(count))
    yield "    if (PyErr_Occurred()) { PyErr_Clear(); status = -1; }"
    yield "    return PyLong_FromLong(status);\n}"


def _view(object_: str, view: str, flags: int, kind: str, shape: tuple[int, ...]) -> str:
    sizes = ", ".join(map(str, shape)) or "0"
    array = f"(const ptrdiff_t[]){{{sizes}}}"
    return f"view_of({object_}, &{view}, {flags}, '{kind[0]}', {len(shape)}, {array})"


def _calls(count: int) -> Iterator[str]:
    """The Python functions `run` and `all`, of addresses as whole numbers."""

    def pointers(start: int, stop: int) -> str:
        return ", ".join(f"PyLong_AsVoidPtr(given[{k}])" for k in range(start, stop))

    yield "static void *run(void *self, void *const *given, ptrdiff_t count)\n{"
    yield f"    return PyLong_FromLong(at({pointers(0, count + 2)}));\n}}"
    yield "static void *all(void *self, void *const *given, ptrdiff_t count)\n{"
    yield "    const long points = (long)PyLong_AsVoidPtr(given[0]);"
    yield f"    void *a[] = {{{pointers(1, count + 4)}}};"
    yield "    void *state = PyEval_SaveThread();"
    yield f"    many(points, {', '.join(f'a[{k}]' for k in range(count + 3))});"
    yield "    PyEval_RestoreThread(state);\n    return PyLong_FromLong(0);\n}"


def _methods(count: int) -> Iterator[str]:
    fast = 0x80  # METH_FASTCALL
    yield "static Method methods[] = {"
    yield from (f'    {{"{name}", {name}, {fast}, 0}},' for name in ("run", "all", "fill"))
    yield "};\nvoid *function(int which) { return PyCFunction_NewEx(methods + which, 0, 0); }"
