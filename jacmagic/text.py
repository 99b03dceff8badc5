"""Numbers and matrices as plain text: for a terminal, a log, a screen reader.

Knows no result object: arrays and strings in, one string out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

MOST_ROWS, MOST_COLUMNS = 20, 12


def number(value: float, digits: int = 4) -> str:
    """A number to some significant digits, as short as it can be.

    Whole numbers below a million stand in full; from a million up and below 0.0001 the exponent
    form is used. −0 is 0.

    Args:
        value: any float.
        digits: significant digits, at least 1.

    Example:
        >>> number(3.0), number(-0.0), number(1 / 3), number(1.25e-9)
        ('3', '0', '0.3333', '1.25e-09')
    """
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    size = abs(value)
    if size < 1e6 and float(value).is_integer():
        return str(int(value))
    if 1e-4 <= size < 1e6:
        shown = f"{value:.{digits}g}"
        if "e" in shown:  # more digits before the point than asked for
            shown = f"{value:.0f}"
        return shown
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{exponent}"


def matrix(
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    digits: int = 4,
    pattern: np.ndarray | None = None,
) -> str:
    """A labelled matrix between brackets.

    Args:
        values: numbers (m, n).
        rows: m labels.
        columns: n labels.
        digits: significant digits.
        pattern: boolean (m, n), False where an entry is zero whatever the point; shown as "·".

    Returns:
        Lines without a trailing newline. Large matrices show their first rows and columns and the
        last; where both kinds of zero occur, a line says which is which.
    """
    down, across = _shown(len(rows), MOST_ROWS), _shown(len(columns), MOST_COLUMNS)
    if not len(rows) or not len(columns):
        return f"[ empty: {len(rows)} × {len(columns)} ]"

    def cell(i: int | None, j: int | None) -> str:
        if i is None or j is None:
            return "⋮" if j is not None else "…"
        if pattern is not None and not pattern[i, j] and values[i, j] == 0:
            return "·"
        return number(float(values[i, j]), digits)

    grid = [[cell(i, j) for j in across] for i in down]
    heads = ["…" if j is None else columns[j] for j in across]
    names = ["⋮" if i is None else rows[i] for i in down]
    widths = [max(len(line[k]) for line in [heads, *grid]) for k in range(len(across))]
    margin = max(map(len, names))
    lines = [" " * (margin + 3) + "  ".join(h.rjust(w) for h, w in zip(heads, widths, strict=True))]
    for place, (name, line) in enumerate(zip(names, grid, strict=True)):
        left, right = _bracket(place, len(grid))
        body = "  ".join(c.rjust(w) for c, w in zip(line, widths, strict=True))
        lines.append(f"{name.rjust(margin)} {left} {body} {right}")
    return "\n".join([*lines, *_legend(values, pattern)])


def _shown(count: int, most: int) -> list[int | None]:
    """The places to show; None is the gap before the last."""
    return list(range(count)) if count <= most else [*range(most - 2), None, count - 1]


def _bracket(place: int, count: int) -> tuple[str, str]:
    if count == 1:
        return "[", "]"
    if place == 0:
        return "⎡", "⎤"
    return ("⎣", "⎦") if place == count - 1 else ("⎢", "⎥")


def _legend(values: np.ndarray, pattern: np.ndarray | None) -> list[str]:
    """One line where zeros of both kinds occur."""
    if pattern is None or pattern.all():
        return []
    here = pattern & (values == 0)
    return ["· zero everywhere, 0 zero at this point"] if here.any() else ["· zero everywhere"]
