"""Rules for activation functions, in the form in which papers define them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jacmagic.symbolic.graph import ONE, ZERO, Graph
from jacmagic.symbolic.trace.rules.arrays import Nodes, Rule, each, elementwise, named
from jacmagic.symbolic.trace.rules.elementwise import where


def _gelu(g: Graph, x: Nodes, approximate: str = "none") -> np.ndarray:
    """x Φ(x) (Hendrycks & Gimpel, arXiv:1606.08415), or its approximation by tanh."""

    def exactly(u: int) -> int:
        error = g.apply("erf", g.div(u, g.number(math.sqrt(2))))
        return g.mul(g.div(u, g.number(2)), g.add(ONE, error))

    def nearly(u: int) -> int:
        cubic = g.add(u, g.mul(g.number(0.044715), g.pow(u, g.number(3))))
        inner = g.apply("tanh", g.mul(g.number(math.sqrt(2 / math.pi)), cubic))
        return g.mul(g.div(u, g.number(2)), g.add(ONE, inner))

    return each(g, exactly if approximate == "none" else nearly, x)


def _softplus(g: Graph, x: Nodes, beta: float = 1, threshold: float = 20) -> np.ndarray:
    """ln(1 + eᵝˣ)/β, and x beyond a threshold, 20 by default."""

    def formula(u: int) -> int:
        smooth = log_one_plus_exp(g, u, beta)
        if threshold >= 20:
            return smooth
        beyond = g.apply("gt", g.mul(g.number(beta), u), g.number(threshold))
        return g.where(beyond, u, smooth)

    return each(g, formula, x)


def log_one_plus_exp(g: Graph, u: int, beta: float = 1) -> int:
    """ln(1 + eᵝᵘ)/β."""
    inner = g.add(ONE, g.apply("exp", g.mul(g.number(beta), u)))
    return g.div(g.apply("log", inner), g.number(beta))


def _random_leaky(
    g: Graph, x: Nodes, noise: Nodes, lower: float = 1 / 8, upper: float = 1 / 3, *_: Any
) -> np.ndarray:
    """Take the mean slope, as in evaluation; training draws the slope and is refused."""
    slope = g.number((lower + upper) / 2)
    return each(g, lambda u: g.where(g.apply("gt", u, ZERO), u, g.mul(slope, u)), x)


def _between(g: Graph, u: int, low: float, high: float, ends: tuple[int, int], inside: int) -> int:
    """Return a formula clamped to two bounds, with slope 0 on them: hard activations."""
    above = g.where(g.apply("ge", u, g.number(high)), ends[1], inside)
    return g.where(g.apply("le", u, g.number(low)), ends[0], above)


def _hard_tanh(g: Graph, x: Nodes, min_val: float = -1, max_val: float = 1) -> np.ndarray:
    ends = (g.number(min_val), g.number(max_val))
    return each(g, lambda u: _between(g, u, min_val, max_val, ends, u), x)


def _hard_sigmoid(g: Graph, u: int) -> int:
    """(x + 3)/6 between 0 and 1."""
    return _between(g, u, -3, 3, (ZERO, ONE), g.div(g.add(u, g.number(3)), g.number(6)))


def _hard_swish(g: Graph, u: int) -> int:
    """x(x + 3)/6 between 0 and x (Howard et al., arXiv:1905.02244)."""
    inside = g.div(g.mul(u, g.add(u, g.number(3))), g.number(6))
    return _between(g, u, -3, 3, (ZERO, u), inside)


def _hard_shrink(g: Graph, x: Nodes, lambd: float = 0.5) -> np.ndarray:
    def formula(u: int) -> int:
        near = g.apply("and", g.apply("ge", u, g.number(-lambd)), g.apply("le", u, g.number(lambd)))
        return g.where(near, ZERO, u)

    return each(g, formula, x)


def _soft_shrink(g: Graph, x: Nodes, lambd: float = 0.5) -> np.ndarray:
    low, high = g.number(-lambd), g.number(lambd)

    def formula(u: int) -> int:
        below = g.where(g.apply("lt", u, low), g.add(u, high), ZERO)
        return g.where(g.apply("gt", u, high), g.sub(u, high), below)

    return each(g, formula, x)


ACTIVATIONS: dict[str, Rule] = {
    "softplus": _softplus,
    "log_sigmoid_forward": lambda g, x: (
        each(g, lambda u: g.apply("log", g.apply("sigmoid", u)), x),
        each(g, lambda u: g.apply("exp", g.neg(g.apply("abs", u))), x),
    ),
    "gelu": _gelu,
    "rrelu_with_noise": _random_leaky,
    "hardtanh": _hard_tanh,
    "hardsigmoid": elementwise(_hard_sigmoid),
    "hardswish": elementwise(_hard_swish),
    "hardshrink": _hard_shrink,
    "softshrink": _soft_shrink,
    "threshold": lambda g, x, t, value: where(g, named("gt")(g, x, t), x, value),
}
