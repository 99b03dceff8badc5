"""Numbers and matrices as plain text: for a terminal, a log, a screen reader.

Knows no result object: arrays and strings in, one string out. The browser writes numbers by the
same rule; `tests/numbers.json` holds both to it.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal

import numpy as np

from jacmagic.render.layout import NO_BLOCKS, Blocks, cuts_of, excerpt
from jacmagic.render.page import MAX_TERMINAL_ROWS, TERMINAL_LETTERS

MAX_PADDING = 4  # letters by which aligned decimal points may widen a column
_GAP = "  "


def number(value: float, digits: int = 4) -> str:
    """Return a number to some significant digits, as short as it can be.

    Integers below a million are written in full, and so is the whole part of others; from a
    million up and below 0.0001 the exponent form is used. Halves are rounded away from zero, and
    −0 is 0.

    Args:
        value: any float.
        digits: significant digits, at least 1.

    Example:
        >>> number(3.0), number(-0.0), number(1 / 3), number(1.25e-9)
        ('3', '0', '0.3333', '1.25e-9')
    """
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    exact = Decimal(value)
    in_full = 1e-4 <= abs(value) < 1e6
    if in_full and exact == exact.to_integral_value():
        return str(int(exact))
    precision = max(digits, exact.adjusted() + 1) if in_full else digits
    rounded = Context(prec=precision, rounding=ROUND_HALF_UP).plus(exact).normalize()
    if in_full:
        return f"{rounded:f}"
    mantissa = rounded.scaleb(-rounded.adjusted())
    return f"{mantissa:f}e{rounded.adjusted()}"


def displayed(value: float, digits: int = 4) -> str:
    """Return a number for a page: with a true minus sign and ∞; an exponent is written as in code.

    Example:
        >>> displayed(-1.25e-9), displayed(float("inf"))
        ('−1.25e-9', '∞')
    """
    return re.sub("^-", "−", number(value, digits)).replace("inf", "∞")


def true_minus(text: str) -> str:
    """Return a sentence for a page: the signs of its numbers are true minus signs.

    Example:
        >>> true_minus("x = -3, largest difference 2e-16; write -p 6")
        'x = −3, largest difference 2e-16; write -p 6'
    """
    return re.sub(r"(?<![^\s(])-(?=[\d.πτ√])", "−", text)


def spaced(count: int) -> str:
    """Return an integer with its digits in threes: 10 000."""
    return f"{count:,}".replace(",", " ")


def matrix(
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    digits: int = 4,
    pattern: np.ndarray | None = None,
    *,
    width: int = TERMINAL_LETTERS,
    blocks: Blocks = NO_BLOCKS,
) -> str:
    """Return a labelled matrix between brackets, decimal points below one another.

    Args:
        values: numbers (m, n).
        rows: m labels.
        columns: n labels.
        digits: significant digits.
        pattern: boolean (m, n), False where an entry is zero whatever the point; shown as "·".
        width: characters that a line may have.
        blocks: sizes of the row blocks and of the column blocks; lines separate them.

    Returns:
        Lines without a trailing newline. Large matrices show their first rows and columns and the
        last; where there are zeros of both kinds, a line says which is which.
    """
    if not len(rows) or not len(columns):
        return f"[ empty: {len(rows)} × {len(columns)} ]"
    down = excerpt(len(rows), MAX_TERMINAL_ROWS, MAX_TERMINAL_ROWS - 2, 1)
    margin = max(_width(rows[i]) for i in down if i is not None)

    def column(j: int | None) -> list[str]:
        """Return a head and the cells below it, all of one width."""
        if j is None:
            return ["…" for _ in (None, *down)]
        cells = ["⋮" if i is None else _cell(values, pattern, i, j, digits) for i in down]
        return flush_right([columns[j], *_aligned(cells)])

    tops, lefts = map(cuts_of, blocks)
    shown = _fitting(column, len(columns), width - margin - 5 + len(_GAP) - 2 * len(lefts))
    first_count = len(shown) if len(shown) == len(columns) else len(shown) - 2
    for j in sorted(j for j in lefts if j is not None and j < first_count):
        shown[j] = [f"  {shown[j][0]}", *(f"│ {cell}" for cell in shown[j][1:])]
    lines = [" " * (margin + 3) + _GAP.join(part[0] for part in shown)]
    for k, i in enumerate(down):
        left, right = _bracket(k, len(down))
        name = "⋮" if i is None else rows[i]
        body = _GAP.join(part[k + 1] for part in shown)
        if i in tops:
            lines.append(f"{' ' * margin} ⎢ {re.sub('[^│]', '─', body).replace('│', '┼')} ⎥")
        lines.append(f"{_right(name, margin)} {left} {body} {right}")
    return "\n".join([*(line.rstrip() for line in lines), *_legend(values, pattern)])


def _cell(values: np.ndarray, pattern: np.ndarray | None, i: int, j: int, digits: int) -> str:
    if pattern is not None and not pattern[i, j] and values[i, j] == 0:
        return "·"
    return number(float(values[i, j]), digits)


def _aligned(cells: Sequence[str]) -> list[str]:
    """Pad numbers so that their decimal points are below one another.

    Where long numbers meet long exponents, as 619953 does 6.305e6, that would be too wide.
    """
    tails = [len(cell) - _whole(cell) for cell in cells]
    widest = max(map(len, cells))
    if max(map(_whole, cells)) + max(tails) > widest + MAX_PADDING:
        return list(cells)
    return [cell + " " * (max(tails) - tail) for cell, tail in zip(cells, tails, strict=True)]


def _whole(cell: str) -> int:
    """Return the length of a number's whole part."""
    ends = [cell.find(mark) for mark in ".e" if mark in cell and cell[-1].isdigit()]
    return min(ends, default=len(cell))


def flush_right(parts: Sequence[str]) -> list[str]:
    """Pad texts to one width, flush right."""
    widest = max(map(_width, parts))
    return [_right(part, widest) for part in parts]


def flush_left(parts: Sequence[str]) -> list[str]:
    """Pad texts to one width, flush left."""
    widest = max(map(_width, parts))
    return [part + " " * (widest - _width(part)) for part in parts]


def _right(text: str, width: int) -> str:
    return " " * (width - _width(text)) + text


def _width(text: str) -> int:
    """Return the columns of a terminal that a text takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _fitting(column: Callable[[int | None], list[str]], count: int, width: int) -> list[list[str]]:
    """Return all columns that fit: all of them, or some, a gap and the last."""
    columns: list[list[str]] = []
    used = 0
    for j in range(count):
        columns.append(column(j))
        used += _width(columns[-1][0]) + len(_GAP)
        if used > width:
            break
    if used <= width:
        return columns
    last, gap = column(count - 1), column(None)
    width -= _width(last[0]) + _width(gap[0]) + 2 * len(_GAP)
    while len(columns) > 1 and used > width:
        used -= _width(columns.pop()[0]) + len(_GAP)
    return [*columns, last] if len(columns) == count - 1 else [*columns, gap, last]


def _bracket(row: int, count: int) -> tuple[str, str]:
    if count == 1:
        return "[", "]"
    if row == 0:
        return "⎡", "⎤"
    return ("⎣", "⎦") if row == count - 1 else ("⎢", "⎥")


def _legend(values: np.ndarray, pattern: np.ndarray | None) -> list[str]:
    """Return a line that explains the marks, where there are any."""
    if pattern is None or pattern.all():
        return []
    nonstructural = pattern & (values == 0)
    return (
        ["· zero everywhere, 0 zero at this point"]
        if nonstructural.any()
        else ["· zero everywhere"]
    )
