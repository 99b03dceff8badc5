"""A notebook exported as page and slides: live without a kernel, with the network cut."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page as BrowserPage
from playwright.sync_api import expect
from test_accessibility import CHECK, RULES, files

from jacmagic.notebook.lecture import Page, Slides
from jacmagic.notebook.lecture.execution import execute

CELLS = [
    ("markdown", "# Title\n\nA line with $x^2$ and <b>HTML</b>."),
    ("code", "%load_ext jacmagic\nimport torch"),
    ("markdown", "## One\n\n<details><summary>Answer</summary>\n\nHidden.\n\n</details>"),
    ("code", "%%jacobian x=3 y=2\ndef f(x, y):\n    return x**2 * y, torch.sin(x)"),
    ("markdown", "Text.\n\n## Two"),
    ("code", "%%jacobian t=1 --picture\ndef g(t):\n    return t**3"),
    ("code", "%%jacobian t=1 --still\ndef h(t):\n    return t**2"),
    ("code", "%%jacobian u=2 --quiz\nu**3"),
]


@pytest.fixture(scope="module")
def notebook() -> nbformat.NotebookNode:
    """Return a lesson that has been run."""
    makers = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}
    book = nbformat.v4.new_notebook(cells=[makers[kind](source) for kind, source in CELLS])
    execute(book, Path())
    return book


@pytest.fixture(scope="module")
def exported(notebook, context, tmp_path_factory) -> Iterator[dict[str, BrowserPage]]:
    """Yield both exports, opened as files with the network cut; they ask for nothing else."""
    folder, pages, asked, said = tmp_path_factory.mktemp("lecture"), {}, [], []
    fresh = context.browser.new_context(offline=True, viewport={"width": 1280, "height": 800})
    fresh.on("request", lambda request: asked.append(request.url))
    for kind in (Page, Slides):
        path = folder / f"{kind.__name__}.html"
        path.write_text(kind(runs=False).from_notebook_node(notebook)[0], "utf-8")
        pages[kind.__name__] = page = fresh.new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(path.as_uri())
    yield pages
    fresh.close()
    outside = [url for url in asked if not url.startswith(("file:", "data:"))]
    assert (outside, said) == ([], [])


def tables(page: BrowserPage) -> list[list[str]]:
    """Return the entries of each live table."""
    read = "all => all.map(grid => [...grid.querySelectorAll('tbody td')].map(td => td.innerText))"
    return page.locator("table[role=grid]").evaluate_all(read)


def test_a_page_is_live(exported):
    """Every explorer moves its own table; stills, formulas and folds stay what they are."""
    page = exported["Page"]
    assert tables(page) == [["12", "9", "−0.99", "·"], ["3"]]
    page.locator(".jm-slider .jm-number").first.fill("1")
    assert tables(page) == [["4", "1", "0.5403", "·"], ["3"]]
    assert page.locator(".jm-embedded-still").count() == 0
    assert page.locator(".jm-still").count() == 1
    assert page.get_by_role("button", name="Check").count() == 1
    assert page.locator("p math msup").count() == 1
    assert not page.get_by_text("Hidden.").is_visible()
    assert page.locator("details p").count() == 1


def test_slides_turn(exported):
    """Keys and buttons turn slides, the address has their number, an explorer fits the screen."""
    page = exported["Slides"]
    visible = page.locator(".jm-slide:visible h1, .jm-slide:visible h2")
    assert page.locator(".jm-slide").count() == 4
    assert page.get_by_text("import torch").count() == 0
    assert visible.all_inner_texts() == ["Title"]
    page.keyboard.press("ArrowRight")
    expect(visible).to_have_text(["One"])
    slider = page.locator(".jm-slide:visible .jm-slider input[type=range]").first
    slider.press("ArrowRight")
    assert visible.all_inner_texts() == ["One"]
    box = page.locator(".jm-slide:visible .jm-root").bounding_box()
    assert box["y"] + box["height"] < 800
    hidden = "all => all.map(one => one.scrollHeight - one.clientHeight)"
    assert page.locator(".jm-slide:visible .jm-panels").evaluate_all(hidden) == [0]
    tabs = page.locator(".jm-slide:visible .jm-tabs").bounding_box()
    assert tabs["x"] > page.locator(".jm-slide:visible table[role=grid]").bounding_box()["x"] + 300
    assert tables(page)[0] != ["12", "9", "−0.99", "·"]
    slider.press("PageDown")
    expect(visible).to_have_text(["Two"])
    page.keyboard.press("End")
    expect(visible).to_have_text(["Two, continued"])
    assert page.get_by_role("button", name="next slide").is_disabled()
    page.wait_for_function("location.hash.startsWith('#4&e1=x%3D3.1')")
    page.get_by_role("button", name="previous slide").click()
    expect(page.locator(".jm-deck output")).to_have_text("3 / 4")
    page.emulate_media(media="print")
    assert visible.all_inner_texts() == ["Title", "One", "Two", "Two, continued"]
    page.emulate_media(media="screen")


def test_exports_have_no_violations(exported):
    """axe finds nothing in either."""
    for page in exported.values():
        page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
        assert page.evaluate(CHECK, ["body", RULES]) == []
