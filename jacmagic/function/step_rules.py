"""Derivatives of step functions that torch has no rule for: they are 0 between the jumps.

`a // b` and `heaviside` stop a backward pass, where `floor` and `div(rounding_mode="floor")`, the
same values, have the derivative 0.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

_DIVISIONS = frozenset({torch.floor_divide, Tensor.floor_divide, Tensor.__floordiv__})
_HEAVISIDE = frozenset({torch.heaviside, Tensor.heaviside})


def lacks_step_rule(error: RuntimeError) -> bool:
    """Whether torch refuses because such a function has no rule."""
    message = str(error)
    return "is not implemented" in message and ("floor_divide" in message or "heaviside" in message)


class StepRules(TorchFunctionMode):
    """Computes step functions by others that have a derivative, with the same values."""

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in _DIVISIONS:
            return torch.div(*args, **kwargs, rounding_mode="floor")
        if func is Tensor.__rfloordiv__:
            return torch.div(args[1], args[0], rounding_mode="floor")
        if func in _HEAVISIDE:
            return torch.heaviside(*(arg.detach() for arg in args), **kwargs)
        return func(*args, **kwargs)
