"""Rules that write an operation in simpler ones: formulas of torch, run for their expressions.

The operation itself gives the numbers and its formula the nodes: ln(1 + eˣ) where torch computes
what does not overflow. A formula takes the arguments of the operation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

UNIT = torch.ones(())  # a first term that stays the first: torch has `1 + x` as x + 1


@dataclass(frozen=True)
class Formula:
    """An operation in terms of simpler ones.

    Attributes:
        compute: from the operation's arguments to its results, or to the first of them.
        check: from the graph, the numbers of all tensors and the nodes of the arguments; raises
            `Unsupported` where the formula does not hold.
    """

    compute: Callable[..., Any]
    check: Callable[..., None] | None = None


@dataclass(frozen=True)
class Pullback:
    """A backward operation of (gradient, x, …): Σᵢ gradientᵢ ∂yᵢ/∂x for y = forward(x, …)."""

    forward: Callable[..., torch.Tensor]


def formulas(**computed: Callable[..., Any]) -> dict[str, Formula]:
    """Return a table of formulas by the operations' names."""
    return {name: Formula(compute) for name, compute in computed.items()}
