"""Functions that keep float32 tensors, run in float64.

A function with weights of its own in float32 refuses inputs in float64, and in float32 difference
quotients have too few digits to decide anything.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from jacmagic.function.torch_internals import tree_flatten, tree_unflatten

# Tensors that a function fills afterwards get the digits of what it writes.
_DTYPE = Tensor.dtype.__get__  # type: ignore[attr-defined]  # a descriptor
_CREATED = (torch.zeros, torch.ones, torch.empty, torch.eye)


class Widened(TorchFunctionMode):
    """Calls in which a float64 tensor meets shorter ones take those as float64.

    What a call writes to stays as it is.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func in _CREATED:
            kwargs["dtype"] = _longest(kwargs.get("dtype") or torch.get_default_dtype())
        elif func == _DTYPE:  # what LSTM compares before it calls torch
            return _longest(func(*args))
        elif not _writes(func, kwargs):
            leaves, tree = tree_flatten((args, kwargs))
            if any(isinstance(leaf, Tensor) and leaf.dtype is torch.float64 for leaf in leaves):
                args, kwargs = tree_unflatten(map(_wide, leaves), tree)
        return func(*args, **kwargs)


def _writes(func: Any, kwargs: dict[str, Any]) -> bool:
    """Whether a call writes to one of its arguments."""
    name = getattr(func, "__name__", "")
    in_place = name.startswith("__i") or name == "__setitem__"
    return in_place or (name.endswith("_") and not name.endswith("__")) or "out" in kwargs


def _longest(dtype: torch.dtype) -> torch.dtype:
    return torch.float64 if dtype.is_floating_point else dtype


def _wide(leaf: Any) -> Any:
    """Return a tensor of shorter floating numbers as float64, anything else as it is."""
    return leaf.double() if isinstance(leaf, Tensor) and leaf.is_floating_point() else leaf
