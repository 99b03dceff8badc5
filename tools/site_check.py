"""Open every page of the built site in Chromium, as a file and without a network.

    python tools/site_check.py [site] [part of a page's path ...]

Prints what is wrong and returns 1: requests to other machines, errors of scripts, pages wider than
a phone, and violations of WCAG 2.2 AA as axe finds them, in light and dark, at 1280 and 360 pixels.
The page for a missing address is opened as a server shows it, as its links begin at the root.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from functools import partial
from importlib.resources import files
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Route, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
WIDTHS = (1280, 360)
SERVER = "http://site.invalid/"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
AXE = """async (rules) => (await axe.run(document, { runOnly: rules })).violations
  .map((one) => `${one.id} (${one.nodes.length}): ${one.nodes[0].html.slice(0, 160)}`)"""
WIDER = "() => document.documentElement.scrollWidth - innerWidth"


def main(arguments: list[str]) -> int:
    """Check all pages; return the exit status."""
    site = Path(arguments[0]) if arguments else ROOT / "site"
    parts = arguments[1:] or [""]
    pages = [
        path for path in sorted(site.rglob("*.html")) if any(one in str(path) for one in parts)
    ]
    count = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for path in pages:
            for line in _wrong(browser, path, site):
                print(line, flush=True)
                count += 1
        browser.close()
    print(f"{len(pages)} pages, {count} findings")
    return 1 if count or not pages else 0


def _wrong(browser: Browser, path: Path, site: Path) -> Iterator[str]:
    """Yield what is wrong with a page, on a screen and on a phone."""
    address = f"{SERVER}404.html" if path.name == "404.html" else path.as_uri()
    for scheme, width in product(("light", "dark"), WIDTHS):
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,  # type: ignore[arg-type]
            offline=True,
        )
        found: list[str] = []
        context.route("**/*", partial(_gate, found, site))
        page = context.new_page()
        page.on("pageerror", partial(_complain, found))
        page.goto(address)
        found += _findings(page)
        context.close()
        yield from (f"{path.relative_to(site)} ({scheme}, {width}): {one}" for one in found)


def _gate(found: list[str], site: Path, route: Route) -> None:
    """Let a page load files only."""
    if route.request.url.startswith(("file:", "data:", "blob:")):
        route.continue_()
    elif route.request.url.startswith(SERVER):
        route.fulfill(path=site / urlsplit(route.request.url).path[1:])
    else:
        found.append(f"asks for {route.request.url}")
        route.abort()


def _complain(found: list[str], error: object) -> None:
    found.append(str(error))


def _findings(page: Page) -> list[str]:
    wider = page.evaluate(WIDER)
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    return [*([f"{wider} px wider than the screen"] if wider > 0 else []),
            *page.evaluate(AXE, RULES)]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
