"""Where slides begin, and which cells they show."""

from __future__ import annotations

import nbformat

from jacmagic.notebook.lecture.deck import slide_cells


def cell(kind: str, source: str, slide: str = "") -> nbformat.NotebookNode:
    """Return a cell, perhaps with one of Jupyter's slide types."""
    make = nbformat.v4.new_markdown_cell if kind == "markdown" else nbformat.v4.new_code_cell
    metadata = {"slideshow": {"slide_type": slide}} if slide else {}
    return make(source, metadata=metadata)


def shown(*cells: nbformat.NotebookNode) -> list[tuple[str, bool]]:
    """Return the source of each cell shown, and whether a slide begins there."""
    return [(one.source, one.metadata["jm_starts"]) for one in slide_cells(cells)]


def test_headings_begin_slides() -> None:
    """A cell with two headings is divided; a heading of the third level begins no slide."""
    cells = cell("markdown", "# A\ntext\n\n## B"), cell("markdown", "### C")
    assert shown(*cells) == [("# A\ntext\n\n", True), ("## B", True), ("### C", False)]


def test_preparation_is_left_out() -> None:
    """Cells that only import or load are not part of a lecture; a magic with a cell is."""
    cells = (
        cell("code", "%load_ext jacmagic"),
        cell("code", "import torch\n\nfrom math import cos"),
        cell("code", "%%jacobian x=1\nx**2"),
        cell("code", "import torch\nx = 1"),
    )
    assert [source for source, _ in shown(*cells)] == [
        "%%jacobian x=1\nx**2",
        "import torch\nx = 1",
    ]


def test_slide_types_count_where_they_are_set() -> None:
    """Then headings begin no slides, and notes and skipped cells are left out."""
    cells = (
        cell("markdown", "# A", "slide"),
        cell("markdown", "## B"),
        cell("code", "import torch", "subslide"),
        cell("markdown", "for me", "notes"),
        cell("code", "x", "skip"),
    )
    assert shown(*cells) == [("# A", True), ("## B", False), ("import torch", True)]


def test_cells_of_a_deck_have_identities_of_their_own() -> None:
    """nbformat refuses a notebook in which two cells have the same one."""
    deck = slide_cells([cell("markdown", "# A\n## B\n## C")])
    assert len({one.id for one in deck}) == 3


def test_code_after_an_explorer_is_on_another_slide() -> None:
    """The text that leads to it goes along; a question with its answer stays with the explorer."""
    explorer = cell("code", "%%jacobian x=1\nx**2")
    html = {"text/html": '<div data-jm-kind="explorer"></div>'}
    explorer.outputs = [nbformat.v4.new_output("display_data", html)]
    cells = (
        cell("markdown", "## A"),
        explorer,
        cell("markdown", "Why?\n<details>Because</details>"),
        cell("markdown", "So:"),
        cell("code", "1 + 1"),
        cell("code", "2 + 2"),
    )
    starts = [source for source, begins in shown(*cells) if begins]
    assert starts == ["## A", "## A, continued"]
    assert [source for source, _ in shown(*cells)][-4:] == [starts[1], "So:", "1 + 1", "2 + 2"]
    assert [one for one in shown(*cells[1:]) if one[1]] == [("So:", True)]
    assert [one for one in shown(explorer, cells[4]) if one[1]] == [("1 + 1", True)]
