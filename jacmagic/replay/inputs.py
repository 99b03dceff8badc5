"""What a program takes for granted about its inputs and about the moment it runs in."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

Layout = tuple[tuple[int, ...], bool]

_PLAIN = (Tensor, torch.nn.Parameter)


def layout_of(tensor: Tensor) -> Layout:
    """How a tensor lies in its memory, wherever that begins; views of it depend on that."""
    return tensor.stride(), tensor.is_neg()


def undisturbed(tensors: Sequence[Tensor]) -> bool:
    """Whether operations on some tensors are run as they are, and by nobody else's leave.

    That is not so inside transformations of `torch.func`, in inference mode, and where a mode of
    the user's (or a default device) looks at every call.
    """
    core = torch._C
    return (
        all(type(one) in _PLAIN and one.layout is torch.strided for one in tensors)
        and not core._len_torch_function_stack()
        and not core._len_torch_dispatch_stack()
        and core._functorch.peek_interpreter_stack() is None
        and not torch.is_inference_mode_enabled()
        and not any(one.is_inference() for one in tensors)
    )
