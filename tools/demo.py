"""Run a notebook without a browser and write it as one self-contained, live page.

python tools/demo.py notebooks/quickstart.ipynb build/quickstart.html
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from jacmagic.notebook.lecture import Page


def main(arguments: list[str]) -> int:
    """Run and write; return the exit status."""
    source, target = map(Path, arguments)
    start = time.monotonic()
    print(f"running {source}", flush=True)
    page, _ = Page().from_filename(str(source))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page, encoding="utf-8")
    print(f"wrote {target.resolve()} in {time.monotonic() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
