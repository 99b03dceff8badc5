"""Terms and factors in the order of the code, and lines between inputs and outputs."""

from __future__ import annotations

import math
import re

import pytest
import sympy
import torch
from latex_reader import read

import jacmagic
from jacmagic import Jacobian
from jacmagic.render import latex
from jacmagic.render.extent import extent
from jacmagic.render.mathml import to_mathml
from jacmagic.symbolic.formula.typeset import plain, pretty, tex

G = 9.81


def at(*values: float) -> torch.Tensor:
    """Return a number or a vector of float64."""
    return torch.tensor(values if len(values) > 1 else values[0], dtype=torch.float64)


def entry(J: Jacobian, i: int = 0, j: int = 0) -> str:
    """Return the LaTeX of an entry as it is shown."""
    assert J.reading is not None
    return tex(J.reading.shown(i, j), J.reading.all_names)


@pytest.mark.parametrize(
    ("function", "shown"),
    [
        (lambda phi, theta: torch.sin(theta + phi), r"\cos{\left(\theta + \varphi \right)}"),
        (lambda y, x: (x + y) ** 2, r"2 \left(x + y\right)"),
        (lambda a, b: torch.exp(b - a + b * a), r"\left(b - 1\right) e^{b - a + b a}"),
        (lambda x, y: torch.log(x + x * y), r"\frac{1}{x}"),
        (lambda x, k: torch.exp(G * x + k * x), r"\left(G + k\right) e^{x \left(G + k\right)}"),
    ],
)
def test_sums_of_the_code_keep_their_order(function, shown: str) -> None:
    """A sum stands in an entry as it stands in the code, whatever SymPy's order is."""
    assert entry(jacmagic.jacobian(function, at(0.3, 0.7).unbind())) == shown


def test_functions_of_one_variable_each_follow_the_variables() -> None:
    """r cos θ sin φ in LaTeX and text, as in a textbook, where SymPy puts sines first."""

    def height(r, theta, phi):
        return r * torch.sin(theta) * torch.sin(phi)

    J = jacmagic.jacobian(height, at(2.0, 0.3, 0.7).unbind())
    assert entry(J, 0, 1) == r"r \cos {\theta} \sin {\varphi}"
    assert entry(J, 0, 2) == r"r \sin {\theta} \cos {\varphi}"
    assert "r⋅cos(θ)⋅sin(φ)" in repr(J)
    assert plain(J.reading.shown(0, 1), J.reading.texts) == "r*cos(θ)*sin(φ)"
    below = jacmagic.jacobian(lambda a, b: 1 / (a.cos() * b.sin()), at(0.3, 0.7).unbind())
    assert plain(below.reading.output(0), below.reading.texts) == "1/(cos(a)*sin(b))"


def test_clauses_steps_text_and_numbers_have_the_same_order() -> None:
    """The order is that of the code in every line that writes the formula."""

    def f(phi, theta):
        return torch.sin(theta + phi) * torch.exp(theta + phi)

    J = jacmagic.jacobian(f, at(0.3, 0.7).unbind())
    assert "φ + θ" not in repr(J.shown(steps=True)) and "θ + φ" in repr(J)
    assert r"\varphi + \theta" not in J.shown(steps=True)._repr_mimebundle_()["text/latex"]
    assert "0.7 + 0.3" in J.derivation.substituted and "0.3 + 0.7" not in J.to_latex()
    assert plain(J.reading.shown(0, 0), J.reading.texts).count("θ + φ") == 3


def test_a_named_constant_stays_where_it_is_written() -> None:
    """In what the user wrote, g·sin θ and sin(θ)·g differ; in an entry constants come first."""

    def f(theta, mass, g=9.81, rate=0.5):
        return torch.sin(theta) * g * mass, rate * theta, theta + rate, rate + theta * mass

    J = jacmagic.jacobian(f, at(0.3, 2.0).unbind())
    written = [tex(one, J.reading.all_names, written=True) for one in J.reading.written]
    assert written == [
        r"\sin{\left(\theta \right)} g \cdot \mathrm{mass}",
        r"\mathrm{rate} \cdot \theta",
        r"\theta + \mathrm{rate}",
        r"\mathrm{rate} + \theta \cdot \mathrm{mass}",
    ]
    assert entry(J) == r"g \cdot \mathrm{mass} \cdot \cos {\theta}"


def test_names_of_several_letters_are_set_apart() -> None:
    """β·prey·predators, never one word."""
    J = jacmagic.jacobian(
        lambda prey, predators, beta=0.4: beta * prey**2 * predators, at(3.0, 4.0).unbind()
    )
    source = entry(J)
    assert source == r"2 \beta \cdot \mathrm{prey} \cdot \mathrm{predators}"
    values = {r"\beta": 0.4, r"\mathrm{prey}": 3.0, r"\mathrm{predators}": 4.0}
    assert read(source, values) == pytest.approx(float(J.matrix[0, 0]))


def test_powers_of_ten_have_no_factor_one() -> None:
    """1e-12 is 10⁻¹², in LaTeX and in text."""
    J = jacmagic.jacobian(lambda x: 1e-12 * x**3 / 3, at(2.0))
    assert entry(J) == r"10^{-12} x^{2}" and "1e-12⋅x" in repr(J)


def test_letters_of_clauses_mean_one_thing() -> None:
    """No clause has the letter of an input with an index, nor the d of derivatives."""

    def f(u1, v_max):
        y = u1 * v_max
        for _ in range(2):
            y = torch.sin(y * torch.exp(u1 + y)) * torch.tanh(y + v_max)
        return y

    J = jacmagic.jacobian(f, at(0.3, 0.7).unbind())
    letters = {str(clause.symbol).partition("_")[0] for clause in J.reading.clauses}
    assert letters and not letters & {"u", "v", "d", "e", "i"}


# ── blocks ────────────────────────────────────────────────────────────────────────────────────


def motion(x, u):
    """Return the motion model of a filter, and a measurement."""
    return torch.stack([x[0] + u[0] * torch.cos(x[1]), x[1] + u[1]]), x[0] * u


def of_motion(**view) -> Jacobian:
    """Return its Jacobian: two outputs and two inputs of two components."""
    return jacmagic.jacobian(motion, (at(1.0, 0.2), at(0.5, 0.1))).shown(**view)


def test_lines_divide_matrices_by_input_and_output() -> None:
    """In LaTeX an array with | and a line; the left-hand side names the blocks by inputs."""
    J = of_motion()
    block = r"\left[ \begin{array}{c|c} \frac{\partial \mathrm{motion}}{\partial x} & "
    assert block in J.derivation.head
    for matrix in J.derivation.links:
        assert matrix.startswith(r"\left[ \begin{array}{cc|cc} ") and matrix.count(r"\hline") == 1
        assert [r"\hline" in row for row in matrix.split(r"\\[1ex]")] == [False, False, True, False]
    assert J.to_latex().count(r"\begin{array}{cc|cc}") >= len(J.derivation.links) - 1  # one is wide
    assert r"\begin{array}{cc|cc}" in of_motion(layout="denominator").to_latex()


def test_lines_are_in_html_and_in_text() -> None:
    """The same lines in the page's matrices and tables, and in a terminal."""
    html = of_motion()._repr_mimebundle_(include={"text/html"})["text/html"]
    html = re.sub("<annotation.*?</annotation>", "", html, flags=re.DOTALL)  # the copy in LaTeX
    links = len(of_motion().derivation.links)
    assert html.count('columnlines="solid"') == 4 * links + 1
    assert html.count('rowlines="solid"') == 4 * links
    assert "mtd[columnlines]" in html and r"\hline" not in html and "array" not in html
    lines = repr(of_motion()).splitlines()
    table = next(k for k, line in enumerate(lines) if "⎡" in line)
    assert all("│" in line or "┼" in line for line in lines[table : table + 5])
    assert lines[table + 2].count("┼") == 1
    assert len({line.index("┼" if "┼" in line else "│") for line in lines[table : table + 5]}) == 1


def test_single_blocks_have_no_lines() -> None:
    """One input and one output, or numbers alone, are plain matrices."""
    for J in (
        jacmagic.jacobian(torch.sin, at(1.0, 2.0)),
        jacmagic.jacobian(lambda x, y: (x * y, x), at(1.0, 2.0).unbind()),
    ):
        assert "array" not in J.to_latex() and "│" not in repr(J).partition("closed form")[0]


def test_mathml_of_divided_matrices_is_well_formed() -> None:
    """Cases within a cell have lines of their own environment only."""
    cases = r"\begin{cases} 1 & \text{for}\: x > 0 \\0 & \text{otherwise} \end{cases}"
    source = latex.matrix([["a", cases], ["b", "c"]], [1], [1])
    mathml = to_mathml(source)
    assert mathml.count('columnlines="solid"') == 2 and mathml.count('rowlines="solid"') == 2
    assert ">[<" not in mathml and ">[<" in to_mathml(source, display=False)
    assert extent(source) == extent(latex.matrix([["a", cases], ["b", "c"]]))


def test_the_root_of_two_pi_keeps_its_notation() -> None:
    """√(2π) of the normal density is typeset as a root, in all links of the derivation."""
    J = jacmagic.jacobian(
        lambda x: torch.exp(-(x**2) / 2) / math.sqrt(2 * math.pi),
        torch.tensor(0.3, dtype=torch.float64),
    )
    for link in (J.derivation.closed_form, J.derivation.substituted):
        assert r"\sqrt{2 \pi}" in link


def test_products_in_a_terminal_are_those_of_sympy() -> None:
    """Fractions, roots, powers of e and numbers stand where `sympy.pretty` puts them."""
    x, y, a = sympy.symbols("x y a", positive=True)
    half = sympy.Rational(1, 2)
    products = [
        x * y, -x, 3 * x / y, -half * x**2, x / (2 * sympy.sqrt(y)), 1 / (x * y), x * sympy.exp(-x),
        5 * x * sympy.exp(-half), x**-a * y**-2, 1.5 * sympy.sin(x) / y,
        sympy.Mul(x, 2, y, evaluate=False), sympy.sin(x * y) * sympy.pi / 3,
    ]  # fmt: skip
    for one in products:
        assert pretty(one, {}) == sympy.pretty(one, use_unicode=True)


def test_all_of_a_formula_in_a_terminal_has_the_symbols_names() -> None:
    """Maxima and minima too, which SymPy's printer hands to another."""
    J = jacmagic.jacobian(
        lambda x, y: torch.relu(x) * y * torch.clamp(x, max=y), at(1.0, 2.0).unbind()
    )
    assert "Max(0, x)" in pretty(J.reading.output(0), J.reading.texts)
    assert "a00" not in repr(J) and "a00" not in pretty(J.reading.output(0), J.reading.texts)


# ── long entries ──────────────────────────────────────────────────────────────────────────────


def layer(x):
    """Return the softmax of a layer, whose entries are all longer than a page is wide."""
    W = torch.tensor([[1.0, 2.0], [0.5, -1.0], [0.3, 0.7]], dtype=torch.float64)
    return torch.softmax(torch.tanh(W @ x), 0)


def test_entries_of_one_size_are_named_together() -> None:
    """All are written out below; neither the names nor the values then stand there twice."""
    J = jacmagic.jacobian(layer, at(0.3, -0.2))
    assert J.derivation.link_names == ("definition", "value")
    assert sum(line.startswith(r"\frac{\partial") for line in J.derivation.where) == 6
    assert len(J.derivation.fixed_links) + len(J.templates()) == len(J.derivation.links)


def test_powers_follow_the_symbols_of_a_product() -> None:
    """A factor with a symbol in its exponent stands behind symbols, before sums: n xⁿ⁻¹ (x + 1)."""
    J = jacmagic.jacobian(lambda x, n: x**n, at(0.3, 0.7).unbind())
    assert entry(J) == r"n x^{n - 1}"
    J = jacmagic.jacobian(lambda n, x: 2**x * n * (n + x), at(0.3, 0.7).unbind())
    assert entry(J) == r"2^{x} \left(x + 2 n\right)"
