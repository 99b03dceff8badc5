"""The exported page in a real browser: from a file, with the network cut, as a student opens it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from playwright.sync_api import BrowserContext, Page

import jacmagic

F64 = torch.float64
REST = 600  # milliseconds after which a point is one to come back to
VIOLATIONS = """window.violations = [];
addEventListener("securitypolicyviolation", (event) => violations.push(
  `${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));"""
WIDER = """() => [...document.querySelectorAll(
    ".jm-page, .jm-slider, .jm-slider > *, .jm-root, .jm-chain, .jm-frame")]
  .filter((box) => box.getBoundingClientRect().right > innerWidth).map((box) => box.className)"""


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    """Pages by name: the seed's, one of many components, one of hostile names."""

    def f(x1, x2, x3):
        return (x1 + x2, x3 * x1, x2**3)

    hostile = "</script><script>window.hurt = 1</script><img src=x onerror='window.hurt = 1'>"
    one, two = torch.tensor([1.0, 2.0], dtype=F64)
    pages = {
        "seed": jacmagic.jacobian(f, tuple(torch.tensor(v, dtype=F64) for v in (3, 4, 5))),
        "many": jacmagic.jacobian(lambda x: (x**2).sum(), torch.ones(30, dtype=F64)),
        "hostile": jacmagic.jacobian(lambda x: {hostile: x**2}, one, names=[hostile]),
        "greek": jacmagic.jacobian(lambda theta, r_max: r_max * theta, (one, one)),
    }
    pages["branching"] = jacmagic.jacobian(lambda x: x**2 if x > 1 else -x, two)
    pages["cases"] = jacmagic.jacobian(lambda x: torch.relu(x) * x, two)
    pages["refused"] = jacmagic.jacobian(lambda x: x * torch.bernoulli(x / x), two)
    nowhere = torch.tensor([torch.nan, 0.0], dtype=F64)
    pages["nowhere"] = jacmagic.jacobian(lambda x: 1 / x, nowhere)
    folder = tmp_path_factory.mktemp("pages")
    titles = {"hostile": hostile}
    return {
        name: J.save_html(folder / f"{name}.html", title=titles.get(name))
        for name, J in pages.items()
    }


Visit = Callable[..., Page]


@pytest.fixture
def visit(context: BrowserContext, files) -> Iterator[Visit]:
    """Open a page with the network cut; it asks for nothing and complains of nothing."""
    opened = []

    def visit_page(name: str, path: Path | None = None, **options) -> Page:
        assert context.browser is not None
        fresh = context.browser.new_context(offline=True, **options)
        opened.append((fresh, asked := [], said := []))
        path = path or files[name]

        def gate(route) -> None:
            asked.append(route.request.url)
            if route.request.url == path.as_uri():
                route.continue_()
            else:
                route.abort()

        fresh.route("**/*", gate)
        fresh.add_init_script(VIOLATIONS)
        page = fresh.new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda message: said.append(message.text))
        page.goto(path.as_uri())
        if name in files and options.get("java_script_enabled", True):
            page.wait_for_selector(".jm-grid td")
        assert asked == [path.as_uri()]
        return page

    yield visit_page
    for fresh, asked, said in opened:
        for page in fresh.pages:
            for frame in page.frames:
                said += frame.evaluate("() => window.violations ?? []")
        fresh.close()
        assert len(asked) == 1, asked
        assert said == []


def number(page: Page, place: int = 0):
    """Return the number beside a slider."""
    return page.locator(".jm-slider .jm-number").nth(place)


def slider(page: Page, place: int = 0):
    """Return a slider."""
    return page.locator(".jm-slider input[type=range]").nth(place)


def numbers(page: Page) -> list[float]:
    """Where the sliders stand, every digit of it."""
    titles = page.locator(".jm-slider .jm-number").evaluate_all("all => all.map(i => i.title)")
    said = page.locator(".jm-slider input[type=range]").evaluate_all(
        "all => all.map(input => input.getAttribute('aria-valuetext'))"
    )
    found = [float(title) for title in titles]
    assert found == pytest.approx([float(text.replace("−", "-")) for text in said], rel=1e-5)
    return found


def table(page: Page) -> list[list[str]]:
    """Return what the table shows."""
    read = "rows => rows.map(row => [...row.querySelectorAll('td')].map(td => td.innerText))"
    return page.locator("table[role=grid] tbody tr").evaluate_all(read)


def test_the_page_opens_live(visit, pictures):
    """The derivation, the table and the sliders stand there, and the still form is gone."""
    page = visit("seed", viewport={"width": 1280, "height": 900})
    assert table(page) == [["1", "1", "·"], ["5", "·", "3"], ["·", "48", "·"]]
    assert page.locator(".jm-chain math").count() == 6
    assert numbers(page) == [3, 4, 5]
    assert page.locator(".jm-slider .jm-name").all_inner_texts() == ["x₁", "x₂", "x₃"]
    assert page.locator("#jm-still").count() == 0
    assert page.title() == "Jacobian of f"
    page.screenshot(path=pictures / "page-light.png")


def test_sliders_by_keyboard(visit):
    """Arrows move a slider by its step, Home and End to its ends; the number follows."""
    page = visit("seed")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.getAttribute('aria-label')") == "x₁"
    page.keyboard.press("ArrowRight")
    assert number(page).input_value() == "3.1"
    page.keyboard.press("End")
    assert number(page).input_value() == "9"
    page.keyboard.press("Home")
    assert number(page).input_value() == "-3"
    outline = slider(page).evaluate("input => getComputedStyle(input).outlineStyle")
    assert outline == "solid"


def test_the_mouse_moves_a_slider(visit):
    """A drag moves the number along."""
    page = visit("seed")
    box = slider(page, 1).bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, middle, steps=5)
    page.mouse.up()
    assert numbers(page)[1] > 8
    assert numbers(page)[::2] == [3, 5]


def test_numbers_are_typed(visit):
    """Any number can be typed, at once where the range holds it; an empty field is put right."""
    page = visit("seed")
    number(page, 2).fill("2.2512345678")
    assert numbers(page) == [3, 4, 2.2512345678]
    number(page, 2).fill("1000")
    assert numbers(page) == [3, 4, 2.2512345678]
    number(page, 2).press("Enter")
    assert numbers(page) == [3, 4, 1000]
    await_table(page, [["1", "1", "·"], ["1000", "·", "3"], ["·", "48", "·"]])
    for empty in ("", "three", "1e999", "-"):
        number(page, 2).fill(empty)
        number(page, 2).press("Tab")
        assert number(page, 2).input_value() == "1000"
    number(page, 2).fill("−1e-12")
    number(page, 2).press("Tab")
    assert numbers(page) == [3, 4, -1e-12]


def test_reset_and_undo(visit):
    """Reset goes back to the first point; Undo and Ctrl+Z take moves back, also beside a slider."""
    page = visit("seed")
    slider(page, 0).press("End")
    page.wait_for_timeout(REST)
    slider(page, 1).press("Home")
    page.wait_for_timeout(REST)
    assert numbers(page) == [9, -4, 5]
    page.get_by_role("button", name="Reset").click()
    assert numbers(page) == [3, 4, 5]
    page.wait_for_timeout(REST)
    page.get_by_role("button", name="Undo").click()
    assert numbers(page) == [9, -4, 5]
    slider(page, 1).press("Control+z")
    assert numbers(page) == [9, 4, 5]
    number(page, 1).press("Control+Shift+z")
    assert numbers(page) == [9, -4, 5]


def test_the_table_follows_the_sliders(visit, pictures):
    """Without a kernel the page computes by itself: table, derivation and title move together."""
    page = visit("seed", viewport={"width": 1280, "height": 1000})
    number(page, 1).fill("5")
    await_table(page, [["1", "1", "·"], ["5", "·", "3"], ["·", "75", "·"]])
    slider(page, 0).press("ArrowRight")
    await_table(page, [["1", "1", "·"], ["5", "·", "3.1"], ["·", "75", "·"]])
    link = page.locator(".jm-chain .jm-link").last.locator("mtd")
    assert link.all_text_contents() == ["1", "1", "0", "5", "0", "3.1", "0", "75", "0"]
    assert "x₁\xa0=\xa03.1, x₂\xa0=\xa05" in page.locator(".jm-title").inner_text()
    assert page.locator(".jm-stale").count() == 0
    page.screenshot(path=pictures / "page-moved.png")
    page.get_by_role("button", name="Reset").click()
    await_table(page, [["1", "1", "·"], ["5", "·", "3"], ["·", "48", "·"]])


def await_table(page: Page, expected: list[list[str]]) -> None:
    """Wait until the table shows these entries."""
    page.wait_for_function(
        """(expected) => {
          const rows = [...document.querySelectorAll("table[role=grid] tbody tr")];
          const texts = (row) => [...row.querySelectorAll("td")].map((cell) => cell.innerText);
          const shown = rows.map(texts);
          return JSON.stringify(shown) === JSON.stringify(expected);
        }""",
        arg=expected,
        timeout=5000,
    )


def test_the_table_follows_any_of_many(visit):
    """Also a component that had no slider in the notebook moves its entry."""
    page = visit("many")
    page.get_by_label("component").select_option("x₇")
    page.locator(".jm-slider .jm-number").fill("3")
    await_table(page, [["2"] * 7 + ["6"] + ["2"] * 22])


def test_entries_explain_themselves(visit, pictures):
    """Every entry's derivation is in the page, and its numbers follow the sliders."""
    page = visit("seed", viewport={"width": 1280, "height": 1000})
    entry = page.locator(".jm-entry")
    for cell in page.locator("td[role=gridcell]").all():
        if cell.inner_text() != "·":
            cell.click()
            assert entry.locator("math").count() > 0
    page.locator("td[role=gridcell]", has_text="48").click()
    number(page, 1).fill("5")
    await_table(page, [["1", "1", "·"], ["5", "·", "3"], ["·", "75", "·"]])
    assert "75" in entry.locator(".jm-entry-value").inner_text()
    page.screenshot(path=pictures / "page-entry.png")


def test_cases_are_aligned_by_the_page_itself(visit):
    """The cases of a piecewise formula start at the left, and the policy allows it."""
    page = visit("cases")
    assert page.locator(".jm-chain mtd[columnalign=left]").count() > 0
    cell = page.locator(".jm-chain mtd[columnalign=left]").first
    assert cell.evaluate("(cell) => getComputedStyle(cell).textAlign") == "left"


def test_another_branch(visit):
    """Where the closed form does not hold, the page says whose numbers stand there."""
    page = visit("branching")
    number(page).fill("3")
    await_table(page, [["6"]])
    number(page).fill("0.5")
    page.wait_for_selector(".jm-root.jm-stale")
    assert "x = 3" in page.locator(".jm-stale-note").inner_text()
    number(page).fill("2.5")
    await_table(page, [["5"]])
    assert page.locator(".jm-stale").count() == 0


def test_without_a_closed_form(visit):
    """Where there is no formula to follow, a moved slider does not pass for a new result."""
    page = visit("refused")
    slider(page).press("ArrowRight")
    page.wait_for_selector(".jm-root.jm-stale")
    assert "x = 2" in page.locator(".jm-stale-note").inner_text()


def test_a_page_saved_by_the_browser(visit, context, tmp_path):
    """What a browser saves of a page that has started is a page that starts, once."""
    first = visit("seed")
    number(first, 1).fill("5")
    again = tmp_path / "again.html"
    again.write_text(first.content(), "utf-8")
    fresh = context.browser.new_context(offline=True)  # it complains of the first run's colours
    page = fresh.new_page()
    page.goto(again.as_uri())
    page.wait_for_function("() => document.querySelector('.jm-slider .jm-number')?.value === '3'")
    explorers, found = page.locator(".jm-explorer").count(), numbers(page)
    fresh.close()
    assert (explorers, found) == (1, [3, 4, 5])


def test_many_components_have_a_chooser(visit, pictures):
    """One slider at a time; each keeps its value while others are chosen."""
    page = visit("many")
    chooser = page.get_by_label("component")
    assert chooser.locator("option").count() == 30
    visible = page.locator(".jm-slider")
    number(page).fill("2")
    number(page).press("Enter")
    chooser.select_option("x₇")
    assert visible.locator(".jm-name").all_inner_texts() == ["x₇"]
    visible.locator(".jm-number").fill("2.5")
    chooser.select_option("x₀")
    assert visible.locator(".jm-number").input_value() == "2"
    chooser.select_option("x₇")
    assert visible.locator(".jm-number").input_value() == "2.5"
    page.screenshot(path=pictures / "page-many.png")


def test_hostile_names_do_nothing(visit, files):
    """Markup in names and in the title is shown as text and never runs."""
    page = visit("hostile")
    assert page.evaluate("() => window.hurt") is None
    assert page.locator("h1").inner_text().startswith("</script><script>")
    assert page.locator(".jm-slider .jm-name").inner_text().startswith("</script><script>")
    assert page.locator("img, iframe, object").count() == 0
    assert page.locator("script").count() == 2  # what was unpacked has run and gone


def test_unicode_labels(visit):
    """Greek letters and subscripts as in the notebook, also for screen readers."""
    page = visit("greek")
    labels = page.locator(".jm-slider .jm-name").all_inner_texts()
    assert labels[0] == "θ"
    assert page.get_by_role("slider", name="θ").count() == 1
    assert page.get_by_role("textbox", name="θ as a number").count() == 1


def test_a_point_that_is_no_number(visit):
    """Where the point is not finite the numbers stand empty, and can be typed."""
    page = visit("nowhere")
    values = page.locator(".jm-slider .jm-number")
    assert [value.input_value() for value in values.all()] == ["", "0"]
    number(page).fill("0.5")
    assert number(page).get_attribute("title") == "0.5"


@pytest.mark.parametrize("name", ["seed", "many", "hostile"])
def test_phone_width(visit, pictures, name):
    """At 320 pixels the page does not scroll sideways and no control is cut off."""
    page = visit(name, viewport={"width": 320, "height": 800})
    assert page.evaluate("() => document.documentElement.scrollWidth") == 320
    assert page.evaluate(WIDER) == []
    page.screenshot(path=pictures / f"page-{name}-phone.png", full_page=True)


def test_dark_and_projector(visit, pictures):
    """In the dark the page is dark; on a large screen its letters grow."""
    page = visit("seed", color_scheme="dark", viewport={"width": 1920, "height": 1080})
    read = "(name) => getComputedStyle(document.body)[name]"
    assert channels(page.evaluate(read, "backgroundColor")) < 100
    assert channels(page.evaluate(read, "color")) > 600
    assert float(page.evaluate(read, "fontSize").removesuffix("px")) > 20
    page.screenshot(path=pictures / "page-dark.png")


def channels(colour: str) -> float:
    """Return the sum of red, green and blue."""
    return sum(float(part) for part in colour.partition("(")[2].rstrip(")").split(",")[:3])


def test_in_a_frame(visit, files, tmp_path):
    """Inside another page's frame, from its srcdoc, it lives as well."""
    outer = tmp_path / "outer.html"
    inner = html.escape(files["seed"].read_text("utf-8"))
    outer.write_text(f'<!doctype html><title>t</title><iframe srcdoc="{inner}"></iframe>', "utf-8")
    page = visit("outer", outer)
    frame = page.frame_locator("iframe")
    frame.locator("input[type=range]").first.press("End")
    assert frame.locator(".jm-slider .jm-number").first.input_value() == "9"
    assert frame.locator("table[role=grid] td", has_text="48").count() == 1


def test_without_scripts(visit, pictures):
    """Where scripts are off, derivation, determinant and table stand there as a still."""
    page = visit("seed", java_script_enabled=False)
    assert page.locator(".jm-still table td", has_text="48").is_visible()
    assert page.locator(".jm-formulas math").count() == 7
    assert page.locator("noscript p").is_visible()
    page.screenshot(path=pictures / "page-still.png")


def test_colours_of_the_still_form_pass_the_policy(visit):
    """The rules that replace style attributes apply."""
    page = visit("seed", java_script_enabled=False)
    cell = page.locator(".jm-still table td", has_text="48")
    colour = cell.evaluate("cell => getComputedStyle(cell).backgroundColor")
    assert colour.startswith("rgba(25, 118, 210")


def test_on_paper(visit, pictures):
    """Printed, the page has the derivation and the table, and no controls."""
    page = visit("seed")
    page.emulate_media(media="print")
    assert not page.locator(".jm-sliders").is_visible()
    assert page.locator(".jm-grid").is_visible()
    page.screenshot(path=pictures / "page-print.png")


def test_the_still_form_stays_if_the_view_fails(context, files, tmp_path):
    """A page that cannot start leaves the still form, says so, and makes no half of anything."""
    broken = tmp_path / "broken.html"
    text = files["seed"].read_text("utf-8")
    broken.write_text(re.sub('jm-packed">.{9}', 'jm-packed">', text), "utf-8")
    fresh = context.browser.new_context(offline=True)
    page = fresh.new_page()
    page.goto(broken.as_uri())
    page.wait_for_selector("#jm-still > p")
    note = page.locator("#jm-still > p").first.inner_text()
    still, controls = page.locator("#jm-still table").count(), page.locator(".jm-sliders").count()
    fresh.close()
    assert note.startswith("The sliders did not start")
    assert (still, controls) == (1, 0)
