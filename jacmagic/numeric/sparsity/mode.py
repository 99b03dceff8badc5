"""The dispatch mode of pattern detection: which inputs every number depends on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch

from jacmagic.function.aten.data_movement import MOVEMENTS, accumulates
from jacmagic.function.aten.interpreter import Interpreter
from jacmagic.function.aten.operation import Operation, tensors_in
from jacmagic.function.aten.shadows import Shadows
from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.function.deadline import Deadline
from jacmagic.function.torch_internals import is_under_transform, is_wrapped, tree_map
from jacmagic.numeric.sparsity.arguments import Call, Operand
from jacmagic.numeric.sparsity.index_sets import CONSTANT, STEP, IndexSets
from jacmagic.numeric.sparsity.rules import RULES, Rule, accumulation, pointwise

_CONSTANTS = frozenset("zero_ fill_ eye_".split())  # writes that leave no dependence


class OutOfTime(Exception):
    """Detection takes longer than it may."""


class SetShadows(Shadows):
    """The sets of all tensors that depend on the inputs."""

    def __init__(self, sets: IndexSets) -> None:
        """Begin with no tensor."""
        super().__init__()
        self.sets = sets

    def read(self, tensor: torch.Tensor) -> np.ndarray:
        """Return the sets of a tensor's elements, int64 in its shape."""
        shadow = self.view(tensor)
        if shadow is None:
            return np.full(tuple(tensor.shape), CONSTANT, dtype=np.int64)
        if tensor.is_complex():
            return self.sets.both(shadow[..., 0], shadow[..., 1])
        return shadow.copy()

    def write(self, tensor: torch.Tensor, ids: np.ndarray) -> None:
        """Let a tensor's elements depend on these sets, which broadcast to its shape."""
        shadow = self.cover(tensor)
        if tensor.numel():
            shadow[...] = ids[..., None] if tensor.is_complex() else ids


class DependenceMode(Interpreter):
    """Runs torch operations and, on integers, what their results depend on.

    Attributes:
        shadows: the sets of every tensor.
        steady: False once values that depend on the inputs have chosen a branch, an index or a
            mask: then the pattern is the one of this branch.
    """

    shadows: SetShadows

    def __init__(self, sets: IndexSets, deadline: Deadline) -> None:
        """Detect into these sets until the deadline."""
        super().__init__(SetShadows(sets))
        self.sets = sets
        self.deadline = deadline
        self.steady = True

    def dispatch(self, op: Operation) -> Any:
        """Run one operation, unless time is up or `torch.func` transforms it."""
        if self.deadline.is_over():
            raise OutOfTime
        if any(map(is_wrapped, op.tensors)):
            raise Unsupported(op.name, "was called inside a transformation of torch.func")
        return super().dispatch(op)

    def rule(self, key: str, op: Operation) -> Callable[[Operation], Any] | None:
        """Return what runs an operation and finds its results' sets."""
        if key in _CONSTANTS and not any(map(self.shadows.has, op.args[1:])):
            return self._reset
        if key in MOVEMENTS and not accumulates(op):
            return partial(self.move, data=MOVEMENTS[key])
        if key in MOVEMENTS:
            return partial(self._apply, accumulation)
        if key in RULES:
            return partial(self._apply, RULES[key])
        is_last = key == op.signature.keys[-1]
        is_pointwise = is_last and torch.Tag.pointwise in op.func.tags
        return partial(self._apply, pointwise) if is_pointwise else None

    # ── the kinds of operations ───────────────────────────────────────────────────────────────

    def draw(self, op: Operation) -> Any:
        """Draw random numbers: as they are other ones next time, they count as values."""
        touched = [self._ids(tensor) for tensor in op.tensors if self.shadows.has(tensor)]
        out = op.run()
        if not touched:
            self.store(out, np.array(STEP))
            return out
        tensors = list(tensors_in(out))
        same = all(ids.shape == tuple(tensor.shape) for ids in touched for tensor in tensors)
        for tensor in tensors:
            united = touched[0] if same else np.array(self._union(touched))
            self.store(tensor, np.maximum(united, STEP))
        return out

    def read(self, op: Operation) -> Any:
        """Run an operation that returns a Python value, which may choose a branch."""
        self._unsettle(*op.args)
        return op.run()

    def _reset(self, op: Operation) -> Any:
        out = op.run()
        self.store(out, np.array(CONSTANT))
        return out

    def _apply(self, rule: Rule, op: Operation) -> Any:
        """Run an operation and its rule; in-place operations are read before they write."""
        operand = partial(self._operand, copy=bool(op.signature.written))
        call = Call(op.name, {k: tree_map(operand, v) for k, v in op.named.items()}, ())
        if rule is accumulation:
            for index in call.tensors:
                if not index.tensor.is_floating_point() and index.ids.max(initial=0) > CONSTANT:
                    self.steady = False
        out = op.run()
        outs = tuple(tensors_in(out))
        ids = rule(self.sets, Call(op.name, call.named, outs))
        self.store(out, ids if isinstance(ids, list) else [ids] * len(outs))
        return out

    def unknown(self, op: Operation) -> Any:
        """Let all results of an operation depend on all that its arguments do."""
        everything = np.array(self._union([self._ids(tensor) for tensor in op.tensors]))
        out = op.run()
        written = [op.args[i] for i in op.signature.written if i < len(op.args)]
        self.store([out, written], everything)
        return out

    # ── arguments and results ─────────────────────────────────────────────────────────────────

    def _ids(self, tensor: torch.Tensor) -> np.ndarray:
        """Return a tensor's sets; of one without a gradient, none but `STEP`."""
        ids = self.shadows.read(tensor)
        is_cut = not (tensor.requires_grad or self.depth) and tensor.is_floating_point()
        return np.asarray(np.minimum(ids, STEP)) if is_cut and not is_under_transform() else ids

    def _operand(self, value: Any, *, copy: bool) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        return Operand(value.detach().clone() if copy else value, self._ids(value))

    def carried(self, value: Any, part: int) -> Any:
        """Return what is moved, as sets; a number as the empty one."""
        if isinstance(value, torch.Tensor):
            return self._ids(value)
        return CONSTANT if isinstance(value, bool | int | float | complex) else value

    def index(self, value: torch.Tensor) -> torch.Tensor:
        """Return an index; one that depends on the inputs unsettles the pattern."""
        self._unsettle(value)
        return value.cpu()

    def store(self, out: Any, results: Any) -> None:
        """Give results their sets: what is not a real or complex number has no derivative.

        Args:
            out: the tensors.
            results: the sets of each in a list, or those of all.
        """
        tensors = list(tensors_in(out))
        each = results if isinstance(results, list) else [results] * len(tensors)
        for tensor, ids in zip(tensors, each, strict=True):
            is_smooth = tensor.is_floating_point() or tensor.is_complex()
            self.shadows.write(tensor, ids if is_smooth else np.minimum(ids, STEP))

    def _union(self, arrays: Sequence[np.ndarray]) -> int:
        joined = np.unique(np.concatenate([ids.reshape(-1) for ids in arrays]))
        return int(self.sets.groups(joined[None])[0]) if len(joined) else CONSTANT

    def _unsettle(self, *values: Any) -> None:
        """Note that values decide what is done, if they depend on the inputs."""
        for tensor in filter(self.shadows.has, tensors_in(*values)):
            if self.shadows.read(tensor).max(initial=0) > CONSTANT:
                self.steady = False
