"""The private names of torch that this package uses, each under a plain name.

No other module touches a private name of torch (`tests/function/test_torch_internals.py`), so that
a new release of torch is adapted to here. All of these modules are loaded with torch itself:
nothing here loads its compiler.
"""

from __future__ import annotations

import contextlib
import functools
import math
import sys
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakSet

import torch
from torch import Tensor
from torch._decomp import decomposition_table
from torch._functorch import eager_transforms as _transforms
from torch._functorch.vmap import lazy_load_decompositions
from torch._higher_order_ops.map import map as torch_map
from torch._ops import OpOverload
from torch.autograd import forward_ad as _dual
from torch.overrides import _get_current_function_mode_stack as function_modes
from torch.utils import _python_dispatch as _dispatch
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten

__all__ = [
    "BatchNorm", "Dropout", "InterceptingMode", "OpOverload", "add_batch_dimension",
    "decomposition_of_composite", "decomposition_table", "dispatch_modes", "enter_vmap",
    "forward_gradients_enabled", "forward_pass", "function_modes", "functorch_depth",
    "is_batched", "is_under_transform", "is_wrapped", "keeping_dispatch_keys", "leave_vmap",
    "load_vmap_rules", "mode_flags", "output_sizes", "overload_of", "pop_dispatch_mode",
    "pop_function_mode", "push_dispatch_mode", "push_function_mode",
    "recorded_between", "remove_batch_dimension", "run_backward", "schema_of", "set_grad_enabled",
    "set_mode_flags", "storage_key", "torch_map", "tree_flatten", "tree_map",
    "tree_unflatten", "version_of", "without_dispatch_modes", "without_torch_functions",
    "without_transforms",
]  # fmt: skip

_dual_number: Any = torch._VF._make_dual
set_grad_enabled: Any = torch._C._set_grad_enabled  # what `torch.no_grad()` calls on both ends


# ── modes ─────────────────────────────────────────────────────────────────────────────────────


class InterceptingMode(_dispatch.TorchDispatchMode):
    """A dispatch mode that does not load torch's compiler.

    Torch keeps its compiler from compiling what a mode does, and loads it for that: a second and a
    half before the first formula. What these modes do is never compiled.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False


# The dispatch modes of this thread, outermost first; one more, one less, none for a while.
dispatch_modes = _dispatch._get_current_dispatch_mode_stack
push_dispatch_mode = _dispatch._push_mode
pop_dispatch_mode = _dispatch._pop_mode
without_dispatch_modes = _dispatch._disable_current_modes

# `function_modes` lists the `__torch_function__` modes of this thread; one more, one less, none.
push_function_mode = torch._C._push_on_torch_function_stack
pop_function_mode = torch._C._pop_torch_function_stack
without_torch_functions = torch._C.DisableTorchFunction

_FLAGS = (
    "_is_in_torch_dispatch_mode",
    "_is_in_non_infra_torch_dispatch_mode",
    "_is_in_any_mode_without_ignore_compile_internals",
)


def mode_flags() -> dict[str, Any]:
    """Return what torch notes beside its stack of dispatch modes."""
    return {name: getattr(_dispatch, name, None) for name in _FLAGS}


def set_mode_flags(flags: dict[str, Any]) -> None:
    """Restore what `mode_flags` returned."""
    for name, flag in flags.items():
        if flag is not None:
            setattr(_dispatch, name, flag)


# ── transformations of torch.func ─────────────────────────────────────────────────────────────

_levels: Any = torch._C._functorch

# vmap's levels: load the rules that are written in Python, enter and leave a level, map a tensor's
# first dimension over it and get it back.
load_vmap_rules = functools.cache(lazy_load_decompositions)
enter_vmap = _levels._vmap_increment_nesting
leave_vmap = _levels._vmap_decrement_nesting
add_batch_dimension = _levels._add_batch_dim
remove_batch_dimension = _levels._remove_batch_dim


def functorch_depth() -> int:
    """Return how many transformations of `torch.func` are running."""
    return _levels.maybe_current_level() or 0


is_wrapped = _levels.is_functorch_wrapped_tensor  # by vmap, grad or jvp


def without_transforms(tensor: Tensor) -> Tensor:
    """Return the plain tensor inside those that `torch.func` wraps around it."""
    while is_wrapped(tensor):
        tensor = _levels.get_unwrapped(tensor)
    return tensor


def is_batched(tensor: Tensor) -> bool:
    """Whether `vmap` maps over a tensor, whatever else wraps it."""
    while is_wrapped(tensor):
        if _levels.is_batchedtensor(tensor):
            return True
        tensor = _levels.get_unwrapped(tensor)
    return False


def is_under_transform() -> bool:
    """Whether a transformation of `torch.func` is running."""
    return _levels.peek_interpreter_stack() is not None


def forward_pass(
    function: Callable[..., Sequence[Tensor]],
    primals: Sequence[Tensor],
    tangents: Sequence[Tensor],
    *,
    of: Callable[..., Any] | None = None,
) -> tuple[list[Tensor], list[Tensor]]:
    """Return values and tangents as `torch.func.jvp` does, which compiles TorchScript first.

    Few operations have their forward formulas there; the function runs again for these.

    Args:
        function: takes `primals`.
        primals: the point.
        tangents: the direction, in the shapes of `primals`.
        of: what `function` runs; where that needed no zeros in memory before, none are made.

    Raises:
        RuntimeError: an operation has no forward formula.
    """
    zeros = None if "torch._dynamo" in sys.modules or of in _needs_no_zeros else _RealZeros()
    try:
        result = _forward_pass(function, primals, tangents, zeros or contextlib.nullcontext())
    except NotImplementedError:
        values, slopes, *_ = torch.func.jvp(function, tuple(primals), tuple(tangents))
        return list(values), list(slopes)
    if of is not None and zeros is not None and not zeros.needed:
        _needs_no_zeros.add(of)
    return result


def _forward_pass(
    function: Callable[..., Sequence[Tensor]],
    primals: Sequence[Tensor],
    tangents: Sequence[Tensor],
    zeros: contextlib.AbstractContextManager[Any],
) -> tuple[list[Tensor], list[Tensor]]:
    with (
        _transforms.jvp_increment_nesting() as level,
        _dual._set_fwd_grad_enabled(True),
        _dual.dual_level() if _transforms.JVP_NESTING == 1 else contextlib.nullcontext(),
        zeros,
    ):
        duals = [
            _dual_number(primal, tangent, level=_dual._current_level)
            for primal, tangent in zip(primals, tangents, strict=True)
        ]
        pairs = [_dual.unpack_dual(output) for output in function(*duals)]
        values = [value for value, _ in pairs]
        slopes = [torch.zeros_like(x) if slope is None else slope for x, slope in pairs]
        return _outside(values, level), _outside(slopes, level)


def _outside(tensors: Sequence[Tensor], level: int) -> list[Tensor]:
    """Return what a transformation that ends has computed."""
    return [_levels._unwrap_for_grad(tensor, level) for tensor in tensors]


class _RealZeros(InterceptingMode):
    """Zero tangents in memory; sums and products of torch's own load its compiler.

    Attributes:
        needed: whether there were such sums and products.
    """

    def __init__(self) -> None:
        super().__init__()
        self.needed = False
        self._zeros: list[Tensor] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func is torch.ops.aten._efficientzerotensor.default:
            self._zeros.append(torch.ops.aten.zeros.default(*args, **(kwargs or {})))
            return self._zeros[-1]
        if self._zeros and not self.needed and func.overloadpacket in _OF_ZEROS:
            zeros = set(map(storage_key, self._zeros))
            tensors = [value for value in args if isinstance(value, Tensor)]
            self.needed = not zeros.isdisjoint(map(storage_key, tensors))
        return func(*args, **(kwargs or {}))


# The operations that torch has kernels of their own for; others get zeros in memory.
_OF_ZEROS = {getattr(torch.ops.aten, name) for name in ("add", "sub", "mul", "div", "linalg_cross")}
_needs_no_zeros: WeakSet[Callable[..., Any]] = WeakSet()


def keeping_dispatch_keys() -> Any:
    """Return a context that restores this thread's dispatch keys at its end.

    Where an error message shows a tensor inside a transform, torch may leave them changed, and
    autograd switched off, when the error is freed.
    """
    included = torch._C._dispatch_tls_local_include_set()
    return torch._C._ForceDispatchKeyGuard(included, torch._C._dispatch_tls_local_exclude_set())


# ── autograd ──────────────────────────────────────────────────────────────────────────────────

_engine: Any = torch.autograd.Variable
run_backward = _engine._execution_engine.run_backward  # one backward pass, arguments unchecked
forward_gradients_enabled = torch._C._is_fwd_grad_enabled


def recorded_between(first: Tensor, last: Tensor) -> int:
    """Return how many operations this thread recorded after one tensor's, up to another's."""
    if first.grad_fn is None or last.grad_fn is None:
        return 0
    return int(last.grad_fn._sequence_nr() - first.grad_fn._sequence_nr())


def output_sizes(node: Any) -> list[int]:
    """Return the sizes of a graph node's outputs; empty where torch keeps none."""
    try:
        return [math.prod(map(int, output.shape)) for output in node._input_metadata]
    except (AttributeError, RuntimeError, TypeError):
        return []


# ── operations and tensors ────────────────────────────────────────────────────────────────────


def schema_of(operation: Any) -> Any:
    """Return an ATen operation's schema: name, arguments, returns, what aliases what."""
    return operation._schema


def overload_of(operation: Any) -> str:
    """Return an ATen operation's overload, such as `Tensor` or `dim`."""
    return str(operation._overloadname)


def decomposition_of_composite(operation: Any) -> Any:
    """Return a function that runs a composite operation's parts; None for others."""
    return operation.decompose if operation._can_decompose() else None


def version_of(tensor: Tensor) -> int:
    """Return how often a tensor has been written to; inference tensors raise."""
    return tensor._version


BatchNorm = torch.nn.modules.batchnorm._BatchNorm  # the layers of every dimension
Dropout = torch.nn.modules.dropout._DropoutNd


def storage_key(tensor: Tensor) -> int:
    """Return what tensors that share memory have in common."""
    return tensor.untyped_storage()._cdata
