r"""LaTeX that is larger than a page: matrices broken between columns, lines divided into pages.

A broken matrix has its brackets at its ends only, and each part says which one it is:
`\left[ … \right. (part 1 of 2)`, then `\left. … \right] (part 2 of 2)`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from jacmagic.render.extent import extent, height
from jacmagic.render.page import PAGE_LETTERS, PAGE_LINES

GAP_LETTERS = 2  # between two columns
_MATRIX = re.compile(
    r"\\begin{bmatrix} (?P<plain>.*) \\end{bmatrix}"
    r"|\\left\[ \\begin{array}{(?P<columns>[c|]*)} (?P<divided>.*) \\end{array} \\right\]",
    re.S,
)
_TOKEN = re.compile(r"\\begin{\w+}|\\end{\w+}| & | \\\\\[1ex\] ")
_RULE = r"\hline "


def parts(matrix: str, widest: int = PAGE_LETTERS) -> list[str]:
    """Return a matrix as one part, or as several where it is wider than a line.

    Args:
        matrix: as `latex.matrix` writes it; other LaTeX is one part.
        widest: letters on a line.
    """
    match = _MATRIX.fullmatch(matrix)
    if match is None:
        return [matrix]
    rows = _rows(match["plain"] or match["divided"] or "")
    cells = [[cell.removeprefix(_RULE) for cell in row] for row in rows]
    ruled = [row[0].startswith(_RULE) for row in rows]
    groups = grouped([max(map(_width, column)) for column in zip(*cells, strict=True)], widest)
    if len(groups) < 2:
        return [matrix]
    columns = re.findall(r"\|?c", match["columns"] or "c" * len(cells[0]))
    written = []
    for k, group in enumerate(groups):
        body = r" \\[1ex] ".join(
            _RULE * rule + " & ".join(row[j] for j in group)
            for row, rule in zip(cells, ruled, strict=True)
        )
        frame = "".join(columns[j] for j in group)
        left, right = "." if k else "[", "]" if k == len(groups) - 1 else "."
        written.append(
            rf"\left{left} \begin{{array}}{{{frame}}} {body} \end{{array}} \right{right}"
            rf" \quad \text{{(part {k + 1} of {len(groups)})}}"
        )
    return written


def grouped(widths: Sequence[int], widest: int) -> list[list[int]]:
    """Return indices of columns in groups that each fit on a line."""
    groups: list[list[int]] = []
    used = widest + 1
    for j, width in enumerate(widths):
        used += width + GAP_LETTERS
        if used > widest:
            groups.append([])
            used = width + GAP_LETTERS
        groups[-1].append(j)
    return groups


def _width(cell: str) -> int:
    """Estimate the width of an entry, of cases that of the widest."""
    return max(map(extent, cell.split(r"\\")))


def _rows(body: str) -> list[list[str]]:
    """Return the cells of a matrix; those may hold matrices and cases of their own."""
    rows, depth, start = [[""]], 0, 0
    for token in _TOKEN.finditer(body):
        if token[0].startswith((r"\begin", r"\end")):
            depth += 1 if token[0].startswith(r"\begin") else -1
        elif not depth:
            rows[-1][-1] = body[start : token.start()]
            start = token.end()
            if token[0] == " & ":
                rows[-1].append("")
            else:
                rows.append([""])
    rows[-1][-1] = body[start:]
    return rows


def pages(lines: Sequence[str]) -> list[list[str]]:
    """Return lines in groups, none of which is higher than a page if it can be divided."""
    groups: list[list[str]] = []
    used = PAGE_LINES + 1.0
    for line in lines:
        used += height(line)
        if used > PAGE_LINES:
            groups.append([])
            used = height(line)
        groups[-1].append(line)
    return groups


def table(cells: Sequence[Sequence[str]], left: Collection[int] = ()) -> list[str]:
    """Return a table whose first row and first column are heads, in parts that fit on a line.

    Args:
        cells: LaTeX, row by row.
        left: columns that are flush left; the others are flush right.
    """
    widths = [max(map(extent, column)) for column in zip(*cells, strict=True)]
    written = []
    for group in grouped(widths[1:], PAGE_LETTERS - widths[0]):
        picked = [0, *(j + 1 for j in group)]
        head, *body = [" & ".join(row[j] for j in picked) for row in cells]
        is_tall = any(r"\frac" in line for line in body)
        rule = r"\\ \hline \\[-1.5ex]" if is_tall else r"\\ \hline"
        lines = [f"{head} {rule} {body[0]}", *body[1:]] if body else [head]
        first, *frame = ["l" if j in left else "r" for j in picked]
        rows = (" \\\\[1ex]\n" if is_tall else " \\\\\n").join(lines)
        written.append(f"\\begin{{array}}{{{first}|{''.join(frame)}}}\n{rows}\n\\end{{array}}")
    return written
