"""The `torch.autograd.Function` whose `forward` is running, found on the call stack.

`apply` is C code in some releases of torch, without a frame; the `forward` that it calls has one.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

from torch.autograd import Function
from torch.autograd.function import BackwardCFunction

from jacmagic.function.torch_internals import forward_gradients_enabled


class RunningFunction:
    """Names of the functions that run, with the `forward` of all classes looked up as needed."""

    def __init__(self) -> None:
        self._classes: dict[int, type] = {}  # by the address of their code, which they keep alive

    def name(self) -> str | None:
        """Return the innermost function's name, "" where unknown; None where none is running.

        Only `apply` disables forward gradients without inference mode.
        """
        if forward_gradients_enabled():
            return None
        return self._found() or self._found(again=True) or ""

    def _found(self, *, again: bool = False) -> str:
        if again:
            self._classes = {
                id(code): kind
                for kind in reversed(list(_subclasses(Function)))  # the one that defines it stays
                if (code := getattr(inspect.unwrap(kind.forward), "__code__", None))
            }
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if kind := self._classes.get(id(frame.f_code)):
                return _owner(frame) or kind.__name__
            frame = frame.f_back
        return ""


def _subclasses(kind: Any) -> Iterator[Any]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def _owner(frame: FrameType) -> str:
    """Return the name of the class for which a `forward` runs; "" where it takes no context."""
    context = frame.f_locals.get(next(iter(frame.f_code.co_varnames), ""))
    if not isinstance(context, BackwardCFunction):
        return ""
    return type(context).__name__.removesuffix("Backward")
