"""The Jacobian's computation traced once as a graph of ATen operations.

Tensors without values are traced (torch's fake tensors), so no branch can be chosen by a value: a
graph that comes out is valid wherever shapes, dtypes and devices are the same. Code that asks for
a value to branch on is refused. Captured tensors are copied: they are constants.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx

from jacmagic.function.silent_rerun import random_states, silent_rerun
from jacmagic.result.compiled.c_compiler import NoNativeCode
from jacmagic.result.compiled.graph.cleaning import cleaned, in_place
from jacmagic.result.compiled.graph.fusion import fused
from jacmagic.result.compiled.graph.passes import PASSES, Task

MEASURED_RUNS = 5  # runs of each of two ways to compute a dense Jacobian
MAX_SCALARS_AT_ONCE = 2**22  # scalars of entries computed at once in a batch


class NoGraph(Exception):
    """The computation cannot be traced; the message says why in a few words."""


class Graph:
    """A traced and cleaned computation of entries and values."""

    backend = "graph"

    def __init__(self, traced: fx.GraphModule, passes: str) -> None:
        """Clean a trace, with and without the values.

        Args:
            traced: returns entries and values.
            passes: how it computes them, a key of `PASSES`.
        """
        self._both = cleaned(traced, outputs=2)
        self._entries = in_place(cleaned(traced, outputs=1))
        self._fuse = lambda: fused(cleaned(traced, outputs=1))
        nodes = sum(node.op == "call_function" for node in self._entries.graph.nodes)
        self.by = f"{passes}, {nodes} ATen operations"

    def __call__(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Entries and values at one point."""
        with torch.no_grad():
            entries, values = self._both.forward(*tensors)
        return entries, values

    def fuse(self, tensors: Sequence[Tensor]) -> None:
        """Fuse chains of elementwise steps, if there is a compiler and it pays."""
        before, plain = _seconds(self, tensors), self._entries
        try:
            self._entries = self._fuse()
        except NoNativeCode:
            return
        if _seconds(self, tensors) < before:
            self.by += ", elementwise steps fused"
        else:
            self._entries = plain

    def entries(self, tensors: Sequence[Tensor]) -> Tensor:
        """Return the entries at one point."""
        with torch.no_grad():
            (entries,) = self._entries.forward(*tensors)
        return entries

    def batch(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor, np.ndarray]:
        """Entries (k, entries), values (k, m), and that they are valid everywhere (k,)."""
        count = len(tensors[0])
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # vmap's remarks on its speed
            try:
                first, _ = self._both.forward(*[tensor[0] for tensor in tensors])
                chunk = max(1, MAX_SCALARS_AT_ONCE // max(1, first.numel()))
                mapped = torch.func.vmap(self._both.forward, chunk_size=chunk)
                entries, values = mapped(*tensors)
            except (RuntimeError, NotImplementedError, TypeError):  # no batched form of some step
                points = [self([tensor[k] for tensor in tensors]) for k in range(count)]
                entries, values = map(torch.stack, zip(*points, strict=True))
        return entries, values, np.ones(count, dtype=bool)


def graph(task: Task, tensors: Sequence[Tensor]) -> Graph:
    """Trace a Jacobian's computation.

    Args:
        task: what to differentiate.
        tensors: inputs of the kind it is traced for.

    Raises:
        NoGraph: a value decides what is computed, or torch cannot trace an operation.
    """
    why, found = "", list[Graph]()
    for passes in task.order():
        if found and not (len(found) == 1 and task.either_way and passes in ("rows", "columns")):
            break
        try:
            found.append(Graph(traced(PASSES[passes](task), tensors), passes))
        except Exception as error:  # noqa: BLE001 torch's tracer raises errors of any kind
            why = why or reason(error)
    if not found:
        raise NoGraph(why)
    best = found[0] if len(found) == 1 else min(found, key=lambda one: _seconds(one, tensors))
    best.fuse(tensors)
    return best


def _seconds(graph: Graph, tensors: Sequence[Tensor]) -> float:
    """Return what the entries take, the least of a few runs."""
    least = float("inf")
    for _ in range(MEASURED_RUNS):
        began = time.perf_counter()
        graph.entries(tensors)
        least = min(least, time.perf_counter() - began)
    return least


def traced(run: Any, tensors: Sequence[Tensor]) -> fx.GraphModule:
    """Trace with tensors that have no values."""
    from torch.fx.experimental.proxy_tensor import make_fx

    plain = [tensor.detach() for tensor in tensors]
    with silent_rerun(plain, random_states(plain)), torch.enable_grad():
        module: fx.GraphModule = make_fx(
            run, tracing_mode="fake", _allow_non_fake_inputs=True, record_module_stack=False
        )(*plain)
    for name, constant in list(_constants(module)):
        if type(constant) not in (Tensor, torch.nn.Parameter):
            raise NoGraph("a custom autograd.Function hides what it computes from the tracer")
        delattr(module, name)
        module.register_buffer(name, constant.detach().clone())
    return module


def reason(error: Exception) -> str:
    """Return the tracer's error in a few words."""
    kind = type(error).__name__
    if kind in ("GuardOnDataDependentSymNode", "DataDependentOutputException"):
        return "a value decides what is computed (an `if`, a loop or an index)"
    if kind == "DynamicOutputShapeException":
        return "values decide the shape of a result"
    first = (str(error).strip() or kind).splitlines()[0]
    return f"{kind}: {first[:160]}"


def _constants(module: fx.GraphModule) -> Any:
    for name in {str(n.target) for n in module.graph.nodes if n.op == "get_attr"}:
        value = getattr(module, name)
        if isinstance(value, Tensor):
            yield name, value


# ── torch.compile ─────────────────────────────────────────────────────────────────────────────


class Inductor:
    """A traced computation compiled by `torch.compile`."""

    backend = "inductor"

    def __init__(self, traced: Graph) -> None:
        """Compile on the first call.

        Args:
            traced: the computation.
        """
        self._graph = traced
        self.by = f"torch.compile, {traced.by}"
        self._compiled = torch.compile(traced._both, fullgraph=True, dynamic=False)

    def __call__(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Entries and values at one point."""
        with torch.no_grad():
            entries, values = self._compiled(*tensors)
        return entries, values

    def batch(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor, np.ndarray]:
        """Entries (k, entries), values (k, m), and that they are valid everywhere (k,)."""
        return self._graph.batch(tensors)
