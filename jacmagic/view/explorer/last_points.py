"""The points at which explorers were left, for a cell that runs again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jacmagic.result import JacobianResult

MAX_FUNCTIONS = 100  # a long notebook has about as many cells with sliders


@dataclass(frozen=True)
class Identity:
    """Key of a cell's function: its name, its inputs and its first point."""

    title: str
    labels: tuple[str, ...]
    start: tuple[float, ...]

    @classmethod
    def of(cls, jacobian: JacobianResult) -> Identity:
        """Return the identity of an explorer that begins at a Jacobian."""
        labels = tuple(label.text for label in jacobian.columns)
        return cls(jacobian.title, labels, tuple(jacobian.problem.flat_point))


_POINTS: dict[Identity, list[float]] = {}


def remember(identity: Identity, numbers: Sequence[float]) -> None:
    """Remember a point; beyond a bound the oldest function is forgotten."""
    _POINTS[identity] = list(numbers)
    while len(_POINTS) > MAX_FUNCTIONS:
        del _POINTS[next(iter(_POINTS))]


def recall(identity: Identity) -> list[float] | None:
    """Return the last point, if there is one."""
    return _POINTS.get(identity)
