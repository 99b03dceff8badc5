"""A function's ATen operations recorded as a graph, while it runs on real tensors.

What depends on the inputs is recorded, equal steps once. Everything else is a constant of the
graph, with the value that it has here. No value of what depends on the inputs can be read, so that
no branch is chosen by one: a graph holds wherever shapes, dtypes and devices are the same.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, fx
from torch.fx.node import map_aggregate
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils.weak import WeakTensorKeyDictionary

from jacmagic.function.aten.operation import Operation
from jacmagic.function.torch_internals import (
    InterceptingMode,
    version_of,
    without_torch_functions,
)
from jacmagic.result.compiled.graph.recording import Recording
from jacmagic.result.compiled.graph.value_reads import ValueReads
from jacmagic.result.compiled.obstacles import NotCompiled

_aten = torch.ops.aten
_Tag = torch.Tag
Parts = Callable[[Any], Callable[..., Any] | None]
_ALIASES = frozenset(
    {_aten.alias.default, _aten.detach.default, _aten.lift_fresh.default, _aten.clone.default}
)
# Operations that read a tensor's shape only.
_OF_SHAPES = frozenset(
    "zeros_like ones_like full_like empty_like new_zeros new_ones new_full new_empty "
    "new_empty_strided _new_zeros_with_same_feature_meta".split()
)


class ValueRead(Exception):
    """A value that depends on the inputs is asked for, or decides a shape."""


def recorded(run: Callable[..., Any], tensors: Sequence[Tensor], parts_of: Parts) -> Recording:
    """Record a function of tensors that returns entries and values.

    Args:
        run: the function.
        tensors: its inputs.
        parts_of: from an operation to what it consists of, or None.

    Raises:
        NotCompiled: a value decides what is computed.
        ValueRead: Python asks for a value that depends on the inputs, or one decides a shape.
    """
    recorder = _Recorder(tensors, parts_of)
    with ValueReads(recorder.depends, parts_of(_aten.cumprod.default)), recorder:
        result = run(*tensors)
    recorder.graph.output(tuple(map(recorder.node, result)))
    recorder.graph.eliminate_dead_code()
    return Recording(recorder.graph, recorder.constants)


class _Recorder(InterceptingMode):
    """Runs operations, and records those on what depends on the inputs.

    NOTE [Writes]: steps of the graph write to nothing. Memory that is written to has contents, a
    flat tensor of their own; each write replaces them by new ones, and tensors that share the
    memory are looked up in them from then on.

    Attributes:
        graph: the steps so far.
        constants: tensors of the graph, by name.
    """

    def __init__(self, tensors: Sequence[Tensor], parts_of: Parts) -> None:
        super().__init__()
        self.graph, self.constants = fx.Graph(), dict[str, Tensor]()
        self._parts_of = parts_of
        # Tensors that depend on the inputs: their steps, and the contents that these are valid for.
        self._nodes, self._constant_nodes = WeakTensorKeyDictionary(), WeakTensorKeyDictionary()
        self._zeros = WeakTensorKeyDictionary()
        self._steps: dict[str, fx.Node] = {}
        self._owners: dict[StorageWeakRef, tuple[fx.Node, Tensor]] = {}
        self._contents: dict[StorageWeakRef, Tensor] = {}
        for k, tensor in enumerate(tensors):
            self._name(tensor, self.graph.placeholder(f"x{k}"))

    def depends(self, value: Any) -> bool:
        """Whether a value is a tensor that depends on the inputs."""
        return isinstance(value, Tensor) and (
            value in self._nodes or self._contents_of(value) is not None
        )

    def node(self, value: Any) -> Any:
        """Return the step that computes a tensor, or the constant that it is."""
        if not isinstance(value, Tensor):
            return value
        node, valid = self._nodes.get(value, (None, None))
        contents = self._contents_of(value)
        if contents is not None and contents is not valid:
            with self:
                node = self.node(_part(contents, value))
            self._nodes[value] = node, contents
        return self._constant(value) if node is None else node

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
        if op.func is _aten._efficientzerotensor.default:  # its shapes are computed by slow code
            return self._zero(torch.zeros(*op.args, **op.kwargs))
        if op.name in _OF_SHAPES or not any(map(self.depends, op.tensors)):
            result = op.run()
            return self._zero(result) if op.signature.is_view and self._has_zero(op) else result
        if op.name == "mul" and self._has_zero(op):
            return self._zero(torch.zeros_like(op.run()))
        if op.functional is not None:
            return self._write(op, op.functional)
        parts = self._parts_of(op.func)
        if parts is not None:
            with self:
                result = parts(*op.args, **op.kwargs)
            if result is not NotImplemented:
                return result
        if self._reads_value(op):
            raise ValueRead(op.name)
        if op.signature.written:
            raise NotCompiled(f"{op.name} writes to other tensors than its first")
        return self._run(op)

    def _reads_value(self, op: Operation) -> bool:
        """Whether values decide a Python number or a shape."""
        if op.func is _aten.index.Tensor:
            masks = [index for index in op.tensors[1:] if index.dtype in (torch.bool, torch.uint8)]
            return any(map(self.depends, masks))
        return not {_Tag.data_dependent_output, _Tag.dynamic_output_shape}.isdisjoint(op.func.tags)

    def _run(self, op: Operation) -> Any:
        """Run and record an operation that writes to nothing."""
        result = op.run()
        same = self._unchanged(op)
        if same is not None and same.shape == result.shape and same.dtype == result.dtype:
            self._name(result, self.node(same))
            return result
        args, kwargs = map_aggregate((op.args, op.kwargs), self.node)
        node = self._step(op.func, args, kwargs)
        if isinstance(result, Tensor):
            self._name(result, node)
        elif isinstance(result, (tuple, list)):
            node.meta["val"] = [None if part is None else _shown(part) for part in result]
            for k, part in enumerate(result):
                if part is not None:
                    self._name(part, self._step(operator.getitem, (node, k), {}))
        return result

    def _unchanged(self, op: Operation) -> Tensor | None:
        """Return the argument whose components an operation returns, if there is one."""
        if op.func in _ALIASES and op.args[0].is_contiguous():
            return op.args[0]
        if op.func is _aten.add.Tensor and not op.kwargs and self._has_zero(op):
            return next(filter(self.depends, op.tensors))
        return None

    def _zero(self, result: Any) -> Any:
        """Note a tangent that is zero wherever the inputs are."""
        if isinstance(result, Tensor):
            self._zeros[result] = True
        return result

    def _has_zero(self, op: Operation) -> bool:
        return any(tensor in self._zeros for tensor in op.tensors)

    def _step(self, func: Any, args: Any, kwargs: Any) -> fx.Node:
        """Return the step of an operation; the first one of equal steps."""
        key = f"{func}{args}{kwargs}"
        if key not in self._steps:
            self._steps[key] = self.graph.call_function(func, args, kwargs)
        return self._steps[key]

    def _name(self, tensor: Tensor, node: fx.Node) -> None:
        self._nodes[tensor] = node, self._contents_of(tensor)
        node.meta.setdefault("val", _shown(tensor))
        self._owners.setdefault(_memory(tensor), (node, _shown(tensor)))

    # ── writes ────────────────────────────────────────────────────────────────────────────────

    def _contents_of(self, tensor: Tensor) -> Tensor | None:
        return self._contents.get(_memory(tensor)) if self._contents else None

    def _write(self, op: Operation, functional: Any) -> Any:
        """Run an operation in place; record one that is not, and what it makes of the memory."""
        target = op.args[0]
        with self:
            result = functional(*op.args, **op.kwargs)
            if _Tag.inplace_view not in op.func.tags:
                result = result.to(target.dtype).expand(target.shape)
                self._contents[_memory(target)] = _replaced(self._before(target), target, result)
        self._nodes[target] = self.node(result), self._contents_of(target)
        return op.run()

    def _before(self, target: Tensor) -> Tensor:
        """Return the contents of a tensor's memory."""
        memory = _memory(target)
        if memory in self._contents:
            return self._contents[memory]
        flat = torch.empty(0, dtype=target.dtype, device=target.device)
        contents = flat.set_(target.untyped_storage()).clone()
        if memory in self._owners:
            node, shown = self._owners[memory]
            whole = _strided(shown, target.device)
            self._nodes[whole] = node, None
            contents = _replaced(contents, shown, whole)
        return contents


def _memory(tensor: Tensor) -> StorageWeakRef:
    return StorageWeakRef(tensor.untyped_storage())


def _shown(tensor: Tensor) -> Tensor:
    return _strided(tensor, "meta")


def _strided(like: Tensor, device: Any) -> Tensor:
    """Return memory for such a tensor; `torch.empty_like` would load torch's compiler."""
    return torch.empty_strided(like.shape, like.stride(), dtype=like.dtype, device=device)


def _positions(tensor: Tensor, count: int) -> Tensor | None:
    """Return where a tensor's components stand in memory of `count`; None for all in order."""
    if tensor.numel() == count and tensor.is_contiguous():
        return None
    strides = tensor.shape, tensor.stride(), tensor.storage_offset()
    return torch.arange(count).as_strided(*strides).to(tensor.device)


def _part(contents: Tensor, tensor: Tensor) -> Tensor:
    """Return a tensor's components from the contents of its memory."""
    positions = _positions(tensor, len(contents))
    return contents.reshape(tensor.shape) if positions is None else contents[positions]


def _replaced(contents: Tensor, tensor: Tensor, value: Tensor) -> Tensor:
    """Return contents of memory in which a tensor has another value."""
    positions = _positions(tensor, len(contents))
    if positions is None:
        return value.reshape(-1).clone()
    return contents.index_put((positions,), value)
