"""What a program takes for granted about its inputs and about the moment it runs in."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

Layout = tuple[tuple[int, ...], bool]

_STRIDED = torch.strided
_PLAIN = (Tensor, torch.nn.Parameter)


def layout_of(tensor: Tensor) -> Layout:
    """How a tensor lies in its memory, wherever that begins; views of it depend on that."""
    return tensor.stride(), tensor.is_neg()


def undisturbed(tensors: Sequence[Tensor]) -> bool:
    """Whether operations on some tensors are run as they are, and by nobody else's leave.

    That is not so inside transformations of `torch.func`, in inference mode, and where a mode of
    the user's (or a default device) looks at every call, or a hook at every module.
    """
    for one in tensors:
        if type(one) not in _PLAIN or one.layout is not _STRIDED or one.is_inference():
            return False
    return not (
        _functions()
        or _dispatches()
        or torch._C._functorch.peek_interpreter_stack() is not None
        or torch.is_inference_mode_enabled()
        or has_hooks()
        or torch.is_anomaly_enabled()
    )


has_hooks = torch.nn.modules.module._has_any_global_hook  # on all modules at once
_functions = torch._C._len_torch_function_stack
_dispatches = torch._C._len_torch_dispatch_stack
