"""A labelled matrix as static HTML: no script, no network, readable where styles are stripped.

Knows no result object. All text is escaped; the MathML that is passed in was made from LaTeX.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from jacmagic.text import number

MOST = 40  # rows or columns shown; larger matrices show the first and the last
_STYLE = """\
.jm-still{font-family:system-ui,sans-serif;line-height:1.4;max-width:100%;overflow-x:auto}
.jm-still table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:.6em 0}
.jm-still th{font-weight:500;opacity:.75}
.jm-still td.jm-block{border-left:1px solid currentColor}
.jm-still tr.jm-block td,.jm-still tr.jm-block th{border-top:1px solid currentColor}
.jm-still .jm-none{opacity:.4}
.jm-still math{font-family:"Latin Modern Math","STIX Two Math","Cambria Math",math}
.jm-still ul{margin:.3em 0;padding-left:1.2em;font-size:.92em}"""


def matrix(
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    digits: int = 4,
    caption: str = "",
    pattern: np.ndarray | None = None,
    blocks: tuple[Sequence[int], Sequence[int]] | None = None,
    derivation: Sequence[str] = (),
    remarks: Sequence[str] = (),
) -> str:
    """The still form of a Jacobian.

    Args:
        values: numbers (m, n).
        rows: m labels.
        columns: n labels.
        digits: significant digits.
        caption: a line above the table.
        pattern: boolean (m, n), False where an entry is zero whatever the point.
        blocks: sizes of the row blocks and of the column blocks; borders stand between them.
        derivation: MathML blocks above the table.
        remarks: lines of text below it.
    """
    parts = [f'<div class="jm-still"><style>{_STYLE}</style>', *derivation]
    parts.append(_table(values, rows, columns, digits, caption, pattern, blocks or ([], [])))
    if remarks:
        parts.append("<ul>" + "".join(f"<li>{escape(line)}</li>" for line in remarks) + "</ul>")
    return "\n".join([*parts, "</div>"])


def _table(
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    digits: int,
    caption: str,
    pattern: np.ndarray | None,
    blocks: tuple[Sequence[int], Sequence[int]],
) -> str:
    down, across = _shown(len(rows)), _shown(len(columns))
    cuts = [set(np.cumsum(sizes)[:-1].tolist()) for sizes in blocks]
    heads = "".join(
        f'<th scope="col" align="right">{"…" if j is None else escape(columns[j])}</th>'
        for j in across
    )
    lines = [f"<tr><td></td>{heads}</tr>"]
    for i in down:
        name = "⋮" if i is None else escape(rows[i])
        cells = "".join(_cell(values, i, j, digits, pattern, cuts[1]) for j in across)
        start = ' class="jm-block"' if i in cuts[0] else ""
        lines.append(f'<tr{start}><th scope="row" align="right">{name}</th>{cells}</tr>')
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{title}{''.join(lines)}</table>"


def _cell(
    values: np.ndarray,
    i: int | None,
    j: int | None,
    digits: int,
    pattern: np.ndarray | None,
    cuts: set[int],
) -> str:
    border = "jm-block" if j in cuts else ""
    if i is None or j is None:
        return f'<td align="right" class="{border}">{"⋮" if i is None else "…"}</td>'
    if pattern is not None and not pattern[i, j] and values[i, j] == 0:
        return f'<td align="right" class="jm-none {border}" title="zero everywhere">·</td>'
    shown = number(float(values[i, j]), digits).replace("-", "−")
    return f'<td align="right" class="{border}">{shown}</td>'


def _shown(count: int) -> list[int | None]:
    return list(range(count)) if count <= MOST else [*range(MOST - 2), None, count - 1]
