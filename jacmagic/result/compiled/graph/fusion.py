"""Fusion of elementwise steps of a traced graph into C loops, for float64 on CPU.

Torch runs such steps one after the other, each through memory. Here a step and those that only it
reads become one loop over the result's components; operands are read with the strides that the
tracer noted, 0 where they are broadcast.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, fx

from jacmagic.result.compiled.c_compiler import NoNativeCode, c_compiler, library
from jacmagic.symbolic.codegen import C

MIN_CHAIN_STEPS = 3  # steps in a chain that is worth a loop of its own
MAX_CHAIN_STEPS = 60  # steps in one loop

# ATen operation → C expression of its operands.
TEMPLATES: dict[str, str] = {
    **{name: C.template(name) for name in "add sub mul div neg exp sin cos tanh sqrt".split()},
    "reciprocal": "1 / {0}",
    "tanh_backward": "{0} * (1 - {1} * {1})",
    "sigmoid_backward": "{0} * (1 - {1}) * {1}",
}


def fused(module: fx.GraphModule) -> fx.GraphModule:
    """Replace the chains of a cleaned graph by calls of compiled loops.

    Raises:
        NoNativeCode: there is no compiler, or nothing to fuse.
    """
    compiler = c_compiler()
    chains = list(_chains(module.graph)) if compiler else []
    if compiler is None or not chains:
        raise NoNativeCode("there is no chain of elementwise steps to compile")
    sources = [_source(f"chain{k}", chain) for k, chain in enumerate(chains)]
    flags = [compiler, "-O3", "-shared", "-fPIC", "-march=native", "-ffp-contract=off"]
    code = library([*flags, "-fno-math-errno", "-w"], "\n".join(["#include <math.h>", *sources]))
    for k, chain in enumerate(chains):
        inputs = _inputs(chain)
        call = _call(getattr(code, f"chain{k}"), chain[-1].meta["val"], inputs)
        with module.graph.inserting_before(chain[-1]):
            node = module.graph.call_function(call, tuple(inputs))
        node.meta = dict(chain[-1].meta)
        chain[-1].replace_all_uses_with(node)
    module.graph.eliminate_dead_code()
    module.recompile()
    return module


def _is_fusable(node: Any) -> bool:
    if not isinstance(node, fx.Node) or node.op != "call_function" or node.kwargs:
        return False
    packet, value = getattr(node.target, "overloadpacket", None), node.meta.get("val")
    known = packet is not None and packet.__name__ in TEMPLATES
    if not known or not isinstance(value, Tensor) or not 1 <= value.ndim <= 2:
        return False
    plain = value.dtype is torch.float64 and value.device.type == "cpu" and value.is_contiguous()
    return plain and all(map(_is_operand, node.args))


def _is_operand(part: Any) -> bool:
    if isinstance(part, (int, float)) and not isinstance(part, bool):
        return True
    value = part.meta.get("val") if isinstance(part, fx.Node) else None
    return isinstance(value, Tensor) and value.dtype is torch.float64 and value.ndim <= 2


def _chains(graph: fx.Graph) -> Iterator[list[fx.Node]]:
    """Yield chains of steps in order, of which only the last is read from outside."""
    taken: set[fx.Node] = set()
    for root in reversed(list(graph.nodes)):
        if root in taken or not _is_fusable(root):
            continue
        chain, waiting = {root}, [root]
        while waiting and len(chain) < MAX_CHAIN_STEPS:
            for part in waiting.pop().all_input_nodes:
                inside = part not in chain and _is_fusable(part) and set(part.users) <= chain
                if inside and part.meta["val"].shape == root.meta["val"].shape:
                    chain.add(part)
                    waiting.append(part)
        if len(chain) >= MIN_CHAIN_STEPS:
            taken |= chain
            yield [node for node in graph.nodes if node in chain]


def _inputs(chain: Sequence[fx.Node]) -> list[fx.Node]:
    inside = set(chain)
    return list(
        dict.fromkeys(part for node in chain for part in node.all_input_nodes if part not in inside)
    )


def _source(name: str, chain: Sequence[fx.Node]) -> str:
    """Return the C function of one chain: result, then operands."""
    shape = [1, *chain[-1].meta["val"].shape][-2:]
    names: dict[fx.Node, str] = {}

    def written(part: Any) -> str:
        return names[part] if isinstance(part, fx.Node) else f"({float(part)!r})"

    reads = []
    inputs = _inputs(chain)
    for k, node in enumerate(inputs):
        rows, columns = _strides(node.meta["val"], shape)
        reads.append(f"const double a{k} = x{k}[i*{rows} + j*{columns}];")
        names[node] = f"a{k}"
    for k, node in enumerate(chain):
        parts = [written(part) for part in node.args]
        template = TEMPLATES[node.target.overloadpacket.__name__]  # type: ignore[union-attr]
        reads.append(f"const double t{k} = {template.format(*parts)};")
        names[node] = f"t{k}"
    operands = "".join(f", const double *restrict x{k}" for k in range(len(inputs)))
    body = "\n    ".join(reads)
    return (
        f"void {name}(double *restrict y{operands})\n{{\n"
        f"  for (long i = 0; i < {shape[0]}; i++) for (long j = 0; j < {shape[1]}; j++) {{\n"
        f"    {body}\n    y[i*{shape[1]} + j] = t{len(chain) - 1};\n  }}\n}}"
    )


def _strides(value: Tensor, shape: Sequence[int]) -> tuple[int, int]:
    """Return the strides by rows and columns of the result; 0 where broadcast."""
    sizes, strides = [1, 1, *value.shape][-2:], [0, 0, *value.stride()][-2:]
    rows, columns = (0 if size == 1 else step for size, step in zip(sizes, strides, strict=True))
    assert all(size in (1, whole) for size, whole in zip(sizes, shape, strict=True))
    return rows, columns


def _call(function: Any, result: Tensor, inputs: Sequence[fx.Node]) -> Callable[..., Tensor]:
    """Return what the graph calls; operands with other strides are copied."""
    function.restype, function.argtypes = None, [ctypes.c_void_p] * (len(inputs) + 1)
    shape = tuple(result.shape)
    strides = [tuple(node.meta["val"].stride()) for node in inputs]

    def chain(*tensors: Tensor) -> Tensor:
        found = torch.empty(shape, dtype=torch.float64)
        held = [
            one if one.stride() == wanted else _strided(one, wanted)
            for one, wanted in zip(tensors, strides, strict=True)
        ]
        function(found.data_ptr(), *[one.data_ptr() for one in held])
        return found

    return chain


def _strided(tensor: Tensor, strides: tuple[int, ...]) -> Tensor:
    """Return a copy of a tensor with other strides."""
    copy = torch.empty_strided(tensor.shape, strides, dtype=tensor.dtype)
    return copy.copy_(tensor)
