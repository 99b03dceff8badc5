"""The local variables of the user's functions, and what their tensors stand for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np
import torch

from jacmagic.function.interop.arrays import traced_by
from jacmagic.labels import Label
from jacmagic.symbolic.matrices import Expression, is_unnamed
from jacmagic.symbolic.trace.mode import ConcolicMode
from jacmagic.symbolic.trace.source_lines import is_users
from jacmagic.symbolic.trace.values import Values


class LocalVariables:
    """The first tensor of each local variable, recorded as functions return.

    Attributes:
        tensors: the tensors by the variables' names.
        values: all that the variables, helpers and modules have been, in order.
    """

    def __init__(self, mode: ConcolicMode) -> None:
        """Record the variables of functions traced by this mode."""
        self.mode = mode
        self.tensors: dict[str, torch.Tensor] = {}
        self.values = Values(mode)

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record variables as the user's functions return; not under a profiler."""
        if sys.getprofile() is not None:
            yield
            return
        self.mode.on_operation = self.values.note_operation
        self.mode.on_result = self.values.note_unnamed
        sys.setprofile(self._note)
        try:
            yield
        finally:
            sys.setprofile(None)
            self.mode.on_operation = self.mode.on_result = None

    def _note(self, frame: FrameType, event: str, result: Any) -> None:
        code = frame.f_code
        if event == "call" and is_users(code.co_filename):
            self.values.note(frame.f_back)
        if event != "return":
            return
        self.values.note(frame)
        self.values.note_result(frame, result)
        self.values.forget(frame)
        if not is_users(code.co_filename):
            return
        if not code.co_name.startswith(("<", "__")) or code.co_name == "__call__":
            for name, value in frame.f_locals.items():
                tensor = traced_by(value)
                if tensor is not None and name.isidentifier():
                    self.tensors.setdefault(name, tensor)

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
