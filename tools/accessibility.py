"""Check exported pages by axe: the functions of the gallery and unusual results, in every state.

    python tools/accessibility.py [--schemes light dark] [--widths 1280 360]

Each page is opened in Chromium without a network, in both colour schemes and at two widths. In
every tab, with every kind of picture, and with an open derivation, axe-core checks the rules of
WCAG 2.0 to 2.2, levels A and AA. What it finds is printed with the state; the exit status counts
the kinds of violation.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any

import torch
from IPython.core.interactiveshell import InteractiveShell
from playwright.sync_api import Browser, Page, sync_playwright

import jacmagic

F64 = torch.float64
GALLERY = Path(__file__).resolve().parents[1] / "docs" / "gallery"
BLOCK = re.compile(r"^```python\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CHECK = """async (rules) => (await axe.run(document, { runOnly: rules })).violations.map(
  (one) => [one.id, one.nodes.length, one.nodes[0].html.slice(0, 200)])"""


def detached(x: torch.Tensor) -> torch.Tensor:
    """Return a product that autograd differentiates in one factor only."""
    return x * x.detach()


UNUSUAL: dict[str, Callable[[], Any]] = {
    "disagreement": lambda: jacmagic.jacobian(detached, torch.tensor([3.0, 4.0], dtype=F64)),
    "kink": lambda: jacmagic.jacobian(torch.relu, torch.tensor([0.0, 1.0], dtype=F64)),
    "nan": lambda: jacmagic.jacobian(torch.sqrt, torch.tensor([0.0, 1.0], dtype=F64)),
    "refused": lambda: jacmagic.jacobian(
        lambda x: x * torch.bernoulli(x / x), torch.tensor(2.0, dtype=F64)
    ),
    "wide": lambda: jacmagic.jacobian(lambda x: torch.softmax(x, 0), torch.ones(30, dtype=F64)),
    "chain": lambda: jacmagic.jacobian(
        lambda x: torch.softmax(x, 0) * x.sum(), torch.linspace(-1, 1, 12, dtype=F64)
    ),
    "hessian": lambda: jacmagic.hessian(
        lambda x, y: x**2 * y + y.sin(), tuple(torch.tensor([1.0, 2.0], dtype=F64))
    ),
    "rotation": lambda: jacmagic.jacobian(
        lambda R, p: R @ p,
        (torch.eye(3, dtype=F64), torch.arange(3, dtype=F64)),
        wrt={"R": "SO3:right"},
    ),
    "curve": lambda: jacmagic.jacobian(
        lambda s: (s.cos(), s.sin(), s / 3), torch.tensor(1.0, dtype=F64)
    ),
}


def gallery() -> Iterator[tuple[str, Any]]:
    """Yield the Jacobian of every function of the gallery."""
    shell = InteractiveShell.instance()
    for path in sorted(GALLERY.glob("*.md")):
        for k, source in enumerate(BLOCK.findall(path.read_text("utf-8"))):
            done = shell.run_cell(source.replace("%%jacobian", "%%jacobian -q", 1))
            done.raise_error()
            if source.startswith("%%jacobian"):
                yield f"{path.stem} {k}", shell.user_ns["_"]


def states(page: Page) -> Iterator[str]:
    """Put a page into each of its states, and yield the state's name."""
    for tab in page.locator(".jm-tab:visible").all():
        name = tab.inner_text()
        tab.click()
        if name == "Entry":
            page.locator(".jm-grid td[role=gridcell]").first.click()
        yield name
        if name != "Picture":
            continue
        kinds = page.locator(".jm-picture-tools select").first
        for label in kinds.locator("option").all_inner_texts()[1:] if kinds.count() else []:
            kinds.select_option(label=label)
            yield f"{name}: {label}"


def violations(browser: Browser, path: Path, scheme: Any, width: int) -> Iterator[tuple[str, list]]:
    """Yield each state of a page and what axe finds there."""
    context = browser.new_context(
        offline=True, color_scheme=scheme, bypass_csp=True, viewport={"width": width, "height": 900}
    )
    page = context.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector(".jm-grid td")
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    for state in states(page):
        page.wait_for_timeout(60)
        yield state, page.evaluate(CHECK, RULES)
    context.close()


def main() -> int:
    """Check all pages, print what is found, and return the number of kinds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schemes", nargs="+", default=["light", "dark"])
    parser.add_argument("--widths", nargs="+", type=int, default=[1280, 360])
    asked = parser.parse_args()
    results = [*gallery(), *((name, make()) for name, make in UNUSUAL.items())]
    counts: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        for name, jacobian in results:
            counts["pages"] += 1
            path = jacobian.save_html(Path(folder) / f"{counts['pages']}.html")
            for scheme, width in product(asked.schemes, asked.widths):
                for state, found in violations(browser, path, scheme, width):
                    counts["states"] += 1
                    for rule, nodes, html in found:
                        kinds[rule] += 1
                        print(
                            f"{name}, {scheme}, {width} px, {state}: {rule} ({nodes}): {html}",
                            flush=True,
                        )
        browser.close()
    print(f"{counts['pages']} pages in {counts['states']} states: {dict(kinds) or 'no violation'}")
    return len(kinds)


if __name__ == "__main__":
    sys.exit(main())
