"""The layout of code: indices in brackets, indented statements, nested lists."""

from __future__ import annotations

from collections.abc import Sequence


def bracketed(name: str, index: Sequence[int]) -> str:
    """Return a name with one pair of brackets for each index or size."""
    return name + "".join(f"[{number}]" for number in index)


def indented(statements: Sequence[str], spaces: int = 4) -> list[str]:
    """Return statements as lines of a function's body."""
    return [f"{' ' * spaces}{line}" for line in statements]


def nested_rows(rows: Sequence[Sequence[str]], spaces: int) -> list[str]:
    """Return a matrix as lines of a list of lists."""
    return indented([f"[{', '.join(row)}]," for row in rows], spaces)
