"""Numbers and matrices as plain text; the browser has the same rule."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jacmagic.render import text

VECTORS = json.loads((Path(__file__).parents[1] / "numbers.json").read_text(encoding="utf-8"))


def block(drawn: str) -> str:
    """Return a drawing typed as an indented block, without its indentation."""
    return "\n".join(line[4:] for line in drawn.strip("\n").splitlines()).rstrip()


@pytest.mark.parametrize(("value", "digits", "expected"), VECTORS)
def test_numbers_follow_the_shared_rule(value: str, digits: int, expected: str) -> None:
    """The vectors that hold Python and the browser to one rule."""
    assert text.number(float(value), digits) == expected


@given(st.floats(-1e307, 1e307), st.integers(1, 17))
def test_a_number_reads_back_close(value: float, digits: int) -> None:
    """What is shown is off by half a unit in the last digit at most, beside reading it back."""
    shown = float(text.number(value, digits))
    assert math.isclose(shown, value, rel_tol=0.5 * 10 ** (1 - digits) + 2**-52, abs_tol=5e-324)


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 17))
def test_a_number_is_ascii_and_short(value: float, digits: int) -> None:
    """A number is digits, a sign, a point, and leading zeros or an exponent."""
    shown = text.number(value, digits)
    assert shown.isascii()
    assert len(shown) <= max(digits, 7) + 8


SEED = np.array([[1.0, 1, 0], [5, 0, 3], [0, 48, 0]])
ROWS, COLUMNS = ["∂f₁", "∂f₂", "∂f₃"], ["∂x₁", "∂x₂", "∂x₃"]


def test_the_worked_example() -> None:
    """Rows, columns, brackets, and a dot for what is zero everywhere."""
    assert text.matrix(SEED, ROWS, COLUMNS, pattern=SEED != 0) == block("""
          ∂x₁  ∂x₂  ∂x₃
    ∂f₁ ⎡   1    1    · ⎤
    ∂f₂ ⎢   5    ·    3 ⎥
    ∂f₃ ⎣   ·   48    · ⎦
    · zero everywhere
""")


def test_zeros_of_both_kinds_are_distinguished() -> None:
    """A zero that only happens here is a figure; a line says which is which."""
    pattern = SEED != 0
    pattern[0, 2] = True
    drawn = text.matrix(SEED, ROWS, COLUMNS, pattern=pattern)
    assert drawn.splitlines()[1] == "∂f₁ ⎡   1    1    0 ⎤"
    assert drawn.splitlines()[-1] == "· zero everywhere, 0 zero at this point"


def test_decimal_points_stand_below_one_another() -> None:
    """Integers, decimals, exponents and what is not a number line up at the point."""
    values = np.array([[1, 0.25], [-5.5, 1e-9], [48, np.nan]])
    assert text.matrix(values, ["a", "b", "c"], ["x", "y"]) == block("""
           x       y
    a ⎡  1      0.25 ⎤
    b ⎢ -5.5    1e-9 ⎥
    c ⎣ 48    nan    ⎦
""")


def test_long_numbers_beside_long_exponents_are_flush_right() -> None:
    """A column is no wider than its numbers need."""
    assert text.matrix(np.array([[-619953.0], [6.305e6]]), ["a", "b"], ["x"]) == block("""
              x
    a ⎡ -619953 ⎤
    b ⎣ 6.305e6 ⎦
""")


def test_one_row_has_plain_brackets() -> None:
    """A gradient is one line."""
    assert text.matrix(SEED[:1], ["∂f"], COLUMNS) == block("""
         ∂x₁  ∂x₂  ∂x₃
    ∂f [   1    1    0 ]
""")


def test_wide_letters_take_two_columns() -> None:
    """Labels in Chinese do not push the matrix out of line."""
    drawn = text.matrix(SEED[:2, :2], ["∂漢字", "∂f"], ["x", "y"]).splitlines()
    assert drawn[1].index("⎡") == len("∂漢字 ")
    assert drawn[2].index("⎣") == len("  ∂f  ")


def test_large_matrices_keep_their_first_and_last() -> None:
    """Rows and columns beyond what a terminal shows become dots."""
    values = np.arange(100.0 * 60).reshape(100, 60)
    rows, columns = [f"y{i}" for i in range(100)], [f"x{j}" for j in range(60)]
    drawn = text.matrix(values, rows, columns, width=60).splitlines()
    assert len(drawn) == text.MAX_TERMINAL_ROWS + 1
    assert max(map(len, drawn)) <= 60
    assert drawn[0].split()[-2:] == ["…", "x59"]
    assert drawn[-2].split()[0] == "⋮"
    assert drawn[-1].split()[:2] == ["y99", "⎣"] and "5999" in drawn[-1]


@pytest.mark.parametrize("n", range(1, 14))
def test_every_column_shows_where_there_is_room(n: int) -> None:
    """No column is left out for a gap that is as wide as the column."""
    drawn = text.matrix(np.ones((2, n)), ["a", "b"], list("abcdefghijklm")[:n], width=4 + 3 * n)
    assert "…" not in drawn


@pytest.mark.parametrize(("m", "n"), [(0, 3), (3, 0), (0, 0)])
def test_empty_matrices_say_their_size(m: int, n: int) -> None:
    """A Jacobian with no rows or no columns is still an answer."""
    assert text.matrix(np.zeros((m, n)), ["f"] * m, ["x"] * n) == f"[ empty: {m} × {n} ]"
