"""Rules for operations that work on each element by itself.

The textbook form stands in the table: log1p(x) is written log(1 + x), silu as x·σ(x).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from jacmagic.graph import ONE, ZERO, Graph
from jacmagic.trace.rules.unsupported import Unsupported

Nodes = Any  # an int64 array of nodes, or a plain number where the operation was given one


def nodes_of(g: Graph, value: Nodes) -> np.ndarray:
    """An argument as an array of nodes; plain numbers become constants."""
    if isinstance(value, np.ndarray | np.integer):
        return np.asarray(value)
    return np.array(g.number(value), dtype=np.int64)


def each(g: Graph, formula: Callable[..., int], *arguments: Nodes) -> np.ndarray:
    """Apply a formula element by element, with broadcasting."""
    arrays = np.broadcast_arrays(*[nodes_of(g, argument) for argument in arguments])
    flat = [array.reshape(-1).tolist() for array in arrays]
    made = [formula(*elements) for elements in zip(*flat, strict=True)]
    return np.array(made, dtype=np.int64).reshape(arrays[0].shape)


def _plain(name: str) -> Callable[..., np.ndarray]:
    """The rule of an operation that the graph knows under this name."""
    return lambda g, *arguments: each(g, lambda *nodes: g.apply(name, *nodes), *arguments)


def _formula(formula: Callable[..., int]) -> Callable[..., np.ndarray]:
    """The rule of an elementwise formula of its operands."""
    return lambda g, *arguments: each(g, lambda *nodes: formula(g, *nodes), *arguments)


def _half(g: Graph, x: int) -> int:
    return g.div(x, g.number(2))


def _log_base(base: float) -> Callable[[Graph, int], int]:
    return lambda g, x: g.div(g.apply("log", x), g.number(math.log(base)))


def _toward_zero(g: Graph, x: int) -> int:
    return g.mul(g.apply("sign", x), g.apply("floor", g.apply("abs", x)))


def _sinc(g: Graph, x: int) -> int:
    angle = g.mul(g.number(math.pi), x)
    return g.where(g.apply("eq", x, ZERO), ONE, g.div(g.apply("sin", angle), angle))


def _sum(g: Graph, a: Nodes, b: Nodes, alpha: float = 1) -> np.ndarray:
    return each(g, g.add, a, scaled(g, b, alpha))


def _difference(g: Graph, a: Nodes, b: Nodes, alpha: float = 1) -> np.ndarray:
    return each(g, g.sub, a, scaled(g, b, alpha))


def scaled(g: Graph, value: Nodes, factor: float) -> np.ndarray:
    """factor · value."""
    return nodes_of(g, value) if factor == 1 else each(g, g.mul, factor, value)


def _quotient(g: Graph, a: Nodes, b: Nodes, rounding_mode: str | None = None) -> np.ndarray:
    quotient = each(g, g.div, a, b)
    if rounding_mode == "floor":
        return each(g, lambda q: g.apply("floor", q), quotient)
    return quotient if rounding_mode is None else each(g, lambda q: _toward_zero(g, q), quotient)


def _clamp(g: Graph, x: Nodes, min: Nodes = None, max: Nodes = None) -> np.ndarray:
    if min is not None and max is not None:
        return each(g, lambda *nodes: g.apply("clamp", *nodes), x, min, max)
    if min is not None:
        return each(g, lambda a, low: _at_least(g, a, low), x, min)
    return each(g, lambda a, high: _at_most(g, a, high), x, max)


def _at_least(g: Graph, x: int, low: int) -> int:
    """clamp(min=low): as torch, the derivative on the boundary is 1."""
    return g.where(g.apply("lt", x, low), low, x)


def _at_most(g: Graph, x: int, high: int) -> int:
    return g.where(g.apply("gt", x, high), high, x)


def _gelu(g: Graph, x: Nodes, approximate: str = "none") -> np.ndarray:
    def exactly(u: int) -> int:
        error = g.apply("erf", g.div(u, g.number(math.sqrt(2))))
        return g.mul(_half(g, u), g.add(ONE, error))

    def nearly(u: int) -> int:
        cubic = g.add(u, g.mul(g.number(0.044715), g.pow(u, g.number(3))))
        inner = g.apply("tanh", g.mul(g.number(math.sqrt(2 / math.pi)), cubic))
        return g.mul(_half(g, u), g.add(ONE, inner))

    return each(g, exactly if approximate == "none" else nearly, x)


def _softplus(g: Graph, x: Nodes, beta: float = 1, threshold: float = 20) -> np.ndarray:
    def formula(u: int) -> int:
        inner = g.add(ONE, g.apply("exp", g.mul(g.number(beta), u)))
        return g.div(g.apply("log", inner), g.number(beta))

    return each(g, formula, x)


def _elu(
    g: Graph, x: Nodes, alpha: float = 1, scale: float = 1, input_scale: float = 1
) -> np.ndarray:
    def formula(u: int) -> int:
        grown = g.sub(g.apply("exp", g.mul(g.number(input_scale), u)), ONE)
        low = g.mul(g.number(alpha * scale), grown)
        return g.where(g.apply("gt", u, ZERO), g.mul(g.number(scale), u), low)

    return each(g, formula, x)


def _leaky_relu(g: Graph, x: Nodes, negative_slope: float = 0.01) -> np.ndarray:
    slope = g.number(negative_slope)
    return each(g, lambda u: g.where(g.apply("gt", u, ZERO), u, g.mul(slope, u)), x)


def _where(g: Graph, condition: Nodes, a: Nodes, b: Nodes) -> np.ndarray:
    return each(g, g.where, condition, a, b)


def _lerp(g: Graph, a: Nodes, b: Nodes, weight: Nodes) -> np.ndarray:
    return each(g, lambda u, v, w: g.add(u, g.mul(w, g.sub(v, u))), a, b, weight)


def _cast(g: Graph, x: np.ndarray, *_: Any, **__: Any) -> np.ndarray:
    """A copy or a change of precision; truth values become 1 and 0."""
    return each(g, lambda u: g.where(u, ONE, ZERO) if g.is_condition(u) else u, x)


def _copied(g: Graph, target: Nodes, source: Nodes, *_: Any) -> np.ndarray:
    return np.broadcast_to(nodes_of(g, source), np.shape(target))


def _logit(g: Graph, x: Nodes, eps: float | None = None) -> np.ndarray:
    if eps is not None:
        raise Unsupported("logit", "with eps clamps its input; write the clamp out")
    return each(g, lambda u: g.apply("log", g.div(u, g.sub(ONE, u))), x)


_SAME_NAME = (
    "exp log sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh sqrt abs sign floor ceil "
    "erf erfc lgamma digamma sigmoid relu atan2 lt le gt ge eq ne i0"
)

ELEMENTWISE: dict[str, Callable[..., Any]] = {
    **{name: _plain(name) for name in _SAME_NAME.split()},
    "sgn": _plain("sign"),
    "special_i0": _plain("i0"),
    "special_i1": _plain("i1"),
    "special_bessel_j0": _plain("j0"),
    "special_bessel_j1": _plain("j1"),
    "maximum": _plain("max"),
    "minimum": _plain("min"),
    "fmax": _plain("max"),
    "fmin": _plain("min"),
    "remainder": _plain("mod"),
    "logical_and": _plain("and"),
    "bitwise_and": _plain("and"),
    "logical_or": _plain("or"),
    "bitwise_or": _plain("or"),
    "logical_not": _formula(lambda g, u: g.negate(u)),
    "bitwise_not": _formula(lambda g, u: g.negate(u)),
    # ── arithmetic ──
    "add": _sum,
    "sub": _difference,
    "rsub": lambda g, a, b, alpha=1: _difference(g, b, a, alpha),
    "mul": _formula(lambda g, a, b: g.mul(a, b)),
    "div": _quotient,
    "floor_divide": lambda g, a, b: _quotient(g, a, b, "floor"),
    "neg": _formula(lambda g, u: g.neg(u)),
    "reciprocal": _formula(lambda g, u: g.div(ONE, u)),
    "square": _formula(lambda g, u: g.square(u)),
    "pow": _formula(lambda g, a, b: g.pow(a, b)),
    "rsqrt": _formula(lambda g, u: g.div(ONE, g.apply("sqrt", u))),
    "hypot": _formula(lambda g, a, b: g.apply("sqrt", g.add(g.square(a), g.square(b)))),
    "addcmul": lambda g, x, a, b, value=1: _sum(g, x, each(g, g.mul, a, b), value),
    "addcdiv": lambda g, x, a, b, value=1: _sum(g, x, each(g, g.div, a, b), value),
    "lerp": _lerp,
    "fmod": _formula(lambda g, a, b: g.sub(a, g.mul(b, _toward_zero(g, g.div(a, b))))),
    "trunc": _formula(_toward_zero),
    "frac": _formula(lambda g, u: g.sub(u, _toward_zero(g, u))),
    # ── exponentials and logarithms ──
    "exp2": _formula(lambda g, u: g.pow(g.number(2), u)),
    "expm1": _formula(lambda g, u: g.sub(g.apply("exp", u), ONE)),
    "log1p": _formula(lambda g, u: g.apply("log", g.add(ONE, u))),
    "log2": _formula(_log_base(2)),
    "log10": _formula(_log_base(10)),
    "logit": _logit,
    "xlogy": _formula(lambda g, a, b: g.mul(a, g.apply("log", b))),
    "logaddexp": _formula(
        lambda g, a, b: g.apply("log", g.add(g.apply("exp", a), g.apply("exp", b)))
    ),
    "special_entr": _formula(lambda g, u: g.neg(g.mul(u, g.apply("log", u)))),
    # ── angles ──
    "deg2rad": _formula(lambda g, u: g.mul(g.number(math.pi / 180), u)),
    "rad2deg": _formula(lambda g, u: g.mul(g.number(180 / math.pi), u)),
    "sinc": _formula(_sinc),
    # ── activations ──
    "silu": _formula(lambda g, u: g.mul(u, g.apply("sigmoid", u))),
    "softplus": _softplus,
    "log_sigmoid_forward": lambda g, x: (
        each(g, lambda u: g.apply("log", g.apply("sigmoid", u)), x),
        None,
    ),
    "gelu": _gelu,
    "elu": _elu,
    "leaky_relu": _leaky_relu,
    "hardtanh": lambda g, x, min_val=-1, max_val=1: _clamp(g, x, min_val, max_val),
    # ── choices ──
    "clamp": _clamp,
    "clamp_min": lambda g, x, min: _clamp(g, x, min),
    "clamp_max": lambda g, x, max: _clamp(g, x, None, max),
    "where": _where,
    "masked_fill": lambda g, x, mask, value: _where(g, mask, value, x),
    "threshold": lambda g, x, t, value: _where(g, _plain("gt")(g, x, t), x, value),
    "copysign": _formula(
        lambda g, a, b: g.where(g.apply("lt", b, ZERO), g.neg(g.apply("abs", a)), g.apply("abs", a))
    ),
    # ── copies ──
    "_to_copy": _cast,
    "clone": _cast,
    "copy": _copied,
    "copy_": _copied,
    "fill": lambda g, x, value: np.broadcast_to(nodes_of(g, value), x.shape),
    "zero": lambda g, x: np.zeros_like(x),
    # ── what torch itself emits where the function differentiates inside ──
    "tanh_backward": _formula(lambda g, u, y: g.mul(u, g.sub(ONE, g.square(y)))),
    "sigmoid_backward": _formula(lambda g, u, y: g.mul(u, g.mul(y, g.sub(ONE, y)))),
    "threshold_backward": lambda g, u, x, t: _where(g, _plain("gt")(g, x, t), u, 0),
}
