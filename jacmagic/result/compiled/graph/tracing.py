"""The Jacobian's computation traced once as a graph of ATen operations.

No value of the inputs can be read while tracing, so that no branch is chosen by one: a graph that
comes out is valid wherever shapes, dtypes and devices are the same. Code that asks for a value to
branch on is refused. Captured tensors are copied: they are constants.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx

from jacmagic.function.silent_rerun import random_states, silent_rerun
from jacmagic.function.torch_internals import (
    OpOverload,
    decomposition_of_composite,
    decomposition_table,
    keeping_dispatch_keys,
)
from jacmagic.result.compiled.graph.batching import Batching
from jacmagic.result.compiled.graph.passes import PASSES, Task
from jacmagic.result.compiled.graph.recorder import Parts, ValueRead, recorded
from jacmagic.result.compiled.graph.recording import Recording
from jacmagic.result.compiled.loops.build import Loops, loops, lowered, require_compiler
from jacmagic.result.compiled.loops.decomposition import decomposition_of
from jacmagic.result.compiled.measure import measured
from jacmagic.result.compiled.native.kernel import Kernel
from jacmagic.result.compiled.obstacles import NotCompiled

FEW_OPERATIONS_PER_ENTRY = 4  # up to which no other passes are tried
SECONDS_OF_A_STEP = 1e-6  # seconds of one operation in torch, at least
MAX_STEPS_FOR_OTHER_PASSES = 100  # of a trace; a longer one takes most of what `compile` may take


class Graph:
    """A traced computation of entries and values, run by torch."""

    backend = "graph"

    def __init__(self, recording: Recording, passes: str) -> None:
        """Nothing is compiled before the first call.

        Args:
            recording: returns entries and values.
            passes: how it computes them, a key of `PASSES`.
        """
        self.recording, self.passes = recording, passes
        self.by = f"{passes}, {recording.steps} ATen operations"

    @functools.cached_property
    def module(self) -> fx.GraphModule:
        """The computation of entries and values."""
        return self.recording.module(2)

    @functools.cached_property
    def _entries(self) -> fx.GraphModule:
        return self.recording.module(1)

    @functools.cached_property
    def _batching(self) -> Batching:
        return Batching(self.module)

    def __call__(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor] | None:
        """Entries and values at one point; None where torch raises, as of other shapes inside."""
        return _forward(self.module, tensors)

    def entries(self, tensors: Sequence[Tensor]) -> Tensor | None:
        """Return the entries at one point; None where torch raises."""
        outputs = _forward(self._entries, tensors)
        return None if outputs is None else outputs[0]

    def batch(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor, np.ndarray]:
        """Entries (k, entries), values (k, m), and that they are valid everywhere (k,)."""
        entries, values = self._batching(tensors)
        return entries, values, np.ones(len(entries), dtype=bool)


def _forward(module: fx.GraphModule, tensors: Sequence[Tensor]) -> Any:
    with torch.no_grad(), contextlib.suppress(RuntimeError, ArithmeticError):
        return module.forward(*tensors)
    return None


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
    why, ways = "", list[tuple[float, Graph, Loops | None]]()
    for passes in task.order():
        if ways and (len(ways) == 2 or _is_enough(task, *ways[0])):
            break
        with keeping_dispatch_keys():
            try:
                ways.append(_way(task, passes, tensors))
            except Exception as error:  # noqa: BLE001 torch's tracer raises errors of any kind
                why = why or reason(error)
    if not ways:
        raise NotCompiled(why)
    ways.sort(key=lambda way: way[0])
    programs: list[Graph | Kernel] = [plain for _, plain, _ in ways]
    _, plain, program = ways[0]
    if program is not None:
        try:
            kernel = loops(program, tensors, task.shape)
        except NotCompiled as error:
            plain.by += f"; {error}"
        else:
            kernel.by = f"{plain.passes}, {kernel.by}"
            programs.insert(0, kernel)
            least = SECONDS_OF_A_STEP * plain.recording.steps
            if measured(functools.partial(kernel.entries, tensors)) <= least:
                return programs
    seconds = {
        program: measured(functools.partial(program.entries, tensors)) for program in programs
    }
    return sorted(programs, key=seconds.__getitem__)


def _is_enough(task: Task, cost: float, plain: Graph, program: Loops | None) -> bool:
    """Whether other passes than those of a first trace are not worth trying."""
    few = cost <= FEW_OPERATIONS_PER_ENTRY * math.prod(task.shape)
    return few or not task.either_way or plain.recording.steps > MAX_STEPS_FOR_OTHER_PASSES


def _way(task: Task, passes: str, tensors: Sequence[Tensor]) -> tuple[float, Graph, Loops | None]:
    """Return the cost of some passes, their graph, and its loops where it can be lowered.

    What is lowered is traced in operations that are known there; if some are not, torch runs a
    graph in its own.
    """
    run = PASSES[passes](task)
    try:
        require_compiler(tensors)
        plain = traced(run, tensors, decomposition_of)
        program = lowered(plain, [tensor.numel() for tensor in tensors], task.shape)
    except Exception as error:  # noqa: BLE001 torch's tracer raises errors of any kind
        obstacle = reason(error)
    else:
        return program.cost, Graph(plain, passes), program
    fallback = Graph(traced(run, tensors), passes)
    fallback.by += f"; {obstacle}"
    return math.inf, fallback, None


def traced(
    run: Callable[..., Any],
    tensors: Sequence[Tensor],
    parts_of: Parts = decomposition_of_composite,
) -> Recording:
    """Trace a function of tensors that returns entries and values.

    Args:
        run: what to trace.
        tensors: its inputs.
        parts_of: from an operation to what it consists of, or None.

    Raises:
        NotCompiled: a value decides what is computed.
    """
    plain = [tensor.detach() for tensor in tensors]
    with silent_rerun(plain, random_states(plain)), torch.enable_grad():
        try:
            return recorded(run, plain, parts_of)
        except ValueRead:
            return _with_symbols(run, plain, parts_of)


def _with_symbols(run: Callable[..., Any], tensors: Sequence[Tensor], parts_of: Parts) -> Recording:
    """Trace with symbols in place of values; this loads torch's compiler, in about a second."""
    from torch.fx.experimental.proxy_tensor import make_fx

    decomposable = [
        operation for operation in decomposition_table if isinstance(operation, OpOverload)
    ]
    table: Any = {operation: parts for operation in decomposable if (parts := parts_of(operation))}
    module: fx.GraphModule = make_fx(run, table, "fake", _allow_non_fake_inputs=True)(*tensors)
    names = {str(node.target) for node in module.graph.find_nodes(op="get_attr")}
    constants = {name: getattr(module, name) for name in names}
    if any(type(tensor) not in (Tensor, torch.nn.Parameter) for tensor in constants.values()):
        raise NotCompiled("a custom autograd.Function hides what it computes from the tracer")
    return Recording(module.graph, {n: tensor.detach().clone() for n, tensor in constants.items()})


def reason(error: Exception) -> str:
    """Return the tracer's error in a few words."""
    if isinstance(error, NotCompiled):
        return str(error)
    kind = type(error).__name__
    if kind in ("GuardOnDataDependentSymNode", "DataDependentOutputException"):
        return "a value decides what is computed (an `if`, a loop or an index)"
    if kind == "DynamicOutputShapeException":
        return "values decide the shape of a result"
    text = " ".join((str(error).strip() or kind).splitlines()[:2])
    return f"{kind}: {text[:160]}"


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
