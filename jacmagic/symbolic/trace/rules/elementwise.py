"""Rules for elementwise operations: arithmetic, powers, angles, choices.

The textbook form stands in the table: log1p(x) is written log(1 + x), rsqrt as 1/√x.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from jacmagic.symbolic.graph import ONE, ZERO, Graph
from jacmagic.symbolic.trace.rules.arrays import (
    Nodes,
    Rule,
    each,
    elementwise,
    named,
    nodes_of,
    scaled,
    toward_zero,
    truth,
)


def _log_base(base: float) -> Callable[[Graph, int], int]:
    return lambda g, x: g.div(g.apply("log", x), g.number(math.log(base)))


def _sinc(g: Graph, x: int) -> int:
    angle = g.mul(g.number(math.pi), x)
    return g.where(g.apply("eq", x, ZERO), ONE, g.div(g.apply("sin", angle), angle))


def _sum(g: Graph, a: Nodes, b: Nodes, alpha: float = 1) -> np.ndarray:
    return each(g, g.add, a, scaled(g, b, alpha))


def _difference(g: Graph, a: Nodes, b: Nodes, alpha: float = 1) -> np.ndarray:
    return each(g, g.sub, a, scaled(g, b, alpha))


def _quotient(g: Graph, a: Nodes, b: Nodes, rounding_mode: str | None = None) -> np.ndarray:
    quotient = each(g, g.div, a, b)
    if rounding_mode == "floor":
        return each(g, lambda q: g.apply("floor", q), quotient)
    return quotient if rounding_mode is None else each(g, lambda q: toward_zero(g, q), quotient)


def clamp(g: Graph, x: Nodes, min: Nodes = None, max: Nodes = None) -> np.ndarray:
    """clamp with one bound or two; as torch, the derivative on the boundary is 1."""
    if min is not None and max is not None:
        return each(g, lambda *nodes: g.apply("clamp", *nodes), x, min, max)
    if min is not None:
        return each(g, lambda a, low: g.where(g.apply("lt", a, low), low, a), x, min)
    return each(g, lambda a, high: g.where(g.apply("gt", a, high), high, a), x, max)


def where(g: Graph, condition: Nodes, a: Nodes, b: Nodes) -> np.ndarray:
    """Return a where the condition holds, else b."""
    return each(g, lambda c, u, v: g.where(truth(g, c), u, v), condition, a, b)


def _lerp(g: Graph, a: Nodes, b: Nodes, weight: Nodes) -> np.ndarray:
    return each(g, lambda u, v, w: g.add(u, g.mul(w, g.sub(v, u))), a, b, weight)


def _copied(g: Graph, target: Nodes, source: Nodes, *_: Any) -> np.ndarray:
    return np.broadcast_to(nodes_of(g, source), np.shape(target))


def _logit(g: Graph, x: Nodes, eps: float | None = None) -> np.ndarray:
    inside = x if eps is None else clamp(g, x, eps, 1 - eps)
    return each(g, lambda u: g.apply("log", g.div(u, g.sub(ONE, u))), inside)


def _whole_numbers(
    g: Graph, x: Nodes, nan: float | None = None, posinf: Any = None, neginf: Any = None
) -> np.ndarray:
    """nan_to_num: torch puts the largest float64 in place of infinity."""
    large = float(np.finfo(np.float64).max)
    high = g.number(large if posinf is None else posinf)
    low = g.number(-large if neginf is None else neginf)

    def formula(u: int) -> int:
        above = g.where(g.apply("eq", u, g.number(math.inf)), high, u)
        inside = g.where(g.apply("eq", u, g.number(-math.inf)), low, above)
        return g.where(g.apply("ne", u, u), g.number(nan or 0), inside)

    return each(g, formula, x)


def _logical(name: str) -> Rule:
    """Return the rule of a connective; numbers count as true where they are not 0."""
    return elementwise(lambda g, *nodes: g.apply(name, *[truth(g, node) for node in nodes]))


def _exclusive(g: Graph, a: int, b: int) -> int:
    a, b = truth(g, a), truth(g, b)
    either = g.apply("or", a, b)
    return g.apply("and", either, g.negate(g.apply("and", a, b)))


def _preferred(relation: str) -> Callable[[Graph, int, int], int]:
    """fmax or fmin: the first of two where they tie, and where the second is nan."""

    def formula(g: Graph, a: int, b: int) -> int:
        first = g.apply(relation, a, b)
        if g.value(b) is None:
            first = g.apply("or", first, g.apply("ne", b, b))
        return g.where(first, a, b)

    return formula


def _heaviside(g: Graph, x: int, at_zero: int) -> int:
    step = g.where(g.apply("gt", x, ZERO), ONE, ZERO)
    return g.where(g.apply("eq", x, ZERO), at_zero, step)


def _hypot(g: Graph, a: int, b: int) -> int:
    return g.apply("sqrt", g.add(g.square(a), g.square(b)))


_SAME_NAME = (
    "exp log sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh sqrt abs sign floor ceil "
    "sigmoid relu atan2 lt le gt ge eq ne"
)

ELEMENTWISE: dict[str, Rule] = {
    **{name: named(name) for name in _SAME_NAME.split()},
    "sgn": named("sign"),
    "maximum": named("max"),
    "minimum": named("min"),
    "max.other": named("max"),
    "min.other": named("min"),
    "fmax": elementwise(_preferred("ge")),
    "fmin": elementwise(_preferred("le")),
    "remainder": named("mod"),
    "logical_and": _logical("and"),
    "bitwise_and": _logical("and"),
    "logical_or": _logical("or"),
    "bitwise_or": _logical("or"),
    "logical_xor": elementwise(_exclusive),
    "bitwise_xor": elementwise(_exclusive),
    "logical_not": _logical("not"),
    "bitwise_not": _logical("not"),
    "isnan": elementwise(lambda g, u: g.apply("ne", u, u)),
    "isinf": elementwise(lambda g, u: g.apply("eq", g.apply("abs", u), g.number(math.inf))),
    "signbit": elementwise(lambda g, u: g.apply("lt", u, ZERO)),
    # ── arithmetic ──
    "add": _sum,
    "sub": _difference,
    "rsub": lambda g, a, b, alpha=1: _difference(g, b, a, alpha),
    "mul": elementwise(lambda g, a, b: g.mul(a, b)),
    "div": _quotient,
    "neg": elementwise(lambda g, u: g.neg(u)),
    "reciprocal": elementwise(lambda g, u: g.div(ONE, u)),
    "pow": elementwise(lambda g, a, b: g.pow(a, b)),
    "rsqrt": elementwise(lambda g, u: g.div(ONE, g.apply("sqrt", u))),
    "hypot": elementwise(_hypot),
    "addcmul": lambda g, x, a, b, value=1: _sum(g, x, each(g, g.mul, a, b), value),
    "addcdiv": lambda g, x, a, b, value=1: _sum(g, x, each(g, g.div, a, b), value),
    "lerp": _lerp,
    "fmod": elementwise(lambda g, a, b: g.sub(a, g.mul(b, toward_zero(g, g.div(a, b))))),
    "trunc": elementwise(toward_zero),
    # ── exponentials and logarithms ──
    "exp2": elementwise(lambda g, u: g.pow(g.number(2), u)),
    "expm1": elementwise(lambda g, u: g.sub(g.apply("exp", u), ONE)),
    "log1p": elementwise(lambda g, u: g.apply("log", g.add(ONE, u))),
    "log2": elementwise(_log_base(2)),
    "log10": elementwise(_log_base(10)),
    "logit": _logit,
    "logaddexp": elementwise(
        lambda g, a, b: g.apply("log", g.add(g.apply("exp", a), g.apply("exp", b)))
    ),
    "logaddexp2": elementwise(
        lambda g, a, b: _log_base(2)(g, g.add(g.pow(g.number(2), a), g.pow(g.number(2), b)))
    ),
    # ── angles ──
    "sinc": elementwise(_sinc),
    "angle": elementwise(lambda g, u: g.where(g.apply("lt", u, ZERO), g.number(math.pi), ZERO)),
    # ── choices ──
    "clamp": clamp,
    "clamp_min": lambda g, x, min: clamp(g, x, min),
    "clamp_max": lambda g, x, max: clamp(g, x, None, max),
    "where": where,
    "masked_fill": lambda g, x, mask, value: where(g, mask, value, x),
    "heaviside": elementwise(_heaviside),
    "nan_to_num": _whole_numbers,
    # ── copies ──
    "_to_copy": lambda g, x, *_, **__: x,
    "clone": lambda g, x, *_: x,
    "lift_fresh_copy": lambda g, x: x,
    "copy": _copied,
    "copy_": _copied,
    "fill": lambda g, x, value: np.broadcast_to(nodes_of(g, value), x.shape),
    "zero": lambda g, x: np.zeros_like(x),
}

TRUTHFUL = frozenset(
    "logical_and bitwise_and logical_or bitwise_or logical_xor bitwise_xor logical_not bitwise_not "
    "any all _is_all_true _is_any_true where masked_fill _to_copy clone lift_fresh_copy copy copy_ "
    "fill index_put _index_put_impl".split()
)
"""Rules that take truth values as they are; all others get the numbers 1 and 0."""
