"""Numbers and matrices as plain text: for a terminal, a log, a screen reader.

Knows no result object: arrays and strings in, one string out. The browser writes numbers by the
same rule; `tests/numbers.json` holds both to it.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal

import numpy as np

MOST_ROWS = 20
WIDTH = 100  # characters of a line, where the caller does not know better
_GAP = "  "


def number(value: float, digits: int = 4) -> str:
    """Return a number to some significant digits, as short as it can be.

    Whole numbers below a million stand in full, and so does the whole part of others; from a
    million up and below 0.0001 the exponent form is used. Halves are rounded away from zero, and
    −0 is 0.

    Args:
        value: any float.
        digits: significant digits, at least 1.

    Example:
        >>> number(3.0), number(-0.0), number(1 / 3), number(1.25e-9)
        ('3', '0', '0.3333', '1.25e-09')
    """
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    exact = Decimal(value)
    in_full = 1e-4 <= abs(value) < 1e6
    if in_full and exact == exact.to_integral_value():
        return str(int(exact))
    places = max(digits, exact.adjusted() + 1) if in_full else digits
    rounded = Context(prec=places, rounding=ROUND_HALF_UP).plus(exact).normalize()
    if in_full:
        return f"{rounded:f}"
    mantissa = rounded.scaleb(-rounded.adjusted())
    return f"{mantissa:f}e{rounded.adjusted():+03d}"


def spaced(count: int) -> str:
    """Return a whole number with its digits in threes: 10 000."""
    return f"{count:,}".replace(",", " ")


def matrix(
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    digits: int = 4,
    pattern: np.ndarray | None = None,
    *,
    width: int = WIDTH,
) -> str:
    """Return a labelled matrix between brackets, decimal points below one another.

    Args:
        values: numbers (m, n).
        rows: m labels.
        columns: n labels.
        digits: significant digits.
        pattern: boolean (m, n), False where an entry is zero whatever the point; shown as "·".
        width: characters that a line may have.

    Returns:
        Lines without a trailing newline. Large matrices show their first rows and columns and the
        last; where there are zeros of both kinds, a line says which is which.
    """
    if not len(rows) or not len(columns):
        return f"[ empty: {len(rows)} × {len(columns)} ]"
    down = _shown(len(rows), MOST_ROWS)
    margin = max(_width(rows[i]) for i in down if i is not None)

    def column(j: int | None) -> list[str]:
        """Return a head and the cells below it, all of one width."""
        if j is None:
            return ["…" for _ in (None, *down)]
        cells = ["⋮" if i is None else _cell(values, pattern, i, j, digits) for i in down]
        return _flush([columns[j], *_aligned(cells)])

    shown = _fitting(column, len(columns), width - margin - 5 + len(_GAP))
    lines = [" " * (margin + 3) + _GAP.join(part[0] for part in shown)]
    for place, i in enumerate(down):
        left, right = _bracket(place, len(down))
        name = "⋮" if i is None else rows[i]
        body = _GAP.join(part[place + 1] for part in shown)
        lines.append(f"{_right(name, margin)} {left} {body} {right}")
    return "\n".join([*(line.rstrip() for line in lines), *_legend(values, pattern)])


def _cell(values: np.ndarray, pattern: np.ndarray | None, i: int, j: int, digits: int) -> str:
    if pattern is not None and not pattern[i, j] and values[i, j] == 0:
        return "·"
    return number(float(values[i, j]), digits)


def _aligned(cells: Sequence[str]) -> list[str]:
    """Numbers with their decimal points (or last whole digits) below one another."""
    tails = [len(cell) - _whole(cell) for cell in cells]
    return [cell + " " * (max(tails) - tail) for cell, tail in zip(cells, tails, strict=True)]


def _whole(cell: str) -> int:
    """Where the whole part of a number ends."""
    ends = [cell.find(mark) for mark in ".e" if mark in cell and cell[-1].isdigit()]
    return min(ends, default=len(cell))


def _flush(parts: Sequence[str]) -> list[str]:
    """Texts of one width, flush right."""
    widest = max(map(_width, parts))
    return [_right(part, widest) for part in parts]


def _right(text: str, width: int) -> str:
    return " " * (width - _width(text)) + text


def _width(text: str) -> int:
    """Columns of a terminal that a text takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _shown(count: int, most: int) -> list[int | None]:
    """Return the places to show; None is the gap before the last."""
    return list(range(count)) if count <= most else [*range(most - 2), None, count - 1]


def _fitting(column: Callable[[int | None], list[str]], count: int, room: int) -> list[list[str]]:
    """All columns if they fit into a line, else the first ones, a gap and the last."""
    made: list[list[str]] = []
    used = 0
    for j in range(count):
        made.append(column(j))
        used += _width(made[-1][0]) + len(_GAP)
        if used > room:
            break
    if used <= room:
        return made
    last, gap = column(count - 1), column(None)
    room -= _width(last[0]) + _width(gap[0]) + 2 * len(_GAP)
    while len(made) > 1 and used > room:
        used -= _width(made.pop()[0]) + len(_GAP)
    return [*made, last] if len(made) == count - 1 else [*made, gap, last]


def _bracket(place: int, count: int) -> tuple[str, str]:
    if count == 1:
        return "[", "]"
    if place == 0:
        return "⎡", "⎤"
    return ("⎣", "⎦") if place == count - 1 else ("⎢", "⎥")


def _legend(values: np.ndarray, pattern: np.ndarray | None) -> list[str]:
    """Return what the marks mean, where there are any."""
    if pattern is None or pattern.all():
        return []
    here = pattern & (values == 0)
    return ["· zero everywhere, 0 zero at this point"] if here.any() else ["· zero everywhere"]
