"""The excerpt of a large matrix on a page, and a cache of converted expressions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

MAX_LINES = 10  # rows or columns of a matrix on a page; more are cut with dots


class Converted:
    """A cache of expressions by node."""

    def __init__(self) -> None:
        """Nothing is converted yet."""
        self._expressions: dict[int, Any] = {}

    def of(self, nodes: Sequence[int], convert: Callable[[list[int]], list[Any]]) -> list[Any]:
        """Return the expressions of nodes; those not cached are converted together."""
        new = [node for node in dict.fromkeys(nodes) if node not in self._expressions]
        if new:
            self._expressions.update(zip(new, convert(new), strict=True))
        return [self._expressions[node] for node in nodes]


def excerpt(count: int) -> list[int | None]:
    """Return the indices of rows on a page: all, or first and last around None."""
    if count <= MAX_LINES:
        return list(range(count))
    return [*range(MAX_LINES - 2), None, count - 1]
