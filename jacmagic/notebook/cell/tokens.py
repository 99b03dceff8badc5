"""Tokens of the magic's line, separated by blanks outside brackets and quotes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from jacmagic.errors import CellError

_CLOSING = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True)
class Token:
    """A piece of the line and the column where it begins."""

    text: str
    column: int


def tokens(text: str, mark: Callable[[int], str]) -> Iterator[Token]:
    """Split at blanks outside brackets and quotes; a token with `#` ends the line.

    Args:
        text: the line.
        mark: draws the line with a caret under a column, for messages.

    Raises:
        CellError: a bracket or a quote stays open, or closes nothing.
    """
    start: int | None = None
    open_brackets: list[tuple[str, int]] = []
    position = 0
    while position < len(text):
        character = text[position]
        if character.isspace() and not open_brackets:
            if start is not None:
                yield Token(text[start:position], start)
            start = None
        elif character == "#" and start is None:
            return
        else:
            start = position if start is None else start
            if character in "\"'":
                position = _end_of_quote(text, position, mark)
            elif character in _CLOSING:
                open_brackets.append((_CLOSING[character], position))
            elif character in ")]}" and (not open_brackets or open_brackets.pop()[0] != character):
                raise CellError(
                    f"the brackets of the line do not match: this {character!r} closes nothing; "
                    "write every bracket in pairs" + mark(position)
                )
        position += 1
    if open_brackets:
        missing, column = open_brackets[-1]
        raise CellError(f"a bracket is not closed; write the missing {missing!r}" + mark(column))
    if start is not None:
        yield Token(text[start:], start)


def _end_of_quote(text: str, start: int, mark: Callable[[int], str]) -> int:
    """Return the position of the quote that ends the string starting at `start`."""
    quote = text[start]
    position = start + 1
    while position < len(text) and text[position] != quote:
        position += 2 if text[position] == "\\" else 1
    if position >= len(text):
        raise CellError(f"a quote is not closed; write the missing {quote}" + mark(start))
    return position
