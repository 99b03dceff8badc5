"""Tabs, pictures and sliders of an exported page, as a reader uses them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from playwright.sync_api import BrowserContext, Page, expect

import jacmagic

F64 = torch.float64
OUTSIDE = """() => [...document.querySelectorAll(".jm-plane svg > *, .jm-slider > *")]
  .filter((box) => box.getBoundingClientRect().right > innerWidth + 1)
  .map((box) => box.outerHTML)"""


@pytest.fixture(scope="module")
def polar_page(tmp_path_factory) -> Path:
    """Return a page of polar coordinates at r = 2, φ = 0.5."""
    two, half = torch.tensor([2.0, 0.5], dtype=F64)

    def f(r, phi):
        return r * torch.cos(phi), r * torch.sin(phi)

    J = jacmagic.jacobian(f, (two, half))
    return J.save_html(tmp_path_factory.mktemp("pages") / "polar.html")


@pytest.fixture
def page(context: BrowserContext, polar_page: Path) -> Iterator[Page]:
    """Open the page, which complains of nothing."""
    assert context.browser is not None
    offline = context.browser.new_context(offline=True)
    page = offline.new_page()
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(polar_page.as_uri())
    page.wait_for_selector(".jm-grid td")
    yield page
    offline.close()
    assert complaints == []


def number(page: Page, index: int) -> float:
    """Return the number that a slider holds."""
    return float(page.locator(".jm-number").nth(index).get_attribute("title"))


def open_tab(page: Page, name: str) -> None:
    """Open a tab by its name."""
    page.get_by_role("tab", name=name).click()


def centre(page: Page, grip: str) -> tuple[float, float]:
    """Return where a grip stands on the screen."""
    box = page.locator(f".jm-grip[data-grip={grip}]").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page, grip: str, across: float, down: float) -> None:
    """Drag a grip with the mouse."""
    x, y = centre(page, grip)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across, y + down, steps=4)
    page.mouse.up()


def test_one_tab_is_open_and_keys_choose_another(page):
    """The derivation is open first; arrows, Home and End go through the tabs."""
    expect(page.locator(".jm-chain")).to_be_visible()
    tabs = page.get_by_role("tab")
    assert tabs.all_inner_texts() == ["Derivation", "Picture", "Chain", "Entry", "Code"]
    assert page.locator("[role=tab][tabindex='0']").inner_text() == "Derivation"
    tabs.first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", selected=True)).to_have_text("Picture")
    expect(page.locator(".jm-chain")).to_be_hidden()
    page.keyboard.press("End")
    expect(page.get_by_role("tab", selected=True)).to_have_text("Code")
    assert "value_and_jacobian_of_f" in page.locator(".jm-source").inner_text()
    page.keyboard.press("Home")
    expect(page.get_by_role("tab", selected=True)).to_have_text("Derivation")
    panel = page.get_by_role("tabpanel", name="Derivation")
    expect(panel).to_be_visible()


def test_an_entry_opens_its_tab_and_closes_to_the_one_before(page):
    """A click on an entry explains it; Escape returns to the tab that was open."""
    open_tab(page, "Picture")
    page.locator(".jm-grid td[role=gridcell]").nth(1).click()
    expect(page.get_by_role("tab", selected=True)).to_have_text("Entry")
    expect(page.locator(".jm-entry-title")).to_have_text("∂f₁/∂φ")
    page.locator(".jm-grid td[tabindex='0']").press("Escape")
    expect(page.get_by_role("tab", selected=True)).to_have_text("Picture")


def test_nothing_moves_below_the_pointer(page):
    """The head of a row or column that is pointed at keeps its width, however long its name."""
    widths = page.locator(".jm-grid thead th").last.evaluate(
        """(head) => {
          head.textContent = "∂predators";
          const before = head.getBoundingClientRect().width;
          head.classList.add("jm-cross");
          return [before, head.getBoundingClientRect().width];
        }"""
    )
    assert widths[0] == widths[1]


def test_the_point_is_dragged_in_the_picture(page):
    """The grip of the point moves the sliders, the table and the value."""
    open_tab(page, "Picture")
    drag(page, "point", 40, 0)
    assert number(page, 0) > 2.05
    assert number(page, 1) == pytest.approx(0.5, abs=0.005)
    value = page.locator(".jm-value").inner_text()
    first = float(re.search(r"\(([\d.]+)", value)[1])
    expected = number(page, 0) * torch.cos(torch.tensor(number(page, 1), dtype=F64)).item()
    assert first == pytest.approx(expected, rel=1e-3)


def test_the_point_of_a_graph_is_dragged(page, tmp_path):
    """A graph's point moves its one input."""
    J = jacmagic.jacobian(torch.sin, torch.tensor(1.0, dtype=F64))
    page.goto(J.save_html(tmp_path / "graph.html").as_uri())
    page.wait_for_selector(".jm-grid td")
    open_tab(page, "Picture")
    drag(page, "point", 40, 0)
    assert number(page, 0) > 1.05


def test_grips_move_by_keys(page):
    """Arrow keys move the point by a fiftieth of the window."""
    open_tab(page, "Picture")
    page.locator(".jm-grip[data-grip=point]").focus()
    page.keyboard.press("ArrowUp")
    assert number(page, 0) == pytest.approx(2, abs=1e-6)
    assert 0.51 < number(page, 1) < 0.55


@pytest.mark.parametrize(("grip", "follower"), [("step", 1), ("weight", 0)])
def test_vectors_move_each_other(page, grip, follower):
    """Dragging dx moves J·dx on the right, dragging w moves Jᵀw on the left; the point stays."""
    open_tab(page, "Picture")
    look = {"step": "step", "weight": "cotangent"}[grip]
    arrow = page.locator(".jm-plane").nth(follower).locator(f".jm-arrow[data-look={look}]")
    before = arrow.get_attribute("d")
    drag(page, grip, -60, 25)
    assert arrow.get_attribute("d") != before
    assert [number(page, 0), number(page, 1)] == [2, 0.5]


def words_of(page) -> str:
    """Return the words below the picture; lines do not end within "det J = 2" and "5 %"."""
    text: str = page.locator(".jm-words").inner_text()
    assert "det J\u00a0=\u00a0" in text and "\u00a0%" in text
    return text.replace("\u00a0", " ")


def test_the_picture_is_described_in_words(page):
    """Words state areas, orientation, stretching and the deviation from the linear part."""
    open_tab(page, "Picture")
    words = words_of(page)
    assert "multiplies areas by 2 and keeps their orientation: det J = 2" in words
    assert "stretched by 2 and 1" in words
    page.get_by_label("zoom").focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    closer = words_of(page)
    share = [float(re.search(r"at most ([\d.]+) %", text)[1]) for text in (words, closer)]
    assert share[1] < share[0] / 10


def test_a_vector_field_of_the_same_map(page):
    """The second picture of a square map shows it as ẋ = f(x)."""
    open_tab(page, "Picture")
    page.locator(".jm-picture-tools select").first.select_option(label="vector field ẋ = f(x)")
    assert "divergence" in page.locator(".jm-words").inner_text()
    page.locator(".jm-picture-tools select").first.select_option(label="matrix and singular values")
    assert "condition number 2" in page.locator(".jm-words").inner_text()


def test_the_ends_of_a_range_are_typed(page):
    """A typed end is an end of the handle; what is not a range is put back."""
    low, high = page.locator(".jm-slider").first.locator(".jm-end").all()
    low.fill("-pi")
    low.press("Enter")
    high.fill("pi")
    high.press("Enter")
    handle = page.locator(".jm-handle").first
    handle.focus()
    page.keyboard.press("End")
    assert number(page, 0) == pytest.approx(torch.pi, abs=0)
    high.fill("-9")
    high.press("Enter")
    assert high.input_value() == "π"


def test_a_slider_plays(page):
    """The play button moves its slider until it is pressed again."""
    play = page.get_by_role("button", name="Play r")
    play.click()
    page.wait_for_function("() => document.querySelector('.jm-number').title !== '2'")
    expect(play).to_have_attribute("aria-pressed", "true")
    play.click()
    expect(play).to_have_attribute("aria-pressed", "false")
    resting = number(page, 0)
    page.wait_for_timeout(200)
    assert number(page, 0) == resting
    page.get_by_role("button", name="Reset").click()
    assert number(page, 0) == 2


def test_the_address_keeps_point_tab_and_picture(page):
    """A copied address opens the page at the same point, with the same picture as close."""
    open_tab(page, "Picture")
    page.locator(".jm-picture-tools select").first.select_option(index=1)
    page.get_by_label("zoom").fill("13")
    low = page.locator(".jm-end").first
    low.fill("-5")
    low.press("Enter")
    field = page.locator(".jm-number").first
    field.fill("2.75")
    field.press("Enter")
    page.wait_for_url(re.compile("2\\.75.*picture=field.*zoom=13"))
    again = page.context.new_page()
    again.goto(page.url)
    again.wait_for_selector(".jm-grid td")
    assert number(again, 0) == 2.75
    expect(again.get_by_role("tab", selected=True)).to_have_text("Picture")
    drawn = [one.locator(".jm-plane svg").first.inner_html() for one in (page, again)]
    assert drawn[0] == drawn[1]
    expect(again.locator(".jm-end").first).to_have_value("-5")
    again.close()


def test_a_phone_shows_the_picture_whole(page):
    """At 360 pixels nothing of a picture or a slider is cut."""
    page.set_viewport_size({"width": 360, "height": 740})
    open_tab(page, "Picture")
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") == 360


def test_an_image_in_space_turns(page, tmp_path):
    """Dragging near the point turns the camera, and so do the sliders; a grip moves the point."""
    J = jacmagic.jacobian(
        lambda r, t, p: (r * torch.sin(t) * torch.cos(p), r * torch.sin(t) * torch.sin(p), r * t),
        tuple(torch.tensor([2.0, 0.8, 0.5], dtype=F64)),
    )
    page.goto(J.save_html(tmp_path / "space.html").as_uri())
    page.wait_for_selector(".jm-grid td")
    open_tab(page, "Picture")
    drawn = page.locator(".jm-plane").nth(1).locator(".jm-area").first
    before = drawn.get_attribute("d")
    box = page.locator(".jm-plane svg").nth(1).bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 90, steps=3)
    page.mouse.up()
    turned = drawn.get_attribute("d")
    assert turned != before
    assert float(page.get_by_label("turn").input_value()) < 30
    page.get_by_label("tilt").press("ArrowRight")
    assert drawn.get_attribute("d") != turned
    assert [number(page, k) for k in range(3)] == [2, 0.8, 0.5]
    page.locator(".jm-grip[data-grip=point]").press("ArrowUp")
    assert [number(page, k) for k in range(3)] != [2, 0.8, 0.5]
    assert "det J" in page.locator(".jm-words").inner_text()


def test_a_page_without_a_tape_shows_the_kernels_picture(page, tmp_path):
    """What the browser cannot compute was computed when the page was written."""

    def spectrum(x, y):
        matrix = torch.stack([x, y, y, x * y, x, y, y, x, x * x]).reshape(3, 3)
        return torch.linalg.eigvalsh(matrix + matrix.T)[:2]

    J = jacmagic.jacobian(spectrum, tuple(torch.tensor([1.0, 2.0], dtype=F64)))
    page.goto(J.save_html(tmp_path / "spectrum.html").as_uri())
    page.wait_for_selector(".jm-grid td")
    open_tab(page, "Picture")
    assert page.locator(".jm-line[data-look=function]").count() >= 18
    page.get_by_label("zoom").press("ArrowRight")
    assert "only its linear part is drawn" in page.locator(".jm-words").inner_text()
