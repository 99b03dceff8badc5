"""Rules that write an operation in simpler ones: formulas of torch, run for their expressions.

The operation itself gives the numbers and its formula the nodes: ln(1 + eˣ) where torch computes
what does not overflow. A formula takes the arguments of the operation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from jacmagic.symbolic.graph import Graph, differentiate
from jacmagic.symbolic.graph.passes import copy

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


def pulled_back(
    g: Graph, forward: Callable[[np.ndarray], Any], x: np.ndarray, grad: np.ndarray
) -> np.ndarray:
    """Σᵢ gradᵢ ∂yᵢ/∂x for y = forward(x).

    The forward rule runs on fresh variables, which the nodes of x replace afterwards: a node of x
    may stand for a number, or occur in other arguments too.
    """
    line = g.line
    start = len(g)  # in their names, as the forward rule may be a pullback itself
    fresh = [g.variable(f"\N{PARTIAL DIFFERENTIAL}{start}.{k}") for k in range(x.size)]
    result = forward(np.array(fresh, dtype=np.int64).reshape(x.shape)).reshape(-1).tolist()
    rows = differentiate(g, result, fresh)
    g.line = line
    weights = grad.reshape(-1).tolist()
    entries = sorted({entry for row in rows for entry in row.values()})
    originals = dict(zip(fresh, x.reshape(-1).tolist(), strict=True))
    moved = dict(zip(entries, copy(g, entries, g, originals), strict=True))
    columns = [
        g.total(g.mul(u, moved[row[j]]) for u, row in zip(weights, rows, strict=True) if j in row)
        for j in range(x.size)
    ]
    return np.array(columns, dtype=np.int64).reshape(x.shape)
