"""Values before and after rewriting, compared at random points."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from jacmagic.symbolic.graph import Graph, stable_if_affordable, write_tape

POINTS = 6  # random points around the given one, beside itself
_RELATIVE_SPREAD = 0.4  # of a component, relative to its size or to 1
_MAX_RELATIVE_GAP = 1e-7  # relative; half the digits are left for cancellation

_SMALL_SHARE = 1e-3  # a value below this part of the largest may be one of cancelling terms


def are_equal_nearby(
    graph: Graph,
    before: Sequence[int],
    after: Sequence[int],
    inputs: Sequence[int],
    point: Sequence[float],
    holds_at: Callable[[Sequence[float]], bool],
) -> bool:
    """Whether nodes have the same values at a point and at random points around it.

    Args:
        graph: the graph of all nodes.
        before: k nodes.
        after: the k nodes that are to be equal to them.
        inputs: the n variable nodes.
        point: n numbers.
        holds_at: whether the graph is valid at a point; the others are left out.

    Returns:
        False where one pair differs, or where a value that was finite is none any more.
    """
    changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    if not changed:
        return True
    roots = stable_if_affordable(
        graph, [node for pair in zip(*changed, strict=True) for node in pair]
    )
    tape = write_tape(graph, roots, inputs)
    return all(
        _are_close(*np.reshape(tape.evaluate(sample), (2, -1)))
        for sample in _points(point)
        if holds_at(sample)
    )


def _points(point: Sequence[float]) -> list[list[float]]:
    centre = np.array(point, dtype=float)
    chance = np.random.default_rng(0)
    size = np.maximum(np.abs(centre), 1.0)
    others = [
        centre + _RELATIVE_SPREAD * size * chance.standard_normal(len(centre))
        for _ in range(POINTS)
    ]
    return [centre.tolist(), *(other.tolist() for other in others)]


def _are_close(before: np.ndarray, after: np.ndarray) -> bool:
    finite = np.isfinite(before)
    gaps = np.abs(np.where(finite, before - after, 0.0))
    sizes = np.abs(np.where(finite, before, 0.0))
    scale = np.maximum(sizes, _SMALL_SHARE * sizes.max(initial=0.0))
    return bool(np.all(np.isfinite(after[finite])) and np.all(gaps <= _MAX_RELATIVE_GAP * scale))
