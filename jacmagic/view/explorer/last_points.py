"""The states of explorers (point, tab, picture), for a cell that runs again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jacmagic.result.core import JacobianResult

MAX_FUNCTIONS = 100  # a long notebook has about as many cells with sliders


Identity = tuple[str, tuple[str, ...], tuple[float, ...]]


@dataclass(frozen=True)
class ExplorerState:
    """The state of an explorer: its point, the name of its open tab, how its picture is drawn."""

    numbers: list[float]
    tab: str
    drawing: dict[str, Any]


_LEFT: dict[Identity, ExplorerState] = {}


def identity_of(jacobian: JacobianResult) -> Identity:
    """Return the key of a cell's function: its name, its inputs and its first point."""
    labels = tuple(label.text for label in jacobian.columns)
    return jacobian.title, labels, tuple(jacobian.problem.flat_point)


def remember(identity: Identity, state: ExplorerState) -> None:
    """Store the state of an explorer; beyond a bound the oldest function's is dropped."""
    _LEFT[identity] = state
    while len(_LEFT) > MAX_FUNCTIONS:
        del _LEFT[next(iter(_LEFT))]


def recall(identity: Identity) -> ExplorerState | None:
    """Return the stored state of an explorer, if there is one."""
    return _LEFT.get(identity)
