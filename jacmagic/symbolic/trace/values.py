"""Tensors that the user's variables, helpers and modules give names, in order of computation.

A variable of a loop has several: each is recorded when the next operation of torch, a call or a
return finds the variable bound to another tensor, or to a tensor that was written to since.
"""

from __future__ import annotations

import inspect
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any

import numpy as np
import torch

from jacmagic.function.interop.arrays import traced_by
from jacmagic.function.modules import Shell
from jacmagic.function.torch_internals import version_of
from jacmagic.labels import Label
from jacmagic.symbolic.matrices.expressions import Expression, is_unnamed
from jacmagic.symbolic.trace.mode import ConcolicMode
from jacmagic.symbolic.trace.source_lines import is_users

MAX_ELEMENTS = 1_024  # of a value: its derivatives by another are as many rows
MAX_VALUES = 2_000  # recorded for one function; later ones are left out


@dataclass(frozen=True, eq=False)
class Value:
    """A tensor that the code gives a name, as it was at one time.

    Attributes:
        name: of the variable, the helper that returned it, or the module: "layer0" of a Sequential.
        nodes: of its elements, an int64 array of its shape.
        depth: how many functions of the user's, and modules, were being called.
        kind: "variable", "function", "module", or "result" of an operation.
        line: of the user's code.
    """

    name: str
    nodes: np.ndarray
    depth: int
    kind: str
    line: int | None = None


class Values:
    """Record the values of one traced function.

    Attributes:
        recorded: the values, the earliest first.
        tensors: the first tensor of each local variable, as functions return.
    """

    def __init__(self, mode: ConcolicMode) -> None:
        """Record values of functions traced by this mode."""
        self.mode = mode
        self.recorded: list[Value] = []
        self.tensors: dict[str, torch.Tensor] = {}
        self._last: dict[FrameType, dict[str, tuple[torch.Tensor, int]]] = defaultdict(dict)
        self._modules: list[tuple[Any, Value]] = []
        self._recording = False

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record values while a function runs, unless a profiler is active."""
        if sys.getprofile() is not None:
            yield
            return
        self.mode.on_operation, self.mode.on_result = self.note_operation, self.note_unnamed
        sys.setprofile(self._note_event)
        try:
            yield
        finally:
            sys.setprofile(None)
            self.mode.on_operation = self.mode.on_result = None

    def _note_event(self, frame: FrameType, event: str, result: Any) -> None:
        if event == "call" and is_users(frame.f_code.co_filename):
            self.note(frame.f_back)
        if event == "return":
            self.note(frame)
            self.note_result(frame, result)
            self.forget(frame)
            if _has_variables(frame):
                for name, tensor in _variables(frame):
                    self.tensors.setdefault(name, tensor)

    def note_operation(self) -> None:
        """Record what the innermost function of the user has bound before an operation."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and not is_users(frame.f_code.co_filename):
            frame = frame.f_back
        if frame is not None:
            self.note(frame)

    def note_unnamed(self, result: Any) -> None:
        """Record what an operation returns, which may never get a name."""
        tensor = traced_by(result)
        if tensor is not None and tensor.is_floating_point() and not self._recording:
            self._record("u", tensor, None, "result")

    def note(self, frame: FrameType | None) -> None:
        """Record the variables of a frame that are bound to other tensors than before."""
        if frame is None or self._recording or not _has_variables(frame):
            return
        self._recording = True  # reading an array may run an operation
        try:
            for name, tensor in _variables(frame):
                self._note_variable(frame, name, tensor)
        finally:
            self._recording = False

    def _note_variable(self, frame: FrameType, name: str, tensor: torch.Tensor) -> None:
        version = 0 if tensor.is_inference() else version_of(tensor)
        last = self._last[frame].get(name)
        if last is not None and last[0] is tensor and last[1] == version:
            return
        self._last[frame][name] = (tensor, version)
        self._record(name, tensor, frame, "variable")

    def note_result(self, frame: FrameType, result: Any) -> None:
        """Record what a helper function or a module returns."""
        tensor = traced_by(result)
        if tensor is None:
            return
        module = frame.f_locals.get("self")
        if isinstance(module, Shell):
            return
        if frame.f_code.co_name == "forward" and isinstance(module, torch.nn.Module):
            value = self._record(type(module).__name__, tensor, frame, "module")
            if value is not None:
                self._modules.append((module, value))
        elif _has_variables(frame):
            self._record(frame.f_code.co_name, tensor, frame, "function")

    def forget(self, frame: FrameType) -> None:
        """Release a frame that has ended, so that its variables are not kept alive."""
        if not frame.f_code.co_flags & inspect.CO_GENERATOR:  # which goes on after its event
            self._last.pop(frame, None)

    def _record(
        self, name: str, tensor: torch.Tensor, frame: FrameType | None, kind: str
    ) -> Value | None:
        if len(self.recorded) >= MAX_VALUES or not 0 < tensor.numel() <= MAX_ELEMENTS:
            return None
        if not self.mode.shadows.has(tensor):
            return None
        nodes = self.mode.shadows.read(tensor)
        if not isinstance(nodes, np.ndarray):
            return None
        line = None if frame is None else frame.f_lineno
        value = Value(name, nodes, _depth(frame), kind, line)
        self.recorded.append(value)
        return value

    def named(self) -> tuple[Value, ...]:
        """Return all values; those of modules by their path in the outermost one."""
        paths: dict[int, str] = {}
        for module, _ in reversed(self._modules):  # the outermost returns last
            if id(module) not in paths:
                for path, part in module.named_modules():
                    paths.setdefault(id(part), path)
        renamed = {
            id(value): replace(value, name=_layer(paths[id(module)]) or value.name, line=None)
            for module, value in self._modules
        }
        return tuple(renamed.get(id(value), value) for value in self.recorded)

    def expressions(self) -> Mapping[Expression, str]:
        """Return the names of the vectors that have an expression of whole vectors."""
        names: dict[Expression, str] = {}
        for name, tensor in self.tensors.items():
            expression = None if self.mode.tensors is None else self.mode.tensors.of(tensor)
            if expression is not None and (expression.arguments or is_unnamed(expression)):
                names.setdefault(expression, name)
        return names

    def nodes(
        self, label: Callable[[str, tuple[int, ...]], Label], most: int
    ) -> Mapping[int, Label]:
        """Return the nodes that variables stand for, with their labels.

        Args:
            label: gives a component's label by the variable's name and its index.
            most: elements of a tensor up to which each has a label.
        """
        labels: dict[int, Label] = {}
        for name, tensor in self.tensors.items():
            if tensor.numel() > most or tensor.ndim > 2 or not self.mode.shadows.has(tensor):
                continue
            nodes = self.mode.shadows.read(tensor)
            if isinstance(nodes, np.ndarray):
                for index in np.ndindex(nodes.shape):
                    if self.mode.graph.operands(int(nodes[index])):
                        labels.setdefault(int(nodes[index]), label(name, index))
        return labels


def _variables(frame: FrameType) -> list[tuple[str, torch.Tensor]]:
    """Return the tensors that a frame's variables are bound to."""
    traced = [(name, traced_by(value)) for name, value in list(frame.f_locals.items())]
    return [(name, tensor) for name, tensor in traced if tensor is not None and name.isidentifier()]


def _has_variables(frame: FrameType) -> bool:
    """Whether a frame runs a named function of the user's."""
    name = frame.f_code.co_name
    is_plain = not name.startswith(("<", "__")) or name == "__call__"
    return is_plain and is_users(frame.f_code.co_filename)


def _layer(path: str) -> str:
    """Return a module's name: its path, or "layer0" for "0", which would read as a number."""
    return f"layer{path}" if path.isdigit() else path


def _depth(frame: FrameType | None) -> int:
    """Count the user's functions, and modules, on the stack."""
    depth = 0
    while frame is not None:
        if is_users(frame.f_code.co_filename) or frame.f_code.co_name == "forward":
            depth += 1
        frame = frame.f_back
    return depth
