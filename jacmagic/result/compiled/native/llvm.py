"""A straight-line program compiled by llvmlite, where there is no C compiler."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

from torch import Tensor

from jacmagic.result.compiled.native.assembly import NotInLLVM, assembly
from jacmagic.result.compiled.native.kernel import TYPES, Kernel, result_type
from jacmagic.result.compiled.native.straight import Straight
from jacmagic.result.compiled.obstacles import NotCompiled


def by_llvm(program: Straight, tensors: Sequence[Tensor], longest: int) -> Kernel:
    """Compile a program.

    Args:
        program: what to compute.
        tensors: inputs of the kind it is compiled for.
        longest: entries of the longest program that is compiled.

    Raises:
        NotCompiled: llvmlite is not installed, or an operation is beyond it.
    """
    try:
        import llvmlite.binding as llvm
    except ImportError:
        raise NotCompiled("no C compiler and no llvmlite; pip install jacmagic[native]") from None
    if program.entries > longest:
        raise NotCompiled(f"{program.entries} entries would compile for too long")
    types = [TYPES[tensor.dtype] for tensor in tensors]
    try:
        text = assembly(program, types, TYPES[result_type(tensors)])
    except NotInLLVM as error:
        raise NotCompiled(str(error)) from None
    machine = _machine()
    module = llvm.parse_assembly(text)
    module.verify()
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=2))
    builder.getModulePassManager().run(module, builder)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    pointers = [ctypes.c_void_p] * (len(types) + 2)
    at = ctypes.PYFUNCTYPE(ctypes.c_int, *pointers)(engine.get_function_address("at"))
    many = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p, *pointers)(
        engine.get_function_address("many")
    )
    return Kernel(program, f"llvmlite, LLVM {llvm.llvm_version_info[0]}", at, many, holder=engine)


def _machine() -> Any:
    """Return a new target machine, which a module's engine takes over."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(cpu=llvm.get_host_cpu_name(), opt=2, jit=True)
