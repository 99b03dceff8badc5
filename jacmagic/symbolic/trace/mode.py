"""The dispatch mode: ordinary torch code runs for real, and beside every number its expression.

Concolic tracing: concrete and symbolic together. Below autograd every torch call arrives here as an
ATen operation. Its rule (`rules/`) says which nodes its results are; a pure movement of data is run
a second time on the nodes themselves; anything else is taken apart by torch's own decompositions;
what is left refuses by name. A truth value that is read (`if`, `while`) takes the branch that the
numbers take and records the condition with the line of the user's code.

Torch's private names are touched here and in the rooms beside this file, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np
import torch
from torch.utils._pytree import tree_flatten, tree_map

from jacmagic.function.dispatch_mode import InterceptingMode
from jacmagic.symbolic.graph import Graph
from jacmagic.symbolic.trace.conditions import Conditions
from jacmagic.symbolic.trace.data_movement import in_order, moved, named_arguments, writes_by_rule
from jacmagic.symbolic.trace.decompositions import parts_of
from jacmagic.symbolic.trace.linear_maps import LINEAR, combine, widened
from jacmagic.symbolic.trace.rule_lookup import check_view, draws_nothing, rule_for
from jacmagic.symbolic.trace.rules import (
    ANSWERS,
    COMPLEX,
    MOVES,
    ORDERS,
    RULES,
    TRUTHFUL,
    ComplexNodes,
    Operands,
    Selection,
    Unsupported,
    toward_zero,
)
from jacmagic.symbolic.trace.shadows import (
    POISON,
    Poisoned,
    Shadows,
    as_array,
    fitted,
    key_of,
    numeric,
    plain,
)
from jacmagic.symbolic.trace.source_lines import users_line
from jacmagic.symbolic.trace.tensors import Tensors

_IGNORED_KEYWORDS = frozenset(
    "dtype layout device pin_memory memory_format non_blocking out generator".split()
)
_METADATA = frozenset(
    "squeeze_ unsqueeze_ t_ transpose_ as_strided_ detach_ swapaxes_ resize_ is_same_size "
    "_has_same_storage_numel _linalg_check_errors promote_types sym_size sym_numel".split()
)
_FRESH = frozenset(
    "empty_like zeros_like ones_like full_like new_empty new_empty_strided new_zeros new_ones "
    "new_full _new_zeros_with_same_feature_meta".split()
)
_ZEROS_WITHOUT_MEMORY = torch.ops.aten._efficientzerotensor.default
_CASTS = frozenset({"_to_copy", "copy_", "copy"})


class ConcolicMode(InterceptingMode):
    """Runs torch operations and their rules side by side.

    Attributes:
        graph: where the nodes are made.
        shadows: the nodes of every tensor.
        conditions: what has been assumed so far.
        severed: (line, node) of every number that left torch for good.
        dtypes: the floating dtypes of the results that have expressions.
        tensors: what whole tensors are, where somebody asked; None otherwise.
    """

    def __init__(self, graph: Graph) -> None:
        """Trace into this graph."""
        super().__init__()
        self.graph = graph
        self.shadows = Shadows(graph)
        self.conditions = Conditions(graph)
        self.lost_dependence: list[tuple[int | None, int]] = []
        self.dtypes: set[torch.dtype] = set()
        self.reads_whole_numbers = False  # while int() reads
        self.tensors: Tensors | None = None

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if self.tensors is None:
            return self._run(func, args, kwargs)
        made = self.tensors.predict(func, args, kwargs)
        out = self._run(func, args, kwargs)
        self.tensors.record(func, args, made, out)
        return out

    def _run(self, func: Any, args: tuple, kwargs: dict) -> Any:
        """Run one operation, with its rule where shadowed tensors take part."""
        self.graph.check_deadline()
        if func is _ZEROS_WITHOUT_MEMORY:  # what reads them below autograd would crash
            return torch.zeros(*args, **kwargs)
        leaves = [leaf for leaf in tree_flatten((args, kwargs))[0] if plain(leaf)]
        if torch.Tag.nondeterministic_seeded in func.tags and not draws_nothing(func, args):
            raise Unsupported(func._schema.name, "draws random numbers")
        if self.conditions.waiting:
            self.conditions.use(key_of(leaf) for leaf in leaves if leaf.layout == torch.strided)
        shapes_only = any(leaf.is_meta for leaf in leaves)
        if shapes_only or not any(self.shadows.has(leaf) for leaf in leaves):
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
            return self._view(name, func, args, kwargs)
        if name == "_local_scalar_dense":
            return self._read_scalar(func, args)
        if name in ANSWERS:
            return self._answer(name, func, args, kwargs)
        if written and name not in RULES:
            name = name.removesuffix("_")
        for key in (f"{name}.{func._overloadname}", name):
            if key in MOVES and not writes_by_rule(key, args, kwargs):
                return self._move(MOVES[key], func, args, kwargs)
            if key in LINEAR:
                return self._combine(LINEAR[key], func, args, kwargs)
            if key in ORDERS and not (key in COMPLEX and _has_complex(args)):
                return self._order(ORDERS[key], func, args, kwargs)
            if key in RULES or key in COMPLEX:
                return self._apply(key, func, args, kwargs, written)
        if name in _FRESH:
            return func(*args, **kwargs)
        return self._decompose(name, func, args, kwargs, written)

    def _view(self, name: str, func: Any, args: tuple, kwargs: dict) -> Any:
        """Run a view, which shares its storage and hence its shadow, or an operation that may copy.

        NOTE [Views that copy]: below autograd, `contiguous`, `reshape` and `to` arrive whole, and
        copy where strides or dtypes demand it. Their parts are then run here, one of which copies;
        whatever else comes back in new memory is refused, as its expressions are unknown.
        """
        check_view(name, args)
        if func._can_decompose():
            with self:
                out = func.decompose(*args, **kwargs)
        else:
            out = func(*args, **kwargs)
        for leaf in tree_flatten(out)[0]:
            if plain(leaf) and not (leaf.is_meta or self.shadows.has(leaf)):
                raise Unsupported(name, "gives new memory whose contents are not known")
        return out

    # ── what Python reads ─────────────────────────────────────────────────────────────────────

    def _read_scalar(self, func: Any, args: tuple) -> Any:
        """A number is read: a truth or a whole number becomes an assumption, others are a loss."""
        value = func(*args)
        nodes = self.shadows.read(args[0])
        if isinstance(value, bool | int):
            self.conditions.assume_numbers([int(nodes)], [value])
        elif self.reads_whole_numbers:
            whole = toward_zero(self.graph, int(nodes))
            self.conditions.assume_numbers([whole], [int(value)])
        else:
            parts = (nodes.re, nodes.im) if isinstance(nodes, ComplexNodes) else (nodes,)
            line = self.graph.line
            self.lost_dependence += [
                (line, int(n)) for n in parts if self.graph.value(int(n)) is None
            ]
        return value

    def _answer(self, name: str, func: Any, args: tuple, kwargs: dict) -> bool:
        """Return a question about whole tensors, answered with yes or no."""
        condition = ANSWERS[name](self.graph, *tree_map(self._numbers, args), **kwargs)
        value = func(*args, **kwargs)
        self.conditions.assume(condition, value)
        return value

    # ── rules ─────────────────────────────────────────────────────────────────────────────────

    def _numbers(self, value: Any) -> Any:
        """Return an argument's nodes, truth values counted as 1 and 0."""
        nodes = self._nodes(value)
        is_truth = isinstance(value, torch.Tensor) and value.dtype == torch.bool
        return numeric(self.graph, nodes) if is_truth else nodes

    def _nodes(self, value: Any) -> Any:
        return self.shadows.read(value) if isinstance(value, torch.Tensor) else value

    def _apply(self, key: str, func: Any, args: tuple, kwargs: dict, written: Sequence[int]) -> Any:
        """Run an operation and its rule; in-place operations are read before they write."""
        rule = rule_for(key, args, kwargs)
        if rule is None:
            return self._decompose(key, func, args, kwargs, written)
        given = {k: v for k, v in kwargs.items() if k not in _IGNORED_KEYWORDS}
        nodes = self._nodes if key in TRUTHFUL else self._numbers
        node_args, node_kwargs = tree_map(nodes, (args, given))
        out = func(*args, **kwargs)
        source = args[written[0] + 1] if key == "copy_" else args[0]
        cut = key in _CASTS and isinstance(source, torch.Tensor) and source.is_floating_point()
        self._store(out, rule(self.graph, *node_args, **node_kwargs), cut=cut)
        return out

    def _store(self, out: Any, nodes: Any, *, cut: bool = False) -> None:
        """Give an operation's results their nodes; a result without any is poisoned."""
        outs = out if isinstance(out, tuple | list) else (out,)
        results = nodes if isinstance(nodes, tuple | list) else (nodes,)
        for tensor, result in zip_longest(outs, results[: len(outs)]):
            if not isinstance(tensor, torch.Tensor) or tensor.is_meta or not tensor.numel():
                continue
            if tensor.is_floating_point():
                self.dtypes.add(tensor.dtype)
            if result is None:
                self.shadows.write(tensor, POISON)
                continue
            if isinstance(result, ComplexNodes) and not tensor.is_complex():
                result = result.re
            if not isinstance(result, ComplexNodes):
                whole = not (tensor.is_floating_point() or tensor.is_complex())
                result = np.broadcast_to(result, tuple(tensor.shape))
                result = fitted(self.graph, result, tensor.dtype, cut=cut and whole)
            self.shadows.write(tensor, result)

    def _move(self, data: Sequence[str], func: Any, args: tuple, kwargs: dict) -> Any:
        """Run a data movement a second time, on the nodes instead of the numbers."""
        named = named_arguments(func, args, kwargs)
        named = {k: v for k, v in named.items() if k not in _IGNORED_KEYWORDS}
        nodes = moved(self.shadows, data, func, named, self._still)
        out = func(*args, **kwargs)
        self._store(out, nodes)
        return out

    def _combine(self, data: str, func: Any, args: tuple, kwargs: dict) -> Any:
        """A linear map is read off its values on the unit vectors."""
        named = named_arguments(func, args, kwargs)
        source = named[data]
        ignored = (data, "self") if data == "grad_output" else (data,)
        for name, value in named.items():
            if name not in ignored and self.shadows.has(value):
                raise Unsupported(func._schema.name, f"with a {name} that depends on the inputs")
        fixed = {k: widened(v) for k, v in named.items() if k not in _IGNORED_KEYWORDS}

        def run(unit: torch.Tensor) -> torch.Tensor:
            return func(**in_order(func, fixed | {data: unit}))

        nodes = combine(self.graph, self.shadows.read(source), source, run)
        out = func(*args, **kwargs)
        self._store(out, nodes)
        return out

    def _still(self, value: Any) -> Any:
        """An index stays as it is; one that depends on the inputs becomes assumptions."""
        if isinstance(value, torch.Tensor) and value.device.type != "cpu":
            value = value.cpu()
        if self.shadows.has(value):
            nodes = self.shadows.read(value).reshape(-1).tolist()
            self.conditions.assume_numbers(nodes, value.reshape(-1).tolist())
        return value

    def _order(self, rule: Callable[..., Selection], func: Any, args: tuple, kwargs: dict) -> Any:
        """Operations whose choice depends on values: the order found becomes assumptions."""
        node_args, node_kwargs = tree_map(self._numbers, (args, kwargs))
        tensors = [leaf for leaf in tree_flatten((args, kwargs))[0] if plain(leaf)]
        inputs = [as_array(tensor) for tensor in tensors]
        out = func(*args, **kwargs)
        outs = out if isinstance(out, tuple) else (out,)
        order = rule(
            self.graph, Operands(inputs, list(map(as_array, outs))), *node_args, **node_kwargs
        )
        for condition in order.now:
            self.conditions.assume(condition, True)
        for place, (tensor, nodes) in enumerate(zip_longest(outs, order.values)):
            if nodes is not None:
                self._store(tensor, nodes)
            elif order.poison:
                self.shadows.write(tensor, POISON)
            if order.later and (nodes is None or place in order.chosen):
                self.conditions.postpone(self.shadows.keep(tensor), order.later)
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
        parts = parts_of(func)
        if parts is None:
            raise Unsupported(name)
        try:
            with self:
                return parts(*args, **kwargs)
        except Unsupported as unsupported:  # named as the user called it, not by a part
            raise Unsupported(name, unsupported.reason) from None


def _has_complex(args: tuple) -> bool:
    return any(isinstance(leaf, torch.Tensor) and leaf.is_complex() for leaf in args)
