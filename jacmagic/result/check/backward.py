"""The `backward` of a `torch.autograd.Function` as a Jacobian, and its `forward` alone."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch

from jacmagic.function.components import flat
from jacmagic.function.interop import lifted


def is_autograd_function(value: Any) -> bool:
    """Whether a value is a subclass of `torch.autograd.Function`."""
    return inspect.isclass(value) and issubclass(value, torch.autograd.Function)


class _Context:
    """What `forward` leaves for `backward`, without torch's graph."""

    saved_tensors: tuple[Any, ...] = ()
    needs_input_grad: tuple[bool, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:
        self.saved_tensors = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        """Accept what forward mode would need."""

    mark_dirty = mark_non_differentiable = set_materialize_grads = save_for_forward


def forward_of(function: Any) -> Callable[..., Any]:
    """Return the `forward` of an autograd function as an ordinary one, named as it is."""

    def forward(*inputs: Any) -> Any:
        return _run(function, inputs)[0]

    first = 0 if _has_setup(function) else 1
    names = list(inspect.signature(function.forward).parameters.values())[first:]
    forward.__signature__ = inspect.Signature(names)  # type: ignore[attr-defined]  # read by inspect
    forward.__name__ = function.__name__
    return forward


def _has_setup(function: Any) -> bool:
    return function.setup_context is not torch.autograd.Function.setup_context


def _run(function: Any, inputs: tuple[Any, ...]) -> tuple[Any, _Context]:
    """Run `forward` and return its value with the context."""
    context = _Context()
    context.needs_input_grad = tuple(isinstance(input_, torch.Tensor) for input_ in inputs)
    run = lifted(function.forward)
    if not _has_setup(function):
        return run(context, *inputs), context
    output = run(*inputs)
    function.setup_context(context, inputs, output)
    return output, context


def rows_of(function: Any) -> Callable[..., torch.Tensor]:
    """Return a function whose value is the Jacobian that torch gets from `backward`, (m, n)."""

    def rows(*inputs: Any) -> torch.Tensor:
        tensors = [
            input_.detach().clone().requires_grad_() if isinstance(input_, torch.Tensor) else input_
            for input_ in inputs
        ]
        leaves = [tensor for tensor in tensors if isinstance(tensor, torch.Tensor)]
        with torch.enable_grad():
            output = function.apply(*tensors)
            values = flat(output if isinstance(output, tuple) else (output,))
            gradients = [
                torch.autograd.grad(value, leaves, retain_graph=True, allow_unused=True)
                for value in values
            ]
        return torch.stack([_joined(row, leaves) for row in gradients])

    return rows


def rows_by_hand(function: Any) -> Callable[..., torch.Tensor]:
    """Return the same matrix by calling `backward` itself, which can be traced."""

    def rows(*inputs: Any) -> torch.Tensor:
        output, _ = _run(function, inputs)
        outputs = output if isinstance(output, tuple) else (output,)
        leaves = [input_ for input_ in inputs if isinstance(input_, torch.Tensor)]
        gradients = []
        for k, part in enumerate(outputs):
            for i in range(part.numel()):
                seeds = [torch.zeros_like(other) for other in outputs]
                unit = torch.zeros(part.numel(), dtype=part.dtype)
                unit[i] = 1.0
                seeds[k] = unit.reshape(part.shape)
                _, context = _run(function, inputs)
                slopes = lifted(function.backward)(context, *seeds)
                slopes = slopes if isinstance(slopes, tuple) else (slopes,)
                row_of_tensors = [
                    slope
                    for slope, tensors in zip(slopes, inputs, strict=False)
                    if isinstance(tensors, torch.Tensor)
                ]
                gradients.append(_joined(row_of_tensors, leaves))
        return torch.stack(gradients)

    return rows


def _joined(slopes: Any, leaves: list[torch.Tensor]) -> torch.Tensor:
    """Return a row of the Jacobian; a slope that is None is zero."""
    pairs = zip(slopes, leaves, strict=True)
    return flat([torch.zeros_like(leaf) if slope is None else slope for slope, leaf in pairs])
