"""Machine code from a traced graph, by the system's C compiler."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from jacmagic.result.compiled.c_compiler import c_compiler, library
from jacmagic.result.compiled.graph.recording import Recording
from jacmagic.result.compiled.loops.c_matrices import MATRICES
from jacmagic.result.compiled.loops.expressions import LOAD
from jacmagic.result.compiled.loops.gathered import with_gathered_sums
from jacmagic.result.compiled.loops.lowering import Lowering
from jacmagic.result.compiled.loops.source import Source
from jacmagic.result.compiled.loops.stages import Call, Fill, Stage, Sum
from jacmagic.result.compiled.loops.zeros import Zeros
from jacmagic.result.compiled.native.c_python import from_python
from jacmagic.result.compiled.native.c_source import HEAD, many
from jacmagic.result.compiled.native.kernel import TYPES, Kernel, result_type
from jacmagic.result.compiled.native.native import functions, has_interface
from jacmagic.result.compiled.obstacles import NotCompiled

MAX_STAGES = 2_000  # loops of one program
MAX_FUNCTIONS = 200  # different ones among them; more take long to compile
_FLAGS = ("-O3", "-shared", "-fPIC", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-w")
# Functions of which glibc has vector versions.
_VECTOR = "sin cos exp log tanh sinh cosh asin acos atan erf expm1 log1p exp2 log2 log10".split()


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


def loops(program: Loops, tensors: Sequence[Tensor], shape: tuple[int, ...]) -> Kernel:
    """Compile the loops of entries and values.

    Args:
        program: the loops.
        tensors: inputs of the kind it is compiled for.
        shape: of the array of its entries.

    Raises:
        NotCompiled: no compiler, or a size, a dtype or a device beyond it.
    """
    compiler = require_compiler(tensors)
    types, result = [TYPES[tensor.dtype] for tensor in tensors], TYPES[result_type(tensors)]
    source = Source(program.buffers)
    at = [*_at(program, source, types, result)]
    if len(source.functions) > MAX_FUNCTIONS:
        raise NotCompiled("it takes too many loops")
    rest = [
        *many(program, types, result, False),
        *from_python([tuple(tensor.shape) for tensor in tensors], types, (shape, result)),
    ]
    text = "\n".join([HEAD, _declared(), MATRICES, *source.functions.values(), *at, *rest, ""])
    try:
        code = library([compiler, *_FLAGS, "-DVECTOR_MATH"], text)
    except NotCompiled:
        code = library([compiler, *_FLAGS], text)
    addresses = np.array([table.ctypes.data for table in source.tables] or [0], dtype=np.uintp)
    code.use_tables(ctypes.c_void_p(addresses.ctypes.data))
    run, loop, matrix = functions(code, shape, result)
    count = len(program.before)
    by = f"{count} loop{'' if count == 1 else 's'} by {compiler.rpartition('/')[2]}"
    return Kernel(
        program, by, run, loop, matrix, holder=(addresses, source.tables), backend="graph"
    )


def require_compiler(tensors: Sequence[Tensor]) -> str:
    """Return the C compiler.

    Raises:
        NotCompiled: there is none, or the inputs are beyond it.
    """
    compiler = c_compiler()
    if compiler is None or not has_interface():
        raise NotCompiled("there is no C compiler")
    if any(tensor.device.type != "cpu" or tensor.dtype not in TYPES for tensor in tensors):
        raise NotCompiled("it computes with float64 and float32 on the CPU")
    return compiler


def lowered(recording: Recording, sizes: Sequence[int], shape: tuple[int, ...]) -> Loops:
    """Return the stages of a graph of entries and values.

    Raises:
        NotCompiled: an operation or a size beyond it.
    """
    recording = with_gathered_sums(recording)
    zeros = Zeros(recording)
    lowering = Lowering(zeros)
    lowering.store_shared()
    ((entries, values),) = (node.args[0] for node in recording.graph.nodes if node.op == "output")
    last = lowering.result("J", entries, shape[-1])
    of_values = lowering.result("y", values, max(1, zeros.size(values)))
    before = _needed(lowering.stages, last)
    after = [stage for stage in _needed(lowering.stages, of_values) if stage not in before[:-1]]
    if len(before) + len(after) > MAX_STAGES:
        raise NotCompiled("it takes too many loops")
    inputs = {name: zeros.size(node) for node, name in zeros.inputs.items()}
    buffers = {**lowering.sizes, **inputs, "J": zeros.size(entries)}
    return Loops(tuple(sizes), zeros.size(entries), zeros.size(values), before, after, buffers)


def _needed(stages: Sequence[Stage], last: Fill) -> list[Stage]:
    """Return the stages that one reads from, those that must not be left out, and itself."""
    found: list[Stage] = [last]
    reads = set(last.reads)
    for stage in reversed(stages):
        if stage.buffer in reads or (isinstance(stage, Call) and stage.decides):
            found.insert(0, stage)
            reads |= stage.reads
    return found


def _declared() -> str:
    functions = " ".join(f"double {name}(double) LANES_TOO;" for name in _VECTOR)
    return (
        '#ifdef VECTOR_MATH\n#define LANES_TOO __attribute__((simd("notinbranch"), const))\n'
        f"{functions}\n#endif\n"
        "#define NOINLINE __attribute__((noinline))\n"
        "static void *const *tables;\nvoid use_tables(void *const *given) { tables = given; }"
    )


def _at(program: Loops, source: Source, types: Sequence[str], result: str) -> Iterator[str]:
    """Write the function of one point; it returns 1 where an entry or a value is not finite."""
    arrays = ", ".join(f"const {kind} *g{k}" for k, kind in enumerate(types))
    direct = _written_by(program)
    for name, size in program.buffers.items():
        if name.startswith("w") and name != direct:
            yield f"static _Thread_local double {name}[{size}] __attribute__((aligned(64)));"
    yield "static int all_finite(const double *restrict a, long count)\n{\n    double s[8] = {0};"
    yield "    long i = 0;\n    for (; i + 8 <= count; i += 8)"
    yield "        for (int l = 0; l < 8; l++) s[l] += a[i + l] - a[i + l];"
    yield "    for (; i < count; i++) s[0] += a[i] - a[i];"
    yield "    return s[0] + s[1] + s[2] + s[3] + s[4] + s[5] + s[6] + s[7] == 0;\n}"
    yield f"int at({result} *restrict out, double *restrict y, {arrays})\n{{"
    for k, (kind, size) in enumerate(zip(types, program.sizes, strict=True)):
        yield from _as_double(f"x{k}", f"g{k}", kind, size)
    if result == "double":
        yield "double *restrict J = out;"
    else:
        yield f"static _Thread_local double J[{program.entries}];"
    if direct:
        yield f"double *restrict {direct} = J;"
    for stage in program.before[: -1 if direct else None]:
        yield source.call(stage)
    yield f"if (!all_finite(J, {program.entries})) return 1;"
    if result != "double":
        yield f"for (long i = 0; i < {program.entries}; i++) out[i] = J[i];"
    yield "if (y) {"
    for stage in program.after:
        yield source.call(stage)
    yield f"if (!all_finite(y, {program.values})) return 1;\n}}\nreturn 0;\n}}"


def _as_double(name: str, given: str, kind: str, size: int) -> Iterator[str]:
    if kind == "double":
        yield f"const double *restrict {name} = {given};"
    else:
        yield f"static _Thread_local double {name}[{size}];"
        yield f"for (long i = 0; i < {size}; i++) {name}[i] = {given}[i];"


def _written_by(program: Loops) -> str:
    """Return the buffer that may be J itself, as it is copied to J as it is; or ""."""
    last, others = program.before[-1], program.before[:-1]
    if not isinstance(last, Fill) or len(last.pieces) != 1:
        return ""
    where, expression = last.pieces[0]
    whole = (
        expression.operation == LOAD
        and len(where) == program.entries == program.buffers[expression.buffer]
    )
    written = any(isinstance(s, (Sum, Call)) and s.buffer == expression.buffer for s in others)
    if not whole or not written or any(expression.buffer in s.reads for s in program.after):
        return ""
    return expression.buffer if np.array_equal(expression.data, where) else ""
