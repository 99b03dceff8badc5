"""The still table: escaped, labelled, coloured, readable without styles."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jacmagic.render import html
from jacmagic.render.heatmap import heatmap
from jacmagic.render.html_table import HEAD, TAIL, HtmlTable

SEED = np.array([[1.0, 1, 0], [5, 0, 3], [0, -48, 0]])
ROWS, COLUMNS = ["∂f₁", "∂f₂", "∂f₃"], ["∂x₁", "∂x₂", "∂x₃"]


def still(
    values: np.ndarray,
    rows: list[str],
    columns: list[str],
    *,
    pattern: np.ndarray | None = None,
    blocks: Any = ((), ()),
    caption: str = "",
    picture: str = "",
    head: str = "",
    links: Sequence[tuple[str, str]] = (),
    **more: Any,
) -> str:
    """Return the page of a table, as the still form of a Jacobian has it."""
    table = HtmlTable(values, rows, columns, 4, pattern, blocks)
    more["remarks"] = [*table.legend, *more.get("remarks", ())]
    return html.page(caption, f"{table.drawn}{picture}", formulas=[html.chain(head, links)], **more)


class Page(HTMLParser):
    """Parsed HTML: elements with attributes, table cells, and all text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] in (["td"], ["th"]):
            self.rows[-1][-1] += data
        if "style" not in self.open:
            self.text += data

    def cell(self, i: int, j: int) -> dict[str, str | None]:
        """Return the attributes of one entry."""
        found = [attributes for tag, attributes in self.elements if tag == "td"][1:]
        return found[i * (len(self.rows[0]) - 1) + j]


def test_the_worked_example() -> None:
    """Labels, numbers, a dot for structural zeros, a true minus sign."""
    page = Page(still(SEED, ROWS, COLUMNS, pattern=SEED != 0, caption="Jacobian of f"))
    assert page.rows == [
        ["", "∂x₁", "∂x₂", "∂x₃"],
        ["∂f₁", "1", "1", "·"],
        ["∂f₂", "5", "·", "3"],
        ["∂f₃", "·", "−48", "·"],
    ]
    assert page.open == []
    assert "Jacobian of f" in page.text


def test_no_script_and_no_network() -> None:
    """Nothing in it runs, and nothing is fetched."""
    made = still(SEED, ROWS, COLUMNS, pattern=SEED != 0, picture=heatmap(SEED))
    assert not re.search(r"<script|<link|<img|@import|url\(|javascript:|\son\w+=", made)
    assert re.findall(r"https?://[^\"]+", made) == ["http://www.w3.org/2000/svg"]


def test_readable_without_styles() -> None:
    """Every cell is aligned by an attribute, which survives where styles do not."""
    page = Page(still(SEED, ROWS, COLUMNS))
    cells = [attributes for tag, attributes in page.elements if tag in ("td", "th")]
    assert all(attributes.get("align") == "right" for attributes in cells[1:])
    scopes = [attributes["scope"] for tag, attributes in page.elements if tag == "th"]
    assert scopes == ["col"] * 3 + ["row"] * 3


def test_colour_by_sign_and_size() -> None:
    """Blue above zero, orange below, stronger where larger; zero has none."""
    page = Page(still(SEED, ROWS, COLUMNS))
    assert page.cell(2, 1)["style"] == "background:rgba(239,108,0,0.420)"
    assert page.cell(1, 0)["style"] == "background:rgba(25,118,210,0.136)"
    assert "style" not in page.cell(0, 2)


def test_zeros_of_both_kinds_are_distinguished() -> None:
    """A legend stands below where there are both kinds, and only there."""
    both = SEED != 0
    both[0, 2] = True
    page = Page(still(SEED, ROWS, COLUMNS, pattern=both))
    assert page.rows[1] == ["∂f₁", "1", "1", "0"]
    assert page.cell(1, 1)["title"] == "zero everywhere"
    assert "· zero everywhere, 0 zero at this point" in page.text
    assert "zero at" not in Page(still(SEED, ROWS, COLUMNS, pattern=SEED != 0)).text


def test_what_is_not_finite_is_marked() -> None:
    """nan and infinity are shown as such and do not take the colour from the others."""
    values = np.array([[np.nan, -np.inf, 2.0]])
    page = Page(still(values, ["f"], ["x", "y", "z"]))
    assert page.rows[1] == ["f", "nan", "−∞", "2"]
    assert [page.cell(0, j).get("title") for j in range(3)] == ["not a finite number"] * 2 + [None]
    assert page.cell(0, 2)["style"] == "background:rgba(25,118,210,0.420)"


def test_lines_stand_between_blocks() -> None:
    """Blocks of more than one row or column are set apart; single ones are not."""
    page = Page(still(SEED, ROWS, COLUMNS, blocks=([1, 2], [2, 1])))
    assert [a.get("class") for tag, a in page.elements if tag == "tr"] == [
        None,
        None,
        "jm-top",
        None,
    ]
    assert page.cell(0, 2)["class"] == "jm-left"
    assert "class" not in page.cell(0, 1)
    plain = Page(still(SEED, ROWS, COLUMNS, blocks=([1] * 3, [1] * 3)))
    assert not [a for tag, a in plain.elements if tag in ("tr", "td") and a.get("class")]


def test_large_matrices_keep_their_first_and_last() -> None:
    """Beyond forty rows or columns the middle becomes dots."""
    values = np.arange(41.0 * 100).reshape(41, 100)
    page = Page(still(values, [f"y{i}" for i in range(41)], [f"x{j}" for j in range(100)]))
    shown = HEAD + 1 + TAIL
    assert [len(row) for row in page.rows] == [1 + shown] * (1 + shown)
    assert page.rows[0][-3:] == ["…", "x98", "x99"]
    assert page.rows[-3] == ["⋮", *["⋮"] * HEAD, "⋱", "⋮", "⋮"]
    assert page.rows[-1][-1] == "4099"


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
def test_empty_matrices_say_their_size(shape: tuple[int, int]) -> None:
    """A Jacobian with no rows or no columns is still an answer."""
    m, n = shape
    page = Page(still(np.zeros(shape), ["f"] * m, ["x"] * n))
    assert f"empty: {m} × {n}" in page.text


def test_chain_steps_and_remarks() -> None:
    """MathML is passed through; rules, signs and remarks are text."""
    made = still(
        SEED,
        ROWS,
        COLUMNS,
        head="<math>J</math>",
        links=[("=", "<math>A</math>"), ("≠", "<math>B</math>")],
        steps=[[(0, "<math>s</math>", "product"), (1, "<math>t</math>", "a < b")]],
        remarks=["torch agrees"],
        warnings=["f₁ is cut"],
    )
    page = Page(made)
    assert [a.get("class") for tag, a in page.elements if tag == "span"].count("jm-link") == 2
    assert "a < b" in page.text and "a &lt; b" in made
    assert '<li class="jm-warning">⚠ f₁ is cut</li><li>torch agrees</li>' in made
    assert 'style="padding-left:2em"' in made


def test_numbers_of_sentences_have_a_true_minus() -> None:
    """A caption's −3 is as the table's and never alone on a line; what is typed stays so."""
    made = still(SEED, ROWS, COLUMNS, caption="at x = -3", remarks=["gap 2e-16 (-π/6); write -p 6"])
    text = Page(made).text
    assert "at x\u00a0=\u00a0−3" in text and "gap 2e-16 (−π/6); write -p 6" in text


def test_the_caption_comes_first() -> None:
    """A reader sees what is shown before the formulas and the table."""
    made = still(SEED, ROWS, COLUMNS, caption="f at x", head="<math>J</math>", links=[("=", "A")])
    assert made.index("f at x") < made.index("<math>J</math>") < made.index("<table>")


@given(st.text(max_size=30))
def test_any_text_stays_text(text: str) -> None:
    """Whatever labels, captions and remarks hold, the elements are the same."""
    plain = still(SEED[:1, :1], ["a"], ["a"], caption="a", remarks=["a"], warnings=["a"])
    odd = still(SEED[:1, :1], [text], [text], caption=text or "a", remarks=[text], warnings=[text])
    assert Page(odd).elements == Page(plain).elements
