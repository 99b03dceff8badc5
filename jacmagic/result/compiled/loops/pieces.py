"""Components of one tensor by several formulas: pieces, combined and grouped."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from torch import fx

from jacmagic.result.compiled.loops.expressions import Expression, joined, operation, taken
from jacmagic.result.compiled.obstacles import NotCompiled

MAX_FORMULAS = 64  # different formulas among the components of one tensor

Pieces = list[tuple[np.ndarray, Expression]]  # positions, increasing, and their numbers


def looked_up(
    pieces: Callable[[fx.Node, np.ndarray], Pieces], tensor: fx.Node, at: np.ndarray
) -> Callable[[np.ndarray], Pieces]:
    """Return `pieces` of some of the positions `at` in a tensor, for `combined`."""
    return lambda where: pieces(tensor, at[where])


def added(parts: list[Expression]) -> Expression:
    """Return the sum of some expressions."""
    found = parts[0]
    for part in parts[1:]:
        found = operation("add", found, part)
    return found


def multiplied(parts: list[Expression]) -> Expression:
    """Return the product of one or two expressions."""
    return parts[0] if len(parts) == 1 else operation("mul", parts[0], parts[1])


def combined(
    count: int,
    operands: Sequence[Callable[[np.ndarray], Pieces]],
    build: Callable[[list[Expression]], Expression],
) -> Pieces:
    """Return expressions of operands, each of which may consist of several pieces."""
    found: list[tuple[np.ndarray, list[Expression]]] = [(np.arange(count), [])]
    for operand in operands:
        found = [
            (where[inner], [_some(part, inner, len(where)) for part in parts] + [one])
            for where, parts in found
            for inner, one in operand(where)
        ]
    return grouped([(where, build(parts)) for where, parts in found])


def _some(expression: Expression, positions: np.ndarray, count: int) -> Expression:
    """Return components at increasing positions out of `count`."""
    return expression if len(positions) == count else taken(expression, positions)


def grouped(pieces: Pieces) -> Pieces:
    """Join pieces of one formula."""
    groups: dict[int, Pieces] = {}
    for where, one in pieces:
        groups.setdefault(one.key, []).append((where, one))
    if len(groups) > MAX_FORMULAS:
        raise NotCompiled("its components have too many different formulas")
    return [group[0] if len(group) == 1 else _in_one(group) for group in groups.values()]


def _in_one(group: Pieces) -> tuple[np.ndarray, Expression]:
    where = np.concatenate([part for part, _ in group])
    both = joined([one for _, one in group], [len(part) for part, _ in group])
    order = np.argsort(where, kind="stable")
    return where[order], taken(both, order)
