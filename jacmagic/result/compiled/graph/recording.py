"""A function's ATen operations recorded as a graph, while it runs on real tensors.

What depends on the inputs is recorded, equal steps once. Everything else is a constant of the
graph, with the value that it has here. No value of what depends on the inputs can be read, so that
no branch is chosen by one: a graph holds wherever shapes, dtypes and devices are the same.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx
from torch.fx.node import map_aggregate
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakTensorKeyDictionary

from jacmagic.function.aten.operation import Operation
from jacmagic.function.torch_internals import (
    InterceptingMode,
    decomposition_of_composite,
    version_of,
    without_torch_functions,
    without_transforms,
)
from jacmagic.result.compiled.obstacles import NotCompiled

_aten = torch.ops.aten
_Tag = torch.Tag
_ALIASES = frozenset({_aten.alias.default, _aten.detach.default, _aten.lift_fresh.default})
# Operations that read a tensor's shape only.
_OF_SHAPES = frozenset(
    "zeros_like ones_like full_like empty_like new_zeros new_ones new_full new_empty "
    "new_empty_strided _new_zeros_with_same_feature_meta".split()
)
# Methods that give Python a value to decide by, and those that read memory past the dispatcher.
_READS = frozenset(
    getattr(Tensor, name)
    for name in "__bool__ __int__ __index__ __float__ __complex__ numpy __array__ tolist data_ptr "
    "storage untyped_storage __dlpack__ __deepcopy__ __reduce_ex__".split()
)


class ValueRead(Exception):
    """A value that depends on the inputs is asked for, or decides a shape."""


class SharedWrite(Exception):
    """Memory is written to that other tensors share."""


@dataclass(frozen=True)
class Recording:
    """A graph of ATen operations that returns entries and values.

    Attributes:
        graph: its steps; `meta["val"]` of each is a tensor of its result's shape and dtype.
        constants: the tensors of its constant steps, by name.
    """

    graph: fx.Graph
    constants: dict[str, Tensor]

    @property
    def steps(self) -> int:
        """The number of operations."""
        return sum(node.op == "call_function" for node in self.graph.nodes)

    def module(self, outputs: int) -> fx.GraphModule:
        """Return a module that computes the first outputs only."""
        graph = fx.Graph()
        results = graph.graph_copy(self.graph, {})
        assert isinstance(results, (tuple, list))
        graph.output(tuple(results[:outputs]))
        graph.eliminate_dead_code()
        return fx.GraphModule(self.constants, graph)


def recorded(
    run: Callable[..., Any], tensors: Sequence[Tensor], table: Mapping[Any, Any]
) -> Recording:
    """Record a function of tensors that returns entries and values.

    Args:
        run: the function.
        tensors: its inputs.
        table: decompositions of operations.

    Raises:
        NotCompiled: a value decides what is computed.
        ValueRead: Python asks for a value that depends on the inputs, or one decides a shape.
        SharedWrite: it writes to memory that tensors share.
    """
    recorder = _Recorder(tensors, table)
    with _Reads(recorder), recorder:
        found = run(*tensors)
    recorder.graph.output(tuple(map(recorder.node, found)))
    recorder.graph.eliminate_dead_code()
    return Recording(recorder.graph, recorder.constants)


class _Recorder(InterceptingMode):
    """Runs operations, and records those on what depends on the inputs.

    Attributes:
        graph: the steps so far.
        constants: tensors of the graph, by name.
    """

    def __init__(self, tensors: Sequence[Tensor], table: Mapping[Any, Any]) -> None:
        super().__init__()
        self.graph, self.constants = fx.Graph(), dict[str, Tensor]()
        self._table = table
        self._nodes, self._constant_nodes = WeakTensorKeyDictionary(), WeakTensorKeyDictionary()
        self._steps: dict[str, fx.Node] = {}
        self._shared = set[StorageWeakRef]()  # memory that several tensors may share
        for k, tensor in enumerate(tensors):
            self._name(tensor, self.graph.placeholder(f"x{k}"))

    def depends(self, value: Any) -> bool:
        """Whether a value is a tensor that depends on the inputs."""
        return isinstance(value, Tensor) and value in self._nodes

    def node(self, value: Any) -> Any:
        """Return the step that computes a tensor, or the constant that it is."""
        if not isinstance(value, Tensor):
            return value
        found = self._nodes.get(value)
        return self._constant(value) if found is None else found

    def _constant(self, tensor: Tensor) -> fx.Node:
        node, version = self._constant_nodes.get(tensor, (None, 0))
        if node is None or version != version_of(tensor):
            name = f"constant{len(self.constants)}"
            node = self.graph.get_attr(name)
            self.constants[name] = node.meta["val"] = tensor.detach().clone()
            self._constant_nodes[tensor] = node, version_of(tensor)
        return node

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        with without_torch_functions():
            return self._dispatch(Operation(func, args, kwargs or {}))

    def _dispatch(self, op: Operation) -> Any:
        if op.signature.is_view:
            self._shared.update(map(_memory, op.dense_tensors))
        if op.name in _OF_SHAPES or not any(map(self.depends, op.tensors)):
            return op.run()
        parts = self._table.get(op.func) or decomposition_of_composite(op.func)
        if parts is not None:
            with self:
                found = parts(*op.args, **op.kwargs)
            if found is not NotImplemented:
                return found
        if self._reads_value(op):
            raise ValueRead(op.name)
        return self._write(op) if op.signature.written else self._run(op)

    def _reads_value(self, op: Operation) -> bool:
        """Whether values decide a Python number or a shape."""
        if op.func is _aten.index.Tensor:
            masks = [one for one in op.tensors[1:] if one.dtype in (torch.bool, torch.uint8)]
            return any(map(self.depends, masks))
        return not {_Tag.data_dependent_output, _Tag.dynamic_output_shape}.isdisjoint(op.func.tags)

    def _run(self, op: Operation) -> Any:
        """Run and record an operation that writes to nothing."""
        found = op.run()
        if op.func in _ALIASES:
            self._nodes[found] = self._nodes[op.args[0]]
            return found
        node = self._step(op.func, op)
        if isinstance(found, Tensor):
            self._name(found, node)
        elif isinstance(found, (tuple, list)):
            node.meta["val"] = [_shown(part) for part in found]
            for k, part in enumerate(found):
                self._name(part, self._same(operator.getitem, (node, k), {}))
        return found

    def _write(self, op: Operation) -> Any:
        """Run an operation in place, recorded as one that is not."""
        target, functional = op.args[0], op.functional
        if functional is None or _memory(target) in self._shared:
            raise SharedWrite(op.name)
        with self:
            found = functional(*op.args, **op.kwargs).to(target.dtype)
        self._nodes[target] = self.node(found)
        return op.run()

    def _step(self, func: Any, op: Operation) -> fx.Node:
        args, kwargs = map_aggregate((op.args, op.kwargs), self.node)
        return self._same(func, args, kwargs)

    def _same(self, func: Any, args: Any, kwargs: Any) -> fx.Node:
        """Return the step of an operation; the first one of equal steps."""
        key = f"{func}{args}{kwargs}"
        if key not in self._steps:
            self._steps[key] = self.graph.call_function(func, args, kwargs)
        return self._steps[key]

    def _name(self, tensor: Tensor, node: fx.Node) -> None:
        self._nodes[tensor] = node
        node.meta["val"] = _shown(tensor)


def _memory(tensor: Tensor) -> StorageWeakRef:
    return StorageWeakRef(tensor.untyped_storage())


def _shown(tensor: Tensor) -> Tensor:
    return torch.empty_like(tensor, device="meta")


class _Reads(TorchFunctionMode):
    """Refuses methods that take values out of tensors that depend on the inputs."""

    def __init__(self, recorder: _Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func in _READS and self._recorder.depends(without_transforms(args[0])):
            raise NotCompiled("a value decides what is computed (an `if`, a loop or an index)")
        return func(*args, **(kwargs or {}))
