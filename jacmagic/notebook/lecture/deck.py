"""The slides of a notebook: where they begin, and which cells they show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

_HEADING = re.compile(r"^(?=#{1,2} )", flags=re.M)
_PREPARATION = re.compile(r"\s*(?:#|%|import |from |warnings\.simplefilter\(|$)")
_STARTS = {"slide", "subslide"}
_HIDDEN = {"skip", "notes"}
EXPLORER = 'data-jm-kind="explorer"'  # of the output that a page makes live


def slide_cells(cells: Sequence[NotebookNode]) -> list[NotebookNode]:
    """Return the cells of slides, with `metadata.jm_starts` where a slide begins.

    Where Jupyter's slide types are set, they count. Elsewhere a slide begins at each heading of the
    first or second level, and cells that only import or load are left out; code that follows an
    explorer is on another slide.
    """
    typed = any(_type(cell) in _STARTS for cell in cells)
    return list(_by_type(cells)) if typed else _divided(list(_by_heading(cells)))


def _type(cell: NotebookNode) -> str:
    return str(cell.metadata.get("slideshow", {}).get("slide_type", ""))


def _by_type(cells: Sequence[NotebookNode]) -> Iterator[NotebookNode]:
    """Yield the cells that are shown, marked where a slide begins."""
    for cell in cells:
        if _type(cell) not in _HIDDEN:
            yield _marked(cell, cell.source, _type(cell) in _STARTS)


def _by_heading(cells: Sequence[NotebookNode]) -> Iterator[NotebookNode]:
    """Yield the cells that are shown, those with several headings in parts."""
    for cell in cells:
        if cell.cell_type == "code":
            if cell.get("outputs") or not _prepares(cell.source):
                yield _marked(cell, cell.source, False)
        elif cell.cell_type == "markdown":
            for part in filter(str.strip, _HEADING.split(cell.source)):
                yield _marked(cell, part, _HEADING.match(part) is not None)


def _divided(cells: Sequence[NotebookNode]) -> list[NotebookNode]:
    """Return the cells, with another slide where code follows an explorer.

    A question below the explorer stays with it, text that leads to the code does not.
    """
    divided: list[NotebookNode] = []
    heading, explorer = "", None
    for cell in cells:
        if cell.metadata.jm_starts:
            heading, explorer = cell.source.partition("\n")[0], None
        elif cell.cell_type == "code" and explorer is not None:
            leads = len(divided) - 1 > explorer and "<details" not in divided[-1].source
            start = len(divided) - 1 if leads else len(divided)
            if heading:
                divided.insert(start, _marked(new_markdown_cell(), f"{heading}, continued", True))
            (*divided, cell)[start].metadata.jm_starts = True
            explorer = None
        divided.append(cell)
        outputs = cell.get("outputs", [])
        if any(EXPLORER in output.get("data", {}).get("text/html", "") for output in outputs):
            explorer = len(divided) - 1
    return divided


def _prepares(source: str) -> bool:
    """Whether code only imports, loads extensions or sets up warnings."""
    return all(_PREPARATION.match(line) for line in source.splitlines()) and "%%" not in source


def _marked(cell: NotebookNode, source: str, starts: bool) -> NotebookNode:
    """Return a copy of a cell with another source, and with an identity of its own."""
    metadata = NotebookNode({**cell.metadata, "jm_starts": starts})
    identity = new_markdown_cell().id
    return NotebookNode({**cell, "id": identity, "source": source, "metadata": metadata})
