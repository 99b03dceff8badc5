"""Windows of an image: what convolutions and averages read, and the adjoint.

The windows are a movement of data; what goes backwards through them is their adjoint, a sum over
the windows in which each component stands.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

_aten = torch.ops.aten


@dataclass(frozen=True)
class Windows:
    """Where the windows of a convolution stand.

    Attributes:
        shape: of the input, (batch, channels, *lengths).
        kernel: the lengths of a window.
        stride: from one window to the next, in each direction.
        padding: zeros on each side.
        dilation: from one component of a window to the next.
        groups: of channels.
    """

    shape: Sequence[int]
    kernel: Sequence[int]
    stride: Sequence[int]
    padding: Sequence[int]
    dilation: Sequence[int]
    groups: int

    @property
    def counts(self) -> list[int]:
        """The number of windows in each direction."""
        return [
            (length + 2 * pad - step * (k - 1) - 1) // stride + 1
            for length, k, stride, pad, step in zip(
                self.shape[2:], self.kernel, self.stride, self.padding, self.dilation, strict=True
            )
        ]

    @property
    def padded(self) -> list[int]:
        """The lengths of the padded input."""
        return [n + 2 * pad for n, pad in zip(self.shape[2:], self.padding, strict=True)]

    def positions(self) -> Tensor:
        """Return the position of each component in the padded input, (window size · count,)."""
        dims, place = len(self.kernel), torch.zeros((), dtype=torch.int64)
        for d, length in enumerate(self.padded):
            inner, outer = [1] * 2 * dims, [1] * 2 * dims
            inner[d], outer[dims + d] = self.kernel[d], self.counts[d]
            at = torch.arange(self.kernel[d]).view(inner) * self.dilation[d]
            place = place * length + at + torch.arange(self.counts[d]).view(outer) * self.stride[d]
        return place.reshape(-1)

    def of(self, x: Tensor) -> Tensor:
        """Return the windows, (batch, groups, channels of one · window size, count)."""
        pad = [size for size in reversed(self.padding) for _ in range(2)]
        padded = _aten.constant_pad_nd.default(x, pad, 0)
        patches = padded.reshape(*x.shape[:2], -1).index_select(-1, self.positions())
        return patches.reshape(x.shape[0], self.groups, -1, math.prod(self.counts))

    def adjoint(self, windows: Tensor) -> Tensor:
        """Return the sums of windows at each component of the input."""
        columns = windows.reshape(*self.shape[:2], -1)
        zeros = columns.new_zeros(*self.shape[:2], math.prod(self.padded))
        image = zeros.index_add(-1, self.positions(), columns).reshape(
            *self.shape[:2], *self.padded
        )
        for d, (length, pad) in enumerate(zip(self.shape[2:], self.padding, strict=True), 2):
            image = image.narrow(d, pad, length)
        return image
