"""Faults to plant in functions: code that loses or falsifies torch's derivatives.

Each takes an input tensor and returns one of the same numbers, so that the function's value is
unchanged and only torch's derivative is wrong: that of every pass, or (`BATCHED`) that of batched
passes only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Fault:
    """A fault in a derivative.

    Attributes:
        name: what it is called in the table.
        hide: (tensor, index) → the tensor with the derivative of the component at `index`, or of
            all components, lost or falsified.
        causes: what the cause must mention, any of these; none where the code shows no cause.
    """

    name: str
    hide: Callable[[Tensor, int], Tensor]
    causes: tuple[str, ...]


def _replaced(cut: Callable[[Tensor], Tensor]) -> Callable[[Tensor, int], Tensor]:
    """Pass one component through a cut, and the others unchanged."""

    def hide(tensor: Tensor, index: int) -> Tensor:
        parts = list(tensor.reshape(-1).unbind())
        parts[index] = cut(parts[index])
        return torch.stack(parts).reshape(tensor.shape)

    return hide


def _no_grad(part: Tensor) -> Tensor:
    with torch.no_grad():
        return part * 1


def _inference(part: Tensor) -> Tensor:
    with torch.inference_mode():
        kept = part * 1
    return kept.clone()


def _half(part: Tensor) -> Tensor:
    """Detach one of two equal terms."""
    return part / 2 + part.detach() / 2


def _with_backward(
    name: str, change: Callable[[Tensor], Tensor]
) -> Callable[[Tensor, int], Tensor]:
    """Pass a tensor through an identity of this name, whose backward is wrong."""

    def backward(ctx, gradient):
        return change(gradient)

    methods = {"forward": lambda ctx, x: x * 1, "backward": backward}
    static = {method: staticmethod(function) for method, function in methods.items()}
    kind: Any = type(name, (torch.autograd.Function,), static)
    return lambda tensor, index: kind.apply(tensor)


class WrongBatch(torch.autograd.Function):
    """The identity, whose rule for `vmap` is wrong by a factor."""

    @staticmethod
    def forward(x):
        return x * 1

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, gradient):
        return WrongBatch.apply(gradient)

    @staticmethod
    def vmap(info, in_dims, x):
        return x * 2, in_dims[0]


@torch.library.custom_op("jacmagic_faults::same", mutates_args=())
def same(x: Tensor) -> Tensor:
    """Return a copy; the rule for `vmap` returns the batch in another order."""
    return x * 1


same.register_autograd(
    lambda ctx, gradient: same(gradient), setup_context=lambda ctx, inputs, output: None
)
same.register_vmap(lambda info, in_dims, x: (same(x).flip(in_dims[0]), in_dims[0]))


def _hooked(tensor: Tensor, index: int) -> Tensor:
    """Return a hook that scales the gradient, which the forward pass does not show."""
    passed = tensor * 1
    if passed.requires_grad:
        passed.register_hook(lambda gradient: gradient * 1.5)
    return passed


FAULTS = (
    Fault("detach()", _replaced(lambda part: part.detach()), ("detach()",)),
    Fault("one of two terms detached", _replaced(_half), ("detach()",)),
    Fault(".data", _replaced(lambda part: part.data * 1), (".data",)),
    Fault(
        ".item()",
        _replaced(lambda part: torch.as_tensor(part.item(), dtype=part.dtype)),
        (".item()", "torch.as_tensor"),
    ),
    Fault("no_grad", _replaced(_no_grad), ("no_grad",)),
    Fault("inference_mode", _replaced(_inference), ("inference_mode",)),
    Fault(
        "torch.tensor([...])",
        lambda tensor, index: torch.tensor(list(tensor.reshape(-1))).reshape(tensor.shape),
        ("torch.tensor",),
    ),
    Fault(
        "float()",
        _replaced(lambda part: part * 0 + float(part)),
        ("float()",),
    ),
    Fault("backward twice too large", _with_backward("Doubled", lambda g: 2 * g), ("Doubled",)),
    Fault(
        "backward with swapped entries",
        _with_backward("Swapped", lambda g: g.reshape(-1).flip(0).reshape(g.shape)),
        ("Swapped",),
    ),
    Fault(
        "backward wrong in the fourth digit",
        _with_backward("Slightly", lambda g: g * 1.0003),
        ("Slightly",),
    ),
    Fault("backward of the other sign", _with_backward("Negated", lambda g: -g), ("Negated",)),
    Fault("a hook on the gradient", _hooked, ()),
)

BATCHED = (
    Fault(
        "vmap of an autograd.Function", lambda tensor, index: WrongBatch.apply(tensor), ("vmap",)
    ),
    Fault("vmap of an operator", lambda tensor, index: same(tensor), ("vmap",)),
)
