"""Rules for reductions along axes, cumulative operations and comparisons of whole tensors."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce as fold
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.symbolic.graph import ONE, ZERO, Graph
from jacmagic.symbolic.trace.rules.arrays import (
    Axes,
    Rule,
    each,
    mean,
    named,
    reduce,
    truth,
    variance,
)
from jacmagic.symbolic.trace.rules.formula import Formula, formulas


def _along(combine: Callable[[Graph, list[int]], int]) -> Rule:
    """Return the rule of a reduction with the usual `dim, keepdim`."""

    def rule(g: Graph, x: np.ndarray, dim: Axes = None, keepdim: bool = False) -> np.ndarray:
        return reduce(x, dim, keepdim, lambda terms: combine(g, terms))

    return rule


def _any(g: Graph, terms: list[int]) -> int:
    return fold(lambda a, b: g.apply("or", a, b) if a else b, [truth(g, t) for t in terms], ZERO)


def _all(g: Graph, terms: list[int]) -> int:
    return fold(
        lambda a, b: g.apply("and", a, b) if a != ONE else b, [truth(g, t) for t in terms], ONE
    )


def _var(
    g: Graph,
    x: np.ndarray,
    dim: Axes | bool = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> np.ndarray:
    axes: Axes = None
    if isinstance(dim, bool):  # var(x, unbiased)
        unbiased = dim
    else:
        axes = dim
    less = int(unbiased) if correction is None else correction
    return reduce(x, axes, keepdim, lambda terms: variance(g, terms, less))


def _scan(step: Callable[[Graph, int, int], int]) -> Rule:
    """Return the rule of a running fold along one axis."""

    def rule(g: Graph, x: np.ndarray, dim: int) -> np.ndarray:
        if x.ndim == 0:
            return x
        result = np.moveaxis(x.copy(), dim, 0)
        for index in range(1, len(result)):
            result[index] = each(g, lambda a, b: step(g, a, b), result[index - 1], result[index])
        return np.moveaxis(result, 0, dim)

    return rule


def _logsumexp(g: Graph, x: np.ndarray, dim: Axes, keepdim: bool = False) -> np.ndarray:
    totals = reduce(named("exp")(g, x), dim, keepdim, g.total)
    return np.asarray(named("log")(g, totals))


def softmax(g: Graph, x: np.ndarray, dim: int, *_: Any) -> np.ndarray:
    """eˣⁱ / Σ eˣʲ."""
    grown = named("exp")(g, x)
    return each(g, g.div, grown, reduce(grown, dim, True, g.total))


def _is_masked(g: Graph, node: int) -> bool:
    """Whether a node is −∞ whatever the inputs: a mask, or a sum with one."""
    if g.operations[node] == "add":
        return any(_is_masked(g, operand) for operand in g.operands(node))
    return g.value(node) == -math.inf


def _unmasked(g: Graph, x: np.ndarray) -> np.ndarray:
    """x with −∞ written where a mask was added."""
    minus = g.number(-math.inf)
    return each(g, lambda u: minus if _is_masked(g, u) else u, x)


def _safe_softmax(g: Graph, x: np.ndarray, dim: int, *_: Any) -> np.ndarray:
    """softmax, and 0 where everything is masked."""
    unmasked = _unmasked(g, x)
    masked = reduce(unmasked, dim, True, lambda terms: int(all(_is_masked(g, t) for t in terms)))
    shares = softmax(g, np.where(masked == 1, ZERO, unmasked), dim)
    return np.where(masked == 1, ZERO, shares)


REDUCTIONS: dict[str, Rule | Formula] = {
    "sum": _along(lambda g, terms: g.total(terms)),
    "mean": _along(mean),
    "prod": _along(lambda g, terms: g.product(terms)),
    "any": _along(_any),
    "all": _along(_all),
    "_is_all_true": _along(_all),
    "_is_any_true": _along(_any),
    "var": _var,
    "cumsum": _scan(lambda g, a, b: g.add(a, b)),
    "cumprod": _scan(lambda g, a, b: g.mul(a, b)),
    "_softmax": softmax,
    "_safe_softmax": _safe_softmax,
    "logsumexp": _logsumexp,
    "_log_softmax": lambda g, x, dim, *_: each(g, g.sub, x, _logsumexp(g, x, dim, True)),
    **formulas(
        count_nonzero=lambda x, dim=None: torch.sum(x.bool(), dim),
        logcumsumexp=lambda x, dim: x.exp().cumsum(dim).log(),
    ),
}


def _equal(a: Tensor, b: Tensor) -> Tensor:
    return (a == b).all() if a.shape == b.shape else torch.zeros(())


def _close(
    a: Tensor, b: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Return whether |a − b| ≤ atol + rtol·|b|."""
    return ((a - b).abs() <= atol + rtol * b.abs()).all()


PREDICATES: dict[str, Callable[..., Tensor]] = {"equal": _equal, "allclose": _close}
