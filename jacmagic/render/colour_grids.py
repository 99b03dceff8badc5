"""Grids of coloured squares in SVG: a sparse pattern and its compressed matrices, to one scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

import numpy as np

GRID_UNITS = 300  # of the longest side of all
MAX_SQUARE_UNITS = 22  # of the side of a square: small matrices are not blown up
MIN_NUMBERED_UNITS = 13  # units of a square that holds a number
GAP, TOP = 28, 20
# Colours of Okabe and Ito, which are told apart without red or green; numbers are a second mark.
COLOURS = (
    *("#0072b2", "#e69f00", "#009e73", "#cc79a7"),
    *("#56b4e9", "#d55e00", "#b8ab00", "#777777"),
)


def drawing(grids: Sequence[tuple[str, np.ndarray]], words: Sequence[str]) -> str:
    """Return grids beside each other as one SVG element.

    Args:
        grids: a name and product numbers (m, n), 0 for an empty square.
        words: a title and a description.
    """
    shapes = [cells.shape for _, cells in grids]
    size = min(GRID_UNITS / max(map(max, shapes)), MAX_SQUARE_UNITS)
    widths = [max(round(width * size), 36) + GAP for _, width in shapes]
    across, down = sum(widths), round(max(height for height, _ in shapes) * size) + TOP + 4
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{across}" height="{down}" '
        f'viewBox="0 0 {across} {down}" font-family="system-ui,sans-serif" font-size="11" '
        'style="max-width:100%;height:auto" fill="currentColor">',
        f"<title>{escape(words[0])}</title>",
        f"<desc>{escape(' '.join(words[1:]))}</desc>",
    ]
    for k, (name, cells) in enumerate(grids):
        drawn = "".join(_grid(name, cells, size))
        parts.append(f'<g transform="translate({2 + sum(widths[:k])} {TOP})">{drawn}</g>')
    return "".join([*parts, "</svg>"])


def _grid(name: str, cells: np.ndarray, size: float) -> Iterator[str]:
    yield f'<text x="0" y="-7" text-anchor="start">{escape(name)}</text>'
    paths: dict[int, list[str]] = {}
    squares = [(i, j, int(cells[i, j])) for i, j in np.argwhere(cells).tolist()]
    for i, j, group in squares:
        square = f"M{j * size:.1f} {i * size:.1f}h{size:.1f}v{size:.1f}h-{size:.1f}z"
        paths.setdefault((group - 1) % len(COLOURS), []).append(square)
    for colour, drawn in sorted(paths.items()):
        yield f'<path d="{"".join(drawn)}" fill="{COLOURS[colour]}" fill-opacity="0.5"/>'
    if size >= MIN_NUMBERED_UNITS:
        yield from (
            f'<text x="{(j + 0.5) * size:.1f}" y="{(i + 0.5) * size + 4:.1f}" '
            f'text-anchor="middle">{group}</text>'
            for i, j, group in squares
        )
    height, width = (side * size for side in cells.shape)
    yield f'<rect width="{width:.1f}" height="{height:.1f}" fill="none" stroke="#888"/>'
