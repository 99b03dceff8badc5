"""What of a large matrix a page shows, and expressions converted when it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

MOST_PLACES = 10  # rows or columns of a matrix on a page; more are cut with dots


class Converted:
    """Expressions of nodes, each converted once."""

    def __init__(self) -> None:
        """Nothing is converted yet."""
        self._made: dict[int, Any] = {}

    def of(self, nodes: Sequence[int], convert: Callable[[list[int]], list[Any]]) -> list[Any]:
        """Return the expressions of nodes; those not known yet are converted together."""
        new = [node for node in dict.fromkeys(nodes) if node not in self._made]
        if new:
            self._made.update(zip(new, convert(new), strict=True))
        return [self._made[node] for node in nodes]


def excerpt(count: int) -> list[int | None]:
    """The places of a line that a page shows: all, or the first and the last, None for the gap."""
    if count <= MOST_PLACES:
        return list(range(count))
    return [*range(MOST_PLACES - 2), None, count - 1]
