"""LaTeX from strings: numbers, matrices, a chain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jacmagic.render import latex, wide
from jacmagic.render.extent import extent
from jacmagic.render.layout import Layout

OPERATOR = r"\frac{\partial }{\partial x_{1}}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3.0, "3"),
        (-0.0, "0"),
        (1 / 3, "0.3333"),
        (-2.5e-7, r"-2.5 \cdot 10^{-7}"),
        (1e-7, "10^{-7}"),
        (-1e6, "-10^{6}"),
        (1.25e9, r"1.25 \cdot 10^{9}"),
        (float("nan"), r"\mathrm{nan}"),
        (float("inf"), r"\infty"),
        (float("-inf"), r"-\infty"),
    ],
)
def test_numbers(value: float, expected: str) -> None:
    """Powers of ten are written as such, and what is not a number by its sign or name."""
    assert latex.number(value) == expected


def test_matrix() -> None:
    """Entries by ampersands, rows with air between them."""
    assert latex.matrix([["a", "b"], ["c", "d"]]) == (
        r"\begin{bmatrix} a & b \\[1ex] c & d \end{bmatrix}"
    )


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("x_{1} + x_{2}", r"\frac{\partial \left( x_{1} + x_{2} \right)}{\partial x_{1}}"),
        ("x_{2}^{3}", r"\frac{\partial x_{2}^{3}}{\partial x_{1}}"),
        (r"\theta", r"\frac{\partial \theta}{\partial x_{1}}"),
        (r"\frac{x}{y}", r"\frac{\partial \left( \frac{x}{y} \right)}{\partial x_{1}}"),
        (
            "a b c d e f g h i j k l m n o p q r s t u",
            rf"{OPERATOR} \left( a b c d e f g h i j k l m n o p q r s t u \right)",
        ),
        (
            r"\begin{cases} x & \text{for}\: x > 0 \end{cases}",
            OPERATOR + r" \left( \begin{cases} x & \text{for}\: x > 0 \end{cases} \right)",
        ),
    ],
)
def test_derivatives_of_expressions(expression: str, expected: str) -> None:
    """A power has no brackets; long expressions and cases follow the operator."""
    assert latex.partial_of(expression, "x_{1}") == expected


@pytest.mark.parametrize(
    ("inputs", "layout", "expected"),
    [
        (["x_{1}", "x_{2}"], Layout.NUMERATOR, r"\mathbf{J}_{f}(x_{1}, x_{2})"),
        (["x"], Layout.DENOMINATOR, r"\mathbf{J}_{f}^{\mathsf{T}}(x)"),
        (list("abcdefgh"), Layout.NUMERATOR, r"\mathbf{J}_{f}(a, b, c, d, e, f, \ldots)"),
    ],
)
def test_head(inputs: list[str], layout: Layout, expected: str) -> None:
    """The left-hand side names the function and its inputs, the first six of many."""
    assert latex.head("f", inputs, layout=layout) == expected


def test_short_links_share_a_line() -> None:
    """Short links share a line; a contradiction is written with ≠."""
    links = [latex.matrix([["a"]]), latex.matrix([["b"]]), latex.matrix([["c"]])]
    assert latex.derivation("J", links, ["=", "=", "≠"]) == [
        r"J &= \begin{bmatrix} a \end{bmatrix} = \begin{bmatrix} b \end{bmatrix}"
        r" \neq \begin{bmatrix} c \end{bmatrix}"
    ]


def test_long_links_stand_alone() -> None:
    """A wide matrix has a line to itself, aligned at its sign."""
    wide = latex.matrix([["x + y + z"] * 8])
    lines = latex.derivation("J", [wide, wide], ["=", "="])
    assert lines == [f"J &= {wide}", f"&= {wide}"]
    assert latex.aligned(lines).splitlines() == [
        r"\begin{aligned}",
        rf"J &= {wide} \\[2ex]",
        rf"&= {wide}",
        r"\end{aligned}",
    ]


@pytest.mark.parametrize(
    ("source", "letters"),
    [
        ("", 0),
        ("x_{1} + x_{2}", 5),
        (r"\frac{a + b}{c}", 3),
        (r"\frac{\frac{a}{b + c}}{\sqrt{x}}", 3),
        (r"\sin{\left(x \right)}", 6),
        (r"\mathrm{mass}_{2}", 5),
        (r"\frac{\partial f_{1}}{\partial x_{1}}", 3),
    ],
)
def test_extent_is_what_the_eye_sees(source: str, letters: int) -> None:
    """Width counts letters side by side, not the LaTeX that makes them."""
    assert extent(source) == letters


@given(st.text(alphabet="abc \\frac{}_^+&", max_size=60))
def test_extent_never_hangs(source: str) -> None:
    """Even of what is not a LaTeX at all."""
    assert 0 <= extent(source) <= 2 * len(source)


def test_a_wide_table_is_divided() -> None:
    """Each part fits a page and repeats the first column; rows with fractions are spaced."""
    cells = [["entry", "a" * 40, "b" * 40], [r"\frac{x}{y}", "1", "2"]]
    one, other = wide.table(cells, left=(2,))
    assert one.startswith(r"\begin{array}{r|r}") and other.startswith(r"\begin{array}{r|l}")
    assert r"\hline \\[-1.5ex] \frac{x}{y} & 1" in one and r"\frac{x}{y} & 2" in other
