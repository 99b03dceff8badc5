"""Operations that sort or pick by value: the order they found becomes an assumption.

`ORDERS[name](graph, operands, *arguments)` gets what a rule gets and the numbers as well; it
returns a `Selection`. Where the extreme value itself is the result it stays valid everywhere, as
max or min; only which element it is, is assumed, and only if its index is used.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.symbolic.graph import Graph
from jacmagic.symbolic.trace.rules.arrays import each, largest, norm, reduce, smallest
from jacmagic.symbolic.trace.rules.pairs import ComplexNodes


@dataclass(frozen=True)
class Operands:
    """The numbers of an operation.

    Attributes:
        inputs: of its tensor arguments, in order.
        results: of its results.
    """

    inputs: list[np.ndarray]
    results: list[np.ndarray]


@dataclass(frozen=True)
class Selection:
    """What an operation's results stand for.

    Attributes:
        values: the nodes of each result; None for an index, which stays the number it is.
        now: conditions under which the same would be found again.
        later: conditions under which the same indices would be found, should they be used.
        chosen: results with nodes that hold under `later` only, as indices do.
        poison: whether results without nodes are unknown instead of being indices.
    """

    values: tuple[np.ndarray | ComplexNodes | None, ...]
    now: list[int] = field(default_factory=list)
    later: list[int] = field(default_factory=list)
    poison: bool = False
    chosen: frozenset[int] = frozenset()


def _chain(g: Graph, line: np.ndarray, picks: np.ndarray, descending: bool) -> list[int]:
    """Each picked element is not beaten by the next, nor the last one by any that was left."""
    relation = "ge" if descending else "le"
    chosen = [int(line[p]) for p in picks]
    left = [int(line[k]) for k in range(len(line)) if k not in set(picks.tolist())]
    pairs = [*pairwise(chosen), *((chosen[-1], r) for r in left)]
    return [g.apply(relation, a, b) for a, b in pairs if a != b]


def _picked(nodes: np.ndarray, picks: np.ndarray, dim: int) -> np.ndarray:
    return nodes if nodes.ndim == 0 else np.take_along_axis(nodes, picks, dim)


def _lines(nodes: np.ndarray, picks: np.ndarray, dim: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Every line along an axis with what was picked there."""
    if nodes.ndim == 0:
        return []
    lines, places = np.moveaxis(nodes, dim, -1), np.moveaxis(picks, dim, -1)
    return [(lines[i], places[i]) for i in np.ndindex(*lines.shape[:-1]) if places.shape[-1]]


def _along(
    g: Graph, nodes: np.ndarray, picks: np.ndarray, dim: int, *, descending: bool
) -> Selection:
    """Gather along one axis what the indices picked, line by line."""
    found = [_chain(g, line, at, descending) for line, at in _lines(nodes, picks, dim)]
    return Selection((_picked(nodes, picks, dim), None), [c for chain in found for c in chain])


def _sort(g: Graph, seen: Operands, nodes: np.ndarray, *args: Any, **kwargs: Any) -> Selection:
    if "stable" in kwargs or (args and (args[0] is None or isinstance(args[0], bool))):
        args = args[1:] if args and (args[0] is None or isinstance(args[0], bool)) else args
    dim = args[0] if args else kwargs.get("dim", -1)
    falling = args[1] if len(args) > 1 else kwargs.get("descending", False)
    return _along(g, nodes, seen.results[-1], dim, descending=bool(falling))


def _topk(
    g: Graph,
    seen: Operands,
    nodes: np.ndarray,
    k: int,
    dim: int = -1,
    largest: bool = True,
    sorted: bool = True,
) -> Selection:
    return _along(g, nodes, seen.results[1], dim, descending=largest)


def _ranked(g: Graph, line: np.ndarray, pick: int, numbers: np.ndarray, rank: int) -> list[int]:
    """As many elements as the rank says are not larger than the one picked, the others not smaller.

    Of elements that tie with the one picked, so many count as smaller as are missing.
    """
    below = [k for k in range(len(line)) if numbers[k] < numbers[pick]]
    ties = [k for k in range(len(line)) if k != pick and numbers[k] == numbers[pick]]
    smaller = {*below, *ties[: rank - len(below)]}
    winner = int(line[pick])
    return [
        g.apply("le" if k in smaller else "ge", int(node), winner)
        for k, node in enumerate(line)
        if k != pick and numbers[k] == numbers[k]  # nanmedian passes over nan
    ]


def _ranks(
    g: Graph,
    nodes: np.ndarray,
    numbers: np.ndarray,
    picks: np.ndarray,
    dim: int,
    keepdim: bool,
    rank: Callable[[np.ndarray], int],
) -> Selection:
    """One element of each line by its rank: the median, the k-th smallest."""
    if nodes.ndim == 0:
        return Selection((nodes, None))
    wide = picks if keepdim else np.expand_dims(picks, dim)
    conditions: list[int] = []
    seen = _lines(numbers, wide, dim)
    for (line, at), (values, _) in zip(_lines(nodes, wide, dim), seen, strict=True):
        conditions += _ranked(g, line, int(at[0]), values, rank(values))
    made = _picked(nodes, wide, dim)
    return Selection((made if keepdim else np.squeeze(made, dim), None), conditions)


def _middle(values: np.ndarray) -> int:
    """How many numbers lie below the median, which is the lower of two."""
    return (int((values == values).sum()) - 1) // 2


def _kth(
    g: Graph, seen: Operands, nodes: np.ndarray, k: int, dim: int = -1, keepdim: bool = False
) -> Selection:
    return _ranks(g, nodes, seen.inputs[0], seen.results[1], dim, keepdim, lambda _: k - 1)


def _median_along(
    g: Graph, seen: Operands, nodes: np.ndarray, dim: int, keepdim: bool = False
) -> Selection:
    return _ranks(g, nodes, seen.inputs[0], seen.results[1], dim, keepdim, _middle)


def _shared(g: Graph, line: np.ndarray, ties: np.ndarray) -> tuple[int, list[int]]:
    """The mean of elements that tie, among which torch shares the gradient; and that they do."""
    tied = list(dict.fromkeys(line[ties].tolist()))
    total = g.total(line[ties].tolist())
    equal = [g.apply("eq", tied[0], other) for other in tied[1:]]
    return g.div(total, g.number(len(line[ties]))) if equal else tied[0], equal


def _median(g: Graph, seen: Operands, nodes: np.ndarray) -> Selection:
    flat, line = seen.inputs[0].reshape(-1), nodes.reshape(-1)
    ties = np.flatnonzero(flat == seen.results[0])
    if not len(ties):  # nan, or the median of nothing
        raise Unsupported("median", "of nan has no closed form")
    made, equal = _shared(g, line, ties)
    return Selection((np.array(made),), equal + _ranked(g, line, int(ties[0]), flat, _middle(flat)))


def _best(g: Graph, line: np.ndarray, values: np.ndarray, falling: bool) -> tuple[int, list[int]]:
    """The largest or smallest of a line; three and more that tie share the gradient evenly."""
    best = values.max() if falling else values.min()
    ties = np.flatnonzero(values == best)
    if len(ties) < 3 or len(set(line[ties].tolist())) == 1:  # max and min share it by halves
        return (largest if falling else smallest)(g, line.tolist()), []
    made, equal = _shared(g, line, ties)
    relation, first = ("ge" if falling else "le"), int(line[ties[0]])
    rest = [int(node) for k, node in enumerate(line) if k not in set(ties.tolist())]
    return made, equal + [g.apply(relation, first, node) for node in rest]


def _reduced(
    g: Graph, numbers: np.ndarray, nodes: np.ndarray, dim: Any, keepdim: bool, falling: bool
) -> tuple[np.ndarray, list[int]]:
    """Return the extreme along some axes."""
    conditions: list[int] = []
    places = np.arange(nodes.size).reshape(nodes.shape)
    flat, values = nodes.reshape(-1), numbers.reshape(-1)

    def combine(line: list[int]) -> int:
        made, met = _best(g, flat[line], values[line], falling)
        conditions.extend(met)
        return made

    return reduce(places, dim, keepdim, combine), conditions


def _over_axes(falling: bool) -> Callable[..., Selection]:
    """amax, amin, and max or min of everything."""

    def rule(
        g: Graph, seen: Operands, nodes: np.ndarray, dim: Any = None, keepdim: bool = False
    ) -> Selection:
        made, met = _reduced(g, seen.inputs[0], nodes, dim, keepdim, falling)
        return Selection((made,), met)

    return rule


def _norm(
    g: Graph,
    seen: Operands,
    nodes: np.ndarray,
    ord: float | None = 2,
    dim: Any = None,
    keepdim: bool = False,
    dtype: Any = None,
) -> Selection:
    """Return a p-norm; with p = ±∞ the largest or smallest size."""
    p = 2 if ord is None else ord
    if not math.isinf(p) or not nodes.size:
        return Selection((reduce(nodes, dim, keepdim, lambda terms: norm(g, terms, p)),))
    sizes = each(g, lambda node: g.apply("abs", node), nodes)
    made, met = _reduced(g, np.abs(seen.inputs[0]), sizes, dim, keepdim, p > 0)
    return Selection((made,), met)


def _range(
    g: Graph, seen: Operands, nodes: np.ndarray, *, dim: Any = None, keepdim: bool = False
) -> Selection:
    low, met = _reduced(g, seen.inputs[0], nodes, dim, keepdim, False)
    high, more = _reduced(g, seen.inputs[0], nodes, dim, keepdim, True)
    return Selection((low, high), met + more)


def _extreme(name: str) -> Callable[..., Selection]:
    """max or min along one axis, with the winner's index as second result.

    At a tie the gradient goes to the winner alone, which is then assumed to win.
    """
    combine, falling = (largest, True) if name == "max" else (smallest, False)

    def rule(
        g: Graph, seen: Operands, nodes: np.ndarray, dim: int, keepdim: bool = False
    ) -> Selection:
        picks = seen.results[1]
        wide = picks if keepdim or nodes.ndim == 0 else np.expand_dims(picks, dim)
        lines, numbers = _lines(nodes, wide, dim), _lines(seen.inputs[0], wide, dim)
        won = [_chain(g, line, at, falling) for line, at in lines]
        if not lines:
            return Selection((reduce(nodes, dim, keepdim, lambda t: combine(g, t)), None))
        made, now = [], []
        for (line, at), (values, _), met in zip(lines, numbers, won, strict=True):
            ties = set(line[values == values[at[0]]].tolist())
            made.append(int(line[at[0]]) if len(ties) > 1 else combine(g, line.tolist()))
            now += met if len(ties) > 1 else []
        shaped = np.array(made, dtype=np.int64).reshape(np.shape(picks))
        return Selection((shaped, None), now, later=[c for met in won for c in met])

    return rule


def _winner(falling: bool) -> Callable[..., Selection]:
    """argmax and argmin: the winner is not beaten by any other."""

    def rule(
        g: Graph, seen: Operands, nodes: np.ndarray, dim: int | None = None, keepdim: bool = False
    ) -> Selection:
        if dim is None or nodes.ndim == 0:
            lines = [(nodes.reshape(-1), seen.results[0].reshape(-1))]
        else:
            picks = seen.results[0]
            lines = _lines(nodes, picks if keepdim else np.expand_dims(picks, dim), dim)
        won = [c for line, at in lines for c in _chain(g, line, at, falling)]
        return Selection((None,), later=won)

    return rule


def _running(falling: bool) -> Callable[..., Selection]:
    """cummax and cummin: at each place the winner so far, who alone gets the gradient at a tie."""
    name = "max" if falling else "min"

    def along(
        g: Graph, line: np.ndarray, values: np.ndarray, picks: np.ndarray
    ) -> tuple[list[int], list[int], list[int]]:
        made, now, later = [], [], []
        best = int(line[0])
        for end, pick in enumerate(picks.tolist()):
            best = g.apply(name, best, int(line[end])) if end else best
            met = _chain(g, line[: end + 1], picks[end : end + 1], falling) if pick >= 0 else []
            ties = set(line[: end + 1][values[: end + 1] == values[pick]].tolist())
            made.append(int(line[pick]) if len(ties) > 1 else best)
            now += met if len(ties) > 1 else []
            later += met
        return made, now, later

    def rule(g: Graph, seen: Operands, nodes: np.ndarray, dim: int) -> Selection:
        if nodes.ndim == 0:
            return Selection((nodes, None))
        lines = _lines(nodes, seen.results[1], dim)
        numbers = _lines(seen.inputs[0], seen.results[1], dim)
        found = [
            along(g, line, values, picks)
            for (line, picks), (values, _) in zip(lines, numbers, strict=True)
        ]
        wide = np.moveaxis(nodes, dim, -1)
        made = np.array([values for values, _, _ in found], dtype=np.int64).reshape(wide.shape)
        now = [c for _, met, _ in found for c in met]
        later = [c for _, _, met in found for c in met]
        return Selection((np.moveaxis(made, -1, dim), None), now, later=later)

    return rule


def _searched(
    g: Graph, seen: Operands, edges: np.ndarray, x: np.ndarray, **kwargs: Any
) -> Selection:
    """searchsorted: the edges on both sides of every place found."""
    right = bool(kwargs.get("right", False)) or kwargs.get("side") == "right"
    if kwargs.get("sorter") is not None:
        raise Unsupported("searchsorted", "with a sorter has no rule yet")
    conditions = []
    places = seen.results[0].reshape(-1).tolist()
    rows = edges.reshape(-1, edges.shape[-1])
    per_row = max(x.size // max(len(rows), 1), 1) if edges.ndim > 1 else max(x.size, 1)
    for k, (node, place) in enumerate(zip(x.reshape(-1).tolist(), places, strict=True)):
        row = rows[k // per_row]
        if place > 0:
            conditions.append(g.apply("le" if right else "lt", int(row[place - 1]), node))
        if place < len(row):
            conditions.append(g.apply("gt" if right else "ge", int(row[place]), node))
    return Selection((None,), conditions)


def _bucketed(
    g: Graph, seen: Operands, x: np.ndarray, edges: np.ndarray, **kwargs: Any
) -> Selection:
    return _searched(g, seen, edges, x, **kwargs)


def _nonzero(g: Graph, seen: Operands, nodes: np.ndarray) -> Selection:
    """Which elements are not 0."""
    conditions = [
        node if g.is_condition(node) and number else
        g.negate(node) if g.is_condition(node) else
        g.apply("ne" if number else "eq", node, g.number(0))
        for node, number in zip(nodes.reshape(-1).tolist(), seen.inputs[0].flat, strict=True)
    ]  # fmt: skip
    return Selection((None,), [c for c in conditions if g.value(c) is None])


def _rounded(g: Graph, seen: Operands, nodes: np.ndarray, *, decimals: int = 0) -> Selection:
    """⌊x + 1/2⌋, while x is not halfway between two whole numbers, where torch goes to the even."""
    scale, half = g.number(10**decimals) if decimals >= 0 else g.number(1 / 10**-decimals), 0.5
    made, conditions = np.empty_like(nodes), []
    for place in np.ndindex(*nodes.shape):
        u = g.mul(scale, int(nodes[place]))
        number = float(seen.inputs[0][place]) * 10.0**decimals
        shifted = g.apply("floor", g.add(u, g.number(half)))
        if number - np.floor(number) == half:
            shifted = g.number(float(np.round(number)))
        if g.value(u) is None:
            halfway = g.apply("ne", g.sub(u, g.apply("floor", u)), g.number(half))
            exactly = number - np.floor(number) == half
            conditions.append(g.apply("eq", u, g.number(number)) if exactly else halfway)
        made[place] = g.div(shifted, scale)
    return Selection((made,), conditions)


PICKS: dict[str, Callable[..., Selection]] = {
    "sort": _sort,
    "topk": _topk,
    "kthvalue": _kth,
    "median": _median,
    "nanmedian": _median,
    "median.dim": _median_along,
    "nanmedian.dim": _median_along,
    "amax": _over_axes(True),
    "amin": _over_axes(False),
    "aminmax": _range,
    "linalg_vector_norm": _norm,
    "norm": _norm,
    "max": _over_axes(True),
    "min": _over_axes(False),
    "max.dim": _extreme("max"),
    "min.dim": _extreme("min"),
    "argmax": _winner(True),
    "argmin": _winner(False),
    "cummax": _running(True),
    "cummin": _running(False),
    "searchsorted": _searched,
    "bucketize": _bucketed,
    "nonzero": _nonzero,
    "round": _rounded,
}
