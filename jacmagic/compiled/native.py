"""A straight-line program as machine code: by the system's C compiler, or by llvmlite without one.

NOTE [Rounding] The compiler may not contract a·b + c into one rounding (`-ffp-contract=off`):
a guard must decide as the code that it stands for.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.compiled.c_source import TEMPLATES, c_source
from jacmagic.compiled.straight import Straight

LONGEST = 6_000  # operations that a C compiler gets through in a good half second
QUICK = 1_500  # operations up to which it may optimise further
SECONDS = 60.0  # that it may take
TYPES = {torch.float64: "double", torch.float32: "float"}
_FLAGS = ("-shared", "-fPIC", "-march=native", "-ffp-contract=off", "-fno-math-errno", "-w")


class NoNativeCode(Exception):
    """There is no machine code for a program; the message says why in a few words."""


@dataclass(frozen=True)
class Kernel:
    """Machine code of one program.

    Attributes:
        program: what it computes.
        by: which compiler wrote it.
        run: `(J, y, x0, ...)` of addresses: status of one point.
        all: `(k, J, y, status, x0, ...)` of addresses: k points.
        fill: `(J, x0, ...)` of an array, then floats and arrays: status, -1 for other arguments;
            None where Python's interface is not at hand.
        holder: what keeps the code in memory.
    """

    program: Straight
    by: str
    run: Callable[..., int]
    all: Callable[..., int]
    fill: Callable[..., int] | None
    holder: Any

    backend = "native"

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
        entries = torch.empty(count, self.program.entries, dtype=result_type(x))
        values = torch.empty(count, self.program.values, dtype=torch.float64)
        status = np.empty(count, dtype=np.intc)
        addresses = [tensor.data_ptr() for tensor in (entries, values)]
        self.all(count, *addresses, status.ctypes.data, *[tensor.data_ptr() for tensor in x])
        return entries, values, status == 0


def result_type(tensors: Sequence[Tensor]) -> torch.dtype:
    """The dtype of a Jacobian by some inputs: the widest of theirs."""
    dtype = tensors[0].dtype
    for tensor in tensors[1:]:
        dtype = torch.promote_types(dtype, tensor.dtype)
    return dtype


def native(program: Straight, tensors: Sequence[Tensor], shape: tuple[int, ...]) -> Kernel:
    """Compile a program.

    Args:
        program: what to compute.
        tensors: inputs of the kind it is compiled for.
        shape: of the array that its entries fill.

    Raises:
        NoNativeCode: no compiler, or an operation, a size, a dtype or a device beyond it.
    """
    names = {operation for operation, *_ in program.tape.operations}
    if missing := sorted(names - TEMPLATES.keys()):
        raise NoNativeCode(f"C has no function for {', '.join(missing)}")
    if len(program.tape.operations) + program.entries > LONGEST:
        raise NoNativeCode(f"{len(program.tape.operations)} operations would compile for too long")
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
    types = [TYPES[tensor.dtype] for tensor in tensors]
    python = _has_interface()
    source = c_source(
        program,
        [tuple(tensor.shape) for tensor in tensors],
        types,
        (shape, TYPES[result_type(tensors)]),
        python=python,
    )
    level = "-O2" if len(program.tape.operations) <= QUICK else "-O1"
    library = _library([compiler, level, *_FLAGS], source)
    by = f"{Path(compiler).name} {level}"
    if not python:
        return kernel_of_addresses(program, by, library.at, library.many, library)
    library.function.restype = ctypes.py_object
    fill, run, all_ = (library.function(which) for which in range(3))
    return Kernel(program, by, run, all_, fill, library)


def kernel_of_addresses(program: Straight, by: str, at: Any, many: Any, holder: Any) -> Kernel:
    """A kernel whose two C functions are called through `ctypes`."""
    pointers = [ctypes.c_void_p] * len(program.sizes)
    at.restype, at.argtypes = ctypes.c_int, [ctypes.c_void_p] * 2 + pointers
    many.restype, many.argtypes = None, [ctypes.c_long] + [ctypes.c_void_p] * 3 + pointers
    return Kernel(program, by, at, many, None, holder)


def _library(command: Sequence[str], source: str) -> ctypes.PyDLL:
    """Compile and load; the files are gone afterwards."""
    extra = ["-undefined", "dynamic_lookup"] if sys.platform == "darwin" else []
    with tempfile.TemporaryDirectory(prefix="jacmagic-") as folder:
        text, library = Path(folder, "jacobian.c"), Path(folder, "jacobian.so")
        text.write_text(source, encoding="ascii")
        try:
            subprocess.run(
                [*command, *extra, str(text), "-o", str(library), "-lm"],
                check=True,
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )
            return ctypes.PyDLL(str(library))
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", None) or str(error)
            raise NoNativeCode(f"the C compiler failed: {str(said).strip()[:200]}") from None
