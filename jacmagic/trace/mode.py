"""The dispatch mode: ordinary torch code runs for real, and beside every number its expression.

Concolic tracing: concrete and symbolic together. Below autograd every torch call arrives here as an
ATen operation. Its rule (`rules/`) says which nodes its results are; a pure movement of data is run
a second time on the nodes themselves; anything else is taken apart by torch's own decompositions;
what is left refuses by name. A truth value that is read (`if`, `while`) takes the branch that the
numbers take and records the condition with the line of the user's code.

This is the only module, with `leaks`, that touches torch's private names.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch._decomp import core_aten_decompositions, decomposition_table
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

from jacmagic.graph import Graph
from jacmagic.trace.rules import MOVES, ORDERS, RULES, Unsupported
from jacmagic.trace.shadows import POISON, Poisoned, Shadows

_NOT_THE_USERS = tuple(
    str(Path(module.__file__ or "").parent) for module in (torch, np, sys.modules["jacmagic"])
)
_IGNORED_KEYWORDS = frozenset(
    "dtype layout device pin_memory memory_format non_blocking out generator".split()
)
_METADATA = frozenset(
    "squeeze_ unsqueeze_ t_ transpose_ as_strided_ detach_ swapaxes_ resize_ is_same_size".split()
)
_FRESH = frozenset(
    "empty_like zeros_like ones_like full_like new_empty new_empty_strided new_zeros new_ones "
    "new_full".split()
)


@dataclass(frozen=True)
class Assumption:
    """A condition that held while tracing; the formula is valid while it holds.

    Attributes:
        condition: the condition's node.
        line: line of the user's code that asked, or None.
    """

    condition: int
    line: int | None


def users_line() -> int | None:
    """The line of the nearest frame that belongs to the user's own code."""
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith(_NOT_THE_USERS) and "contextlib" not in name:
            return frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]
    return None


class Concolic(TorchDispatchMode):
    """Runs torch operations and their rules side by side."""

    def __init__(self, graph: Graph) -> None:
        """Trace into this graph."""
        super().__init__()
        self.graph = graph
        self.shadows = Shadows(graph)
        self.assumptions: list[Assumption] = []
        self.severed: list[int | None] = []  # lines at which a number left torch for good

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # noqa: D105, ANN001
        kwargs = kwargs or {}
        leaves, _ = tree_flatten((args, kwargs))
        if torch.Tag.nondeterministic_seeded in func.tags and not _draws_nothing(func, args):
            raise Unsupported(func._schema.name, "draws random numbers")
        if not any(self.shadows.has(leaf) for leaf in leaves):
            return func(*args, **kwargs)
        self.graph.line = users_line()
        try:
            return self._follow(func, args, kwargs)
        except Poisoned:
            raise Unsupported(func._schema.name, "uses a result that has no closed form") from None

    def _follow(self, func: Any, args: tuple, kwargs: dict) -> Any:
        """Run one operation that touches shadowed tensors."""
        schema = func._schema
        name = schema.name.partition("::")[2]
        written = [
            place
            for place, argument in enumerate(schema.arguments)
            if argument.alias_info is not None and argument.alias_info.is_write
        ]
        if name in _METADATA:
            return func(*args, **kwargs)
        if not written and any(result.alias_info is not None for result in schema.returns):
            return self._view(func, name, args, kwargs)
        if name == "_local_scalar_dense":
            return self._read_scalar(func, args)
        plain = name if name in RULES or not written else name.removesuffix("_")
        if plain in RULES:
            return self._apply(RULES[plain], func, args, kwargs, written)
        if plain in MOVES:
            return self._move(MOVES[plain], func, args, kwargs, written)
        if plain in ORDERS:
            return self._order(plain, func, args, kwargs)
        if name in _FRESH:
            return func(*args, **kwargs)
        return self._decompose(plain, func, args, kwargs, written)

    # ── views and reads ───────────────────────────────────────────────────────────────────────

    def _view(self, func: Any, name: str, args: tuple, kwargs: dict) -> Any:
        """A view shares its storage, hence its shadow; only changes of dtype cannot."""
        if name in ("view_as_real", "view_as_complex", "_conj") or (
            name == "view" and isinstance(args[1], torch.dtype)
        ):
            raise Unsupported(name, "complex intermediate values have no closed form yet")
        return func(*args, **kwargs)

    def _read_scalar(self, func: Any, args: tuple) -> Any:
        """A number is read: a truth value becomes an assumption, any other is a loss."""
        value = func(*args)
        node = int(self.shadows.read(args[0]))
        if isinstance(value, bool):
            self.assume(node, value)
        elif self.graph.value(node) is None:
            self.severed.append(self.graph.line)
        return value

    def assume(self, node: int, truth: bool) -> None:
        """Record that a condition had this truth value on the path taken."""
        condition = node if truth else self.graph.negate(node)
        if self.graph.value(condition) is None:
            self.assumptions.append(Assumption(condition, self.graph.line))

    # ── rules ─────────────────────────────────────────────────────────────────────────────────

    def _nodes(self, value: Any) -> Any:
        return self.shadows.read(value) if isinstance(value, torch.Tensor) else value

    def _apply(
        self, rule: Callable, func: Any, args: tuple, kwargs: dict, written: Sequence[int]
    ) -> Any:
        """Run an operation and its rule; in-place operations are read before they write."""
        plain = {k: v for k, v in kwargs.items() if k not in _IGNORED_KEYWORDS}
        node_args, node_kwargs = tree_map(self._nodes, (args, plain))
        out = func(*args, **kwargs)
        self._store(out, rule(self.graph, *node_args, **node_kwargs))
        return out

    def _store(self, out: Any, nodes: Any) -> None:
        """Give an operation's results their nodes; a floating result without any is poisoned."""
        outs = out if isinstance(out, tuple | list) else (out,)
        results = nodes if isinstance(nodes, tuple | list) else (nodes,)
        for tensor, result in zip(outs, results, strict=False):
            if not isinstance(tensor, torch.Tensor):
                continue
            if result is None:
                if tensor.is_floating_point():
                    self.shadows.write(tensor, POISON)
            elif tensor.is_complex():
                raise Unsupported("complex", "complex intermediate values have no closed form yet")
            elif tensor.is_floating_point() or tensor.dtype == torch.bool:
                self.shadows.write(tensor, np.broadcast_to(result, tuple(tensor.shape)))
            else:
                self._store_integers(tensor, np.broadcast_to(result, tuple(tensor.shape)))

    def _store_integers(self, tensor: torch.Tensor, nodes: np.ndarray) -> None:
        """An integer result stands for its nodes where these are conditions, else it is unknown."""
        known = [
            self.graph.value(int(n)) is not None or self.graph.is_condition(int(n))
            for n in nodes.flat
        ]
        self.shadows.write(tensor, nodes if all(known) else POISON)

    def _move(
        self, data: Sequence[str], func: Any, args: tuple, kwargs: dict, written: Sequence[int]
    ) -> Any:
        """Run a data movement a second time, on the nodes instead of the numbers."""
        schema = func._schema.arguments
        by_name = {schema[i].name: value for i, value in enumerate(args)} | kwargs
        moved = {}
        for name, value in by_name.items():
            if name in _IGNORED_KEYWORDS:
                continue
            if name == "accumulate" and value:
                raise Unsupported(func._schema.name, "accumulates into repeated indices")
            carry = self._movable if name in data else self._still
            moved[name] = tree_map(carry, value)
        functional = func
        if written:  # the copies of the nodes may be written to instead
            moved[schema[written[0]].name] = moved[schema[written[0]].name].clone()
        result = functional(**_in_schema_order(func, moved))
        out = func(*args, **kwargs)
        results = result if isinstance(result, tuple | list) else (result,)
        self._store(out, [tensor.numpy() for tensor in results])
        return out

    def _movable(self, value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return torch.from_numpy(np.ascontiguousarray(self.shadows.read(value))).reshape(
                value.shape
            )
        if isinstance(value, bool | int | float):
            return self.graph.number(value)
        return value

    def _still(self, value: Any) -> Any:
        """An index stays as it is; a mask that depends on the inputs becomes assumptions."""
        if isinstance(value, torch.Tensor) and value.device.type != "cpu":
            value = value.cpu()
        if self.shadows.has(value):
            for node, truth in zip(
                self.shadows.read(value).flat, value.reshape(-1).tolist(), strict=True
            ):
                if not isinstance(truth, bool):
                    raise Unsupported("index", "an index that depends on the inputs")
                self.assume(int(node), truth)
        return value

    def _order(self, name: str, func: Any, args: tuple, kwargs: dict) -> Any:
        """Operations whose indices depend on values: the order found becomes assumptions."""
        nodes = self.shadows.read(args[0])
        out = func(*args, **kwargs)
        outs = out if isinstance(out, tuple) else (out,)
        numbers = [o.detach().cpu().numpy() for o in outs]
        values, conditions = ORDERS[name](self.graph, nodes, numbers, *args[1:], **kwargs)
        for condition in conditions:
            self.assume(condition, True)
        if values is not None:
            self.shadows.write(outs[0], values)
        return out

    def _decompose(
        self, name: str, func: Any, args: tuple, kwargs: dict, written: Sequence[int]
    ) -> Any:
        """Take an operation without a rule apart by torch's own tables."""
        if written:
            functional = getattr(getattr(torch.ops.aten, name, None), func._overloadname, None)
            if functional is None or written != [0]:
                raise Unsupported(name)
            with self:
                args[0].copy_(functional(*args, **kwargs))
            return args[0]
        parts = _core_decompositions().get(func) or decomposition_table.get(func)
        if parts is None and func._can_decompose():
            parts = func.decompose
        if parts is None:
            raise Unsupported(name)
        with self:
            return parts(*args, **kwargs)


def _draws_nothing(func: Any, args: tuple) -> bool:
    """Whether a random operation is switched off: dropout while evaluating."""
    return func._schema.name == "aten::native_dropout" and args[2] is False


def _in_schema_order(func: Any, named: dict) -> dict:
    """Arguments by name as the operation's schema calls them ('self' included)."""
    return {
        argument.name: named[argument.name]
        for argument in func._schema.arguments
        if argument.name in named
    }


_decompositions: dict = {}


def _core_decompositions() -> dict:
    if not _decompositions:
        _decompositions.update(core_aten_decompositions())
    return _decompositions
