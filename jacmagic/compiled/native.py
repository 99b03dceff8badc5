"""A straight-line program as machine code: by the system's C compiler, or by llvmlite without one.

NOTE [Rounding] The compiler may not contract a·b + c into one rounding (`-ffp-contract=off`):
a guard must decide as the code that it stands for.
"""

from __future__ import annotations

import ctypes
import functools
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.compiled.c_python import FUNCTIONS
from jacmagic.compiled.c_source import TEMPLATES, c_source
from jacmagic.compiled.straight import Straight

LONGEST = 2_000  # operations and entries that a C compiler gets through in about a second
LONGEST_ASKED = 30_000  # the same where native code is asked for by name
QUICK = 600  # operations up to which it may optimise further
MANY = 20_000  # points of all batches from which a loop over several at once pays
SECONDS = 60.0  # that it may take
NUMPY = {"double": np.float64, "float": np.float32}
TYPES = {torch.float64: "double", torch.float32: "float"}
_FLAGS = ("-shared", "-fPIC", "-march=native", "-ffp-contract=off", "-fno-math-errno", "-w")


class NoNativeCode(Exception):
    """There is no machine code for a program; the message says why in a few words."""


class Kernel:
    """Machine code of one program.

    Attributes:
        program: what it computes.
        by: which compiler wrote it.
        run: `(J, y, x0, ...)` of addresses: status of one point, 0 where the program holds.
        matrix: from a tuple of floats and arrays to the array of entries, or None for other inputs
            and where the program does not hold; None where Python's interface is not at hand.
    """

    backend = "native"

    def __init__(
        self,
        program: Straight,
        by: str,
        run: Callable[..., int],
        loop: Callable[..., Any],
        matrix: Callable[[tuple[Any, ...]], np.ndarray | None] | None = None,
        widen: Callable[[], Callable[..., Any]] | None = None,
        holder: Any = None,
    ) -> None:
        """Hold the functions.

        Args:
            program: what they compute.
            by: which compiler wrote them.
            run: one point.
            loop: `(k, J, y, status, x0, ...)` of addresses: k points.
            matrix: one point, from Python's own numbers and arrays.
            widen: compiles a loop that takes several points at once; called when that pays.
            holder: what keeps the code in memory, if the functions do not.
        """
        self.program, self.by, self.run, self.matrix = program, by, run, matrix
        self._loop, self._widen, self._points = loop, widen, 0
        self._holder = holder

    def __call__(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor] | None:
        """Entries and values at one point; None where the program does not hold there."""
        x = [tensor.contiguous() for tensor in tensors]
        entries = torch.empty(self.program.entries, dtype=result_type(x))
        values = torch.empty(self.program.values, dtype=torch.float64)
        addresses = [tensor.data_ptr() for tensor in (entries, values, *x)]
        return (entries, values) if self.run(*addresses) == 0 else None

    def batch(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor, np.ndarray]:
        """Entries (k, entries), values (k, m), and where the program holds (k,)."""
        x = [tensor.contiguous() for tensor in tensors]
        count = len(x[0])
        self._points += count
        if self._widen is not None and self._points >= MANY:
            self._loop, self._widen = self._widen(), None
        entries = torch.empty(count, self.program.entries, dtype=result_type(x))
        values = torch.empty(count, self.program.values, dtype=torch.float64)
        status = np.empty(count, dtype=np.intc)
        addresses = [tensor.data_ptr() for tensor in (entries, values)]
        self._loop(count, *addresses, status.ctypes.data, *[tensor.data_ptr() for tensor in x])
        return entries, values, status == 0


def result_type(tensors: Sequence[Tensor]) -> torch.dtype:
    """The dtype of a Jacobian by some inputs: the widest of theirs."""
    dtype = tensors[0].dtype
    for tensor in tensors[1:]:
        dtype = torch.promote_types(dtype, tensor.dtype)
    return dtype


def native(
    program: Straight,
    tensors: Sequence[Tensor],
    shape: tuple[int, ...],
    longest: int = LONGEST,
) -> Kernel:
    """Compile a program.

    Args:
        program: what to compute.
        tensors: inputs of the kind it is compiled for.
        shape: of the array of its entries.
        longest: operations of the longest program that is compiled.

    Raises:
        NoNativeCode: no compiler, or an operation, a size, a dtype or a device beyond it.
    """
    names = {operation for operation, *_ in program.tape.operations}
    if missing := sorted(names - TEMPLATES.keys()):
        raise NoNativeCode(f"C has no function for {', '.join(missing)}")
    length = len(program.tape.operations) + len(program.stored)
    if length > longest:
        raise NoNativeCode(f"{length} operations would compile for too long")
    if any(tensor.device.type != "cpu" or tensor.dtype not in TYPES for tensor in tensors):
        raise NoNativeCode("it computes with float64 and float32 on the CPU")
    compiler = c_compiler()
    if compiler is None:
        from jacmagic.compiled.llvm import by_llvm

        return by_llvm(program, tensors)
    return _by_c(compiler, program, tensors, shape)


@cache
def c_compiler() -> str | None:
    """The system's C compiler, or None."""
    configured = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    found = (shutil.which(name) for name in (configured, "cc", "gcc", "clang"))
    return None if sys.platform == "win32" else next(filter(None, found), None)


def _has_interface() -> bool:
    """Whether this Python is one whose stable interface the C source may call."""
    threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    return sys.implementation.name == "cpython" and not threaded


def _by_c(
    compiler: str, program: Straight, tensors: Sequence[Tensor], shape: tuple[int, ...]
) -> Kernel:
    shapes = [tuple(tensor.shape) for tensor in tensors]
    types = [TYPES[tensor.dtype] for tensor in tensors]
    result = shape, TYPES[result_type(tensors)]
    length, python = len(program.tape.operations), _has_interface()

    def built(*, wide: bool) -> tuple[Any, ...]:
        level = "-O2" if length <= QUICK else "-O1"
        source = c_source(program, shapes, types, result, python=python, wide=wide)
        code = library([compiler, level, *_FLAGS], source)
        if not python:
            return *functions_of_addresses(program, code.at, code.many), None
        code.function.restype = ctypes.py_object
        run, loop, matrix, prepare = (code.function(which) for which in range(len(FUNCTIONS)))
        prepare(functools.partial(np.empty, shape, NUMPY[result[1]]), Tensor)
        return run, loop, matrix

    def widen() -> Callable[..., Any]:
        try:
            return built(wide=True)[1]
        except NoNativeCode:  # a compiler without vectors
            return loop

    run, loop, matrix = built(wide=False)
    lanes = widen if length <= QUICK else None
    return Kernel(program, Path(compiler).name, run, loop, matrix, lanes)


def functions_of_addresses(program: Straight, at: Any, many: Any) -> tuple[Any, Any]:
    """The C functions for one point and for many, as `ctypes` calls them."""
    pointers = [ctypes.c_void_p] * len(program.sizes)
    at.restype, at.argtypes = ctypes.c_int, [ctypes.c_void_p] * 2 + pointers
    many.restype, many.argtypes = None, [ctypes.c_long] + [ctypes.c_void_p] * 3 + pointers
    return at, many


def library(command: Sequence[str], source: str) -> ctypes.PyDLL:
    """Compile and load; the files are gone afterwards."""
    extra = ["-undefined", "dynamic_lookup"] if sys.platform == "darwin" else []
    with tempfile.TemporaryDirectory(prefix="jacmagic-") as folder:
        text, built = Path(folder, "jacobian.c"), Path(folder, "jacobian.so")
        text.write_text(source, encoding="ascii")
        try:
            subprocess.run(
                [*command, *extra, str(text), "-o", str(built), "-lm"],
                check=True,
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )
            return ctypes.PyDLL(str(built))
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", None) or str(error)
            raise NoNativeCode(f"the C compiler failed: {str(said).strip()[:200]}") from None
