"""Private names of torch that this package uses, under names of its own.

No other file knows one of them, so that a release of torch that moves them changes this file alone.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch._functorch.vmap import lazy_load_decompositions

_engine: Any = torch.autograd.Variable
_levels: Any = torch._C._functorch

# ── autograd's engine and vmap's levels ───────────────────────────────────────────────────────

run_backward = _engine._execution_engine.run_backward
load_vmap_rules = lazy_load_decompositions
enter_vmap = _levels._vmap_increment_nesting
leave_vmap = _levels._vmap_decrement_nesting
add_batch_dimension = _levels._add_batch_dim
remove_batch_dimension = _levels._remove_batch_dim


def functorch_depth() -> int:
    """Return how many transforms of `torch.func` are under way."""
    return _levels.maybe_current_level() or 0


def without_transforms(tensor: Tensor) -> Tensor:
    """Return the plain tensor inside those that `torch.func` wraps around it."""
    while _levels.is_functorch_wrapped_tensor(tensor):
        tensor = _levels.get_unwrapped(tensor)
    return tensor


# ── nodes of autograd's graph ─────────────────────────────────────────────────────────────────


def output_sizes(node: Any) -> list[int]:
    """Return the scalars of each output of a node's operation; empty where torch keeps none."""
    try:
        return [math.prod(map(int, one.shape)) for one in node._input_metadata]
    except (AttributeError, RuntimeError, TypeError):
        return []
