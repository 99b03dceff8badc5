"""What is asked: a target, the magic's line, the user's namespace, and the options about inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jacmagic.function.target import EMPTY, Target
from jacmagic.notebook.cell import Line


@dataclass(frozen=True)
class InputOptions:
    """The options that decide about the inputs, as typed."""

    at: str | None = None
    wrt: str | None = None
    dtype: str | None = None
    device: str | None = None


@dataclass
class Request:
    """What is asked; `notes` collects what is decided for the user on the way.

    `fixed` names the inputs that stay whole numbers.
    """

    target: Target
    line: Line
    namespace: Mapping[str, Any]
    wishes: InputOptions
    notes: list[str] = field(default_factory=list)
    fixed: frozenset[str] = frozenset()

    @property
    def names(self) -> list[str]:
        """The arguments of the target, in order."""
        return [argument.name for argument in self.target.arguments]

    def default(self, name: str) -> Any:
        """Return the default of an argument, `EMPTY` where it has none."""
        found = (a.default for a in self.target.arguments if a.name == name)
        return next(found, EMPTY)

    def column_of(self, name: str) -> str:
        """Carets under the name in the line, or under `--at`."""
        for assignment in self.line.point:
            if assignment.name == name:
                return self.line.mark(assignment.column, len(name))
        return "" if self.wishes.at is None else self.line.mark_text(self.wishes.at)
