"""The Jacobian's computation traced once as a graph of ATen operations.

Tensors without values are traced (torch's fake tensors), so no branch can be chosen by a value: a
graph that comes out is valid wherever shapes, dtypes and devices are the same. Code that asks for
a value to branch on is refused. Captured tensors are copied: they are constants.
"""

from __future__ import annotations

import copy
import functools
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx

from jacmagic.function.silent_rerun import random_states, silent_rerun
from jacmagic.result.compiled.graph.batching import Batching
from jacmagic.result.compiled.graph.cleaning import cleaned, mutates, without_values
from jacmagic.result.compiled.graph.passes import PASSES, Task
from jacmagic.result.compiled.loops.build import loops, require_compiler
from jacmagic.result.compiled.loops.decomposition import decompositions
from jacmagic.result.compiled.measure import measured
from jacmagic.result.compiled.native.kernel import Kernel
from jacmagic.result.compiled.obstacles import NotCompiled

SECONDS_OF_A_QUICK_CALL = 1e-5  # seconds of a call below which no other passes are tried
MAX_STEPS_FOR_OTHER_PASSES = 100  # of a trace; a longer one takes most of what `compile` may take


class Graph:
    """A traced and cleaned computation of entries and values, run by torch."""

    backend = "graph"

    def __init__(self, module: fx.GraphModule, passes: str) -> None:
        """Clean a trace.

        Args:
            module: returns entries and values.
            passes: how it computes them, a key of `PASSES`.
        """
        self.module = cleaned(module)
        self.steps = sum(node.op == "call_function" for node in self.module.graph.nodes)
        self.passes, self.by = passes, f"{passes}, {self.steps} ATen operations"

    @functools.cached_property
    def _entries(self) -> fx.GraphModule:
        return without_values(self.module)

    @functools.cached_property
    def _batching(self) -> Batching:
        return Batching(self.module)

    def __call__(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Entries and values at one point."""
        with torch.no_grad():
            entries, values = self.module.forward(*tensors)
        return entries, values

    def entries(self, tensors: Sequence[Tensor]) -> Tensor:
        """Return the entries at one point."""
        with torch.no_grad():
            (entries,) = self._entries.forward(*tensors)
        return entries

    def batch(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor, np.ndarray]:
        """Entries (k, entries), values (k, m), and that they are valid everywhere (k,)."""
        entries, values = self._batching(tensors)
        return entries, values, np.ones(len(entries), dtype=bool)


def graph(task: Task, tensors: Sequence[Tensor]) -> list[Graph | Kernel]:
    """Trace a Jacobian's computation, and compile it where there is a C compiler.

    Args:
        task: what to differentiate.
        tensors: inputs of the kind it is traced for.

    Returns:
        Programs, the fastest first.

    Raises:
        NotCompiled: a value decides what is computed, or torch cannot trace an operation.
    """
    why, found = "", dict[Graph | Kernel, float]()
    ways, steps = 0, 0
    for passes in task.order():
        enough = (
            not task.either_way
            or steps > MAX_STEPS_FOR_OTHER_PASSES
            or min(found.values(), default=1) < SECONDS_OF_A_QUICK_CALL
        )
        if ways == 2 or (ways and enough):
            break
        try:
            programs = _programs(task, passes, tensors)
            found |= {one: measured(functools.partial(one.entries, tensors)) for one in programs}
        except Exception as error:  # noqa: BLE001 torch's tracer raises errors of any kind
            why = why or reason(error)
        else:
            ways, steps = ways + 1, programs[0].steps
    if not found:
        raise NotCompiled(why)
    return sorted(found, key=found.__getitem__)


def _programs(task: Task, passes: str, tensors: Sequence[Tensor]) -> list[Any]:
    """Return the graph of some passes, and its loops in C where it can be lowered.

    What is lowered is traced in operations that are known there; if some are not, torch runs a
    graph in its own.
    """
    run = PASSES[passes](task)
    try:
        require_compiler(tensors)
        plain = decomposed(run, tensors, passes)
        kernel = loops(plain.module, tensors, task.shape)
    except NotCompiled as error:
        obstacle = str(error)
    except Exception as error:  # noqa: BLE001 torch's tracer raises errors of any kind
        obstacle = reason(error)
    else:
        kernel.by = f"{passes}, {kernel.by}"
        return [plain, kernel]
    plain = Graph(traced(run, tensors), passes)
    plain.by += f"; {obstacle}"
    return [plain]


def decomposed(run: Any, tensors: Sequence[Tensor], passes: str) -> Graph:
    """Trace in the operations that can be lowered, without writes to memory."""
    found = Graph(traced(run, tensors, decompositions()), passes)
    if not any(map(mutates, found.module.graph.nodes)):
        return found
    again = torch.func.functionalize(lambda *x: found.module.forward(*x))
    return Graph(traced(again, tensors, decompositions()), passes)


def traced(
    run: Any, tensors: Sequence[Tensor], table: dict[Any, Any] | None = None
) -> fx.GraphModule:
    """Trace with tensors that have no values.

    Args:
        run: what to trace.
        tensors: its inputs.
        table: decompositions of operations.
    """
    from torch.fx.experimental.proxy_tensor import make_fx

    plain = [tensor.detach() for tensor in tensors]
    with silent_rerun(plain, random_states(plain)), torch.enable_grad():
        module: fx.GraphModule = make_fx(
            run,
            table,
            tracing_mode="fake",
            _allow_non_fake_inputs=True,
            record_module_stack=False,
        )(*plain)
    for name, constant in list(_constants(module)):
        if type(constant) not in (Tensor, torch.nn.Parameter):
            raise NotCompiled("a custom autograd.Function hides what it computes from the tracer")
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
    text = " ".join((str(error).strip() or kind).splitlines()[:2])
    return f"{kind}: {text[:160]}"


def _constants(module: fx.GraphModule) -> Any:
    for name in {str(n.target) for n in module.graph.nodes if n.op == "get_attr"}:
        value = getattr(module, name)
        if isinstance(value, Tensor):
            yield name, value


# ── torch.compile ─────────────────────────────────────────────────────────────────────────────


_VIEWS = (torch.ops.aten.view.default, torch.ops.aten._unsafe_view.default)


class Inductor:
    """A traced computation compiled by `torch.compile`."""

    backend = "inductor"

    def __init__(self, plain: Graph) -> None:
        """Compile on the first call.

        Args:
            plain: the computation.
        """
        self._graph = plain
        self.by = f"torch.compile, {plain.by}"
        module = copy.deepcopy(plain.module)
        for node in module.graph.nodes:  # the compiler lays out tensors in strides of its own
            if node.target in _VIEWS:
                node.target = torch.ops.aten.reshape.default
        module.recompile()
        self._compiled = torch.compile(module, fullgraph=True, dynamic=False)

    def __call__(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Entries and values at one point."""
        with torch.no_grad():
            entries, values = self._compiled(*tensors)
        return entries, values

    def entries(self, tensors: Sequence[Tensor]) -> Tensor:
        """Return the entries at one point."""
        return self(tensors)[0]

    def batch(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor, np.ndarray]:
        """Entries (k, entries), values (k, m), and that they are valid everywhere (k,)."""
        return self._graph.batch(tensors)


def inductor(task: Task, tensors: Sequence[Tensor]) -> Inductor:
    """Trace a Jacobian's computation for `torch.compile`.

    Args:
        task: what to differentiate.
        tensors: inputs of the kind it is traced for.

    Raises:
        NotCompiled: a value decides what is computed, or torch cannot trace or compile it.
    """
    why = ""
    for passes in task.order():
        try:
            program = Inductor(Graph(traced(PASSES[passes](task), tensors), passes))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of torch's own modules
                program(tensors)
        except Exception as error:  # noqa: BLE001 torch's compiler raises errors of any kind
            why = why or reason(error)
        else:
            return program
    raise NotCompiled(why)
