"""Results that are constant over an interval: bins, nonzero elements, rounding.

That the numbers stay between the same two bounds becomes an assumption.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.symbolic.graph import Graph
from jacmagic.symbolic.trace.rules.selections import Operands, Selection, SelectionRule


def _searched(
    g: Graph, operands: Operands, edges: np.ndarray, x: np.ndarray, **kwargs: Any
) -> Selection:
    """searchsorted: the edges on both sides of every position."""
    right = bool(kwargs.get("right", False)) or kwargs.get("side") == "right"
    if kwargs.get("sorter") is not None:
        raise Unsupported("searchsorted", "with a sorter has no rule yet")
    conditions = []
    positions = operands.results[0].reshape(-1).tolist()
    rows = edges.reshape(-1, edges.shape[-1])
    per_row = max(x.size // max(len(rows), 1), 1) if edges.ndim > 1 else max(x.size, 1)
    for k, (node, position) in enumerate(zip(x.reshape(-1).tolist(), positions, strict=True)):
        row = rows[k // per_row]
        if position > 0:
            conditions.append(g.apply("le" if right else "lt", int(row[position - 1]), node))
        if position < len(row):
            conditions.append(g.apply("gt" if right else "ge", int(row[position]), node))
    return Selection((None,), conditions)


def _nonzero(g: Graph, operands: Operands, nodes: np.ndarray) -> Selection:
    """Which elements are not 0."""
    conditions = [
        node if g.is_condition(node) and number else
        g.negate(node) if g.is_condition(node) else
        g.apply("ne" if number else "eq", node, g.number(0))
        for node, number in zip(nodes.reshape(-1).tolist(), operands.inputs[0].flat, strict=True)
    ]  # fmt: skip
    return Selection((None,), [c for c in conditions if g.value(c) is None])


def _rounded(g: Graph, operands: Operands, nodes: np.ndarray, *, decimals: int = 0) -> Selection:
    """⌊x + 1/2⌋, except halfway between two integers, where torch takes the even one."""
    scale, half = g.number(10**decimals) if decimals >= 0 else g.number(1 / 10**-decimals), 0.5
    result, conditions = np.empty_like(nodes), []
    for index in np.ndindex(*nodes.shape):
        u = g.mul(scale, int(nodes[index]))
        number = float(operands.inputs[0][index]) * 10.0**decimals
        shifted = g.apply("floor", g.add(u, g.number(half)))
        if number - np.floor(number) == half:
            shifted = g.number(float(np.round(number)))
        if g.value(u) is None:
            halfway = g.apply("ne", g.sub(u, g.apply("floor", u)), g.number(half))
            exactly = number - np.floor(number) == half
            conditions.append(g.apply("eq", u, g.number(number)) if exactly else halfway)
        result[index] = g.div(shifted, scale)
    return Selection((result,), conditions)


INTERVALS: dict[str, SelectionRule] = {
    "searchsorted": _searched,
    "bucketize": lambda g, operands, x, edges, **kwargs: _searched(g, operands, edges, x, **kwargs),
    "nonzero": _nonzero,
    "round": _rounded,
}
