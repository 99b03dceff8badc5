"""The states of explorers (point, tab, picture), for a cell that runs again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jacmagic.result.core import JacobianResult

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


@dataclass(frozen=True)
class ExplorerState:
    """The state of an explorer: its point, the name of its open tab, how its picture is drawn."""

    numbers: list[float]
    tab: str
    drawing: dict[str, Any]


_LEFT: dict[Identity, ExplorerState] = {}


def remember(
    identity: Identity, numbers: Sequence[float], tab: str, drawing: Mapping[str, Any]
) -> None:
    """Store the state of an explorer; beyond a bound the oldest function's is dropped."""
    _LEFT[identity] = ExplorerState(list(numbers), tab, dict(drawing))
    while len(_LEFT) > MAX_FUNCTIONS:
        del _LEFT[next(iter(_LEFT))]


def recall(identity: Identity) -> ExplorerState | None:
    """Return the stored state of an explorer, if there is one."""
    return _LEFT.get(identity)
