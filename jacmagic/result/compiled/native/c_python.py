"""What Python calls of a compiled program, in C and without `ctypes`.

Python's header is not needed: the few functions of its stable interface that are called are
declared here.

    prepare(empty, skipped)         how `matrix` makes its result; a type of inputs it leaves alone
    matrix(x)                       the array of entries at a tuple of floats and arrays, or None
    run(J, y, x0, ...)              one point by addresses; the status
    all(k, J, y, status, x0, ...)   k points by addresses
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

FUNCTIONS = ("run", "all", "matrix", "prepare")
_ONE, _SEVERAL = 0x8, 0x80  # METH_O, METH_FASTCALL
_READ, _WRITE = 0x1C, 0x1D  # PyBUF_FORMAT with C-contiguous shape; the same, writable

_DECLARED = """
typedef struct { void *buf; void *obj; ptrdiff_t len, itemsize; int readonly, ndim; char *format;
                 ptrdiff_t *shape, *strides, *suboffsets; void *internal; } View;
typedef void *(*Call)(void *, void *const *, ptrdiff_t);
typedef struct { const char *name; Call call; int flags; const char *doc; } Method;
extern char PyFloat_Type[], PyLong_Type[], _Py_NoneStruct[];
extern void *PyObject_Type(void *), *PyErr_Occurred(void), *PyLong_AsVoidPtr(void *);
extern void *PyLong_FromLong(long), *PyCFunction_NewEx(Method *, void *, void *);
extern void *PyEval_SaveThread(void), *PyObject_CallObject(void *, void *);
extern void *PyTuple_GetItem(void *, ptrdiff_t);
extern ptrdiff_t PyTuple_Size(void *);
extern double PyFloat_AsDouble(void *);
extern int PyType_IsSubtype(void *, void *), PyObject_GetBuffer(void *, View *, int);
extern void PyErr_Clear(void), Py_IncRef(void *), Py_DecRef(void *), PyBuffer_Release(View *);
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

static void *empty, *skipped;

static void *prepare(void *self, void *const *given, ptrdiff_t count)
{
    Py_IncRef(given[0]);
    Py_IncRef(given[1]);
    empty = given[0];
    skipped = given[1];
    return PyLong_FromLong(0);
}

static void *none(void)
{
    Py_IncRef(_Py_NoneStruct);
    return _Py_NoneStruct;
}

static int is_skipped(void *object)
{
    void *type = PyObject_Type(object);
    Py_DecRef(type);
    return type == skipped;
}
"""


def from_python(
    shapes: Sequence[tuple[int, ...]], types: Sequence[str], result: tuple[tuple[int, ...], str]
) -> Iterator[str]:
    """Write the functions that Python calls.

    Args:
        shapes: of the inputs.
        types: of the inputs, "double" or "float".
        result: shape and type of the array of entries.
    """
    yield _DECLARED
    yield from _matrix(shapes, types, result)
    yield from _calls(len(types))
    yield "static Method methods[] = {"
    for name in FUNCTIONS:
        flags = _ONE if name == "matrix" else _SEVERAL
        yield f'    {{"{name}", (Call){name}, {flags}, 0}},'
    yield "};\nvoid *function(int which) { return PyCFunction_NewEx(methods + which, 0, 0); }"


def _matrix(
    shapes: Sequence[tuple[int, ...]], types: Sequence[str], result: tuple[tuple[int, ...], str]
) -> Iterator[str]:
    """Yield the function `matrix`; every array that was looked at is given back."""
    count = len(types)
    yield "static void *matrix(void *self, void *x)\n{"
    yield f"    View J{''.join(f', w{k}' for k in range(count))};"
    yield "    void *found = 0;"
    yield from (f"    {types[k]} n{k}; int r{k} = 0;" for k in range(count))
    yield f"    if (PyTuple_Size(x) != {count}) return none();"
    for k, shape in enumerate(shapes):
        view = _view(f"x{k}", f"w{k}", _READ, types[k], shape)
        yield f"    void *x{k} = PyTuple_GetItem(x, {k});\n    if (is_skipped(x{k})) goto done;"
        number = "" if shape else f"if (is_number(x{k})) n{k} = PyFloat_AsDouble(x{k});\n    else "
        yield f"    {number}{{ r{k} = {view}; if (!r{k}) goto done; }}"
    yield "    found = PyObject_CallObject(empty, 0);"
    yield f"    if (!found || !{_view('found', 'J', _WRITE, result[1], result[0])}) goto done;"
    pointers = ", ".join(f"r{k} ? w{k}.buf : &n{k}" for k in range(count))
    yield f"    const int status = at(J.buf, 0, {pointers});\n    PyBuffer_Release(&J);"
    yield "    if (status != 0) { Py_DecRef(found); found = 0; }"
    yield "done:"
    yield from (f"    if (r{k}) PyBuffer_Release(&w{k});" for k in range(count))
    yield "    if (PyErr_Occurred()) { PyErr_Clear(); if (found) Py_DecRef(found); found = 0; }"
    yield "    return found ? found : none();\n}"


def _view(object_: str, view: str, flags: int, kind: str, shape: tuple[int, ...]) -> str:
    sizes = ", ".join(map(str, shape)) or "0"
    array = f"(const ptrdiff_t[]){{{sizes}}}"
    return f"view_of({object_}, &{view}, {flags}, '{kind[0]}', {len(shape)}, {array})"


def _calls(count: int) -> Iterator[str]:
    """Return the Python functions `run` and `all`, of addresses as integers."""

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
