"""Run notebooks and store their still outputs, for readers and for comparison by nbval.

python tools/notebooks.py notebooks/*.ipynb
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat

from jacmagic.notebook.lecture.execution import kernel, run

WIDGET = "application/vnd.jupyter.widget-view+json"


def main(paths: list[str]) -> int:
    """Run each notebook in place; return the exit status."""
    for path in map(Path, paths):
        notebook = nbformat.read(path, as_version=4)
        with kernel() as manager:
            run(notebook, path.parent, manager)
        still(notebook)
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)  # times of day
        notebook.metadata["language_info"] = {"name": "python"}
        nbformat.write(notebook, path)
        print(f"ran {path}")
    return 0


def still(notebook: nbformat.NotebookNode) -> None:
    """Remove widgets, which need a kernel, from outputs that also have a static form."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/html" in data:
                data.pop(WIDGET, None)
    notebook.metadata.pop("widgets", None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
