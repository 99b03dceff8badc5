"""MathML of LaTeX: well-formed, escaped, without what browsers ignore."""

from __future__ import annotations

from xml.etree import ElementTree

from jacmagic.render import latex
from jacmagic.render.mathml import to_mathml

M = "{http://www.w3.org/1998/Math/MathML}"


def test_mathml_of_a_matrix() -> None:
    """Rows and cells, without brackets and without LaTeX's own marks."""
    root = ElementTree.fromstring(to_mathml(latex.matrix([["a", "b"], ["c", "d"]])))
    rows = [[cell.findtext(f"{M}mi") for cell in row] for row in root.iter(f"{M}mtr")]
    assert rows == [["a", "b"], ["c", "d"]]
    assert root.get("display") == "block"
    assert list(root.iter(f"{M}mo")) == []


def test_mathml_of_a_chain_is_aligned() -> None:
    """Browsers ignore columnalign, so alignment is a style."""
    root = ElementTree.fromstring(to_mathml(r"\begin{aligned} a &= b \\[2ex] &= c \end{aligned}"))
    assert [cell.get("style") for cell in root.iter(f"{M}mtd")] == [
        "text-align:right",
        "text-align:left",
    ] * 2
    assert "[" not in "".join(root.itertext())


def test_mathml_is_escaped() -> None:
    """Signs that HTML reads as its own arrive as text."""
    made = to_mathml(r"a < \text{<script>} \& b", display=False)
    assert "<mo>&lt;</mo><mtext>&lt;script&gt;</mtext><mi>&amp;</mi>" in made
    assert 'display="inline"' in made


def test_words_are_one_piece() -> None:
    """A name in upright type is one identifier, not a product of letters."""
    root = ElementTree.fromstring(to_mathml(r"\mathrm{mass}_{2} x"))
    assert [element.text for element in root.iter(f"{M}mi")] == ["mass", "x"]


def test_a_function_whose_name_has_a_digit_is_upright() -> None:
    """latex2mathml writes a name with a digit after an operator without a name."""
    source = to_mathml(r"\operatorname{atan2}\left(y, x\right)")
    assert "<mi>atan</mi><mn>2</mn>" in source and "<mo />" not in source


def test_signs_differ_from_differences() -> None:
    """A minus after an equals sign or a bracket is written as of a number, one between not."""
    root = ElementTree.fromstring(to_mathml(r"y = -3 x - 2 \cdot (-z)"))
    signs = [sign.get("form") for sign in root.iter(f"{M}mo") if sign.text == "−"]
    assert signs == ["prefix", None, "prefix"]
    column = ElementTree.fromstring(to_mathml(r"\begin{bmatrix} -1 \\ 2 \end{bmatrix}"))
    assert [sign.get("form") for sign in column.iter(f"{M}mo")] == ["prefix"]


def test_a_function_stands_at_its_brackets() -> None:
    """A name is followed by no space before a bracket, by a thin one before a symbol."""
    for name in (r"\tanh", r"\max", r"\operatorname{sign}"):
        assert "mspace" not in to_mathml(rf"{name}{{\left(x, y\right)}}")
        assert to_mathml(rf"2 {name} x").count("mspace") == 2
    diag = ElementTree.fromstring(to_mathml(r"\operatorname{diag}\left(s\right)"))
    operators = [one for one in diag.iter(f"{M}mo") if one.text == "diag"]
    assert [(one.get("lspace"), one.get("rspace")) for one in operators] == [("0", "0")]
