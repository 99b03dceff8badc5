"""Floats and integers that carry a node of the graph through Python's arithmetic.

They are instances of subclasses of `float` and `int`, so that any code takes them for the numbers
they are. What no method here follows goes on as a plain number: then the formula has a number where
it could have had a name, and is as true.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from jacmagic.symbolic.graph import Graph

_FUNCTIONS = frozenset(
    "sqrt exp log sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh".split()
)
_RENAMED = {"arcsin": "asin", "arccos": "acos", "arctan": "atan"}


class NamedNumber:
    """The base of named floats and integers.

    Attributes:
        graph: where its node is.
        node: the node that it stands for.
        before: the operation that it was the first operand of a moment ago, or "".
    """

    graph: Graph
    node: int
    before: str = ""


class NamedFloat(NamedNumber, float):
    """A float with a node."""


class NamedInt(NamedNumber, int):
    """An integer with a node."""


def with_node(graph: Graph, value: float, node: int) -> Any:
    """Return a plain number as one that carries a node."""
    number: Any = (NamedInt if isinstance(value, int) else NamedFloat)(value)
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
        nodes = [p.node if isinstance(p, NamedNumber) else self.graph.number(p) for p in pair]
        return with_node(self.graph, value, getattr(self.graph, build)(*nodes))

    return method


for _kind in (NamedFloat, NamedInt):
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
    if len(args) != 2 or not isinstance(args[1], NamedNumber):
        return False
    before, args[1].before = args[1].before, ""
    return before == name


def holds_name(value: Any) -> bool:
    """Whether a value is a named number, or a nest with one in it."""
    if isinstance(value, list | tuple):
        return any(map(holds_name, value))
    return isinstance(value, NamedNumber)
