"""Rules for elementwise operations: arithmetic, powers, angles, choices.

The textbook form stands in the table: rsqrt(x) is written 1/√x.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.function.torch_slopes import CLAMP_AT_BOUND, CLAMP_SHARES_TIES, FMAX_SHARES_TIES
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
from jacmagic.symbolic.trace.rules.formula import Formula, formulas


def _sum(g: Graph, a: Nodes, b: Nodes, alpha: float = 1) -> np.ndarray:
    return each(g, g.add, a, scaled(g, b, alpha))


def _difference(g: Graph, a: Nodes, b: Nodes, alpha: float = 1) -> np.ndarray:
    return each(g, g.sub, a, scaled(g, b, alpha))


def clamp(g: Graph, x: Nodes, min: Nodes = None, max: Nodes = None) -> np.ndarray:
    """clamp with one bound or two, at a bound with torch's slope."""
    if CLAMP_SHARES_TIES and (isinstance(min, np.ndarray) or isinstance(max, np.ndarray)):
        return _within_tensors(g, x, min, max)
    if min is not None and max is not None:
        return each(g, lambda *nodes: g.apply("clamp", *nodes), x, min, max)
    below, above = ("lt", "gt") if CLAMP_AT_BOUND else ("le", "ge")
    if min is not None:
        return each(g, lambda a, low: g.where(g.apply(below, a, low), low, a), x, min)
    return each(g, lambda a, high: g.where(g.apply(above, a, high), high, a), x, max)


def _within_tensors(g: Graph, x: Nodes, low: Nodes, high: Nodes) -> np.ndarray:
    """clamp where a tie with a bound is shared by halves, but not with two equal bounds."""
    raised = x if low is None else each(g, lambda *nodes: g.apply("max", *nodes), x, low)
    if high is None:
        return raised
    within = each(g, lambda *nodes: g.apply("min", *nodes), raised, high)
    return within if low is None else each(g, partial(_unless_equal, g), x, low, high, within)


def _unless_equal(g: Graph, x: int, low: int, high: int, within: int) -> int:
    """Return what is within the bounds, or where these are equal the one on x's side."""
    beside = g.where(g.apply("lt", x, low), low, high)
    one = g.where(g.apply("eq", x, low), x, beside)
    return g.where(g.apply("eq", low, high), one, within)


def where(g: Graph, condition: Nodes, a: Nodes, b: Nodes) -> np.ndarray:
    """Return a where the condition holds, else b."""
    return each(g, lambda c, u, v: g.where(truth(g, c), u, v), condition, a, b)


def _copied(g: Graph, target: Nodes, source: Nodes, *_: Any) -> np.ndarray:
    return np.broadcast_to(nodes_of(g, source), np.shape(target))


def _whole_numbers(
    x: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """nan_to_num: torch puts the largest number in place of infinity."""
    large = torch.finfo(x.dtype).max
    above = torch.where(x == math.inf, large if posinf is None else posinf, x)
    inside = torch.where(x == -math.inf, -large if neginf is None else neginf, above)
    return torch.where(x != x, nan or 0.0, inside)


def _logical(name: str) -> Rule:
    """Return the rule of a connective; numbers count as true where they are not 0."""
    return elementwise(lambda g, *nodes: g.apply(name, *[truth(g, node) for node in nodes]))


def _log_odds(p: Tensor) -> Tensor:
    return (p / (1 - p)).log()


def _of_numbers(a: Tensor, b: Tensor, chosen: Tensor) -> Tensor:
    """Return the other one where one of both is nan."""
    return torch.where(b != b, a, torch.where(a != a, b, chosen))


def _sinc(x: Tensor) -> Tensor:
    return torch.where(x == 0, 1, (math.pi * x).sin() / (math.pi * x))


def _quotient(x: Tensor, y: Tensor, *, rounding_mode: str | None = None) -> Tensor:
    rounded = {"floor": torch.floor, "trunc": torch.trunc}
    return rounded[rounding_mode](x / y) if rounding_mode else x / y


_SAME_NAME = (
    "exp log log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh sqrt abs sign floor "
    "ceil sigmoid relu atan2 lt le gt ge eq ne"
)

ELEMENTWISE: dict[str, Rule | Formula] = {
    **{name: named(name) for name in _SAME_NAME.split()},
    "sgn": named("sign"),
    "maximum": named("max"),
    "minimum": named("min"),
    "max.other": named("max"),
    "min.other": named("min"),
    "remainder": named("mod"),
    "bitwise_and": _logical("and"),
    "bitwise_or": _logical("or"),
    "bitwise_not": _logical("not"),
    "signbit": elementwise(lambda g, u: g.apply("lt", u, ZERO)),
    # ── arithmetic ──
    "add": _sum,
    "sub": _difference,
    "rsub": lambda g, a, b, alpha=1: _difference(g, b, a, alpha),
    "mul": elementwise(lambda g, a, b: g.mul(a, b)),
    "div": elementwise(lambda g, a, b: g.div(a, b)),
    "neg": elementwise(lambda g, u: g.neg(u)),
    "reciprocal": elementwise(lambda g, u: g.div(ONE, u)),
    "pow": elementwise(lambda g, a, b: g.pow(a, b)),
    "rsqrt": elementwise(lambda g, u: g.div(ONE, g.apply("sqrt", u))),
    "trunc": elementwise(toward_zero),
    # ── choices and copies ──
    "clamp": clamp,
    "where": where,
    "_to_copy": lambda g, x, *_, **__: x,
    "clone": lambda g, x, *_: x,
    "copy": _copied,
    "copy_": _copied,
    "zero": lambda g, x: np.zeros_like(x),
    "div.Tensor_mode": Formula(_quotient),
    **formulas(
        bitwise_xor=lambda a, b: (a | b) & ~(a & b),
        fmax=lambda a, b: _of_numbers(
            a, b, torch.maximum(a, b) if FMAX_SHARES_TIES else torch.where(a >= b, a, b)
        ),
        fmin=lambda a, b: _of_numbers(
            a, b, torch.minimum(a, b) if FMAX_SHARES_TIES else torch.where(a <= b, a, b)
        ),
        hypot=lambda a, b: (a**2 + b**2).sqrt(),
        lerp=lambda a, b, weight: a + weight * (b - a),
        fmod=lambda a, b: a - b * torch.trunc(a / b),
        exp2=lambda x: 2**x,
        expm1=lambda x: x.exp() - 1,
        log2=lambda x: x.log() / math.log(2),
        log10=lambda x: x.log() / math.log(10),
        logit=lambda x, eps=None: _log_odds(x if eps is None else x.clamp(eps, 1 - eps)),
        logaddexp=lambda a, b: (a.exp() + b.exp()).log(),
        logaddexp2=lambda a, b: (2**a + 2**b).log() / math.log(2),
        sinc=_sinc,
        angle=lambda x: torch.where(x < 0, math.pi, 0),
        heaviside=lambda x, at_zero: torch.where(x == 0, at_zero, torch.where(x > 0, 1.0, 0.0)),
        nan_to_num=_whole_numbers,
    ),
}

TRUTHFUL = frozenset(
    "bitwise_and bitwise_or bitwise_not any all _is_all_true _is_any_true where _to_copy clone "
    "copy copy_ index_put _index_put_impl".split()
)
"""Rules that take truth values as they are; all others get the numbers 1 and 0."""
