"""Run a notebook without a browser and write it as one page.

    python tools/demo.py notebooks/quickstart.ipynb build/quickstart.html

The page shows the still form of every output (derivation, table, line of agreement), so that it
reads the same with and without a network.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter

WIDGET = "application/vnd.jupyter.widget-view+json"


def main(arguments: list[str]) -> int:
    """Run and write; the exit status."""
    source, target = map(Path, arguments)
    start = time.monotonic()
    print(f"running {source}", flush=True)
    notebook = nbformat.read(source, as_version=4)
    resources = {"metadata": {"path": str(source.parent)}}
    NotebookClient(notebook, timeout=300, resources=resources).execute()
    still(notebook)
    page, _ = HTMLExporter(embed_images=True).from_notebook_node(notebook)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page, encoding="utf-8")
    print(f"wrote {target.resolve()} in {time.monotonic() - start:.0f} s")
    return 0


def still(notebook: nbformat.NotebookNode) -> None:
    """Leave out the widgets, which need a kernel, where an output has a still form as well."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/html" in data:
                data.pop(WIDGET, None)
    notebook.metadata.pop("widgets", None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
