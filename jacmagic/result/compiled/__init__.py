"""Compiled Jacobians: a contract, guards, and backends checked against torch.

    problem ─▶ require_pure ─▶ References (by jacobian()) ─▶ backends ─▶ check ─▶ fastest
                                                                │
              closed form ─▶ straight ─┬─▶ c_source ─▶ native
                                       ├─▶ assembly ─▶ llvm  ─▶ native, without a C compiler
                                       └─▶ floats ("python")
              passes ─▶ recorder ─▶ recording ─┬─▶ loops ("graph", in C)
                                               ├─▶ the graph itself ("graph", without a compiler)
                                               └─▶ torch.compile ("inductor")

`function` is what the user calls; `version` serves inputs of one kind and adds branches as they are
met.
"""

from jacmagic.result.compiled.function import CompiledJacobian, compiled_of
from jacmagic.result.compiled.inputs import as_tensor

__all__ = ["CompiledJacobian", "as_tensor", "compiled_of"]
