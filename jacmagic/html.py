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
.jm-still{font:inherit;line-height:1.45;max-width:100%}
.jm-still .jm-chain{display:flex;flex-wrap:wrap;align-items:center;gap:.7em .5em;margin:.6em 0 1em;
overflow-x:auto}
.jm-still .jm-link{display:inline-flex;align-items:center;gap:.5em}
.jm-still .jm-brackets{display:inline-block;padding:.25em .3em;position:relative}
.jm-still .jm-brackets::before,.jm-still .jm-brackets::after{content:"";position:absolute;top:0;
bottom:0;width:.35em;border:1.5px solid currentColor}
.jm-still .jm-brackets::before{left:0;border-right:0}
.jm-still .jm-brackets::after{right:0;border-left:0}
.jm-still math{font-family:"Latin Modern Math","STIX Two Math","Cambria Math",math;font-size:1.1em}
.jm-still mtd{padding:.3em .55em}
.jm-still figure{margin:0;overflow-x:auto}
.jm-still figcaption{font-weight:600;margin:.2em 0}
.jm-still table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:.3em 0;border:0}
.jm-still th,.jm-still td{padding:.3em .8em;text-align:right;border:0;background:none}
.jm-still th{font-weight:500;opacity:.75}
.jm-still tr>:nth-child(2){border-left:1.5px solid currentColor}
.jm-still tr>:last-child{border-right:1.5px solid currentColor}
.jm-still thead th,.jm-still thead td{border:0!important}
.jm-still td.jm-block{border-left:1px dotted currentColor}
.jm-still tr.jm-block td{border-top:1px dotted currentColor}
.jm-still .jm-none{opacity:.45}
.jm-still ul{margin:.5em 0;padding:0;list-style:none;font-size:.93em}
.jm-still li+li{margin-top:.2em}
.jm-still li.jm-warning{border-left:3px solid #c77700;padding-left:.6em}
.jm-still .jm-steps{margin:.8em 0;padding-left:1.4em}
.jm-still .jm-rule{opacity:.7;font-size:.9em;margin-left:1em}"""


def matrix(
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    digits: int = 4,
    caption: str = "",
    pattern: np.ndarray | None = None,
    blocks: tuple[Sequence[int], Sequence[int]] | None = None,
    head: str = "",
    chain: Sequence[tuple[str, str]] = (),
    steps: Sequence[Sequence[tuple[int, str, str]]] = (),
    remarks: Sequence[str] = (),
    warnings: Sequence[str] = (),
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
        head: MathML of the left-hand side of a chain of equations.
        chain: its links: a sign and the MathML of a matrix without brackets.
        steps: derivations below the table; each a list of (depth, MathML, rule's name).
        remarks: lines of text below it.
        warnings: as remarks, but marked.
    """
    parts = [f'<div class="jm-still"><style>{_STYLE}</style>', _chain(head, chain)]
    parts.append(_table(values, rows, columns, digits, caption, pattern, blocks or ([], [])))
    lines = [f'<li class="jm-warning">⚠ {escape(line)}</li>' for line in warnings]
    lines += [f"<li>{escape(line)}</li>" for line in remarks]
    parts += [f"<ul>{''.join(lines)}</ul>"] if lines else []
    return "\n".join([*parts, *map(_steps, steps), "</div>"])


def _chain(head: str, chain: Sequence[tuple[str, str]]) -> str:
    """A left-hand side and the matrices that follow; wraps on a narrow page."""
    links = "".join(
        f'<span class="jm-link">{sign}<span class="jm-brackets">{link}</span></span>'
        for sign, link in chain
    )
    return f'<div class="jm-chain">{head}{links}</div>' if chain else ""


def _steps(steps: Sequence[tuple[int, str, str]]) -> str:
    """One entry's derivation, indented by depth, each line with its rule."""
    lines = "".join(
        f'<div style="margin-left:{2 * depth}em">{mathml}'
        f'<span class="jm-rule">{escape(rule)}</span></div>'
        for depth, mathml, rule in steps
    )
    return f'<div class="jm-steps">{lines}</div>'


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
    title = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    body = "".join(lines[1:])
    return f"<figure>{title}<table><thead>{lines[0]}</thead><tbody>{body}</tbody></table></figure>"


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
