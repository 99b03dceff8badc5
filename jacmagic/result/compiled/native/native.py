"""A straight-line program as machine code, by a C compiler or by llvmlite.

NOTE [Rounding] The compiler may not contract a·b + c into one rounding (`-ffp-contract=off`):
a guard must decide as the code that it stands for.
"""

from __future__ import annotations

import ctypes
import functools
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from jacmagic.result.compiled.c_compiler import c_compiler, library
from jacmagic.result.compiled.native.c_python import FUNCTIONS
from jacmagic.result.compiled.native.c_source import c_source
from jacmagic.result.compiled.native.kernel import NUMPY, TYPES, Kernel, result_type
from jacmagic.result.compiled.native.llvm import by_llvm
from jacmagic.result.compiled.native.straight import Straight
from jacmagic.result.compiled.obstacles import NotCompiled
from jacmagic.symbolic.codegen.languages import C

MAX_OPERATIONS = 2_000  # operations and entries that a C compiler gets through in about a second
MAX_OPERATIONS_IF_NAMED = 30_000  # the same where native code is asked for by name
MAX_OPERATIONS_TO_OPTIMISE = 600  # operations up to which it may optimise further
_FLAGS = ("-shared", "-fPIC", "-march=native", "-ffp-contract=off", "-fno-math-errno", "-w")


def native(
    program: Straight,
    tensors: Sequence[Tensor],
    shape: tuple[int, ...],
    longest: int = MAX_OPERATIONS,
) -> Kernel:
    """Compile a program.

    Args:
        program: what to compute.
        tensors: inputs of the kind it is compiled for.
        shape: of the array of its entries.
        longest: operations of the longest program that is compiled.

    Raises:
        NotCompiled: no compiler, or an operation, a size, a dtype or a device beyond it.
    """
    names = {operation for operation, *_ in program.tape.operations}
    if missing := sorted(names - C.operations):
        raise NotCompiled(f"C has no function for {', '.join(missing)}")
    length = len(program.tape.operations) + len(program.stored)
    if length > longest:
        raise NotCompiled(f"{length} operations would compile for too long")
    if any(tensor.device.type != "cpu" or tensor.dtype not in TYPES for tensor in tensors):
        raise NotCompiled("it computes with float64 and float32 on the CPU")
    compiler = c_compiler()
    if compiler is None:
        return by_llvm(program, tensors, MAX_OPERATIONS)
    return _by_c(compiler, program, tensors, shape)


def has_interface() -> bool:
    """Whether this Python is one whose stable interface the C source may call."""
    threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    return sys.implementation.name == "cpython" and not threaded


def _by_c(
    compiler: str, program: Straight, tensors: Sequence[Tensor], shape: tuple[int, ...]
) -> Kernel:
    shapes = [tuple(tensor.shape) for tensor in tensors]
    types = [TYPES[tensor.dtype] for tensor in tensors]
    result = shape, TYPES[result_type(tensors)]
    length, python = len(program.tape.operations), has_interface()
    level = "-O2" if length <= MAX_OPERATIONS_TO_OPTIMISE else "-O1"
    source = c_source(program, shapes, types, result, python=python)
    code, by = library([compiler, level, *_FLAGS], source), Path(compiler).name
    if not python:
        return Kernel(program, by, *functions_of_addresses(program, code.at, code.many))
    return Kernel(program, by, *functions(code, *result))


def functions(code: Any, shape: tuple[int, ...], kind: str) -> tuple[Any, Any, Any]:
    """Return what Python calls of a library: one point, many points, arrays.

    Args:
        code: a library with what `c_python` writes.
        shape: of the array of entries.
        kind: its type, "double" or "float".
    """
    code.function.restype = ctypes.py_object
    run, loop, matrix, prepare = (code.function(which) for which in range(len(FUNCTIONS)))
    prepare(functools.partial(np.empty, shape, NUMPY[kind]), Tensor)
    return run, loop, matrix


def functions_of_addresses(program: Straight, at: Any, many: Any) -> tuple[Any, Any]:
    """Return the C functions for one point and for many, as `ctypes` calls them."""
    pointers = [ctypes.c_void_p] * len(program.sizes)
    at.restype, at.argtypes = ctypes.c_int, [ctypes.c_void_p] * 2 + pointers
    many.restype, many.argtypes = None, [ctypes.c_long] + [ctypes.c_void_p] * 3 + pointers
    return at, many
