"""The request of one magic: target, line, the user's namespace, options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jacmagic.function.target import EMPTY, Target
from jacmagic.notebook.cell import Line
from jacmagic.notebook.options import InputOptions


@dataclass
class Request:
    """A target with the values typed for its arguments.

    Attributes:
        target: what is differentiated.
        line: the parsed line, with the point.
        namespace: where the texts of the point are evaluated.
        options: of the inputs.
        notes: choices made for the user, in the order made.
        fixed: names of inputs that stay integers.
    """

    target: Target
    line: Line
    namespace: Mapping[str, Any]
    options: InputOptions
    notes: list[str] = field(default_factory=list)
    fixed: frozenset[str] = frozenset()

    @property
    def names(self) -> list[str]:
        """Names of the target's arguments, in order."""
        return [argument.name for argument in self.target.arguments]

    def default(self, name: str) -> Any:
        """Return the default of an argument, `EMPTY` where it has none."""
        defaults = (a.default for a in self.target.arguments if a.name == name)
        return next(defaults, EMPTY)

    def column_of(self, name: str) -> str:
        """Return the line with carets under a name, or under `--at`."""
        for assignment in self.line.point:
            if assignment.name == name:
                return self.line.mark(assignment.column, len(name))
        return "" if self.options.at is None else self.line.mark_text(self.options.at)
