"""Heat map of a large matrix in SVG: signs, sizes and structural zeros.

Knows no result object: arrays and strings in, one SVG element out. Blue is above zero, orange
below, the stronger the larger; what is zero whatever the point is left blank. The background is
transparent and text has the page's colour, for light and dark pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

import numpy as np

from jacmagic.render.layout import NO_BLOCKS, Blocks

MAX_SQUARES = 96  # along a side; more rows share a square, which shows their largest entry
LEVELS = 6  # shades of a colour, all distinguishable
SIDE_PIXELS = 480  # of the longer side: five for each of the squares
MAX_SQUARE_PIXELS = 14  # of one entry: small matrices are not blown up
MAX_LABEL_LETTERS = 16  # of a row or column; more would take the picture's width
_BLANK, _ZERO, _ODD = 0, LEVELS + 1, LEVELS + 2  # other codes: ±1 … ±LEVELS
_POSITIVE, _NEGATIVE, _GREY, _PURPLE = "#1976d2", "#ef6c00", "#888", "#8e24aa"


def heatmap(
    values: np.ndarray,
    pattern: np.ndarray | None = None,
    *,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    blocks: Blocks = NO_BLOCKS,
) -> str:
    """Draw a matrix.

    Args:
        values: numbers (m, n); any may be nan or infinite.
        pattern: boolean (m, n), False where an entry is zero whatever the point.
        rows: m labels, of which the first and the last are written.
        columns: n labels, likewise.
        blocks: sizes of the row blocks and of the column blocks; lines separate them.

    Returns:
        An SVG element with a title and a description; "" for a matrix without entries.
    """
    present = np.ones(values.shape, bool) if pattern is None else pattern | (values != 0)
    return spy(
        np.nonzero(present),
        values[present],
        values.shape,
        rows=rows,
        columns=columns,
        blocks=blocks,
        zeros=int(values.size - present.sum()),
    )


def spy(
    indices: tuple[np.ndarray, ...],
    values: np.ndarray,
    shape: tuple[int, ...],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    blocks: Blocks,
    zeros: int = 0,
) -> str:
    """Draw a sparse matrix, as `heatmap` does, from its stored entries only.

    Args:
        indices: rows and columns of the entries.
        values: the entries; what is not stored is zero whatever the point.
        shape: (m, n).
        rows: labels of the first and the last row, as in `heatmap`.
        columns: likewise.
        blocks: sizes of the row blocks and of the column blocks; lines separate them.
        zeros: entries that are not stored and counted in the description.

    Returns:
        An SVG element; "" for a matrix without rows or columns.
    """
    if not min(shape):
        return ""
    codes = _codes(indices, values, shape)
    m, n = codes.shape
    square = min(SIDE_PIXELS / max(m, n), MAX_SQUARE_PIXELS)
    width, height = n * square, m * square
    margin = 8 + 7 * max(map(len, _ends(rows)), default=0) if rows else 4
    top = 20 if columns else 4
    heading = 7 * max(map(len, _ends(columns)[:1]), default=0)
    across, down = round(margin + max(width, heading) + 4), round(top + height + 4)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{across}" height="{down}" '
        f'viewBox="0 0 {across} {down}" font-family="system-ui,sans-serif" font-size="12" '
        'style="max-width:100%;height:auto" fill="currentColor">',
        f"<title>{shape[0]} × {shape[1]} matrix</title>",
        f"<desc>{escape(_described(values, zeros))}</desc>",
        *_names(rows, columns, margin, top, width, height),
        f'<g transform="translate({margin:.0f} {top}) scale({square:.6g})">',
        *_paths(codes),
        *_lines(blocks, shape, (m, n)),
        "</g></svg>",
    ]
    return "".join(parts)


def _described(values: np.ndarray, zeros: int) -> str:
    """Describe the picture: counts of positive, negative and zero entries, stored or not."""
    odd = int((~np.isfinite(values)).sum())
    counts = [
        (int((values > 0).sum()), "positive"),
        (int((values < 0).sum()), "negative"),
        (int((values == 0).sum()), "zero here"),
        (zeros, "zero everywhere"),
        (odd, "not finite"),
    ]
    sizes = np.abs(values[np.isfinite(values)])
    largest = f"; largest size {sizes.max():.4g}" if sizes.size else ""
    return ", ".join(f"{count} {kind}" for count, kind in counts if count) + largest


# ── from numbers to shades ────────────────────────────────────────────────────────────────────


def _codes(
    indices: tuple[np.ndarray, ...], values: np.ndarray, shape: tuple[int, ...]
) -> np.ndarray:
    """Return the code of every square, ±1 … ±LEVELS by sign and size of its largest entry."""
    squares = tuple(
        np.searchsorted(_starts(s), p, "right") - 1 for s, p in zip(shape, indices, strict=True)
    )
    size = tuple(min(count, MAX_SQUARES) for count in shape)
    finite = np.where(np.isfinite(values), values, 0.0)
    above, below, odd, somewhere = (np.zeros(size, kind) for kind in (float, float, bool, bool))
    np.maximum.at(above, squares, finite)
    np.minimum.at(below, squares, finite)
    np.logical_or.at(odd, squares, ~np.isfinite(values))
    somewhere[squares] = True
    strongest = np.where(above >= -below, above, below)
    largest = np.abs(strongest).max()
    share = np.abs(strongest) / largest if largest > 0 else np.zeros(strongest.shape)
    shade = np.sign(strongest) * np.ceil(LEVELS * np.sqrt(share))
    codes = np.where(strongest == 0, np.where(somewhere, _ZERO, _BLANK), shade)
    return np.where(odd, _ODD, codes).astype(int)


def _starts(count: int) -> np.ndarray:
    """Return the first row (or column) of each square."""
    squares = min(count, MAX_SQUARES)
    return (np.arange(squares) * count + squares - 1) // squares


# ── drawing ───────────────────────────────────────────────────────────────────────────────────


def _paths(codes: np.ndarray) -> Iterator[str]:
    """Yield one path for each shade: neighbours in a row are one rectangle."""
    drawn: dict[int, list[str]] = {}
    for i, line in enumerate(codes.tolist()):
        j = 0
        for code, run in groupby(line):
            length = len(list(run))
            drawn.setdefault(code, []).append(f"M{j} {i}h{length}v1h-{length}z")
            j += length
    drawn.pop(_BLANK, None)
    for code in sorted(drawn):
        colour, opacity = _paint(code)
        yield (
            f'<path fill="{colour}" fill-opacity="{opacity:.2g}" shape-rendering="crispEdges" '
            f'd="{"".join(drawn[code])}"/>'
        )


def _paint(code: int) -> tuple[str, float]:
    if code == _ODD:
        return _PURPLE, 1
    if code == _ZERO:
        return _GREY, 0.16
    return _POSITIVE if code > 0 else _NEGATIVE, 0.12 + 0.8 * abs(code) / LEVELS


def _lines(blocks: Blocks, shape: tuple[int, ...], squares: tuple[int, int]) -> Iterator[str]:
    """Yield the frame, and lines between blocks."""
    m, n = squares
    d = [f"M0 0h{n}v{m}h-{n}z"]
    for sizes, count, drawn, stroke in (
        (blocks[0], shape[0], m, f"M0 {{}}h{n}"),
        (blocks[1], shape[1], n, f"M{{}} 0v{m}"),
    ):
        if max(sizes, default=0) > 1:
            d += [stroke.format(f"{cut * drawn / count:.4g}") for cut in np.cumsum(sizes)[:-1]]
    yield (
        f'<path d="{"".join(d)}" fill="none" stroke="{_GREY}" vector-effect="non-scaling-stroke"/>'
    )


def _names(
    rows: Sequence[str],
    columns: Sequence[str],
    margin: float,
    top: float,
    width: float,
    height: float,
) -> Iterator[str]:
    """Yield the first and the last label of each side, or the first where one fits."""
    if rows:
        first, *last = _ends(rows)
        yield _text(first, margin - 5, top + min(10, height / 2 + 4), "end")
        if last and height > 30:
            yield _text(last[0], margin - 5, top + height - 2, "end")
    if columns:
        first, *last = _ends(columns)
        yield _text(first, margin, top - 6, "start")
        if last and width > 7 * (len(first) + len(last[0]) + 2):
            yield _text(last[0], margin + width, top - 6, "end")


def _ends(labels: Sequence[str]) -> list[str]:
    """Return the first and last of some labels, shortened."""
    picked = [labels[0], labels[-1]][: len(labels)] if labels else []
    return [
        label if len(label) <= MAX_LABEL_LETTERS else f"{label[: MAX_LABEL_LETTERS - 1]}…"
        for label in picked
    ]


def _text(shown: str, x: float, y: float, anchor: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{escape(shown)}</text>'
