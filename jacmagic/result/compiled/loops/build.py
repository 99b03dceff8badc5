"""Machine code from a traced graph, by the system's C compiler."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import numpy as np
from torch import Tensor

from jacmagic.result.compiled.c_compiler import c_compiler, library
from jacmagic.result.compiled.graph.recording import Recording
from jacmagic.result.compiled.loops.c_matrices import MATRICES
from jacmagic.result.compiled.loops.gathered import with_gathered_sums
from jacmagic.result.compiled.loops.lowering import Lowering
from jacmagic.result.compiled.loops.point import Loops, point
from jacmagic.result.compiled.loops.source import Source
from jacmagic.result.compiled.loops.stages import Call, Fill, Stage
from jacmagic.result.compiled.loops.zeros import Zeros
from jacmagic.result.compiled.native.c_python import from_python
from jacmagic.result.compiled.native.c_source import HEAD, many
from jacmagic.result.compiled.native.kernel import TYPES, Kernel, result_type
from jacmagic.result.compiled.native.native import functions, has_interface
from jacmagic.result.compiled.obstacles import NotCompiled

MAX_SPECIAL_FUNCTIONS = 100  # of one program, with constant bounds and steps of loops
MAX_FUNCTIONS = 1_000  # more take long to compile
_FLAGS = ("-O3", "-shared", "-fPIC", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-w")
# Functions of which glibc has vector versions.
_VECTOR = "sin cos exp log tanh sinh cosh asin acos atan erf expm1 log1p exp2 log2 log10".split()


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
    at = [*point(program, source, types, result)]
    if len(source.functions) > MAX_SPECIAL_FUNCTIONS:
        source = Source(program.buffers, general=True)
        at = [*point(program, source, types, result)]
    if len(source.functions) > MAX_FUNCTIONS:
        raise NotCompiled("it takes too many different loops")
    rest = [
        *many(program, types, result),
        *from_python([tuple(tensor.shape) for tensor in tensors], types, (shape, result)),
    ]
    written = [function.text for function in source.functions.values()]
    text = "\n".join([HEAD, _declared(), MATRICES, *written, *at, *rest, ""])
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
    done = set(map(id, before))
    after = [stage for stage in _needed(lowering.stages, of_values) if id(stage) not in done]
    inputs = {name: zeros.size(node) for node, name in zeros.inputs.items()}
    buffers = {**lowering.sizes, **inputs, "J": zeros.size(entries)}
    return Loops(tuple(sizes), zeros.size(entries), zeros.size(values), before, after, buffers)


def _needed(stages: Sequence[Stage], last: Fill) -> list[Stage]:
    """Return the stages that one reads from, those that must not be left out, and itself."""
    needed: list[Stage] = [last]
    reads = set(last.reads)
    for stage in reversed(stages):
        if stage.buffer in reads or (isinstance(stage, Call) and stage.decides):
            needed.insert(0, stage)
            reads |= stage.reads
    return needed


def _declared() -> str:
    functions = " ".join(f"double {name}(double) LANES_TOO;" for name in _VECTOR)
    return (
        '#ifdef VECTOR_MATH\n#define LANES_TOO __attribute__((simd("notinbranch"), const))\n'
        f"{functions}\n#endif\n"
        "#define NOINLINE __attribute__((noinline))\n"
        "static void *const *tables;\nvoid use_tables(void *const *given) { tables = given; }"
    )
