"""A matrix of formulas that is wider than a terminal: its entries, one after the other."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from jacmagic.labels import Label
from jacmagic.render.page import TERMINAL_LETTERS
from jacmagic.symbolic.formula.typeset import plain

MAX_ENTRIES = 24  # about a terminal's lines


def listed(
    matrix: Any, rows: Sequence[Label], columns: Sequence[Label], names: Mapping[Any, str]
) -> list[str]:
    """Return the entries that are not zero, "∂f₁/∂x = 2*x", the first `MAX_ENTRIES` of them."""
    positions = [(i, j) for i in range(len(rows)) for j in range(len(columns)) if matrix[i, j] != 0]
    lines = []
    for i, j in positions[:MAX_ENTRIES]:
        head = f"  ∂{rows[i].unicode}/∂{columns[j].unicode} = "
        lines += wrapped(head, plain(matrix[i, j], names))
    more = len(positions) > MAX_ENTRIES
    return [*lines, *([f"  … and more: {len(positions)} entries"] if more else [])]


def wrapped(head: str, body: str) -> list[str]:
    """Return an equation on lines of a terminal, broken at blanks."""
    return textwrap.wrap(
        head + body,
        TERMINAL_LETTERS,
        subsequent_indent=" " * min(len(head), 12),
        break_long_words=False,
        break_on_hyphens=False,
    )
