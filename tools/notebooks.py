"""Run notebooks and store their outputs, for readers and for comparison by nbval.

python tools/notebooks.py notebooks/*.ipynb
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from demo import run


def main(paths: list[str]) -> int:
    """Run each notebook in place; return the exit status."""
    for path in map(Path, paths):
        notebook = run(path)
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)  # times of day
        notebook.metadata["language_info"] = {"name": "python"}
        nbformat.write(notebook, path)
        print(f"ran {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
