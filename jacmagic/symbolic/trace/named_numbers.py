"""Floats and integers that carry a node of the graph through arithmetic and calls of torch.

They are instances of subclasses of `float` and `int`, so that any code takes them for the numbers
they are; in a call of torch they become tensors that carry their nodes. What nothing here follows
goes on as a plain number: then the formula has a number where it could have had a name, and is as
true.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from jacmagic.symbolic.graph import Graph
from jacmagic.symbolic.trace.mode import ConcolicMode

_FUNCTIONS = frozenset(
    "sqrt exp log sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh".split()
)
_RENAMED = {"arcsin": "asin", "arccos": "acos", "arctan": "atan"}


class NumberWithNode:
    """The base of floats and integers with a node.

    Attributes:
        graph: where its node is.
        node: the node that it stands for.
        before: the operation that it was the first operand of a moment ago, or "".
    """

    graph: Graph
    node: int
    before: str = ""


class FloatWithNode(NumberWithNode, float):
    """A float with a node."""


class IntWithNode(NumberWithNode, int):
    """An integer with a node."""


def with_node(graph: Graph, value: float, node: int) -> Any:
    """Return a plain number as one that carries a node."""
    number: Any = (IntWithNode if isinstance(value, int) else FloatWithNode)(value)
    number.graph, number.node = graph, node
    return number


def plain_number(value: Any) -> Any:
    """Return the number without its node."""
    return int(value) if isinstance(value, int) else float(value)


def _binary(name: str, *, reflected: bool) -> Callable[[Any, Any], Any]:
    """Return a method that computes with numbers and with their nodes."""
    compute = getattr(operator, name)
    build = {"truediv": "div"}.get(name, name)

    def method(self: Any, other: Any) -> Any:
        if isinstance(other, bool) or not isinstance(other, int | float):
            self.before = "" if reflected else name  # torch is given g·x and x·g alike
            return NotImplemented
        pair = (other, self) if reflected else (self, other)
        value = compute(*map(plain_number, pair))
        if not isinstance(value, int | float):  # (-2) ** 0.5 is complex
            return value
        nodes = [p.node if isinstance(p, NumberWithNode) else self.graph.number(p) for p in pair]
        return with_node(self.graph, value, getattr(self.graph, build)(*nodes))

    return method


for _kind in (FloatWithNode, IntWithNode):
    for _name in ("add", "sub", "mul", "truediv", "pow"):
        setattr(_kind, f"__{_name}__", _binary(_name, reflected=False))
        setattr(_kind, f"__r{_name}__", _binary(_name, reflected=True))
    _kind.__neg__ = lambda self: with_node(  # type: ignore[method-assign]
        self.graph, -plain_number(self), self.graph.neg(self.node)
    )


def apply_function(name: str, value: Any) -> Any | None:
    """Return sin, exp … of a named number; None where the name is lost."""
    name = _RENAMED.get(name, name)
    if name not in _FUNCTIONS:
        return None
    number = getattr(math, name)(plain_number(value))
    return with_node(value.graph, number, value.graph.apply(name, value.node))


def stood_first(name: str, args: tuple) -> bool:
    """Whether a named number stood before the operator, which torch passes after it."""
    if len(args) != 2 or not isinstance(args[1], NumberWithNode):
        return False
    before, args[1].before = args[1].before, ""
    return before == name


def holds_name(value: Any) -> bool:
    """Whether a value is a named number, or a nest with one in it."""
    if isinstance(value, list | tuple):
        return any(map(holds_name, value))
    return isinstance(value, NumberWithNode)


# ── calls of torch ────────────────────────────────────────────────────────────────────────────────


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
            return partial(self._from_maker, func, _MAKERS[name]), args, kwargs
        like = next((value for value in args if isinstance(value, torch.Tensor)), None)
        if like is None or (name not in _ARITHMETIC and name not in _REFLECTED):
            return func, args, kwargs
        carried_args = tuple(
            self._as_tensor(v, like) if isinstance(v, NumberWithNode) else v for v in args
        )
        if name in ("add", "mul") and stood_first(name, args):
            return func, (carried_args[1], carried_args[0]), kwargs
        if name in _REFLECTED:
            return _REFLECTED[name], (carried_args[1], carried_args[0]), kwargs
        return func, carried_args, kwargs

    def _from_maker(self, make: Any, position: int, *args: Any, **kwargs: Any) -> Any:
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
        node = nest.node if isinstance(nest, NumberWithNode) else self.mode.graph.number(nest)
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
