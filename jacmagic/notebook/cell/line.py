"""The parsed line of a magic: point, target and options, with columns."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from jacmagic.errors import caret


@dataclass(frozen=True)
class Assignment:
    """One `name=value` of the point; `column` is where the name starts in the line."""

    name: str
    source: str
    column: int


@dataclass(frozen=True)
class Line:
    """The parsed line that follows the magic's name.

    Attributes:
        text: the line as typed.
        point: the `name=value` pairs, in the order typed.
        target: the expression of `%jacobian TARGET`; `None` for the cell form.
        hand: the expression before it, of `%jacobian_check HAND TARGET`; else `None`.
        options: tokens for the option parser, every value attached to its option.
        head: the magic as typed before `text`; error messages draw `head + text`.
    """

    text: str
    point: tuple[Assignment, ...] = ()
    target: str | None = None
    options: tuple[str, ...] = ()
    head: str = "%%jacobian "
    hand: str | None = None

    def without_point(self, inputs: Collection[str]) -> tuple[str, str]:
        """Return the magic with its target, and the rest without the inputs' values.

        Args:
            inputs: names whose values are left out; `--at` is left out with them.

        Example:
            >>> Line("", options=("-p6", "--of=f"), target="g", head="%jacobian ").without_point([])
            ('%jacobian g', '-p6 --of=f')
        """
        fixed = [
            f"{assignment.name}={assignment.source}"
            for assignment in self.point
            if assignment.name not in inputs
        ]
        options = [_quoted(option) for option in self.options if not option.startswith("--at=")]
        return f"{self.head}{self.target or ''}".strip(), " ".join([*fixed, *options])

    def mark(self, column: int, width: int = 1) -> str:
        """Return a newline and the line with carets under `width` characters."""
        return "\n" + caret(self.head + self.text, len(self.head) + column, width)

    def mark_text(self, fragment: str) -> str:
        """Return the line with carets under the last occurrence of `fragment`."""
        column = self.text.rfind(fragment)
        return "" if column < 0 else self.mark(column, len(fragment))

    def mark_end(self) -> str:
        """Return the line with a caret after its end, where something is missing."""
        return self.mark(len(self.text.rstrip()) + 1)


def _quoted(option: str) -> str:
    """Quote the value of an option where it contains blanks."""
    if not re.search(r"\s", option):
        return option
    name, value = option.split("=", 1) if option.startswith("--") else (option[:2], option[2:])
    quote = "'" if '"' in value else '"'
    return f"{name}{'=' if name.startswith('--') else ' '}{quote}{value}{quote}"
