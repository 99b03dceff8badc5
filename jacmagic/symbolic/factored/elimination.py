"""Multiplications that a product of local Jacobians takes, by the order of accumulation.

Accumulating a Jacobian is eliminating the intermediate variables one by one (Griewank & Walther,
Evaluating Derivatives, chapter 9): eliminating v replaces every pair of ∂w/∂v and ∂v/∂u by their
product, which is added to ∂w/∂u. Forward mode eliminates them in the order of computation, reverse
mode backwards; for a plain chain each order is one way to set brackets.

Counted are the products of two entries of which none is 0 or ±1 whatever the point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Blocks = Mapping[tuple[int, int], np.ndarray]  # (above, below) → entries: 0, 1 for ±1, 2 for others

ZERO, UNIT, OTHER = 0, 1, 2
MAX_VARIABLES_FOR_ALL_ORDERS = 7  # which takes 2⁷ sets of eliminated ones


@dataclass(frozen=True)
class Multiplications:
    """Counts of multiplications.

    Attributes:
        forward: in the order of computation.
        reverse: backwards.
        best: in the best order that was found; the best of all up to seven variables.
        order: the positions of the variables in that order.
    """

    forward: int
    reverse: int
    best: int
    order: tuple[int, ...]


def multiplications(blocks: Blocks, variables: Sequence[int]) -> Multiplications:
    """Count the multiplications of a Jacobian.

    Args:
        blocks: the local Jacobians by the positions of two variables.
        variables: the positions of the intermediate ones, in the order of computation.
    """
    forward = _count(blocks, variables)
    reverse = _count(blocks, variables[::-1])
    exact = len(variables) <= MAX_VARIABLES_FOR_ALL_ORDERS
    order = _best(blocks, variables) if exact else _greedy(blocks, variables)
    counts = {tuple(variables): forward, tuple(variables[::-1]): reverse}
    counts[order] = _count(blocks, order)
    best = min(counts, key=counts.__getitem__)
    return Multiplications(forward, reverse, counts[best], best)


def _count(blocks: Blocks, order: Sequence[int]) -> int:
    left, total = dict(blocks), 0
    for variable in order:
        total += _eliminate(left, variable)
    return total


def _eliminate(blocks: dict[tuple[int, int], np.ndarray], variable: int) -> int:
    """Eliminate a variable in place; return the number of multiplications."""
    above = [pair for pair in blocks if pair[1] == variable]
    below = [pair for pair in blocks if pair[0] == variable]
    total = 0
    for outer in above:
        for inner in below:
            a, b = blocks[outer], blocks[inner]
            total += int(((a == OTHER).sum(0) * (b == OTHER).sum(1)).sum())
            pair = outer[0], inner[1]
            product = _product(a, b)
            blocks[pair] = _sum(blocks[pair], product) if pair in blocks else product
    for pair in (*above, *below):
        del blocks[pair]
    return total


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    terms = (a != ZERO).astype(int) @ (b != ZERO).astype(int)
    units = (a == UNIT).astype(int) @ (b == UNIT).astype(int)
    return np.where(terms == 0, ZERO, np.where((terms == 1) & (units == 1), UNIT, OTHER))


def _sum(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.where(a == ZERO, b, np.where(b == ZERO, a, OTHER))


def _greedy(blocks: Blocks, variables: Sequence[int]) -> tuple[int, ...]:
    """Return the order in which always the cheapest variable is next."""
    left, waiting, order = dict(blocks), list(variables), list[int]()
    while waiting:
        costs = {variable: _eliminate(dict(left), variable) for variable in waiting}
        order.append(min(waiting, key=costs.__getitem__))
        _eliminate(left, order[-1])
        waiting.remove(order[-1])
    return tuple(order)


def _best(blocks: Blocks, variables: Sequence[int]) -> tuple[int, ...]:
    """Return the cheapest order: what is left depends only on the set that is eliminated."""
    states: dict[frozenset[int], tuple[int, tuple[int, ...], Blocks]] = {
        frozenset(): (0, (), blocks)
    }
    for _ in variables:
        following: dict[frozenset[int], tuple[int, tuple[int, ...], Blocks]] = {}
        for gone, (cost, order, left) in states.items():
            for variable in variables:
                if variable in gone:
                    continue
                reduced = dict(left)
                total, key = cost + _eliminate(reduced, variable), gone | {variable}
                if key not in following or total < following[key][0]:
                    following[key] = total, (*order, variable), reduced
        states = following
    ((_, order, _),) = states.values()
    return order
