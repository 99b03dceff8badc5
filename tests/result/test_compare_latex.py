"""LaTeX as it is pasted: what is read, and what is refused with a caret."""

from __future__ import annotations

import pytest
import sympy
from latex_reader import read

import jacmagic
from jacmagic.labels import Label
from jacmagic.result.check.latex import parse_latex
from jacmagic.result.check.symbols import Vocabulary

LABELS = [Label("x"), Label("y"), Label("theta", (1,)), Label("v", (0,)), Label("m_dot")]
VALUES = (0.7, 1.3, 0.4, 0.9, 2.1)
KNOWN = Vocabulary(LABELS, {"g": 9.81, "mass": 2.5})


def value(source: str) -> float:
    """Return the number of a formula at a point."""
    expression = parse_latex(source, KNOWN.meaning)
    return float(expression.subs(dict(zip(KNOWN.symbols, VALUES, strict=True))))


@pytest.mark.parametrize(
    ("source", "same"),
    [
        (r"2xy", "2*x*y"),
        (r"x (y + 1)", "x*(y+1)"),
        (r"\sin^2 x", "sin(x)**2"),
        (r"\sin x \cos y", "sin(x)*cos(y)"),
        (r"\sin 2x", "sin(2*x)"),
        (r"\sin{\left(x \right)} y", "sin(x)*y"),
        (r"\sin^{-1} x", "asin(x)"),
        (r"\frac12 x", "x/2"),
        (r"\frac{1}{2} \theta_1", "t/2"),
        (r"e^{-x^2}", "exp(-x**2)"),
        (r"\left|x - y\right|", "abs(x-y)"),
        (r"\sqrt[3]{x}", "x**(1/3)"),
        (r"\dot{m} g", "m*981/100"),
        (r"\mathrm{mass} \cdot x", "5*x/2"),
        (r"-\,x", "-x"),
        (r"3 \cdot 10^{-3} v_0", "3*v/1000"),
        (r"\operatorname{atan2}{\left(y,x \right)}", "atan2(y,x)"),
        (r"\tanh^{2}{\left(v_{0} \right)}", "tanh(v)**2"),
        (r"x^23", "3*x**2"),
        (r"\begin{cases} 1 & \text{for}\: x > 0 \\ 0 & \text{otherwise} \end{cases}", "1"),
        (r"2 \left[x + \{y - 1\}\right] / y", "2*(x+y-1)/y"),
        (r"f = x", "x"),
    ],
)
def test_formulas_are_read_as_books_write_them(source: str, same: str) -> None:
    """Products without signs, functions without brackets, roots, fractions, accents."""
    names = dict(zip("xytvm", VALUES, strict=True))
    assert value(source) == pytest.approx(float(sympy.sympify(same).subs(names)))


@pytest.mark.parametrize(
    "text",
    [
        "x*sin(y)**2/(1 + x**2)", "exp(-x/y)*cos(x*y) - y**3", "sqrt(x**2 + y**2)*log(x)",
        "Abs(x - y)*tanh(x)", "(x + y)*(x - y)/(2*x)", "atan(x/y)", "x**(y + 1)", "-x - (-y)*3",
    ],
)  # fmt: skip
def test_what_sympy_writes_is_read_back(text: str) -> None:
    """The reader agrees with SymPy's own LaTeX and with an independent reader."""
    expression = sympy.sympify(text)
    source = sympy.latex(expression, ln_notation=True, inv_trig_style="full")
    names = {"x": VALUES[0], "y": VALUES[1]}
    assert value(source) == pytest.approx(float(expression.subs(names)))
    assert value(source) == pytest.approx(read(source, names))


def test_matrices_are_read() -> None:
    """All kinds of brackets, a factor before them, and a transpose behind."""
    for kind in ("pmatrix", "bmatrix", "matrix"):
        source = rf"2\begin{{{kind}}} x & 1 \\ 0 & y \\ \end{{{kind}}}^T"
        found = parse_latex(source, KNOWN.meaning)
        a, b = KNOWN.symbols[:2]
        assert found == sympy.Matrix([[2 * a, 0], [2, 2 * b]])


@pytest.mark.parametrize(
    ("source", "message", "column"),
    [
        (r"x + z", "expected a variable of the function; found z", 4),
        (r"x + )", "found )", 4),
        (r"\frac{x}{y", "expected }; found the end", 10),
        (r"\log_{2} x", "without a subscript", 4),
        (r"x \int y", r"found \int", 2),
        (r"\begin{pmatrix} x & y \\ 1 \end{pmatrix}", "rows of one length", 0),
        (r"x ? y", "expected mathematics; found '?'", 2),
    ],
)
def test_what_cannot_be_read_has_a_caret(source: str, message: str, column: int) -> None:
    """One line, and a caret below the spot."""
    with pytest.raises(jacmagic.OptionError, match="in the LaTeX") as refused:
        parse_latex(source, KNOWN.meaning)
    text, line, mark = str(refused.value).split("\n")
    assert message in text
    assert line == f"  {source}"
    assert mark.index("^") == column + 2


@pytest.mark.parametrize("source", ["3*x**2", "$$3x^{2}.$$", "3x^2 ."])
def test_powers_of_python_and_full_stops_are_read(source: str) -> None:
    """As typed in code, and as a sentence around a formula ends."""
    assert value(source) == value("3x^2")


def test_a_function_without_its_backslash_is_named() -> None:
    """The message has the command that LaTeX has, or the operator's name."""
    for source, command in (("tanh(x)", r"\\tanh"), ("sech(x)", r"\\operatorname{sech}")):
        with pytest.raises(jacmagic.OptionError, match=f"write {command} in the LaTeX"):
            parse_latex(source, KNOWN.meaning)
