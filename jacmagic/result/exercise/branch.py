"""Points in the branch of x: where every kink and condition of a function lies on the same side."""

from __future__ import annotations

import numpy as np

from jacmagic.result.check.expressions import Expressions, Values

MIN_POINTS = 32  # in the branch; with fewer, points are moved towards x
HALVINGS = 10  # of their distance from x


def in_branch(form: Expressions, points: np.ndarray) -> np.ndarray:
    """Return points in the branch of the first one, (k, n); the first one stays first.

    Args:
        form: the function's outputs and entries on its graph.
        points: x, and points around it.
    """
    found = points
    for _ in range(HALVINGS):
        kept = found[_same_sides(form, found)]
        if len(kept) >= min(MIN_POINTS, len(points)):
            return kept
        found = points[0] + (found - points[0]) / 2
    return found[_same_sides(form, found)]


def _same_sides(form: Expressions, points: np.ndarray) -> np.ndarray:
    """Return which points lie on the same sides as the first one, boolean (k,)."""
    values, same = form.values(points), np.ones(len(points), dtype=bool)
    with np.errstate(all="ignore"):
        for node in form.graph.reach([*form.outputs, *form.entries]):
            side = _side(form, values, node)
            if side is not None:
                same &= side == side[0]
    return same


def _side(form: Expressions, values: Values, node: int) -> np.ndarray | None:
    """Return the side on which a condition or kink is, (k,); None of a smooth operation."""
    operation, operands = form.graph.operations[node], form.graph.operands(node)
    if operation == "where":
        return values.of(operands[0]) != 0
    if operation in ("abs", "sign", "relu"):
        return np.sign(values.of(operands[0]))
    if operation in ("max", "min"):
        return np.sign(values.of(operands[0]) - values.of(operands[1]))
    if operation == "clamp":
        x, low, high = map(values.of, operands)
        return np.sign(x - low) + np.sign(x - high)
    return values.of(node) if operation in ("floor", "ceil") else None
