"""Base class of dispatch modes that interpret ATen operations as they run.

Below autograd every torch call arrives at a dispatch mode as an ATen operation. An interpreter runs
it, and where a tensor with a shadow takes part it also finds out what the results' shadows are: a
view needs nothing, a movement of data is run a second time on the shadows, a rule of the subclass
computes them, and anything else is decomposed into operations that come here in turn.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch

from jacmagic.function.aten.decompositions import decomposition_of
from jacmagic.function.aten.operation import Operation, is_dense, is_plain, tensors_in
from jacmagic.function.aten.shadows import Shadows
from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.function.torch_internals import (
    InterceptingMode,
    decomposition_of_composite,
    storage_key,
    tree_map,
)

PLACEMENT = frozenset(
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
_SWITCHES = {  # of random operations: which argument, and its value when nothing is drawn
    **dict.fromkeys(
        "native_dropout dropout dropout_ alpha_dropout alpha_dropout_ feature_dropout "
        "feature_dropout_ feature_alpha_dropout feature_alpha_dropout_".split(),
        (2, False),
    ),
    "rrelu_with_noise": (4, False),
    "_scaled_dot_product_flash_attention_for_cpu": (3, 0.0),
    "_scaled_dot_product_attention_math": (4, 0.0),
}


class Interpreter(InterceptingMode):
    """Run ATen operations and interpret those that touch tensors with shadows.

    A subclass says what random numbers, Python values, rules and unknown operations mean, and what
    a shadow's integers are; dispatch, views, movements and decompositions are here.

    Attributes:
        shadows: the integers beside every tensor's numbers.
        depth: how many decompositions are being run, in which torch keeps no gradients.
    """

    def __init__(self, shadows: Shadows) -> None:
        """Begin with the shadows of the inputs."""
        super().__init__()
        self.shadows = shadows
        self.depth = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return self.dispatch(Operation(func, args, kwargs or {}))

    def dispatch(self, op: Operation) -> Any:
        """Run one operation, interpreted where shadowed tensors take part."""
        if op.func is _ZEROS_WITHOUT_MEMORY:  # what reads them below autograd would crash
            return torch.zeros(*op.args, **op.kwargs)
        if op.is_random and not _is_switched_off(op):
            return self.draw(op)
        if any(tensor.is_meta for tensor in op.tensors):  # only shapes are asked for
            return op.run()
        return self.interpret(op) if any(map(self.shadows.has, op.tensors)) else op.run()

    def interpret(self, op: Operation) -> Any:
        """Run one operation that touches shadowed tensors, and find its results' shadows."""
        if op.name in _METADATA or op.name in _FRESH:
            return op.run()
        if op.signature.is_view:
            return self._view(op)
        if not (op.signature.written or op.signature.returns_tensors):
            return self.read(op)
        for key in op.signature.keys:
            if (rule := self.rule(key, op)) is not None:
                return rule(op)
        return self.decompose(op)

    # ── what a subclass decides ───────────────────────────────────────────────────────────────

    @abstractmethod
    def draw(self, op: Operation) -> Any:
        """Run an operation that draws random numbers."""

    @abstractmethod
    def read(self, op: Operation) -> Any:
        """Run an operation that gives Python a number or truth value."""

    @abstractmethod
    def rule(self, key: str, op: Operation) -> Callable[[Operation], Any] | None:
        """Return what runs and interprets an operation listed as `key`; None without one."""

    @abstractmethod
    def store(self, out: Any, results: Any) -> None:
        """Write the shadows of an operation's results."""

    @abstractmethod
    def carried(self, value: Any, part: int) -> Any:
        """Return the integers to be moved for a tensor's elements or a number.

        Args:
            value: a tensor, a number or something else that stays.
            part: 1 for imaginary parts, which are asked for where `is_pair` says so; else 0.
        """

    def is_pair(self, value: Any) -> bool:
        """Whether a value's real and imaginary parts move one after the other."""
        return False

    def joined(self, *parts: np.ndarray) -> Any:
        """Return the shadow of a result from its parts, real and imaginary."""
        return parts[0]

    def index(self, value: torch.Tensor) -> torch.Tensor:
        """Return an index or a mask, which moves data and stays itself."""
        return value.cpu()

    def unknown(self, op: Operation) -> Any:
        """Run an operation that has neither a rule nor a decomposition."""
        raise Unsupported(op.signature.functional_name)

    # ── what all have in common ───────────────────────────────────────────────────────────────

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Interpret the parts of an operation as well."""
        self.depth += 1
        try:
            with self:
                yield
        finally:
            self.depth -= 1

    def _view(self, op: Operation) -> Any:
        """Run a view, which shares its base's shadow, or an operation that may copy.

        NOTE [Views that copy]: below autograd, `contiguous`, `reshape` and `to` arrive whole, and
        copy where strides or dtypes demand it. Their parts are then run here, one of which copies;
        whatever else comes back in new memory is refused, as its shadow is unknown.
        """
        parts = decomposition_of_composite(op.func)
        if parts is None:
            out = op.run()
        else:
            with self.nested():
                out = parts(*op.args, **op.kwargs)
        memory = {storage_key(tensor) for tensor in op.dense_tensors}
        for leaf in filter(is_plain, tensors_in(out)):
            is_known = leaf.is_meta or self.shadows.has(leaf)
            if not (is_known or (is_dense(leaf) and storage_key(leaf) in memory)):
                raise Unsupported(op.name, "gives new memory whose contents are not known")
        return out

    def move(self, op: Operation, data: Sequence[str]) -> Any:
        """Run a data movement on the numbers and a second time on their shadows.

        Args:
            op: the operation; one that works in place writes to copies of the shadows.
            data: names of the arguments whose elements move.
        """
        named = {k: v for k, v in op.named.items() if k not in PLACEMENT}
        moving = {k: v for k, v in named.items() if k in data}
        rest = {k: tree_map(self._fixed, v) for k, v in named.items() if k not in data}
        runs = []
        for part in range(1 + any(map(self.is_pair, _elements(moving.values())))):
            integers = {k: tree_map(partial(self._data, part=part), v) for k, v in moving.items()}
            moved = tensors_in(op.run_with(rest | integers))
            runs.append([tensor.numpy().astype(np.int64) for tensor in moved])
        out = op.run()
        self.store(out, list(map(self.joined, *runs)))
        return out

    def _fixed(self, value: Any) -> Any:
        return self.index(value) if isinstance(value, torch.Tensor) else value

    def _data(self, value: Any, part: int) -> Any:
        """Return data to be moved as float64, which holds the integers exactly."""
        integers = self.carried(value, part)
        if isinstance(integers, np.ndarray):
            return torch.from_numpy(np.array(integers, dtype=np.float64))
        return integers

    def decompose(self, op: Operation) -> Any:
        """Run an operation without a rule as torch itself decomposes it."""
        if op.signature.written:
            functional = op.functional
            if functional is None:
                return self.unknown(op)
            with self.nested():
                op.args[0].copy_(functional(*op.args, **op.kwargs))
            return op.args[0]
        parts = decomposition_of(op.func)
        if parts is None:
            return self.unknown(op)
        with self.nested():
            return parts(*op.args, **op.kwargs)


def _elements(values: Any) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list | tuple):
            yield from value
        else:
            yield value


def _is_switched_off(op: Operation) -> bool:
    """Whether a random operation draws nothing: dropout in evaluation, or with p = 0."""
    if op.name not in _SWITCHES:
        return False
    position, off = _SWITCHES[op.name]
    return len(op.args) <= position or op.args[position] == off
