"""Maxima and minima: of all elements, along axes, with indices, cumulative.

The extreme value is max or min of its candidates and holds everywhere; an index holds while the
same element wins. At a tie the gradient is shared or goes to the winner alone, as torch has it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from jacmagic.symbolic.graph import Graph
from jacmagic.symbolic.trace.rules.arrays import each, largest, norm, reduce, smallest
from jacmagic.symbolic.trace.rules.selections import (
    Operands,
    Selection,
    SelectionRule,
    ordering,
    slices,
    tied_mean,
)


def _best(g: Graph, line: np.ndarray, values: np.ndarray, falling: bool) -> tuple[int, list[int]]:
    """Return the extreme of a slice; three or more ties share the gradient evenly."""
    best = values.max() if falling else values.min()
    ties = np.flatnonzero(values == best)
    if len(ties) < 3 or len(set(line[ties].tolist())) == 1:  # max and min share it by halves
        return (largest if falling else smallest)(g, line.tolist()), []
    result, equal = tied_mean(g, line, ties)
    relation, first = ("ge" if falling else "le"), int(line[ties[0]])
    rest = [int(node) for k, node in enumerate(line) if k not in set(ties.tolist())]
    return result, equal + [g.apply(relation, first, node) for node in rest]


def _reduced(
    g: Graph, numbers: np.ndarray, nodes: np.ndarray, dim: Any, keepdim: bool, falling: bool
) -> tuple[np.ndarray, list[int]]:
    """Return the extreme along some axes."""
    conditions: list[int] = []
    positions = np.arange(nodes.size).reshape(nodes.shape)
    flat, values = nodes.reshape(-1), numbers.reshape(-1)

    def combine(line: list[int]) -> int:
        result, met = _best(g, flat[line], values[line], falling)
        conditions.extend(met)
        return result

    return reduce(positions, dim, keepdim, combine), conditions


def _over_axes(falling: bool) -> Callable[..., Selection]:
    """amax, amin, and max or min of everything."""

    def rule(
        g: Graph, operands: Operands, nodes: np.ndarray, dim: Any = None, keepdim: bool = False
    ) -> Selection:
        result, met = _reduced(g, operands.inputs[0], nodes, dim, keepdim, falling)
        return Selection((result,), met)

    return rule


def _norm(
    g: Graph,
    operands: Operands,
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
    result, met = _reduced(g, np.abs(operands.inputs[0]), sizes, dim, keepdim, p > 0)
    return Selection((result,), met)


def _extreme(name: str) -> Callable[..., Selection]:
    """max or min along one axis, with the winner's index as second result.

    At a tie the gradient goes to the winner alone, which is then assumed to win.
    """
    combine, falling = (largest, True) if name == "max" else (smallest, False)

    def rule(
        g: Graph, operands: Operands, nodes: np.ndarray, dim: int, keepdim: bool = False
    ) -> Selection:
        picks = operands.results[1]
        wide = picks if keepdim or nodes.ndim == 0 else np.expand_dims(picks, dim)
        lines, numbers = slices(nodes, wide, dim), slices(operands.inputs[0], wide, dim)
        won = [ordering(g, line, at, falling) for line, at in lines]
        if not lines:
            return Selection((reduce(nodes, dim, keepdim, lambda t: combine(g, t)), None))
        result, now = [], []
        for (line, at), (values, _), met in zip(lines, numbers, won, strict=True):
            ties = set(line[values == values[at[0]]].tolist())
            result.append(int(line[at[0]]) if len(ties) > 1 else combine(g, line.tolist()))
            now += met if len(ties) > 1 else []
        shaped = np.array(result, dtype=np.int64).reshape(np.shape(picks))
        return Selection((shaped, None), now, later=[c for met in won for c in met])

    return rule


def _winner(falling: bool) -> Callable[..., Selection]:
    """argmax and argmin: the winner is not beaten by any other."""

    def rule(
        g: Graph,
        operands: Operands,
        nodes: np.ndarray,
        dim: int | None = None,
        keepdim: bool = False,
    ) -> Selection:
        if dim is None or nodes.ndim == 0:
            lines = [(nodes.reshape(-1), operands.results[0].reshape(-1))]
        else:
            picks = operands.results[0]
            lines = slices(nodes, picks if keepdim else np.expand_dims(picks, dim), dim)
        won = [c for line, at in lines for c in ordering(g, line, at, falling)]
        return Selection((None,), later=won)

    return rule


def _running(falling: bool) -> Callable[..., Selection]:
    """cummax and cummin: the winner so far, which alone gets the gradient at a tie."""
    name = "max" if falling else "min"

    def along(
        g: Graph, line: np.ndarray, values: np.ndarray, picks: np.ndarray
    ) -> tuple[list[int], list[int], list[int]]:
        result, now, later = [], [], []
        best = int(line[0])
        for end, pick in enumerate(picks.tolist()):
            best = g.apply(name, best, int(line[end])) if end else best
            met = ordering(g, line[: end + 1], picks[end : end + 1], falling) if pick >= 0 else []
            ties = set(line[: end + 1][values[: end + 1] == values[pick]].tolist())
            result.append(int(line[pick]) if len(ties) > 1 else best)
            now += met if len(ties) > 1 else []
            later += met
        return result, now, later

    def rule(g: Graph, operands: Operands, nodes: np.ndarray, dim: int) -> Selection:
        if nodes.ndim == 0:
            return Selection((nodes, None))
        lines = slices(nodes, operands.results[1], dim)
        numbers = slices(operands.inputs[0], operands.results[1], dim)
        found = [
            along(g, line, values, picks)
            for (line, picks), (values, _) in zip(lines, numbers, strict=True)
        ]
        wide = np.moveaxis(nodes, dim, -1)
        result = np.array([values for values, _, _ in found], dtype=np.int64).reshape(wide.shape)
        now = [c for _, met, _ in found for c in met]
        later = [c for _, _, met in found for c in met]
        return Selection((np.moveaxis(result, -1, dim), None), now, later=later)

    return rule


EXTREMA: dict[str, SelectionRule] = {
    "amax": _over_axes(True),
    "amin": _over_axes(False),
    "linalg_vector_norm": _norm,
    "max": _over_axes(True),
    "min": _over_axes(False),
    "max.dim": _extreme("max"),
    "min.dim": _extreme("min"),
    "argmax": _winner(True),
    "argmin": _winner(False),
    "cummax": _running(True),
    "cummin": _running(False),
}
