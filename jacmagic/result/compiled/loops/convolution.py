"""Decompositions of convolutions: windows of the input times the weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from jacmagic.result.compiled.loops.windows import Windows


def convolution(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
) -> Tensor:
    """Return a convolution, (batch, channels out, *lengths); transposed, the adjoint of one."""
    place = stride, padding, dilation, groups
    if transposed:
        lengths = [
            (n - 1) * step - 2 * pad + wide * (k - 1) + more + 1
            for n, k, step, pad, wide, more in zip(
                x.shape[2:],
                weight.shape[2:],
                stride,
                padding,
                dilation,
                output_padding,
                strict=True,
            )
        ]
        shape = x.shape[0], weight.shape[1] * groups, *lengths
        columns = _by_group(weight, groups).mT @ _by_channel(x, groups)
        output = Windows(shape, weight.shape[2:], *place).adjoint(columns)
    else:
        windows = Windows(x.shape, weight.shape[2:], *place)
        output = _by_group(weight, groups) @ windows.of(x)
        output = output.reshape(x.shape[0], weight.shape[0], *windows.counts)
    return output if bias is None else output + bias.reshape(-1, *[1] * (x.ndim - 2))


def convolution_backward(
    gradient: Tensor,
    x: Tensor,
    weight: Tensor,
    bias_sizes: Sequence[int] | None,
    *options: Any,
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """Return the gradients of input, weight and bias, None where one is not wanted.

    Args:
        gradient: of the result.
        x: the input.
        weight: as in `convolution`.
        bias_sizes: of the bias.
        options: as in `convolution`, and which gradients are wanted.
    """
    stride, padding, dilation, transposed, _, groups, wanted = options
    image, other = (gradient, x) if transposed else (x, gradient)
    windows = Windows(image.shape, weight.shape[2:], stride, padding, dilation, groups)
    of_input = of_weight = of_bias = None
    if wanted[0] and transposed:
        of_input = (_by_group(weight, groups) @ windows.of(gradient)).reshape(x.shape)
    elif wanted[0]:
        of_input = windows.adjoint(_by_group(weight, groups).mT @ _by_channel(gradient, groups))
    if wanted[1]:
        products = _by_channel(other, groups) @ windows.of(image).mT
        of_weight = products.sum(0).reshape(weight.shape)
    if wanted[2]:
        of_bias = gradient.sum([0, *range(2, gradient.ndim)])
    return of_input, of_weight, of_bias


def _by_group(weight: Tensor, groups: int) -> Tensor:
    """Return weights (groups, channels of one, the other channels of one · window size)."""
    return weight.reshape(groups, weight.shape[0] // groups, -1)


def _by_channel(x: Tensor, groups: int) -> Tensor:
    """Return data (batch, groups, channels of one, count)."""
    return x.reshape(x.shape[0], groups, x.shape[1] // groups, -1)
