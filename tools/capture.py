"""Record docs/images/explorer.gif: a slider moves, and table and picture follow.

python tools/capture.py [docs/images/explorer.gif]

A notebook of one cell is exported as a live page, opened in Chromium without a network, and drawn
frame by frame. Needs Pillow and Playwright, both in the extra `dev`.
"""

from __future__ import annotations

import io
import math
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
from PIL import Image
from playwright.sync_api import Page as BrowserPage
from playwright.sync_api import sync_playwright

from jacmagic.notebook.lecture import Page

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "images" / "explorer.gif"
CELLS = [
    "%load_ext jacmagic\nimport torch\nfrom torch import cos, sin",
    "%%jacobian r=2 phi=0.5 --picture --range r=0.5:3 --range phi=0:1.5\n"
    "def polar(r, phi):\n    return r * cos(phi), r * sin(phi)",
]
SIZE = {"width": 1000, "height": 662}
FRAMES = 48  # one there and back
MILLISECONDS = 80  # of a frame
COLOURS = 256
# What the picture needs no room for, and larger letters.
STYLE = """
.jp-Cell:first-of-type, .jm-below { display: none !important }
.jp-Notebook { padding-top: 8px }
"""


def main(arguments: list[str]) -> int:
    """Record and write; return the exit status."""
    target = Path(arguments[0]) if arguments else TARGET
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
        notebook = nbformat.v4.new_notebook(cells=cells)
        path.write_text(Page().from_notebook_node(notebook)[0], encoding="utf-8")
        first, *others = frames(path)
    first.save(
        target, save_all=True, append_images=others, duration=MILLISECONDS, loop=0, optimize=True
    )
    print(f"wrote {target}: {target.stat().st_size / 1e6:.2f} MB")
    return 0


def frames(path: Path) -> Iterator[Image.Image]:
    """Yield the pictures of a page while its two sliders move."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_context(viewport=SIZE, offline=True).new_page()  # type: ignore[arg-type]
        page.goto(path.as_uri())
        page.wait_for_selector(".jm-grid td")
        page.add_style_tag(content=STYLE)
        drawn = [_frame(page, 2 * math.pi * k / FRAMES) for k in range(FRAMES)]
        browser.close()
    palette = drawn[0].quantize(COLOURS, dither=Image.Dither.NONE)
    yield from (one.quantize(palette=palette, dither=Image.Dither.NONE) for one in drawn)


def _frame(page: BrowserPage, angle: float) -> Image.Image:
    """Move the sliders along a loop and draw."""
    point = {0: 2 - 0.9 * math.sin(angle), 1: 0.5 + 0.5 * math.sin(2 * angle)}
    for slider, value in point.items():
        page.locator(".jm-slider .jm-number").nth(slider).fill(f"{value:.2f}")
    page.wait_for_timeout(60)
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
