"""A comparison's table as text, HTML and LaTeX: plain strings in, a string out.

The columns are those of a gradient checker, with one more for the cause.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from html import escape

from jacmagic.render.prose import paragraph

HEADS = ("entry", "yours", "right", "difference", "ratio", "verdict", "cause")
_NUMBERS = 5  # columns from the second up to the ratio are flush right
_STYLE = """\
.jm-check{font:inherit;line-height:1.45;max-width:100%;overflow-x:auto}
.jm-check .jm-verdict{font-weight:600;margin:.2em 0 .5em}
.jm-check table{border-collapse:collapse;border:0;margin:.3em 0;font-variant-numeric:tabular-nums}
.jm-check tr{background:none!important}
.jm-check th,.jm-check td{padding:.25em .8em;text-align:right;white-space:nowrap;border:0;
background-clip:padding-box;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.jm-check th{font-weight:500;color:color-mix(in srgb,currentColor 75%,transparent);
border-bottom:1px solid rgba(128,128,128,.8);background:none}
.jm-check td.jm-words{text-align:left}
.jm-check td.jm-cause{text-align:left;white-space:normal;min-width:16em}
.jm-check tr.jm-wrong td{background:rgba(211,47,47,.14)}
.jm-check tr.jm-doubt td{background:rgba(199,119,0,.16)}
.jm-check ul{margin:.5em 0;padding:0;list-style:none;font-size:.93em}"""


def text(lines: Sequence[str], rows: Sequence[Sequence[str]], remarks: Sequence[str]) -> str:
    """Return lines for a terminal.

    Args:
        lines: above the table.
        rows: cells in the order of `HEADS`.
        remarks: below it.
    """
    if not rows:
        return "\n".join([*lines, *remarks])
    widths = [max(_width(row[k]) for row in (HEADS, *rows)) for k in range(len(HEADS))]
    drawn = [
        "  ".join(_padded(cell, widths[k], k) for k, cell in enumerate(row)).rstrip()
        for row in (HEADS, *rows)
    ]
    return "\n".join([*lines, "", *drawn, *([""] * bool(remarks)), *remarks])


def _width(cell: str) -> int:
    return sum(not unicodedata.combining(letter) for letter in cell)


def _padded(cell: str, width: int, column: int) -> str:
    blanks = " " * (width - _width(cell))
    return blanks + cell if 0 < column < _NUMBERS else cell + blanks


def html(
    lines: Sequence[str],
    rows: Sequence[Sequence[str]],
    kinds: Sequence[str],
    remarks: Sequence[str],
) -> str:
    """Return self-contained HTML; all text is escaped.

    Args:
        lines: above the table.
        rows: cells in the order of `HEADS`.
        kinds: of each row: "wrong", "doubt" or "".
        remarks: below it.
    """
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in HEADS)
    body = "".join(map(_row, rows, kinds))
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>" if rows else ""
    listed = "".join(f"<li>{escape(line)}</li>" for line in remarks)
    above = "".join(f'<div class="jm-verdict">{escape(line)}</div>' for line in lines)
    below = f"<ul>{listed}</ul>" if listed else ""
    return f'<div class="jm-check"><style>{_STYLE}</style>\n{above}\n{table}\n{below}</div>'


def _row(cells: Sequence[str], kind: str) -> str:
    classes = ["jm-words", *[""] * (_NUMBERS - 1), "jm-words", "jm-cause"]
    drawn = "".join(
        f'<td class="{name}">{escape(cell)}</td>' if name else f"<td>{escape(cell)}</td>"
        for cell, name in zip(cells, classes, strict=True)
    )
    return f'<tr class="jm-{kind}">{drawn}</tr>' if kind else f"<tr>{drawn}</tr>"


def latex(lines: Sequence[str], rows: Sequence[Sequence[str]], remarks: Sequence[str]) -> str:
    r"""Return an array between delimiters.

    Args:
        lines: above the table, as text.
        rows: cells; the first of each is LaTeX, as are the numbers, the last two are text.
        remarks: below it, as text.
    """
    blocks = [*map(paragraph, lines)]
    if rows:
        head = " & ".join(rf"\text{{{name}}}" for name in HEADS)
        body = " \\\\[1ex]\n".join(" & ".join(row) for row in rows)
        opening = rf"\begin{{array}}{{lrrrrll}} {head} \\ \hline \\[-1.5ex]"
        array = f"{opening}\n{body}\n" + r"\end{array}"
        blocks.append(f"$$\n{array}\n$$")
    return "\n\n".join([*blocks, *map(paragraph, remarks)])
