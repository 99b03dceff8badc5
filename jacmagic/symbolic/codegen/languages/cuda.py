"""CUDA C++: a template for host and device, and a kernel with one thread for each point."""

from __future__ import annotations

from dataclasses import replace

from jacmagic.symbolic.codegen.function import Argument, Function
from jacmagic.symbolic.codegen.language import power_by
from jacmagic.symbolic.codegen.languages.cpp import CPP, KEYWORDS, definition
from jacmagic.symbolic.codegen.layout import comment, indented

_TAKEN = "blockIdx blockDim threadIdx gridDim warpSize point"


def _frame(f: Function) -> str:
    head = [*comment(f.comment, "//"), "#include <math.h>", ""]
    function = definition(f, "__host__ __device__ inline")
    return "\n".join([*head, *function, "", *_kernel(f), ""])


def _kernel(f: Function) -> list[str]:
    """Return the kernel: every array holds its points one after another."""
    value, matrix = f.results
    arrays = ["long count", *(f"const Real *{argument.name}" for argument in f.arguments)]
    passed = [_at(argument) for argument in f.arguments]
    for name, size in ((value, f.values and len(f.values)), (matrix, len(f.entries))):
        if name != value or f.values is not None:
            arrays.append(f"Real *{name}")
            passed.append(f"{name} + {size}*point")
    body = [
        "const long point = (long)blockIdx.x*blockDim.x + threadIdx.x;",
        f"if (point < count) {f.name}<Real>({', '.join(passed)});",
    ]
    head = f"__global__ void {f.name}_batch({', '.join(arrays)})"
    return ["template <typename Real>", head, "{", *indented(body), "}"]


def _at(argument: Argument) -> str:
    return (
        f"{argument.name} + {argument.size}*point" if argument.shape else f"{argument.name}[point]"
    )


CUDA = replace(
    CPP,
    calls={name: template.replace("std::", "") for name, template in CPP.calls.items()},
    power=power_by("pow"),
    infinity="Real(INFINITY)",
    nan="Real(NAN)",
    frame=_frame,
    keywords=KEYWORDS | frozenset(_TAKEN.split()),
)
