"""Generated functions, called in their own languages: the numbers of value and matrix."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

DEBIAN = {"cc": "gcc libc6-dev", "c++": "g++", "rustc": "rustc", "node": "nodejs"}

# CUDA's words, so that a C++ compiler reads host function and kernel; threads are a loop.
CUDA_IN_CPP = """
#define __host__
#define __device__
#define __global__
static struct { long x; } blockIdx, blockDim, threadIdx;
"""


@dataclass(frozen=True)
class Call:
    """One generated function and the point to call it at.

    Attributes:
        name: what the function is called in its source.
        source: its text.
        inputs: the point.
        values: how many components the value has.
        entries: how many entries the matrix has.
    """

    name: str
    source: str
    inputs: tuple[torch.Tensor, ...]
    values: int
    entries: int


def program(name: str) -> str:
    """Return the path of a compiler or interpreter."""
    found = shutil.which(name)
    assert found, f"{name} is needed: apt-get install {DEBIAN[name]}"
    return found


def output(*command: str | Path) -> str:
    """Run a command and return what it prints; on failure say what it complained about."""
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr[-3000:]
    return made.stdout


def lines_of(printed: str) -> list[list[float]]:
    """Return the numbers of each line."""
    return [[float(word) for word in line.split()] for line in printed.splitlines()]


def in_python(calls: Sequence[Call], _: Path, convert: Callable = torch.Tensor.tolist) -> list:
    """Call functions of Python, on what `convert` makes of tensors."""
    found = []
    for call in calls:
        namespace: dict = {}
        exec(compile(call.source, f"<{call.name}>", "exec"), namespace)
        value, matrix = namespace[call.name](*map(convert, call.inputs))
        both = [torch.as_tensor(one, dtype=torch.float64).reshape(-1) for one in (value, matrix)]
        found.append(torch.cat(both).tolist())
    return found


def in_numpy(calls: Sequence[Call], folder: Path) -> list:
    """Call functions of NumPy."""
    return in_python(calls, folder, torch.Tensor.numpy)


def in_torch(calls: Sequence[Call], folder: Path) -> list:
    """Call functions of torch."""
    return in_python(calls, folder, torch.clone)


def in_javascript(calls: Sequence[Call], folder: Path) -> list:
    """Call functions of one module."""
    printed = [
        f"{{ const {{ value, jacobian }} = {call.name}("
        f"...{json.dumps([one.tolist() for one in call.inputs])});\n"
        "console.log([...value, ...jacobian.flat()].map(String).join(' ')); }"
        for call in calls
    ]
    module = folder / "all.mjs"
    module.write_text("\n".join([*(call.source for call in calls), *printed]), "utf-8")
    return lines_of(output(program("node"), module).replace("Infinity", "inf"))


def braces(tensor: torch.Tensor) -> str:
    """Return a tensor as C writes an array, or a number."""
    return str(tensor.tolist()).replace("[", "{").replace("]", "}")


def in_c(calls: Sequence[Call], folder: Path, real: str = "double") -> list:
    """Compile functions of C99 without a warning, and call them."""
    body = []
    for call in calls:
        arrays = [
            f"const {real} a{k}{''.join(f'[{size}]' for size in one.shape)} = {braces(one)};"
            for k, one in enumerate(call.inputs)
        ]
        arguments = ", ".join([*(f"a{k}" for k in range(len(call.inputs))), "y", "J"])
        body.append(f"{{ {' '.join(arrays)} {call.name}({arguments}); {_printed_in_c(call)} }}")
    text = _main_in_c(calls, body, "#include <stdio.h>", real)
    flags = "-O0 -std=c99 -D_DEFAULT_SOURCE -Wall -Wextra -Werror".split()
    return _compiled(program("cc"), text, folder / "all.c", [*flags, "-Wno-unused"])


def in_cpp(calls: Sequence[Call], folder: Path, real: str = "double") -> list:
    """Compile functions of C++11 without a warning, and call them."""
    body = []
    for call in calls:
        arrays, arguments = _flat_arrays(call, real, 1)
        body.append(f"{{ {arrays} {call.name}<{real}>({arguments}, y, J); {_printed_in_c(call)} }}")
    text = _main_in_c(calls, body, "#include <cstdio>", real)
    return _compiled(program("c++"), text, folder / "all.cpp", _STRICT)


def in_cuda(calls: Sequence[Call], folder: Path, real: str = "double") -> list:
    """Compile kernels as C++, and call each for two points by three threads."""
    body = []
    for call in calls:
        arrays, arguments = _flat_arrays(call, real, 2)
        body.append(
            f"{{ {arrays} for (threadIdx.x = 0; threadIdx.x < 3; threadIdx.x++) "
            f"{call.name}_batch<{real}>(2, {arguments}, y, J);\n"
            f"for (int k = 0; k < {call.values}; k++) if (y[k] == y[k] && "
            f"y[k] != y[{call.values} + k]) return 1;\n{_printed_in_c(call)} }}"
        )
    text = _main_in_c(calls, ["blockDim.x = 3;", *body], f"#include <cstdio>\n{CUDA_IN_CPP}", real)
    return _compiled(program("c++"), text, folder / "all.cpp", _STRICT)


_STRICT = "-O0 -std=c++11 -Wall -Wextra -Werror -Wno-unused".split()


def _flat_arrays(call: Call, real: str, points: int) -> tuple[str, str]:
    """Return declarations of the inputs, for one point or several, and the arguments."""
    arrays, arguments = [], []
    for k, one in enumerate(call.inputs):
        repeated = one.reshape(-1).repeat(points)
        arrays.append(f"const {real} a{k}[] = {braces(repeated)};")
        arguments.append(f"a{k}" if one.ndim or points > 1 else f"a{k}[0]")
    return " ".join(arrays), ", ".join(arguments)


def _printed_in_c(call: Call) -> str:
    return (
        f'for (int k = 0; k < {call.values}; k++) printf("%.17g ", (double)y[k]);\n'
        f'for (int k = 0; k < {call.entries}; k++) printf("%.17g ", (double)J[k]);\n'
        'printf("\\n");'
    )


def _main_in_c(calls: Sequence[Call], body: Sequence[str], head: str, real: str) -> str:
    sources = [call.source for call in calls]
    arrays = f"static {real} y[20000], J[200000];"
    return "\n".join([head, *sources, arrays, "int main(void) {", *body, "return 0; }"])


def _compiled(compiler: str, text: str, source: Path, flags: Sequence[str]) -> list:
    source.write_text(text, "utf-8")
    binary = source.with_suffix(".out")
    output(compiler, *flags, source, "-o", binary, "-lm")
    return lines_of(output(binary))


def in_rust(calls: Sequence[Call], folder: Path, real: str = "f64") -> list:
    """Compile functions of Rust with warnings as errors, and call them."""
    body = []
    for call in calls:
        arrays = [
            f"let a{k}{_type(one, real)} = {one.tolist()};" for k, one in enumerate(call.inputs)
        ]
        arguments = ", ".join(f"{'&' * bool(one.ndim)}a{k}" for k, one in enumerate(call.inputs))
        body += [
            f"{{ {' '.join(arrays)}",
            f"let (mut y, mut j) = ([0.0; {call.values}], [0.0; {call.entries}]);",
            f"{call.name}({arguments}, &mut y, &mut j); show(&y); show(&j); println!(); }}",
        ]
    show = f'fn show(x: &[{real}]) {{ for k in x {{ print!("{{:?}} ", k); }} }}'
    text = "\n".join([*(call.source for call in calls), show, "fn main() {", *body, "}"])
    source, binary = folder / "all.rs", folder / "all.out"
    source.write_text(text, "utf-8")
    flags = ["--edition=2021", "-Dwarnings", "-Adead_code", "-Cdebuginfo=0"]
    output(program("rustc"), *flags, source, "-o", binary)
    return lines_of(output(binary))


def _type(tensor: torch.Tensor, real: str) -> str:
    text = real
    for size in reversed(tensor.shape):
        text = f"[{text}; {size}]"
    return f": {text}"


RUNNERS: dict[str, Callable[[Sequence[Call], Path], list]] = {
    "python": in_python,
    "numpy": in_numpy,
    "torch": in_torch,
    "c": in_c,
    "c++": in_cpp,
    "cuda": in_cuda,
    "rust": in_rust,
    "javascript": in_javascript,
}
