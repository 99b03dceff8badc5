"""Constants that keep the names the user gave them.

A number becomes one that carries its node (`named_numbers`); where torch computes with it, its node
goes along. A small tensor gets a shadow like an input's.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from jacmagic.function.interop import naming as offering
from jacmagic.labels import Label
from jacmagic.render.names import LAYER_PARAMETERS
from jacmagic.symbolic.trace.mode import ConcolicMode
from jacmagic.symbolic.trace.named_numbers import (
    NamedCalls,
    apply_function,
    plain_number,
    with_node,
)
from jacmagic.symbolic.trace.values import Values

MAX_ELEMENTS = 16  # of a tensor, up to which each is a constant of its own: a 4 × 4 matrix
_ITEM = re.compile(r"(?P<name>\w+)\[(?P<position>\d+)\]")  # of a list
_RECOGNISED = (math.pi, math.e, math.tau)  # recognised as themselves


@dataclass(frozen=True)
class Naming:
    """Which constants keep the names that the user gave them.

    Attributes:
        parameters: arguments that stay constant, by name.
        constants: False leaves all of them numbers; only variables have names then.
        plain: names whose numbers stay numbers.
        shown: LaTeX of the inputs' components, which no other name may look like.
        changed: names of integers that are larger by one, to see whether they steer the code.
    """

    parameters: Mapping[str, Any] = field(default_factory=dict)
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
        counts: whether it is an integer, which may steer a loop.
    """

    node: int
    label: Label
    value: float
    counts: bool = False


class Names:
    """Give named numbers and small tensors their nodes while a function is traced.

    Attributes:
        keeps: whether they get them; else it is only noticed whether there are any.
        any: whether there were any.
        mode: the mode that traces.
        locals: the variables of the user's functions.
        calls: torch's calls with named numbers.
    """

    def __init__(
        self, mode: ConcolicMode, taken_names: Sequence[str], naming: Naming | None
    ) -> None:
        """Keep names, except those already taken by the inputs; without a naming keep none."""
        self.keeps, self.any = naming is not None, False
        self.mode, self.graph, self._naming = mode, mode.graph, naming or Naming()
        self.locals, self.calls = Values(mode), NamedCalls(mode)
        self._taken = set(taken_names)
        self._constants: dict[str, tuple[Constant, ...]] = {}

    @property
    def constants(self) -> tuple[Constant, ...]:
        """The constants that have a name."""
        return tuple(itertools.chain.from_iterable(self._constants.values()))

    def offer(self, name: str, value: Any) -> Any:
        """Return a named number as one that carries a node; give tensors a shadow."""
        name = _short(name)
        if not name or name.startswith("_"):
            return value
        self.any |= _is_plain_number(value) or _is_small_tensor(value)
        if not self.keeps:
            return value
        if isinstance(value, torch.Tensor):
            if self.mode.tensors is not None and not self.mode.shadows.has(value):
                self.mode.tensors.constant(name, value)
            self._name_tensor(name, value)
            return value
        if not _is_plain_number(value):
            return value
        if type(value) is int and name in self._naming.changed:
            value += 1
        constants = self._named(name, np.array(float(value)), counts=type(value) is int)
        return (
            value
            if constants is None
            else with_node(self.graph, plain_number(value), constants[0].node)
        )

    def _name_tensor(self, name: str, value: torch.Tensor) -> None:
        if not _is_small_tensor(value) or self.mode.shadows.has(value):
            return
        constants = self._named(name, value.detach().cpu().double().numpy())
        if constants is not None:
            nodes = np.array([constant.node for constant in constants], dtype=np.int64)
            self.mode.shadows.write(value, nodes.reshape(tuple(value.shape)))

    def _named(
        self, name: str, values: np.ndarray, *, counts: bool = False
    ) -> tuple[Constant, ...] | None:
        """Return the constants of a name; None if the name is already in use."""
        if not self._naming.constants or name in self._naming.plain:
            return None
        if not np.isfinite(values).all():
            return None
        if name in self._constants:
            old_values = [constant.value for constant in self._constants[name]]
            return self._constants[name] if old_values == values.reshape(-1).tolist() else None
        labels = [self._label(name, index) for index in np.ndindex(values.shape)]
        if any(label.symbol in self._taken for label in labels):
            return None
        self._taken.update(label.symbol for label in labels)
        numbers = values.reshape(-1).tolist()
        self._constants[name] = tuple(
            Constant(self.graph.constant(label.symbol, number), label, number, counts)
            for label, number in zip(labels, numbers, strict=True)
        )
        return self._constants[name]

    def _label(self, name: str, index: tuple[int, ...]) -> Label:
        """Return a component's label, written out where it would look like an input's."""
        if (item := _ITEM.fullmatch(name)) is not None:
            name, index = item["name"], (int(item["position"]), *index)
        label = Label(name, index)
        return Label(name, index, written_out=label.tex in self._naming.shown)

    def function(self, name: str, value: Any) -> Any | None:
        """Return a function of a named number; None where the name is lost."""
        return apply_function(name, value)

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Keep names while the function runs; those of its constant arguments first."""
        if not self.keeps:
            with offering(self):
                yield
            return
        for name, value in self._naming.parameters.items():
            if isinstance(value, torch.Tensor):
                self.offer(name, value)
        with offering(self), self.locals.recording():
            yield

    @property
    def variables(self) -> Mapping[int, Label]:
        """The nodes that the function's own variables stand for."""
        return self.locals.nodes(self._label, MAX_ELEMENTS)


def _short(name: str) -> str:
    """Return a module's `0.weight` as W0, `weight` as W; other names as they are."""
    *path, last = name.split(".")
    if not path and last not in LAYER_PARAMETERS:
        return name
    number = "".join(part for part in path if part.isdigit())
    joined = "_".join([LAYER_PARAMETERS.get(last, last), *[number] * bool(number)])
    return joined if joined.isidentifier() else ""


def _is_plain_number(value: Any) -> bool:
    return type(value) in (int, float, np.float64) and float(value) not in _RECOGNISED


def _is_small_tensor(value: Any) -> bool:
    return (
        isinstance(value, torch.Tensor)
        and 0 < value.numel() <= MAX_ELEMENTS
        and value.ndim <= 2
        and value.layout == torch.strided
        and value.is_floating_point()
    )
