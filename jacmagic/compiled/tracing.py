"""The Jacobian's computation as a graph of ATen operations, traced once and cleaned.

Tensors without values are traced (torch's fake tensors), so no branch can be chosen by a value: a
graph that comes out is valid wherever shapes, dtypes and devices are the same. Code that asks for
a value to branch on is refused. Captured tensors are copied: they are constants.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx

from jacmagic.compiled.passes import PASSES, Task
from jacmagic.numeric.quiet import quiet, random_states

LARGEST = 2**24  # scalars in a constant that is computed beforehand
_ALIASES = frozenset({torch.ops.aten.alias.default, torch.ops.aten.detach.default})
POINTS = 2**22  # scalars of entries computed at once in a batch


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
        self._entries = cleaned(traced, outputs=1)
        nodes = sum(node.op == "call_function" for node in self._entries.graph.nodes)
        self.by = f"{passes}, {nodes} ATen operations"

    def __call__(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Entries and values at one point."""
        with torch.no_grad():
            entries, values = self._both.forward(*tensors)
        return entries, values

    def entries(self, tensors: Sequence[Tensor]) -> Tensor:
        """The entries at one point."""
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
                chunk = max(1, POINTS // max(1, first.numel()))
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
    why = ""
    for passes in task.order():
        try:
            return Graph(traced(PASSES[passes](task), tensors), passes)
        except Exception as error:  # noqa: BLE001 torch's tracer raises errors of any kind
            why = why or reason(error)
    raise NoGraph(why)


def traced(run: Any, tensors: Sequence[Tensor]) -> fx.GraphModule:
    """Trace with tensors that have no values."""
    from torch.fx.experimental.proxy_tensor import make_fx

    plain = [tensor.detach() for tensor in tensors]
    with quiet(plain, random_states(plain)), torch.enable_grad():
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
    """The tracer's error in a few words."""
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


# ── cleaning ──────────────────────────────────────────────────────────────────────────────────


def cleaned(module: fx.GraphModule, *, outputs: int) -> fx.GraphModule:
    """The same computation of the first results, without dead, repeated and constant steps."""
    graph = fx.Graph()
    results = graph.graph_copy(module.graph, {})
    assert isinstance(results, (tuple, list))
    graph.output(tuple(results[:outputs]))
    clean = fx.GraphModule(module, graph)
    graph.eliminate_dead_code()
    if not any(_mutates(node) for node in graph.nodes):
        _fold(clean)
        _merge(clean)
    clean.graph.lint()
    clean.recompile()
    return clean


def _mutates(node: fx.Node) -> bool:
    schema = getattr(node.target, "_schema", None)
    return schema is not None and bool(schema.is_mutable)


def _fold(module: fx.GraphModule) -> None:
    """Compute beforehand what does not depend on the inputs; skip steps that change nothing."""
    known: dict[fx.Node, Any] = {}
    for node in list(module.graph.nodes):
        if node.op == "get_attr":
            known[node] = getattr(module, str(node.target))
        elif node.op == "call_function" and node.target in _ALIASES:
            node.replace_all_uses_with(node.args[0])
        elif node.op == "call_function" and all(one in known for one in node.all_input_nodes):
            value = _computed(node, known)
            if value is not None:
                known[node] = value
    for number, (node, value) in enumerate(known.items()):
        if node.op == "call_function" and any(user not in known for user in node.users):
            name = f"_folded{number}"
            module.register_buffer(name, value)
            with module.graph.inserting_before(node):
                node.replace_all_uses_with(module.graph.get_attr(name))
    module.graph.eliminate_dead_code()


def _computed(node: fx.Node, known: dict[fx.Node, Any]) -> Tensor | None:
    """The value of a constant step; None where it is too large, random or no tensor."""
    target: Any = node.target
    if torch.Tag.nondeterministic_seeded in getattr(target, "tags", ()):
        return None
    arguments = fx.map_arg((node.args, dict(node.kwargs)), known.__getitem__)
    value = target(*arguments[0], **arguments[1])
    if not isinstance(value, Tensor) or value.device.type == "meta" or value.numel() > LARGEST:
        return None
    # torch's tensors of zeros that take no memory do not go through every operation
    return torch.zeros_like(value) if value._is_zerotensor() else value


def _merge(module: fx.GraphModule) -> None:
    """Compute equal steps once."""
    from torch.fx.passes.dialect.common.cse_pass import CSEPass, get_CSE_banned_ops

    result = CSEPass(banned_ops=get_CSE_banned_ops())(module)
    assert result is not None
    module.graph = result.graph_module.graph


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
