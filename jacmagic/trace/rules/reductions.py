"""Rules for operations that fold a tensor along some of its axes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce as fold
from typing import Any

import numpy as np

from jacmagic.graph import ONE, ZERO, Graph
from jacmagic.trace.rules.elementwise import each
from jacmagic.trace.rules.unsupported import Unsupported

Axes = int | Sequence[int] | None


def reduce(
    nodes: np.ndarray, dim: Axes, keepdim: bool, combine: Callable[[list[int]], int]
) -> np.ndarray:
    """Combine the elements along some axes; all axes for None or an empty list."""
    every = range(nodes.ndim)
    listed = [dim] if isinstance(dim, int) else list(dim or every)
    gone = sorted({axis % nodes.ndim for axis in listed}) if nodes.ndim else []
    kept = [axis for axis in every if axis not in gone]
    size = math.prod(nodes.shape[axis] for axis in gone)
    shape = [nodes.shape[axis] for axis in kept]
    lines = nodes.transpose(kept + gone).reshape(math.prod(shape), size)
    made = np.array([combine(line.tolist()) for line in lines], dtype=np.int64)
    if keepdim:
        shape = [1 if axis in gone else nodes.shape[axis] for axis in every]
    return made.reshape(shape)


def mean(g: Graph, terms: list[int]) -> int:
    """The arithmetic mean."""
    return g.div(g.total(terms), g.number(len(terms)))


def variance(g: Graph, terms: list[int], correction: float) -> int:
    """Σ(x − x̄)² / (n − correction)."""
    center = mean(g, terms)
    squares = g.total(g.square(g.sub(term, center)) for term in terms)
    return g.div(squares, g.number(len(terms) - correction))


def norm(g: Graph, terms: list[int], p: float) -> int:
    """The p-norm of a list."""
    if p == 2:
        return g.apply("sqrt", g.total(g.square(term) for term in terms))
    sizes = [g.apply("abs", term) for term in terms]
    if p == 1:
        return g.total(sizes)
    if p == 0:
        return g.total(g.where(g.apply("ne", term, ZERO), ONE, ZERO) for term in terms)
    if math.isinf(p):
        return _largest(g, sizes) if p > 0 else _smallest(g, sizes)
    return g.pow(g.total(g.pow(size, g.number(p)) for size in sizes), g.number(1 / p))


def _largest(g: Graph, terms: list[int]) -> int:
    return fold(lambda a, b: g.apply("max", a, b), terms)


def _smallest(g: Graph, terms: list[int]) -> int:
    return fold(lambda a, b: g.apply("min", a, b), terms)


def _along(combine: Callable[[Graph, list[int]], int]) -> Callable[..., np.ndarray]:
    """The rule of a reduction with the usual `dim, keepdim`."""

    def rule(g: Graph, x: np.ndarray, dim: Axes = None, keepdim: bool = False) -> np.ndarray:
        return reduce(x, dim, keepdim, lambda terms: combine(g, terms))

    return rule


def _counted(g: Graph, terms: list[int]) -> int:
    """A sum in which truth values count as 1 and 0."""
    return g.total(g.where(t, ONE, ZERO) if g.is_condition(t) else t for t in terms)


def _var(
    g: Graph,
    x: np.ndarray,
    dim: Axes | bool = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> np.ndarray:
    if isinstance(dim, bool):  # var(x, unbiased)
        dim, unbiased = None, dim
    less = int(unbiased) if correction is None else correction
    return reduce(x, dim, keepdim, lambda terms: variance(g, terms, less))


def _std(g: Graph, x: np.ndarray, *args: Any, **kwargs: Any) -> np.ndarray:
    return each(g, lambda v: g.apply("sqrt", v), _var(g, x, *args, **kwargs))


def _var_mean(g: Graph, x: np.ndarray, dim: Axes = None, *args: Any, **kwargs: Any) -> tuple:
    keepdim = kwargs.get("keepdim", False) or (len(args) > 1 and args[1])
    return _var(g, x, dim, *args, **kwargs), reduce(x, dim, keepdim, lambda t: mean(g, t))


def _extreme(name: str) -> Callable[..., Any]:
    """max or min: of everything, or along one axis with the winner's index as second result.

    With an axis torch picks one winner of a tie and gives it the whole gradient; the order found is
    therefore an assumption, and `rules.orders` has that form.
    """
    combine = _largest if name == "max" else _smallest

    def rule(g: Graph, x: np.ndarray, *args: Any, **kwargs: Any) -> Any:
        if args and isinstance(args[0], np.ndarray):
            return each(g, lambda a, b: g.apply(name, a, b), x, args[0])
        values = reduce(x, *(args or (None,))[:1], _keep(args, kwargs), lambda t: combine(g, t))
        return (values, None) if args or kwargs else values

    return rule


def _keep(args: tuple, kwargs: dict) -> bool:
    return bool(args[1]) if len(args) > 1 else bool(kwargs.get("keepdim", False))


def _vector_norm(
    g: Graph, x: np.ndarray, ord: float | None = 2, dim: Axes = None, keepdim: bool = False
) -> np.ndarray:
    return reduce(x, dim, keepdim, lambda terms: norm(g, terms, 2 if ord is None else ord))


def _scan(step: Callable[[Graph, int, int], int]) -> Callable[..., np.ndarray]:
    """The rule of a running fold along one axis."""

    def rule(g: Graph, x: np.ndarray, dim: int) -> np.ndarray:
        if x.ndim == 0:
            return x
        made = np.moveaxis(x.copy(), dim, 0)
        for place in range(1, len(made)):
            made[place] = each(g, lambda a, b: step(g, a, b), made[place - 1], made[place])
        return np.moveaxis(made, 0, dim)

    return rule


def _exponentials(g: Graph, x: np.ndarray) -> np.ndarray:
    return each(g, lambda u: g.apply("exp", u), x)


def _logarithms(g: Graph, x: np.ndarray) -> np.ndarray:
    return each(g, lambda u: g.apply("log", u), x)


def _logsumexp(g: Graph, x: np.ndarray, dim: Axes, keepdim: bool = False) -> np.ndarray:
    return _logarithms(g, reduce(_exponentials(g, x), dim, keepdim, g.total))


def _softmax(g: Graph, x: np.ndarray, dim: int, *_: Any) -> np.ndarray:
    grown = _exponentials(g, x)
    return each(g, g.div, grown, reduce(grown, dim, True, g.total))


def _log_softmax(g: Graph, x: np.ndarray, dim: int, *_: Any) -> np.ndarray:
    return each(g, g.sub, x, _logsumexp(g, x, dim, True))


def _logcumsumexp(g: Graph, x: np.ndarray, dim: int) -> np.ndarray:
    return _logarithms(g, REDUCTIONS["cumsum"](g, _exponentials(g, x), dim))


def _layer_norm(
    g: Graph, x: np.ndarray, shape: Sequence[int], weight: Any, bias: Any, eps: float
) -> tuple:
    axes = list(range(x.ndim - len(shape), x.ndim))
    center = reduce(x, axes, True, lambda terms: mean(g, terms))
    spread = reduce(x, axes, True, lambda terms: variance(g, terms, 0))
    small = g.number(eps)
    made = each(
        g, lambda u, c, s: g.div(g.sub(u, c), g.apply("sqrt", g.add(s, small))), x, center, spread
    )
    made = made if weight is None else each(g, g.mul, made, weight)
    return (made if bias is None else each(g, g.add, made, bias)), center, None


def _loss(combine: Callable[[Graph, int, int], int]) -> Callable[..., np.ndarray]:
    """The rule of an elementwise loss with torch's reduction numbers: 0 none, 1 mean, 2 sum."""

    def rule(g: Graph, x: np.ndarray, target: Any, reduction: int = 1) -> np.ndarray:
        return reduced(g, each(g, lambda a, b: combine(g, a, b), x, target), reduction)

    return rule


def reduced(g: Graph, losses: np.ndarray, reduction: int) -> np.ndarray:
    """Losses as they are (0), their mean (1) or their sum (2)."""
    if reduction == 0:
        return losses
    terms = losses.reshape(-1).tolist()
    return np.array(mean(g, terms) if reduction == 1 else g.total(terms), dtype=np.int64)


def _entropy(g: Graph, x: np.ndarray, target: Any, weight: Any = None, reduction: int = 1) -> Any:
    if weight is not None:
        raise Unsupported("binary_cross_entropy", "with weights has no rule yet")

    def loss(p: int, t: int) -> int:
        first = g.mul(t, g.apply("log", p))
        return g.neg(g.add(first, g.mul(g.sub(ONE, t), g.apply("log", g.sub(ONE, p)))))

    return reduced(g, each(g, loss, x, target), reduction)


def _trace(g: Graph, x: np.ndarray) -> np.ndarray:
    return np.array(g.total(np.diagonal(x).tolist()), dtype=np.int64)


REDUCTIONS: dict[str, Callable[..., Any]] = {
    "sum": _along(_counted),
    "mean": _along(mean),
    "prod": _along(lambda g, terms: g.product(terms)),
    "amax": _along(_largest),
    "amin": _along(_smallest),
    "any": _along(lambda g, terms: fold(lambda a, b: g.apply("or", a, b), terms, ZERO)),
    "all": _along(lambda g, terms: fold(lambda a, b: g.apply("and", a, b), terms, ONE)),
    "var": _var,
    "std": _std,
    "var_mean": _var_mean,
    "max": _extreme("max"),
    "min": _extreme("min"),
    "linalg_vector_norm": _vector_norm,
    "norm": _vector_norm,
    "cumsum": _scan(lambda g, a, b: g.add(a, b)),
    "cumprod": _scan(lambda g, a, b: g.mul(a, b)),
    "logcumsumexp": _logcumsumexp,
    "logsumexp": _logsumexp,
    "_softmax": _softmax,
    "_safe_softmax": _softmax,
    "_log_softmax": _log_softmax,
    "native_layer_norm": _layer_norm,
    "mse_loss": _loss(lambda g, a, b: g.square(g.sub(a, b))),
    "binary_cross_entropy": _entropy,
    "trace": _trace,
}
