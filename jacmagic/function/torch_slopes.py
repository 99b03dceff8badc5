"""Torch's slopes at bounds and ties, which its releases choose differently, as torch gives them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from jacmagic.function.torch_internals import without_dispatch_modes, without_torch_functions


def _at_zero(function: Callable[[Tensor], Tensor]) -> float:
    """Return torch's slope of a function at 0, whatever modes are on."""
    with (
        without_dispatch_modes(),
        without_torch_functions(),
        torch.inference_mode(False),
        torch.enable_grad(),
    ):
        x = torch.zeros((), device="cpu", requires_grad=True)  # whatever the default
        (slope,) = torch.autograd.grad(function(x), x)
    return float(slope)


CLAMP_AT_BOUND = _at_zero(lambda x: x.clamp(0, 1))  # with numbers as bounds; in torch 2.15 0
CLAMP_SHARES_TIES = _at_zero(lambda x: x.clamp(min=x.new_zeros(()))) == 0.5  # with tensors
FMAX_SHARES_TIES = _at_zero(lambda x: x.fmax(x.new_zeros(()))) == 0.5  # as does fmin
