"""The dispatch mode that runs a function once and keeps beside it what each number depends on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch._decomp import core_aten_decompositions, decomposition_table
from torch.utils._pytree import tree_flatten, tree_map

from jacmagic.function.dispatch_mode import InterceptingMode
from jacmagic.numeric.sparsity.arguments import Call, Operand
from jacmagic.numeric.sparsity.index_sets import CONSTANT, STEP, IndexSets
from jacmagic.numeric.sparsity.rules import MOVES, RULES, accumulation, pointwise
from jacmagic.numeric.sparsity.shadows import Refused, Shadows

_METADATA = frozenset(
    "squeeze_ unsqueeze_ t_ transpose_ as_strided_ detach_ swapaxes_ is_same_size "
    "_has_same_storage_numel _linalg_check_errors promote_types sym_size sym_numel".split()
)
_FRESH = frozenset(
    "empty_like zeros_like ones_like full_like new_empty new_empty_strided new_zeros new_ones "
    "new_full".split()
)
_CONSTANTS = frozenset("zero_ fill_ eye_".split())  # writes that leave no dependence
_PLACEMENT = frozenset("device pin_memory memory_format non_blocking generator out".split())


class OutOfTime(Exception):
    """Following the function takes longer than it may."""


class Following(InterceptingMode):
    """Runs torch operations and, on integers, what their results depend on.

    Attributes:
        shadows: the sets of every tensor.
        steady: False once values that depend on the inputs have chosen a branch, an index or a
            mask: then the pattern is the one of this branch.
        coarse: operations without a rule, whose results depend on all their arguments do.
    """

    def __init__(self, sets: IndexSets, deadline: float) -> None:
        """Follow into these sets until `deadline`, in seconds of the monotonic clock."""
        super().__init__()
        self.sets, self.shadows = sets, Shadows(sets)
        self.deadline = deadline
        self.steady = True
        self.coarse: set[str] = set()
        self._depth = 0  # inside a decomposition, where torch keeps no gradients

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if time.monotonic() > self.deadline:
            raise OutOfTime
        leaves = [x for x in tree_flatten((args, kwargs))[0] if isinstance(x, torch.Tensor)]
        if any(torch._C._functorch.is_functorch_wrapped_tensor(leaf) for leaf in leaves):
            raise Refused(f"{func} was called inside a transformation of torch.func")
        if torch.Tag.nondeterministic_seeded in func.tags:
            return self._draw(func, args, kwargs, leaves)
        if not any(map(self.shadows.has, leaves)):
            return func(*args, **kwargs)
        return self._follow(func, args, kwargs)

    def _follow(self, func: Any, args: tuple, kwargs: dict) -> Any:
        schema = func._schema
        name = schema.name.partition("::")[2]
        written = [
            place
            for place, argument in enumerate(schema.arguments)
            if argument.alias_info is not None and argument.alias_info.is_write
        ]
        aliases = any(result.alias_info is not None for result in schema.returns)
        if name in _METADATA or name in _FRESH or (aliases and not written):
            return func(*args, **kwargs)  # a view shares its storage, hence its sets
        if name in _CONSTANTS and not any(map(self.shadows.has, args[1:])):
            return self._stored(func(*args, **kwargs), np.array(CONSTANT))
        if not written and not any("Tensor" in str(result.type) for result in schema.returns):
            self._unsettle(args)
            return func(*args, **kwargs)  # a number or truth value for Python to read
        base = name.removesuffix("_") if written and name not in RULES else name
        if base in MOVES and not _adds(func, args, kwargs):
            return self._move(func, args, kwargs)
        rule = self._rule(base, func, args, kwargs)
        if rule is not None:
            return self._apply(rule, func, args, kwargs, bool(written))
        return self._other(name, func, args, kwargs, written)

    def _rule(self, base: str, func: Any, args: tuple, kwargs: dict) -> Callable | None:
        if base in MOVES:
            return accumulation
        if base in RULES:
            return RULES[base]
        return pointwise if torch.Tag.pointwise in func.tags else None

    # ── the kinds of operations ───────────────────────────────────────────────────────────────

    def _draw(self, func: Any, args: tuple, kwargs: dict, leaves: Sequence[Any]) -> Any:
        """Random numbers are different ones next time: they count as values, not as constants."""
        touched = [self._ids(leaf) for leaf in leaves if self.shadows.has(leaf)]
        out = func(*args, **kwargs)
        tensors = [leaf for leaf in tree_flatten(out)[0] if isinstance(leaf, torch.Tensor)]
        if not touched:
            return self._stored(out, np.array(STEP))
        same = all(ids.shape == tuple(tensor.shape) for ids in touched for tensor in tensors)
        for tensor in tensors:
            united = touched[0] if same else np.array(self._union(touched))
            self._stored(tensor, np.maximum(united, STEP))
        return out

    def _apply(self, rule: Callable, func: Any, args: tuple, kwargs: dict, writes: bool) -> Any:
        named = self._named(func, args, kwargs)
        seen = {k: tree_map(lambda leaf: self._seen(leaf, writes), v) for k, v in named.items()}
        for value in seen.values():
            for leaf in value if isinstance(value, list | tuple) else (value,):
                if isinstance(leaf, Operand) and not leaf.tensor.is_floating_point():
                    self._unsettle_index(rule, leaf)
        out = func(*args, **kwargs)
        outs = tuple(x for x in tree_flatten(out)[0] if isinstance(x, torch.Tensor))
        found = rule(self.sets, Call(func, seen, outs))
        found = found if isinstance(found, list) else [found] * len(outs)
        for tensor, ids in zip(outs, found, strict=True):
            self._stored(tensor, ids)
        return out

    def _move(self, func: Any, args: tuple, kwargs: dict) -> Any:
        """Return the same operation, run once more on the numbers of the sets."""
        named = {k: v for k, v in self._named(func, args, kwargs).items() if k not in _PLACEMENT}
        carried = tree_map(self._carried, named)
        ordered = {a.name: carried[a.name] for a in func._schema.arguments if a.name in carried}
        moved = func(**ordered)
        out = func(*args, **kwargs)
        results = moved if isinstance(moved, tuple | list) else (moved,)
        outs = out if isinstance(out, tuple | list) else (out,)
        for tensor, ids in zip(outs, results, strict=True):
            self._stored(tensor, ids.numpy().astype(np.int64))
        return out

    def _other(self, name: str, func: Any, args: tuple, kwargs: dict, written: list[int]) -> Any:
        """An operation without a rule: as torch takes it apart, or everything on everything."""
        functional = None
        if written == [0]:
            packet = getattr(torch.ops.aten, name.removesuffix("_"), None)
            functional = getattr(packet, func._overloadname, None)
        if functional is not None:
            with self._inside():
                args[0].copy_(functional(*args, **kwargs))
            return args[0]
        parts = None if written else _parts_of(func)
        if parts is not None:
            with self._inside():
                return parts(*args, **kwargs)
        self.coarse.add(name)
        leaves = [x for x in tree_flatten((args, kwargs))[0] if isinstance(x, torch.Tensor)]
        everything = np.array(self._union([self._ids(leaf) for leaf in leaves]))
        out = func(*args, **kwargs)
        self._stored(out, everything)
        for place in written:
            for leaf in tree_flatten(args[place] if place < len(args) else [])[0]:
                self._stored(leaf, everything)
        return out

    # ── arguments and results ─────────────────────────────────────────────────────────────────

    def _named(self, func: Any, args: tuple, kwargs: dict) -> dict[str, Any]:
        return {func._schema.arguments[i].name: value for i, value in enumerate(args)} | kwargs

    def _ids(self, tensor: torch.Tensor) -> np.ndarray:
        """Return a tensor's sets; what torch holds for constant here has lost its derivative."""
        ids = self.shadows.read(tensor)
        is_cut = not (tensor.requires_grad or self._depth) and tensor.is_floating_point()
        return np.asarray(np.minimum(ids, STEP)) if is_cut and _is_plain_autograd() else ids

    def _seen(self, value: Any, writes: bool) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        return Operand(value.detach().clone() if writes else value, self._ids(value))

    def _carried(self, value: Any) -> Any:
        """What is moved, as float64 set numbers, which every movement takes; indices stay."""
        if isinstance(value, torch.Tensor):
            if value.is_floating_point() or value.is_complex():
                return torch.from_numpy(self._ids(value).astype(np.float64))
            self._unsettle((value,))
            return value.cpu()
        return 0.0 if isinstance(value, float | complex) else value

    def _stored(self, out: Any, ids: np.ndarray) -> Any:
        """Give results their sets: what is no real or complex number has no derivative."""
        for tensor in tree_flatten(out)[0]:
            if isinstance(tensor, torch.Tensor):
                smooth = tensor.is_floating_point() or tensor.is_complex()
                self.shadows.write(tensor, ids if smooth else np.minimum(ids, STEP))
        return out

    def _union(self, arrays: Sequence[np.ndarray]) -> int:
        joined = np.unique(np.concatenate([ids.reshape(-1) for ids in arrays]))
        return int(self.sets.groups(joined[None])[0]) if len(joined) else CONSTANT

    def _unsettle(self, args: Any) -> None:
        """Values that depend on inputs decide what is done."""
        for leaf in tree_flatten(args)[0]:
            if self.shadows.has(leaf) and self.shadows.read(leaf).max(initial=0) > CONSTANT:
                self.steady = False

    def _unsettle_index(self, rule: Callable, leaf: Operand) -> None:
        if rule is accumulation and leaf.ids.max(initial=0) > CONSTANT:
            self.steady = False

    def _inside(self) -> _Inside:
        return _Inside(self)


class _Inside:
    """Back in the mode, inside an operation."""

    def __init__(self, mode: Following) -> None:
        self.mode = mode

    def __enter__(self) -> None:
        self.mode._depth += 1
        self.mode.__enter__()

    def __exit__(self, *raised: Any) -> None:
        self.mode.__exit__(*raised)
        self.mode._depth -= 1


def _is_plain_autograd() -> bool:
    """Whether no transformation of torch.func is under way, below which torch marks nothing."""
    return torch._C._functorch.peek_interpreter_stack() is None


def _adds(func: Any, args: tuple, kwargs: dict) -> bool:
    """Whether a write at places adds to what is there."""
    names = [argument.name for argument in func._schema.arguments]
    named = dict(zip(names, args, strict=False)) | kwargs
    return bool(named.get("accumulate")) or named.get("reduce") is not None


def _parts_of(operation: Any) -> Callable[..., Any] | None:
    """Return a function that computes an operation by simpler ones, or None if torch has none."""
    parts = core_aten_decompositions().get(operation) or decomposition_table.get(operation)
    return operation.decompose if parts is None and operation._can_decompose() else parts
