"""Constants that keep the names the user gave them, and the names of the function's own variables.

A number becomes an instance of a subclass of `float` or `int` that remembers its node, so that any
code still takes it for the number it is; where torch computes with it, its node goes along. A small
tensor gets a shadow like an input's. What no rule here follows goes on as a plain number: then the
formula has a number where it could have had a name, and is as true.
"""

from __future__ import annotations

import itertools
import math
import operator
import sys
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from jacmagic.function.interop.arrays import traced_by
from jacmagic.labels import Label
from jacmagic.render.names import LAYER_PARAMETERS
from jacmagic.symbolic.graph import Graph
from jacmagic.symbolic.matrices import Expression
from jacmagic.symbolic.trace.mode import ConcolicMode
from jacmagic.symbolic.trace.source_lines import is_users

LARGEST = 16  # elements of a tensor up to which each is a constant of its own
_KNOWN = (math.pi, math.e, math.tau)  # recognised as themselves


@dataclass(frozen=True)
class Naming:
    """Which constants keep the names that the user gave them.

    Attributes:
        given: arguments that stay constant, by name.
        constants: False leaves all of them numbers; only variables have names then.
        plain: names whose numbers stay numbers.
        shown: LaTeX of the inputs' components, which no other name may look like.
        changed: names of whole numbers that are larger by one, to see whether they steer the code.
    """

    given: Mapping[str, Any] = field(default_factory=dict)
    constants: bool = True
    plain: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Constant:
    """A number with a name.

    Attributes:
        node: its leaf in the graph.
        label: its name.
        value: the number.
        counts: whether it is a whole number, which may steer a loop.
    """

    node: int
    label: Label
    value: float
    counts: bool = False


# ── numbers that remember their node ──────────────────────────────────────────────────────────


class _Named:
    """What named floats and integers have in common."""

    graph: Graph
    node: int


class NamedFloat(_Named, float):
    """A float with a node."""


class NamedInt(_Named, int):
    """An integer with a node."""


def _remembering(graph: Graph, value: float, node: int) -> Any:
    """Return a plain number as one that remembers its node."""
    made: Any = (NamedInt if isinstance(value, int) else NamedFloat)(value)
    made.graph, made.node = graph, node
    return made


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, int) else float(value)


def _binary(name: str, reflected: bool) -> Callable[[Any, Any], Any]:
    compute = getattr(operator, name)
    build = {"truediv": "div"}.get(name, name)

    def method(self: Any, other: Any) -> Any:
        if isinstance(other, bool) or not isinstance(other, int | float):
            return NotImplemented
        pair = (other, self) if reflected else (self, other)
        value = compute(*map(_plain, pair))
        if not isinstance(value, int | float):  # (-2) ** 0.5 is complex
            return value
        nodes = [p.node if isinstance(p, _Named) else self.graph.number(p) for p in pair]
        return _remembering(self.graph, value, getattr(self.graph, build)(*nodes))

    return method


for _kind in (NamedFloat, NamedInt):
    for _name in ("add", "sub", "mul", "truediv", "pow"):
        setattr(_kind, f"__{_name}__", _binary(_name, reflected=False))
        setattr(_kind, f"__r{_name}__", _binary(_name, reflected=True))
    _kind.__neg__ = lambda self: _remembering(  # type: ignore[method-assign]
        self.graph, -_plain(self), self.graph.neg(self.node)
    )

_FUNCTIONS = frozenset(
    "sqrt exp log sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh".split()
)
_RENAMED = {"arcsin": "asin", "arccos": "acos", "arctan": "atan"}

_OPERATORS = ("add", "sub", "mul", "truediv", "div", "pow", "mod", "fmod", "remainder")
_ARITHMETIC = frozenset(
    [form.format(name) for name in _OPERATORS for form in ("{}", "__{}__", "__i{}__")]
    + "true_divide divide multiply subtract __setitem__ where maximum minimum atan2".split()
    + [f"__{name}__" for name in ("lt", "le", "gt", "ge", "eq", "ne")]
    + ["lt", "le", "gt", "ge", "eq", "ne"]
)
_REFLECTED = {
    "__radd__": torch.add,
    "__rmul__": torch.mul,
    "__rsub__": torch.sub,
    "__rtruediv__": torch.div,
    "__rdiv__": torch.div,
    "__rpow__": torch.pow,
}


class Noticed:
    """Only notes whether there is anything to name."""

    keeps = False

    def __init__(self) -> None:
        """Nothing yet."""
        self.any = False

    def offer(self, name: str, value: Any) -> Any:
        """Return the value itself."""
        name = _short(name)
        if name and not name.startswith("_"):
            self.any |= _is_plain_number(value) or _is_small_tensor(value)
        return value

    def function(self, name: str, value: Any) -> Any | None:
        """No number remembers anything here."""
        return None


# ── keeping names ─────────────────────────────────────────────────────────────────────────────


class Names:
    """Gives named numbers their nodes while a function is traced.

    Attributes:
        mode: the mode that traces.
        locals: the last value of each variable of the user's functions, by name.
    """

    keeps = True

    def __init__(self, mode: ConcolicMode, taken: Sequence[str], naming: Naming) -> None:
        """Keep names, except those already taken by the inputs."""
        self.mode, self.graph, self._naming = mode, mode.graph, naming
        self.locals: dict[str, Any] = {}
        self._taken = set(taken)
        self._constants: dict[str, tuple[Constant, ...]] = {}

    @property
    def constants(self) -> tuple[Constant, ...]:
        """All that were named."""
        return tuple(itertools.chain.from_iterable(self._constants.values()))

    def offer(self, name: str, value: Any) -> Any:
        """Return a number found under a name, as one that remembers it; tensors get a shadow."""
        name = _short(name)
        if not name or name.startswith("_"):
            return value
        if isinstance(value, torch.Tensor):
            if self.mode.tensors is not None:
                self.mode.tensors.constant(name, value)
            self._name_tensor(name, value)
            return value
        if not _is_plain_number(value):
            return value
        if type(value) is int and name in self._naming.changed:
            value += 1
        known = self._named(name, np.array(float(value)), counts=type(value) is int)
        return value if known is None else _remembering(self.graph, _plain(value), known[0].node)

    def _name_tensor(self, name: str, value: torch.Tensor) -> None:
        if not _is_small_tensor(value) or self.mode.shadows.has(value):
            return
        known = self._named(name, value.detach().cpu().double().numpy())
        if known is not None:
            nodes = np.array([one.node for one in known], dtype=np.int64)
            self.mode.shadows.write(value, nodes.reshape(tuple(value.shape)))

    def _named(
        self, name: str, values: np.ndarray, *, counts: bool = False
    ) -> tuple[Constant, ...] | None:
        """Return the constants of a name; None if the name stands for something else already."""
        if not self._naming.constants or name in self._naming.plain:
            return None
        if not np.isfinite(values).all():
            return None
        if name in self._constants:
            known = [one.value for one in self._constants[name]]
            return self._constants[name] if known == values.reshape(-1).tolist() else None
        labels = [self._label(name, place) for place in np.ndindex(values.shape)]
        if any(label.symbol in self._taken for label in labels):
            return None
        self._taken.update(label.symbol for label in labels)
        numbers = values.reshape(-1).tolist()
        self._constants[name] = tuple(
            Constant(self.graph.constant(label.symbol, number), label, number, counts)
            for label, number in zip(labels, numbers, strict=True)
        )
        return self._constants[name]

    def _label(self, name: str, place: tuple[int, ...]) -> Label:
        """Return a component's label, written out where it would look like one of an input."""
        label = Label(name, place)
        return Label(name, place, written_out=label.tex in self._naming.shown)

    def function(self, name: str, value: Any) -> Any | None:
        """sin, exp … of a named number; None where the name is lost."""
        name = _RENAMED.get(name, name)
        if name not in _FUNCTIONS:
            return None
        number = getattr(math, name)(_plain(value))
        return _remembering(self.graph, number, self.graph.apply(name, value.node))

    # ── where torch computes with a named number ──────────────────────────────────────────────

    def carried(self, func: Any, args: tuple, kwargs: dict) -> tuple[Any, tuple, dict]:
        """Return a call of torch with named numbers as tensors that carry their nodes."""
        if not any(isinstance(value, _Named) for value in args):
            return func, args, kwargs
        name = getattr(func, "__name__", "")
        like = next((value for value in args if isinstance(value, torch.Tensor)), None)
        if like is None or (name not in _ARITHMETIC and name not in _REFLECTED):
            return func, args, kwargs
        given = tuple(self._as_tensor(v, like) if isinstance(v, _Named) else v for v in args)
        if name in _REFLECTED:
            return _REFLECTED[name], (given[1], given[0]), kwargs
        return func, given, kwargs

    def _as_tensor(self, value: Any, like: torch.Tensor) -> torch.Tensor:
        dtype = like.dtype
        if not (dtype.is_floating_point or dtype.is_complex) and isinstance(value, float):
            dtype = torch.get_default_dtype()
        made = torch.tensor(_plain(value), dtype=dtype, device=like.device)
        self.mode.shadows.write(made, np.array(value.node, dtype=np.int64))
        if self.mode.tensors is not None and self.graph.operations[value.node] == "constant":
            self.mode.tensors.constant(self.graph.arguments[value.node][0], made)
        return made

    # ── the function's own variables ──────────────────────────────────────────────────────────

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note the variables of the user's functions as these return; not under a profiler."""
        if sys.getprofile() is not None:
            yield
            return
        sys.setprofile(self._note)
        try:
            yield
        finally:
            sys.setprofile(None)

    def _note(self, frame: types.FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event != "return" or not is_users(code.co_filename):
            return
        if not code.co_name.startswith(("<", "__")) or code.co_name == "__call__":
            for name, value in frame.f_locals.items():
                tensor = traced_by(value)
                if tensor is not None and name.isidentifier():
                    self.locals.setdefault(name, tensor)

    def parts(self) -> Mapping[Expression, str]:
        """Return what the function's own variables call the vectors whose making is understood."""
        found: dict[Expression, str] = {}
        for name, value in self.locals.items():
            made = None if self.mode.tensors is None else self.mode.tensors.of(value)
            if made is not None and made.arguments:
                found.setdefault(made, name)
        return found

    def variables(self) -> Mapping[int, Label]:
        """Return the nodes that the function's own variables stand for."""
        found: dict[int, Label] = {}
        for name, value in self.locals.items():
            if value.numel() > LARGEST or value.ndim > 2 or not self.mode.shadows.has(value):
                continue
            nodes = self.mode.shadows.read(value)
            if isinstance(nodes, np.ndarray):
                for place in np.ndindex(nodes.shape):
                    if self.graph.operands(int(nodes[place])):
                        found.setdefault(int(nodes[place]), self._label(name, place))
        return found


def _short(name: str) -> str:
    """Return a module's `0.weight` as W0, `weight` as W; other names as they are."""
    *path, last = name.split(".")
    if not path and last not in LAYER_PARAMETERS:
        return name
    number = "".join(part for part in path if part.isdigit())
    joined = "_".join([LAYER_PARAMETERS.get(last, last), *[number] * bool(number)])
    return joined if joined.isidentifier() else ""


def _is_plain_number(value: Any) -> bool:
    return type(value) in (int, float, np.float64) and float(value) not in _KNOWN


def _is_small_tensor(value: Any) -> bool:
    return (
        isinstance(value, torch.Tensor)
        and 0 < value.numel() <= LARGEST
        and value.ndim <= 2
        and value.layout == torch.strided
        and value.is_floating_point()
    )
