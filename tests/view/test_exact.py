"""Jacobians at exact points: formulas at π/2 and 1/3, eigenvalues, comparison with torch."""

from __future__ import annotations

import functools
import math
from fractions import Fraction

import numpy as np
import pytest
import sympy
import torch

import jacmagic
from jacmagic import Jacobian, PointError, SizeError
from jacmagic.symbolic.exact_form import eigenvalues, numbered
from jacmagic.symbolic.exact_values import exact_value, read_exactly


def at(*values: float) -> torch.Tensor:
    """Return a number or a vector of float64."""
    return torch.tensor(values if len(values) > 1 else values[0], dtype=torch.float64)


def cart(s, u):
    """Return the derivative of the state of a pole on a cart, θ = 0 hanging."""
    _, x_dot, theta, theta_dot = s
    m_c, m_p, l, g = 1.0, 0.1, 0.5, 9.81  # noqa: E741 - a length
    sn, c = torch.sin(theta), torch.cos(theta)
    v = m_c + m_p * sn**2
    acceleration = (u + m_p * sn * (l * theta_dot**2 + g * c)) / v
    turning = (-u * c - m_p * l * theta_dot**2 * c * sn - (m_c + m_p) * g * sn) / (l * v)
    return torch.stack([x_dot, acceleration, theta_dot, turning])


def polar(r, phi):
    """Return Cartesian coordinates."""
    return r * torch.cos(phi), r * torch.sin(phi)


@functools.cache
def of_cart() -> Jacobian:
    """Return the Jacobian of the cart at a point of no particular kind."""
    return jacmagic.jacobian(cart, (at(0.1, 0.2, 0.3, 0.4), at(1.0)))


def symbol(J: object, name: str) -> sympy.Symbol:
    """Return a symbol of an exact Jacobian by its name."""
    return next(one for one in J.symbols if one.name == name)


# ── the cart-pole ─────────────────────────────────────────────────────────────────────────────


def test_the_cart_pole_upright_is_that_of_textbooks() -> None:
    """The entry is g(m_c + m_p)/(l m_c), the eigenvalues are its roots, torch has the numbers."""
    J = of_cart().exact(s=[0, 0, sympy.pi, 0], u=0)
    g, length, m_c, m_p = (symbol(J, name) for name in ("g", "l", "m_c", "m_p"))
    assert J.matrix[3, 2] == g * (m_c + m_p) / (length * m_c)
    assert J.matrix[1, 2] == g * m_p / m_c and J.matrix[:, 4].tolist()[1] == [1 / m_c]
    assert J.constants == {m_c: 1.0, m_p: 0.1, length: 0.5, g: 9.81}
    root = sympy.sqrt(g * (m_c + m_p) / (length * m_c))
    assert {sympy.simplify(one**2 - root**2) for one in J.eigenvalues if one != 0} == {0}
    assert J.eigenvalues[sympy.Integer(0)] == 2 and sum(J.eigenvalues.values()) == 4
    assert not J.differing and J.largest < 1e-12 and not J.other_branch
    text = repr(J)
    assert "g⋅(m_c + mₚ)" in text and "torch agrees at" in text
    assert "eigenvalues of ∂cart/∂s: λ₁,₂ = ±√(g·(m_c + mₚ)/(m_c·l)), λ₃,₄ = 0" in text


def test_what_is_not_given_stays_symbolic() -> None:
    """With the angle alone, the angular velocity is in the formula."""
    J = of_cart().exact(theta=sympy.pi)
    names = {one.name for one in J.symbols}
    assert "theta_dot" in names and "theta" not in names and "u" not in names
    rate = symbol(J, "theta_dot")
    assert J.matrix[3, 2].has(rate) and not J.differing


def test_forms_are_latex_html_and_text() -> None:
    """All forms hold the matrix, the eigenvalues and the constants; the bundle has them by type."""
    J = of_cart().exact({"theta": "pi", "theta_dot": 0})
    bundle = J._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/latex", "text/html"}
    assert r"\frac{g \left(m_{c} + m_{p}\right)}{m_{c} l}" in J.to_latex()
    assert r"\right|_{\theta = \pi,\, \dot{\theta} = 0}" in bundle["text/latex"]
    assert r"\pm \sqrt{\frac{g \left(m_{c} + m_{p}\right)}{m_{c} l}}" in J.to_latex()
    assert bundle["text/html"].count("<math") >= 7 and "jm-still" in bundle["text/html"]
    assert set(J._repr_mimebundle_(include={"text/plain"})) == {"text/plain"}


def test_constants_may_have_values_too() -> None:
    """A constant of the code is replaced by an exact number."""
    J = of_cart().exact({"theta": "pi", "theta_dot": 0, "u": 0, "g": "981/100", "l": "1/2"})
    assert J.matrix[1, 2] == sympy.Rational(981, 100) * symbol(J, "m_p") / symbol(J, "m_c")
    assert not J.differing


# ── values ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("value", "exact"),
    [
        (0.1, sympy.Rational(1, 10)),
        (3, sympy.Integer(3)),
        (Fraction(1, 3), sympy.Rational(1, 3)),
        (math.pi / 2, sympy.pi / 2),
        ("pi/2", sympy.pi / 2),
        ("-sqrt(2)/2", -sympy.sqrt(2) / 2),
        ("1/3", sympy.Rational(1, 3)),
        ("0.1", sympy.Rational(1, 10)),
        ("2*math.pi", 2 * sympy.pi),
        ("exp(1)", sympy.E),
        ("radians(30)", sympy.pi / 6),
        ("np.array([0, pi])", [0, sympy.pi]),
        ([0.5, "pi", None], [sympy.Rational(1, 2), sympy.pi, None]),
        (at(0.25, 2.0), [sympy.Rational(1, 4), sympy.Integer(2)]),
        (np.float64(0.75), sympy.Rational(3, 4)),
        (sympy.sqrt(3), sympy.sqrt(3)),
    ],
)
def test_values_are_exact(value: object, exact: object) -> None:
    """Numbers as they were typed, fractions, texts, tensors, arrays and SymPy's expressions."""
    assert exact_value(value) == exact


def test_names_in_texts_are_looked_up_or_symbols() -> None:
    """A name has its value in the namespace; one without a value is a symbol."""
    assert read_exactly("h/2", {"h": 0.5}) == sympy.Rational(1, 4)
    assert read_exactly("h/2", {}).free_symbols == {sympy.Symbol("h", real=True)}


@pytest.mark.parametrize(
    "text",
    ["max(1, 2)", "1 +", "__import__('os')", "[1] + [2]", "x if 1 else 2", "True"],
)
def test_texts_are_read_and_never_run(text: str) -> None:
    """What is not a number, sign or known function is refused."""
    with pytest.raises(PointError, match="expected an exact value; found"):
        read_exactly(text, {})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"s": [0, 0, 1]}, r"expected s of shape \(4,\); found a list of 3"),
        ({"v": 1}, r"expected names among s, u, .*m_c.*; found 'v'"),
        ({"u": object()}, "expected an exact value; found object"),
        ({"u": "1/0"}, "found '1/0' .1 / 0 has no value."),
        ({"u": float("nan")}, "expected an exact value; found nan"),
        ({"u": [1]}, r"expected u of shape \(\); found a list of 1"),
    ],
)
def test_mistakes_are_explained(values: dict, message: str) -> None:
    """A wrong shape, an unknown name and a value that is not a number say what to write."""
    with pytest.raises(PointError, match=message):
        of_cart().exact(values)


def test_large_and_refused_forms_are_explained() -> None:
    """Without a closed form, or with too many entries, there is no exact one."""
    with pytest.raises(SizeError, match="at most 400 entries; found 21 × 21"):
        jacmagic.jacobian(lambda x: x**2, torch.ones(21)).exact()
    J = jacmagic.jacobian(torch.special.airy_ai, at(0.5))
    with pytest.raises(PointError, match="expected a closed form"):
        J.exact(x=1)


# ── branches, kinks, singular points ──────────────────────────────────────────────────────────


def test_another_branch_is_named() -> None:
    """The formula is that of the branch which the code takes at the exact point."""
    J = jacmagic.jacobian(lambda x: x**2 if x > 0 else -x, at(2.0))
    there = J.exact(x="-1/2")
    assert there.other_branch and there.matrix == sympy.Matrix([[-1]])
    assert "another branch" in repr(there) and "valid while x ≤ 0" in repr(there)
    here = J.exact(x="1/2")
    assert not here.other_branch and here.matrix == sympy.Matrix([[1]])


def test_a_singular_form_is_named() -> None:
    """0/0 is not a number: the entry is nan in the matrix, and the display says so."""
    J = jacmagic.jacobian(lambda x, y: (torch.sin(x) / x * y, y**2), (at(2.0), at(0.3)))
    there = J.exact(x=0)
    assert there.form.singular == [(0, 0), (0, 1)] and there.matrix[0, 0] is sympy.nan
    assert there.eigenvalues is None and "∂f₁/∂x is nan" in repr(there)


def test_a_kink_is_named() -> None:
    """At a kink the warnings of the numeric result stand below."""
    there = jacmagic.jacobian(lambda x: torch.abs(x) * x[1], at(2.0, 1.0)).exact({"x[0]": 0})
    assert "kink at this point" in repr(there)


def test_a_difference_from_torch_is_named() -> None:
    """Torch's number stands beside a formula that has another one."""
    there = jacmagic.jacobian(lambda x: x.detach() ** 2 * x, at(2.0)).exact(x="1/2")
    assert there.matrix == sympy.Matrix([[sympy.Rational(3, 4)]]) and there.differing == [(0, 0)]
    assert "torch has another number in ∂f/∂x: 0.25" in repr(there)


# ── eigenvalues, layout, Hessian ──────────────────────────────────────────────────────────────


def test_eigenvalues_are_short_or_none() -> None:
    """Pairs are written with ±, multiple ones once, long ones not at all."""
    J = jacmagic.jacobian(lambda x: torch.stack([x[1], -x[0] - 0.5 * x[1]]), at(2.0, 1.0)).exact()
    assert "λ₁,₂ = -1/4 ± √15·i/4" in repr(J)
    a = sympy.Symbol("a", positive=True)
    assert numbered({a: 1, -a: 1, sympy.Integer(0): 2}) == [("1,2", 0, a), ("3,4", 0, None)]
    entries = sympy.symbols("a:16", real=True)
    assert eigenvalues(sympy.Matrix(4, 4, entries), 0.5) is None
    assert eigenvalues(sympy.eye(3), None) == {1: 3}


def test_layout_and_hessian() -> None:
    """The denominator layout is the transpose in print alone; a Hessian has its own name."""
    J = jacmagic.jacobian(polar, (at(2.0), at(1.0)))
    transposed = J.shown(layout="denominator").exact(phi="pi/2")
    assert transposed.matrix == sympy.Matrix([[0, -transposed.symbols[0]], [1, 0]])
    assert r"\begin{bmatrix} 0 & 1 \\[1ex] - r & 0 \end{bmatrix}" in transposed.to_latex()
    H = jacmagic.hessian(lambda x, y: x**3 * y, (at(2.0), at(1.0))).exact(x=Fraction(1, 2))
    assert repr(H).startswith("Hessian of f at x = 1/2, exactly")
    assert str(H.matrix) == "Matrix([[3*y, 3/4], [3/4, 0]])"


def test_sigmoids_have_exact_values() -> None:
    """σ(0) is 1/2."""
    J = jacmagic.jacobian(torch.sigmoid, at(0.7)).exact({"x": 0})
    assert J.matrix == sympy.Matrix([[sympy.Rational(1, 4)]]) and not J.differing


# ── in a shell ────────────────────────────────────────────────────────────────────────────────


def test_values_on_the_line_are_exact(new_shell) -> None:
    """π/2 is π/2, 1/3 a fraction, 0.1 a tenth; names without a value stay symbolic."""
    cell = "r * cos(theta) * k\nr * sin(theta)\n"
    J = new_shell.run_cell_magic("jacobian", "theta=pi/2 r=1/3 --exact --wrt theta,r,k", cell)
    assert str(J.matrix) == "Matrix([[0, -k/3, 0], [1, 0, 0]])"
    J = new_shell.run_cell_magic("jacobian", "theta=0.1 --exact", "theta**2\n")
    assert J.matrix == sympy.Matrix([[sympy.Rational(1, 5)]])


def test_the_option_refuses_what_it_cannot_show(new_shell, capsys) -> None:
    """A value that is not exact gets a caret; compiled results are something else."""
    new_shell.run_cell("%%jacobian x=max(1,2) --exact\nx**2")
    assert "max(1, 2) is not read exactly" in (shown := "".join(capsys.readouterr()))
    assert "^^^^^^^^" in shown
    new_shell.run_cell("%%jacobian x=1 --exact --compile\nx**2")
    assert "write it without --compile" in "".join(capsys.readouterr())
