"""Exercises in a real browser: typed, judged, hinted, without kernel or network."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from playwright.sync_api import Page

import jacmagic

F64 = torch.float64
WIDER = """() => [...document.querySelectorAll(".jm-page, .jm-quiz, .jm-blank, .jm-quiz-foot")]
  .filter((box) => box.getBoundingClientRect().right > innerWidth + 1)
  .map((box) => box.className)"""


def f(x, y, alpha=1.1):
    """Return a product with a chain, and an exponential."""
    return alpha * x * torch.sin(x * y), torch.exp(-x) * y**2


@pytest.fixture(scope="module")
def pages(context, tmp_path_factory) -> Iterator[dict[str, Page]]:
    """Pages of the three kinds, at two widths, with the network cut and no error."""
    folder, point = tmp_path_factory.mktemp("exercises"), torch.tensor([1.5, 2.0], dtype=F64)
    J = jacmagic.jacobian(f, tuple(point))
    assert context.browser is not None
    errors: list[str] = []
    opened = {}
    fresh = context.browser.new_context(offline=True, viewport={"width": 1280, "height": 800})
    for kind in ("entries", "numbers", "steps", "rules"):
        page = opened[kind] = fresh.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text))
        seeds = 2 if kind in ("numbers", "rules") else 1
        path = J.quiz(kind, seeds=seeds).save_html(folder / f"{kind}.html")
        page.goto(path.as_uri())
        page.wait_for_selector(".jm-quiz-foot")
    yield opened
    fresh.close()
    assert errors == []


def says(page: Page) -> str:
    """Return the sentence that was read out."""
    return page.get_by_role("status").inner_text()


def score(page: Page) -> str:
    """Return the score line."""
    return page.locator(".jm-quiz-score").inner_text()


def test_entries_are_typed_and_judged(pages):
    """Preview, ✓ and ✗ with the mistake, the score, a hint, and a fresh start."""
    page = pages["entries"]
    blank = page.get_by_label("∂f₂/∂x", exact=True)
    blank.fill("e^(-x) y²")
    assert page.locator(".jm-blank-preview math").count() == 1
    blank.press("Enter")
    assert says(page) == "✗ ∂f₂/∂x: This is f₂ itself, not its derivative."
    assert blank.get_attribute("aria-invalid") == "true"
    blank.fill("-e^(-x) y²")
    assert blank.get_attribute("aria-invalid") is None
    blank.press("Enter")
    assert says(page) == "✓ ∂f₂/∂x: right." and score(page) == "1 of 4 right"
    page.get_by_label("∂f₁/∂x", exact=True).fill("alpha*(sin(x y) + x*y cos(x*y)")
    page.get_by_role("button", name="Check").click()
    assert "bracket is not closed" in says(page)
    page.get_by_role("button", name="Hint").click()
    assert "rule" in says(page) or "factor" in says(page)
    assert "cos" not in says(page)
    page.get_by_role("button", name="Start again").click()
    assert score(page) == "0 of 4 right" and blank.input_value() == ""


def test_numbers_are_judged_at_the_point_of_the_variant(pages):
    """Exact, rounded, of another sign, a formula; the second variant has a point of its own."""
    page = pages["numbers"]
    title, blank = page.locator(".jm-title"), page.get_by_label("∂f₂/∂y", exact=True)
    assert title.inner_text() == "Exercise: Jacobian of f at x = 1.5, y = 2"
    for typed, sentence in [
        (r"4e^{-\frac32}", "right."), ("0.893", "right."), ("-0.893", "other sign"),
        ("2y e^(-x)", "A number is asked for"), ("0", "not 0 here"), ("1/0", "no value"),
    ]:  # fmt: skip
        blank.fill(typed)
        blank.press("Enter")
        assert sentence in says(page), (typed, says(page))
    page.get_by_label("Variant").select_option("2")
    assert "x = 1.5, y = 2" not in title.inner_text()


def test_a_derivation_is_judged_line_by_line(pages):
    """A right line is kept, the first wrong one is marked, hints lead on to the end."""
    page = pages["steps"]
    line = page.get_by_label("next line of ∂f₁/∂x", exact=True)
    line.fill("α (d/dx(x) sin(xy) + x d/dx(sin(xy)))")
    line.press("Enter")
    box = page.get_by_label("Derivation of ∂f₁/∂x", exact=True)
    assert box.locator(".jm-quiz-line").count() == 2 and line.input_value() == ""
    line.fill("α (sin(xy) + x cos(xy))")
    line.press("Enter")
    assert "without the inner derivative" in says(page)
    page.get_by_role("button", name="Hint").click()
    assert "sine" in says(page)
    line.fill("α (sin(xy) + x y cos(xy))")
    line.press("Enter")
    assert "derived" in says(page) and score(page).startswith("1 of")
    assert line.is_hidden()


def test_rules_are_chosen(pages):
    """A wrong rule asks what is done last, a hint leaves two, another variant begins anew."""
    page = pages["rules"]
    select = page.get_by_label("rule of step 1: ").first
    choices = [one for one in select.locator("option").all_inner_texts() if "choose" not in one]
    marks = []
    for choice in choices:
        select.select_option(choice)
        marks.append(page.locator(".jm-quiz-rule").first.get_attribute("data-tone"))
    assert sorted(marks) == ["right"] + ["wrong"] * (len(choices) - 1)
    page.get_by_role("button", name="Hint").click()
    assert select.locator("option:not([disabled])").count() == 3
    page.get_by_label("Variant").select_option("2")
    assert score(page).startswith("0 of")


@pytest.mark.parametrize("kind", ["entries", "numbers", "steps", "rules"])
def test_a_phone_shows_everything(pages, kind):
    """At 360 pixels nothing is wider than the screen."""
    page = pages[kind]
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate(WIDER) == []
    page.set_viewport_size({"width": 1280, "height": 800})
