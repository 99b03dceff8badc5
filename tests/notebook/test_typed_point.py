"""Expressions of constants on the magic's line are shown as they are typed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jacmagic.render.typed import typeset

CELL = "\nimport torch\ndef f(x, y):\n    return x**2 * torch.cos(y)\n"


def jacobian(shell: InteractiveShell, line: str, cell: str = CELL):
    """Return the result of a cell."""
    done = shell.run_cell(f"%%jacobian {line} -q{cell}")
    done.raise_error()
    return done.result


@pytest.mark.parametrize(
    ("source", "text", "latex"),
    [
        ("pi/6", "π/6", r"\frac{\pi}{6}"),
        ("-3*math.pi/4", "-3π/4", r"-\frac{3 \pi}{4}"),
        ("sqrt(2)/2", "√2/2", r"\frac{\sqrt{2}}{2}"),
        ("(1+sqrt(5))/2", "(1 + √5)/2", r"\frac{1 + \sqrt{5}}{2}"),
        ("2*e", "2e", "2 e"),
        ("1/(2*pi)", "1/(2π)", r"\frac{1}{2 \pi}"),
        ("3-(1-pi)", "3 - (1 - π)", r"3 - \left(1 - \pi\right)"),
        ("1e-9*2**-3", "1e-9·2^(-3)", r"1 \cdot 10^{-9} \cdot 2^{-3}"),
        ("log(2)**2", "(ln(2))^2", r"\left(\ln\left(2\right)\right)^{2}"),
        ("exp(-1)", "exp(-1)", "e^{-1}"),
        ("radians(30)", "30°", r"30^{\circ}"),
        ("-273.15", "-273.15", "-273.15"),
    ],
)
def test_expressions_are_typeset(source, text, latex):
    """Constants, roots and fractions are written as in mathematics, in brackets where needed."""
    shown = typeset(ast.parse(source, mode="eval").body)
    assert shown is not None and (shown.text, shown.latex) == (text, latex)


@pytest.mark.parametrize("source", ["3", "-0.5", "a/2", "[1]", "f(2)", "1+" * 20 + "1", "1//2"])
def test_others_are_not_typeset(source):
    """A number alone, other names and operations, and long expressions are left to the number."""
    assert typeset(ast.parse(source, mode="eval").body) is None


def test_the_point_typed_is_the_point_shown(shell: InteractiveShell):
    """Title and substituted numbers say π/6 in every form, until a component moves."""
    J = jacobian(shell, "x=sqrt(2) y=-pi/6")
    at = "at x = √2, y = -π/6"
    forms = J._repr_mimebundle_()
    on_page = at.replace("-", "−").replace(" = ", "\u00a0=\u00a0")
    assert at in forms["text/plain"] and on_page in forms["text/html"]
    assert r"at x = $\sqrt{2}$, y = $-\pi/6$." in forms["text/latex"]
    assert r"2 \cdot \sqrt{2} \cdot \cos {\left(-\frac{\pi}{6}\right)}" in J.derivation.substituted
    assert r"\left(\sqrt{2}\right)^{2}" in J.derivation.substituted
    assert "-(√2)**2*sin(-π/6)" in J.steps(0, 1).text
    moved = J.at(y=0.25)
    assert "at x = √2, y = 0.25" in repr(moved) and r"\cos {0.25}" in moved.derivation.substituted
    assert at in repr(moved.at(y=J.point["y"]))


def test_a_picture_names_the_point_as_it_was_typed(shell: InteractiveShell):
    """The words of a picture say π/4, not 0.7854; other points have their numbers."""
    J = jacobian(shell, "x=2 y=-pi/4", "\nimport torch\ndef f(x, y):\n    return x * y, x + y\n")
    assert "around (x, y) = (2, −π/4)" in J.picture().words[0]
    assert "around (x, y) = (2, 0.5)" in J.at(y=0.5).picture().words[0]


def test_limits_at_a_kink_name_the_point_as_it_was_typed(shell: InteractiveShell):
    """Both limits are for x → π/4, not for x → 0.7854."""
    kink = "\nimport math\ndef f(x):\n    return abs(x - math.pi / 4)\n"
    (left, right) = jacobian(shell, "x=pi/4", kink).derivation.where
    assert r"\lim_{x \uparrow \frac{\pi}{4}}" in left
    assert r"\lim_{x \downarrow \frac{\pi}{4}}" in right


def test_vectors_and_at_are_read_too(shell: InteractiveShell):
    """Components of a list and of `--at` are shown as typed, each by itself."""
    vector = "\ndef g(x):\n    return x**2\n"
    assert "x₀ = π/6, x₁ = 0.7, x₂ = 1/3" in repr(jacobian(shell, "x=[pi/6,0.7,1/3]", vector))
    assert "at x = 1/3, y = 2π" in repr(jacobian(shell, "--at (1/3,2*pi)"))
    assert "at x = 1/3, y = 1" in repr(jacobian(shell, "--at {'x':1/3,'y':1.0}"))


def test_a_user_s_name_is_shown_by_its_number(shell: InteractiveShell):
    """What a name of the user's stands for is not part of the line, a redefined e included."""
    shell.run_cell("a = 0.125; e = 5.0")
    assert "at x = 0.125, y = 10" in repr(jacobian(shell, "x=a y=2*e"))
    shell.run_cell("del e")


def test_the_view_gets_what_was_typed(shell: InteractiveShell, tmp_path: Path):
    """The explorer and the saved page carry the expressions, as text, MathML and source."""
    J = jacobian(shell, "x=(1+sqrt(5))/2 y=0")
    typed = J.explore().view.spec["typed"]
    assert typed.keys() == {"0"} and typed["0"]["source"] == "(1+sqrt(5))/2"
    assert typed["0"]["text"] == "(1 + √5)/2" and "<mfrac>" in typed["0"]["math"]
    assert "(1 + √5)/2" in J.save_html(tmp_path / "page.html").read_text()
