"""Check of a differentiable Jacobian's graph by one second derivative.

Numbers may be right whose graph is not: a batched backward formula may take what the forward pass
kept, such as the mean and deviation of a normalisation, for constants. For random u and v the
gradient of uᵀ·J·v is compared with the one through a plain backward pass along u.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from jacmagic.numeric.dense_matrix import Dense
from jacmagic.numeric.freivalds import NOISE_FACTOR, Answer, directions
from jacmagic.numeric.torch_errors import TORCH_ERRORS

Blocks = Sequence[Sequence[Tensor]]


class Probed:
    """The scalar uᵀ·J·v of a Jacobian, by its blocks or by a backward pass.

    u and v are random; every row, and every column of the combined rows, counts alike.
    """

    def __init__(self, blocks: Blocks, leaves: Sequence[Tensor], inputs: Sequence[Tensor]) -> None:
        """`blocks[i][j]` has the shape of leaf i followed by that of input j."""
        matrix = Dense(blocks, leaves)
        u = directions(matrix.largest())
        v = directions(matrix.combined(u)[1])
        self.u = _cut(u, leaves)
        self.v = _cut(v, inputs)
        self.size = float(len(v))

    def of_blocks(self, blocks: Blocks) -> Tensor:
        """uᵀ·J·v, differentiable as the blocks are."""
        terms = [
            u.reshape(-1) @ block.reshape(u.numel(), -1) @ v.reshape(-1).to(block.dtype)
            for u, row in zip(self.u, blocks, strict=True)
            for v, block in zip(self.v, row, strict=True)
            for u in [u.to(block.dtype)]
        ]
        return torch.stack([term.double() for term in terms]).sum()

    def by_a_pass(self, leaves: Sequence[Tensor], inputs: Sequence[Tensor]) -> Tensor:
        """Return the same through one plain backward pass along u."""
        pairs = [(leaf, u) for leaf, u in zip(leaves, self.u, strict=True) if leaf.requires_grad]
        if not pairs:
            return torch.zeros((), dtype=torch.float64)
        attached, along = zip(*pairs, strict=True)
        rows = torch.autograd.grad(
            attached, inputs, along, create_graph=True, retain_graph=True, allow_unused=True
        )
        terms = [
            (row * v).sum().double() for row, v in zip(rows, self.v, strict=True) if row is not None
        ]
        return torch.stack(terms).sum() if terms else torch.zeros((), dtype=torch.float64)

    def compare(self, one: Tensor, plain: Tensor, inputs: Sequence[Tensor]) -> Answer:
        """Whether two such scalars have the same gradients, to half of their digits.

        Equal, too, where the plain one has no gradient that torch could find.
        """
        try:
            truth = _gradients(plain, inputs)
        except TORCH_ERRORS:
            return "equal"
        try:
            gradients = _gradients(one, inputs)
        except TORCH_ERRORS:
            return "different"
        if not all(bool(part.isfinite().all()) for part in (*truth, *gradients)):
            return "not finite"
        near = [self._near(*pair) for pair in zip(gradients, truth, inputs, strict=True)]
        return "equal" if all(near) else "different"

    def _near(self, batched: Tensor, plain: Tensor, tensor: Tensor) -> bool:
        eps = torch.finfo(tensor.dtype).eps
        largest = float(tensor.detach().abs().amax()) if tensor.numel() else 0.0
        rounded = NOISE_FACTOR * eps * self.size / largest if largest else 0.0
        allowed = eps**0.5 * torch.maximum(batched.abs(), plain.abs()) + rounded
        return bool(((batched - plain).abs() <= allowed).all())


def _cut(flat: np.ndarray, like: Sequence[Tensor]) -> list[Tensor]:
    parts = torch.from_numpy(flat).split([tensor.numel() for tensor in like])
    return [
        part.reshape(tensor.shape).to(tensor.device, tensor.dtype)
        for part, tensor in zip(parts, like, strict=True)
    ]


def _gradients(scalar: Tensor, inputs: Sequence[Tensor]) -> list[Tensor]:
    gradients: Sequence[Tensor | None] = [None] * len(inputs)
    if scalar.requires_grad:
        gradients = torch.autograd.grad(scalar, inputs, retain_graph=True, allow_unused=True)
    return [
        torch.zeros_like(tensor) if gradient is None else gradient.detach()
        for gradient, tensor in zip(gradients, inputs, strict=True)
    ]
