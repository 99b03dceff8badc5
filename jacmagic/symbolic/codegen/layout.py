"""The layout of code: indices in brackets, indented statements, lists, comments."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from jacmagic.symbolic.codegen.function import Function

LINE_LETTERS = 100  # of numbers or of a comment, as wide as this package's own code


def bracketed(name: str, index: Sequence[int], _: Sequence[int] = ()) -> str:
    """Return a name with one pair of brackets for each index or size."""
    return name + "".join(f"[{number}]" for number in index)


def flat(name: str, index: Sequence[int], shape: Sequence[int]) -> str:
    """Return a component of an array that is stored row by row, or the name of a number."""
    if not shape:
        return name
    position = 0
    for number, size in zip(index, shape, strict=True):
        position = position * size + number
    return f"{name}[{position}]"


def indented(statements: Sequence[str], spaces: int = 4) -> list[str]:
    """Return statements as lines of a function's body."""
    return [f"{' ' * spaces}{line}" for line in statements]


def entry_lines(f: Function, spaces: int) -> list[str]:
    """Return the entries as lines of a list: of lists for a dense matrix, else one by one."""
    rows = [f"[{', '.join(row)}]" for row in f.rows] if not f.indexes else f.entries
    return indented([f"{row}," for row in rows], spaces)


def stores(f: Function) -> list[str]:
    """Return the statements that write value and entries into arrays."""
    value, matrix = f.results
    return [
        *(f"{value}[{k}] = {text};" for k, text in enumerate(f.values or ())),
        *(f"{matrix}[{k}] = {text};" for k, text in enumerate(f.entries)),
    ]


def numbers(integers: Sequence[int], spaces: int = 4) -> list[str]:
    """Return integers as lines of a list."""
    text = ", ".join(map(str, integers))
    return indented(textwrap.wrap(text, LINE_LETTERS - spaces), spaces)


def comment(lines: Sequence[str], sign: str) -> list[str]:
    """Return lines of a comment after a sign such as "#"; long ones are wrapped."""
    width = LINE_LETTERS - len(sign) - 1
    return [
        f"{sign} {part}"
        for line in lines
        for part in textwrap.wrap(_harmless(line), width, subsequent_indent="  ")
    ]


def _harmless(text: str) -> str:
    """Return a text that cannot end its comment: no backslash, trigraph or line separator."""
    return "".join(c if c.isprintable() and c != "\\" else "_" for c in text).replace("??", "?_")
