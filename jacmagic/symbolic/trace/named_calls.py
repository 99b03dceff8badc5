"""Calls of torch with named numbers: these become tensors that carry their nodes."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch

from jacmagic.symbolic.trace.mode import ConcolicMode
from jacmagic.symbolic.trace.named_numbers import NamedNumber, holds_name, plain_number, stood_first

_OPERATORS = ("add", "sub", "mul", "truediv", "div", "pow", "mod", "fmod", "remainder")
_ARITHMETIC = frozenset(
    [form.format(name) for name in _OPERATORS for form in ("{}", "__{}__", "__i{}__")]
    + "true_divide divide multiply subtract __setitem__ where maximum minimum atan2".split()
    + [f"__{name}__" for name in ("lt", "le", "gt", "ge", "eq", "ne")]
    + ["lt", "le", "gt", "ge", "eq", "ne"]
)
# Functions that make tensors, and which argument is the numbers.
_MAKERS = {"tensor": 0, "as_tensor": 0, "asarray": 0, "new_tensor": 1}
_MAKERS |= {"full": 1, "full_like": 1, "new_full": 2}
_REFLECTED = {
    "__radd__": torch.add,
    "__rmul__": torch.mul,
    "__rsub__": torch.sub,
    "__rtruediv__": torch.div,
    "__rdiv__": torch.div,
    "__rpow__": torch.pow,
}


class NamedCalls:
    """Let torch compute with the named numbers of one trace."""

    def __init__(self, mode: ConcolicMode) -> None:
        """Write nodes into the shadows of this mode."""
        self.mode = mode

    def carried(self, func: Any, args: tuple, kwargs: dict) -> tuple[Any, tuple, dict]:
        """Return a call of torch with named numbers as tensors that carry their nodes."""
        if not any(map(holds_name, args)):
            return func, args, kwargs
        name = getattr(func, "__name__", "")
        if name in _MAKERS:
            return partial(self._made, func, _MAKERS[name]), args, kwargs
        like = next((value for value in args if isinstance(value, torch.Tensor)), None)
        if like is None or (name not in _ARITHMETIC and name not in _REFLECTED):
            return func, args, kwargs
        carried_args = tuple(
            self._as_tensor(v, like) if isinstance(v, NamedNumber) else v for v in args
        )
        if name in ("add", "mul") and stood_first(name, args):
            return func, (carried_args[1], carried_args[0]), kwargs
        if name in _REFLECTED:
            return _REFLECTED[name], (carried_args[1], carried_args[0]), kwargs
        return func, carried_args, kwargs

    def _made(self, make: Any, position: int, *args: Any, **kwargs: Any) -> Any:
        """Make a tensor of named and other numbers; each element keeps its node."""
        result = make(*args, **kwargs)
        if result.is_floating_point() and not self.mode.shadows.has(result):
            nodes = self._nodes(args[position]) if position < len(args) else None
            if nodes is not None:
                self.mode.shadows.write(result, np.broadcast_to(nodes, tuple(result.shape)).copy())
        return result

    def _nodes(self, nest: Any) -> np.ndarray | None:
        """Return the nodes of a nest of numbers; None where something else is in it."""
        if isinstance(nest, list | tuple):
            parts = [self._nodes(part) for part in nest]
            return None if any(part is None for part in parts) else np.array(parts, dtype=np.int64)
        if not isinstance(nest, int | float):
            return None
        node = nest.node if isinstance(nest, NamedNumber) else self.mode.graph.number(nest)
        return np.array(node, dtype=np.int64)

    def _as_tensor(self, value: Any, like: torch.Tensor) -> torch.Tensor:
        dtype = like.dtype
        if not (dtype.is_floating_point or dtype.is_complex) and isinstance(value, float):
            dtype = torch.get_default_dtype()
        result = torch.tensor(plain_number(value), dtype=dtype, device=like.device)
        self.mode.shadows.write(result, np.array(value.node, dtype=np.int64))
        if self.mode.tensors is not None and self.mode.graph.operations[value.node] == "constant":
            self.mode.tensors.constant(self.mode.graph.arguments[value.node][0], result)
        return result
