"""The heat map: squares and labels of any size, well-formed SVG."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jacmagic.render.heatmap import MAX_SQUARES, heatmap

SVG = "{http://www.w3.org/2000/svg}"


def squares(picture: str) -> dict[str, float]:
    """Return the area that each colour covers."""
    covered: dict[str, float] = {}
    for path in ElementTree.fromstring(picture).iter(f"{SVG}path"):
        if path.get("fill") != "none":
            runs = re.findall(r"M\d+ \d+h(\d+)v1h-(\d+)z", path.get("d", ""))
            assert all(there == back for there, back in runs)
            fill = path.get("fill", "")
            covered[fill] = covered.get(fill, 0) + sum(int(there) for there, _ in runs)
    return covered


def test_signs_and_both_kinds_of_zero() -> None:
    """Positive, negative and zero here are painted; zero everywhere is left blank."""
    values = np.array([[1.0, -2.0, 0.0], [0.0, 0.0, 3.0]])
    pattern = np.array([[True, True, True], [False, False, True]])
    assert squares(heatmap(values, pattern)) == {"#1976d2": 2, "#ef6c00": 1, "#888": 1}


def test_larger_entries_are_stronger() -> None:
    """The strength of a colour follows the size of the entry."""
    picture = heatmap(np.array([[1.0, 4.0, 16.0]]))
    shades = re.findall(r'fill-opacity="([\d.]+)"[^>]*d="M(\d)', picture)
    assert [float(opacity) for opacity, _ in sorted(shades, key=lambda s: s[1])] == [
        0.39,
        0.52,
        0.92,
    ]


def test_what_is_not_finite_has_its_own_colour() -> None:
    """nan and infinity stand out and do not pale the others."""
    picture = heatmap(np.array([[1.0, np.nan], [np.inf, 2.0]]))
    assert squares(picture) == {"#8e24aa": 2, "#1976d2": 2}


def test_one_entry_among_a_million_is_seen() -> None:
    """Where many entries share a square, the largest is shown."""
    values = np.zeros((1000, 1300))
    values[777, 333] = -1e-9
    picture = heatmap(values, values != 0)
    assert squares(picture) == {"#ef6c00": 1}
    assert len(picture) < 2000


@given(st.integers(1, 300), st.integers(1, 300))
def test_any_size_is_covered_once(m: int, n: int) -> None:
    """Every square of a full matrix is painted exactly once."""
    picture = heatmap(np.ones((m, n)))
    assert squares(picture) == {"#1976d2": min(m, MAX_SQUARES) * min(n, MAX_SQUARES)}


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_nothing_is_drawn_of_nothing(shape: tuple[int, int]) -> None:
    """An empty matrix has no picture."""
    assert heatmap(np.zeros(shape)) == ""


def test_labels_are_escaped() -> None:
    """A label cannot become an element."""
    picture = heatmap(np.ones((2, 2)), rows=["<script>", "&"], columns=["a", "b"])
    root = ElementTree.fromstring(picture)
    assert {element.tag for element in root.iter()} == {
        f"{SVG}{name}" for name in ("svg", "title", "desc", "text", "g", "path")
    }
    assert [text.text for text in root.iter(f"{SVG}text")] == ["<script>", "a"]


def test_it_has_a_description_for_screen_readers() -> None:
    """A title and a description say what the picture shows."""
    values = np.array([[1.0, -2.0, 0.0], [0.0, np.nan, 3.0]])
    pattern = np.array([[True, True, True], [False, True, True]])
    picture = heatmap(values, pattern)
    counts = "2 positive, 1 negative, 1 zero here, 1 zero everywhere, 1 not finite; largest size 3"
    assert f"<desc>{counts}</desc>" in picture
    assert "<title>2 × 3 matrix</title>" in picture
    assert 'role="img"' in picture


def test_lines_stand_between_blocks() -> None:
    """Blocks of more than one row or column are set apart."""
    plain = heatmap(np.ones((3, 4)), blocks=([1, 1, 1], [1] * 4))
    ruled = heatmap(np.ones((3, 4)), blocks=([1, 2], [2, 2]))
    assert 'M0 0h4v3h-4z"' in plain
    assert 'M0 0h4v3h-4zM0 1h4M2 0v3"' in ruled
