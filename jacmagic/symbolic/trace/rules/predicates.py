"""Comparisons of whole tensors that give a Python bool, as one condition each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from jacmagic.symbolic.graph import ONE, ZERO, Graph
from jacmagic.symbolic.trace.rules.arrays import each


def _all(g: Graph, conditions: np.ndarray) -> int:
    result = ONE
    for condition in conditions.reshape(-1).tolist():
        result = condition if result == ONE else g.apply("and", result, condition)
    return result


def _equal(g: Graph, a: np.ndarray, b: np.ndarray) -> int:
    if a.shape != b.shape:
        return ZERO
    return _all(g, each(g, lambda u, v: g.apply("eq", u, v), a, b))


def _close(
    g: Graph,
    a: np.ndarray,
    b: np.ndarray,
    rtol: float = 1e-5,
    atol: float = 1e-8,
    equal_nan: bool = False,
) -> int:
    """Return whether |a − b| ≤ atol + rtol·|b|."""

    def near(u: int, v: int) -> int:
        bound = g.add(g.number(atol), g.mul(g.number(rtol), g.apply("abs", v)))
        return g.apply("le", g.apply("abs", g.sub(u, v)), bound)

    return _all(g, each(g, near, a, b))


PREDICATES: dict[str, Callable[..., int]] = {"equal": _equal, "allclose": _close}
