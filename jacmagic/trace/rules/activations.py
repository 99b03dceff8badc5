"""Rules for the nonlinearities of neural networks, in the form in which papers define them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jacmagic.graph import ONE, ZERO, Graph
from jacmagic.trace.rules.arrays import Nodes, Rule, each, elementwise, named
from jacmagic.trace.rules.elementwise import clamp, where


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
    """ln(1 + eᵝˣ)/β; beyond the threshold torch writes x, which differs by less than e⁻²⁰."""
    return each(g, lambda u: log_one_plus_exp(g, u, beta), x)


def log_one_plus_exp(g: Graph, u: int, beta: float = 1) -> int:
    """ln(1 + eᵝᵘ)/β."""
    inner = g.add(ONE, g.apply("exp", g.mul(g.number(beta), u)))
    return g.div(g.apply("log", inner), g.number(beta))


def _elu(
    g: Graph, x: Nodes, alpha: float = 1, scale: float = 1, input_scale: float = 1
) -> np.ndarray:
    def formula(u: int) -> int:
        grown = g.sub(g.apply("exp", g.mul(g.number(input_scale), u)), ONE)
        low = g.mul(g.number(alpha * scale), grown)
        return g.where(g.apply("gt", u, ZERO), g.mul(g.number(scale), u), low)

    return each(g, formula, x)


def _celu(g: Graph, x: Nodes, alpha: float = 1) -> np.ndarray:
    def formula(u: int) -> int:
        grown = g.sub(g.apply("exp", g.div(u, g.number(alpha))), ONE)
        return g.where(g.apply("gt", u, ZERO), u, g.mul(g.number(alpha), grown))

    return each(g, formula, x)


def _leaky(g: Graph, x: Nodes, slope: Nodes = 0.01) -> np.ndarray:
    return each(g, lambda u, s: g.where(g.apply("gt", u, ZERO), u, g.mul(s, u)), x, slope)


def _random_leaky(
    g: Graph, x: Nodes, noise: Nodes, lower: float = 1 / 8, upper: float = 1 / 3, *_: Any
) -> np.ndarray:
    """While evaluating, the slope is the mean of the bounds; training draws it and is refused."""
    return _leaky(g, x, (lower + upper) / 2)


def _sixth(g: Graph, u: int) -> int:
    """clamp(u + 3, 0, 6)/6."""
    six = g.number(6)
    return g.div(g.apply("clamp", g.add(u, g.number(3)), ZERO, six), six)


def _hard_swish(g: Graph, u: int) -> int:
    """x·clamp(x + 3, 0, 6)/6 (Howard et al., arXiv:1905.02244)."""
    return g.mul(u, _sixth(g, u))


def _mish(g: Graph, u: int) -> int:
    """x tanh(ln(1 + eˣ)) (Misra, arXiv:1908.08681)."""
    return g.mul(u, g.apply("tanh", log_one_plus_exp(g, u)))


def _gated(g: Graph, x: np.ndarray, dim: int = -1) -> np.ndarray:
    """a·σ(b), a and b being the halves of the input (Dauphin et al., arXiv:1612.08083)."""
    a, b = np.split(x, 2, axis=dim)
    return each(g, lambda u, v: g.mul(u, g.apply("sigmoid", v)), a, b)


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
    "silu": elementwise(lambda g, u: g.mul(u, g.apply("sigmoid", u))),
    "softplus": _softplus,
    "log_sigmoid_forward": lambda g, x: (
        each(g, lambda u: g.apply("log", g.apply("sigmoid", u)), x),
        each(g, lambda u: g.apply("exp", g.neg(g.apply("abs", u))), x),
    ),
    "gelu": _gelu,
    "elu": _elu,
    "celu": _celu,
    "leaky_relu": _leaky,
    "_prelu_kernel": _leaky,
    "rrelu_with_noise": _random_leaky,
    "hardtanh": lambda g, x, min_val=-1, max_val=1: clamp(g, x, min_val, max_val),
    "hardsigmoid": elementwise(_sixth),
    "hardswish": elementwise(_hard_swish),
    "mish": elementwise(_mish),
    "glu": _gated,
    "hardshrink": _hard_shrink,
    "softshrink": _soft_shrink,
    "threshold": lambda g, x, t, value: where(g, named("gt")(g, x, t), x, value),
}
