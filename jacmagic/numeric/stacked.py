"""Freivalds' check of Jacobians at many points by one batched backward pass.

The function runs once at all points, batched, and is differentiated by a plain backward pass. As no
point depends on another one, a single pass yields every point's own combination of rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from jacmagic.numeric.freivalds import array_of, check


class Stacked:
    """Jacobians at P points as one matrix of P · m rows: by outputs, then points.

    Inputs that vary have columns for every point, the others share theirs.
    """

    def __init__(
        self, blocks: Sequence[Sequence[Tensor]], values: Sequence[Tensor], varies: Sequence[bool]
    ) -> None:
        """`blocks[i][j]` is (P, *output i, *input j), `values[i]` is (P, *output i)."""
        self._rows = [
            [
                block.detach().double().reshape(*value.shape[:1], value[0].numel(), -1)
                for block in row
            ]
            for row, value in zip(blocks, values, strict=True)
        ]
        self._varies = varies

    def largest(self) -> np.ndarray:
        """(P · m,) the largest absolute value in each row, float64."""
        rows = [torch.cat(row, 2).abs().amax(2).reshape(-1) for row in self._rows]
        return array_of(torch.cat(rows))

    def combined(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """uᵀ·M and |u|ᵀ·|M|, float64 each."""
        counts = [row[0].shape[0] * row[0].shape[1] for row in self._rows]
        weights = torch.from_numpy(u).to(self._rows[0][0].device).split(counts)
        products, sizes = [], []
        for j, varies in enumerate(self._varies):
            formula = "pm,pmn->pn" if varies else "pm,pmn->n"
            matrix = torch.cat([row[j] for row in self._rows], 1)
            along = torch.cat(
                [
                    part.view(row[j].shape[:2])
                    for part, row in zip(weights, self._rows, strict=True)
                ],
                1,
            )
            products.append(torch.einsum(formula, along, matrix).reshape(-1))
            sizes.append(torch.einsum(formula, along.abs(), matrix.abs()).reshape(-1))
        return array_of(torch.cat(products)), array_of(torch.cat(sizes))

    def hidden(self, u: np.ndarray, allowed: np.ndarray) -> list[int]:
        """No rows: every point has columns of its own."""
        return []


def refuted_points(
    matrix: Stacked, leaves: Sequence[Tensor], inputs: Sequence[Tensor], varies: Sequence[bool]
) -> Tensor:
    """For each point whether the backward pass gives other numbers, (P,).

    Args:
        matrix: the Jacobians.
        leaves: (P, *output i), attached to `inputs`.
        inputs: (P, *input j) where it varies.
        varies: for each input whether it does.
    """
    count = len(leaves[0])
    odd = torch.zeros(count, dtype=torch.bool, device=leaves[0].device)
    comparison = check(leaves, inputs, matrix)
    if comparison.answer == "equal":
        return odd
    with np.errstate(invalid="ignore"):
        other = torch.from_numpy(~(comparison.allowed - comparison.gap >= 0)).to(odd.device)
    for part, tensor, own in zip(
        other.split([tensor.numel() for tensor in inputs]), inputs, varies, strict=True
    ):
        odd |= part.view(count, -1).any(1) if own and tensor.numel() else part.any()
    return odd
