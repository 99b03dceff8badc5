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
        result, ties = _best(g, flat[line], values[line], falling)
        conditions.extend(ties)
        return result

    return reduce(positions, dim, keepdim, combine), conditions


def _over_axes(falling: bool) -> Callable[..., Selection]:
    """amax, amin, and max or min of everything."""

    def rule(
        g: Graph, operands: Operands, nodes: np.ndarray, dim: Any = None, keepdim: bool = False
    ) -> Selection:
        result, conditions = _reduced(g, operands.inputs[0], nodes, dim, keepdim, falling)
        return Selection((result,), conditions)

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
    result, conditions = _reduced(g, np.abs(operands.inputs[0]), sizes, dim, keepdim, p > 0)
    return Selection((result,), conditions)


_Winner = tuple[int, list[int], list[int]]


def _won(g: Graph, line: np.ndarray, values: np.ndarray, pick: int, falling: bool) -> _Winner:
    """Return the extreme of a line, the conditions for it, and those for its index.

    At a tie the gradient goes to the winner alone, which is then assumed to win.
    """
    conditions = ordering(g, line, np.array([pick]), falling) if pick >= 0 else []
    if len(set(line[values == values[pick]].tolist())) > 1:
        return int(line[pick]), conditions, conditions
    return (largest if falling else smallest)(g, line.tolist()), [], conditions


def _together(winners: list[_Winner]) -> tuple[np.ndarray, list[int], list[int]]:
    """Return the extremes of all lines, and their conditions in one list each."""
    now = [condition for _, conditions, _ in winners for condition in conditions]
    later = [condition for _, _, conditions in winners for condition in conditions]
    return np.array([node for node, _, _ in winners], dtype=np.int64), now, later


def _extreme(falling: bool) -> Callable[..., Selection]:
    """max or min along one axis, with the winner's index as second result."""

    def rule(
        g: Graph, operands: Operands, nodes: np.ndarray, dim: int, keepdim: bool = False
    ) -> Selection:
        picks = operands.results[1]
        if nodes.ndim == 0 or not picks.size:
            return Selection((np.zeros_like(picks) if nodes.ndim else nodes, None))
        wide = picks if keepdim else np.expand_dims(picks, dim)
        lines, numbers = slices(nodes, wide, dim), slices(operands.inputs[0], wide, dim)
        winners = [
            _won(g, line, values, int(at[0]), falling)
            for (line, at), (values, _) in zip(lines, numbers, strict=True)
        ]
        nodes, now, later = _together(winners)
        return Selection((nodes.reshape(picks.shape), None), now, later)

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

    def rule(g: Graph, operands: Operands, nodes: np.ndarray, dim: int) -> Selection:
        if nodes.ndim == 0:
            return Selection((nodes, None))
        lines = slices(nodes, operands.results[1], dim)
        numbers = slices(operands.inputs[0], operands.results[1], dim)
        winners = [
            _won(g, line[: end + 1], values[: end + 1], pick, falling)
            for (line, picks), (values, _) in zip(lines, numbers, strict=True)
            for end, pick in enumerate(picks.tolist())
        ]
        result, now, later = _together(winners)
        result = result.reshape(np.moveaxis(nodes, dim, -1).shape)
        return Selection((np.moveaxis(result, -1, dim), None), now, later)

    return rule


EXTREMA: dict[str, SelectionRule] = {
    "amax": _over_axes(True),
    "amin": _over_axes(False),
    "linalg_vector_norm": _norm,
    "max": _over_axes(True),
    "min": _over_axes(False),
    "max.dim": _extreme(True),
    "min.dim": _extreme(False),
    "argmax": _winner(True),
    "argmin": _winner(False),
    "cummax": _running(True),
    "cummin": _running(False),
}
