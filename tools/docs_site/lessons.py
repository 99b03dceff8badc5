"""The notebooks as pages of the documentation, and as slides; explorers in both are live."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbconvert import HTMLExporter

from jacmagic.notebook.lecture import Slides
from jacmagic.notebook.lecture.execution import execute, kernel
from jacmagic.notebook.lecture.exporters import TEMPLATES
from jacmagic.notebook.lecture.formulas import formulas

HEADING = "[Slides]({name}.slides.html) · [Notebook]({name}.ipynb)\n{{ .jm-lesson }}\n"
FRONT = "---\nhide: [toc]\n---\n\n"
DETAILS = re.compile(r"<details>")


@dataclass(frozen=True)
class Lesson:
    """One notebook after its run.

    Attributes:
        name: of the file, without its suffix.
        markdown: the page's text, with `slot(k)` where an output belongs.
        outputs: the HTML for each slot.
        slides: the same notebook as a page of slides.
    """

    name: str
    markdown: str
    outputs: Mapping[str, str]
    slides: str


def slot(identity: str) -> str:
    """Return what a page's Markdown has where HTML of the build belongs."""
    return f'<div class="jm-slot" id="{identity}"></div>'


def lessons_of(paths: list[Path]) -> list[Lesson]:
    """Run notebooks, one after the other in one kernel, and return their pages."""
    made = []
    with kernel() as manager:
        for path in paths:
            notebook = nbformat.read(path, as_version=4)
            execute(notebook, path.parent, manager)
            made.append(_lesson(path.stem, notebook))
    return made


def _lesson(name: str, notebook: nbformat.NotebookNode) -> Lesson:
    parts: list[str] = []
    outputs: dict[str, str] = {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(DETAILS.sub('<details markdown="1">', cell.source))
        elif cell.cell_type == "code":
            parts.append(f"```python\n{cell.source}\n```")
            if cell.outputs:
                identity = f"jm-slot-{len(outputs)}"
                outputs[identity] = _shown(cell)
                parts.append(slot(identity))
    parts.insert(1, HEADING.format(name=name))
    slides, _ = Slides(runs=False).from_notebook_node(notebook, {"metadata": {"name": name}})
    return Lesson(name, FRONT + "\n\n".join(parts), outputs, slides)


def _shown(cell: nbformat.NotebookNode) -> str:
    """Return the outputs of a cell as HTML, without a page around them."""
    exporter: Any = HTMLExporter(
        template_file="outputs.html.j2",
        extra_loaders=TEMPLATES,
        filters={"formulas": formulas},
        exclude_input=True,
        exclude_output_prompt=True,
    )
    html, _ = exporter.from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    return str(html)
