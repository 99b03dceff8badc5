"""The still form in LaTeX: what a PDF of a notebook shows, and that it compiles."""

from __future__ import annotations

import re

import nbformat
import pytest
import torch
from latex_structure import check
from nbconvert import LatexExporter

import jacmagic
from jacmagic.render.extent import extent, height
from jacmagic.render.page import PAGE_LETTERS, PAGE_LINES
from jacmagic.render.prose import paragraph
from jacmagic.render.wide import parts

F64 = torch.float64


def seed(x1, x2, x3):
    """Three outputs of three inputs."""
    return x1 + x2, x3 * x1, x2**3


def severed(x1, x2):
    """Return a product, cut off from one of its factors, and a kink."""
    return x1 * x2.detach(), torch.relu(x1 - 3)


def of(f, *point):
    """Return the Jacobian of a function at scalars."""
    return jacmagic.jacobian(f, tuple(torch.tensor(float(one), dtype=F64) for one in point))


def latex(J):
    """Return the still form in LaTeX, checked."""
    source = J._repr_mimebundle_()["text/latex"]
    check(source)
    return source


def softmax12():
    """Return a Jacobian whose matrices are cut with dots and too long to be written out."""
    x = torch.linspace(-1, 1, 12, dtype=F64)
    return jacmagic.jacobian(lambda x: torch.softmax(x, 0) * x.sum(), x)


def test_the_point_and_the_verdict_are_sentences():
    """The LaTeX begins with what and where, and ends with the verdict and its cost."""
    source = latex(of(seed, 3, 4, 5))
    assert source.startswith("Jacobian of seed at $x_{1}$ = 3, $x_{2}$ = 4, $x_{3}$ = 5.")
    assert "\n\ntorch agrees with the closed form and finite differences; largest" in source


def test_a_zero_put_in_has_no_sign():
    """Where the formula is −x, the substituted matrix has 0 at x = 0, not − 0."""
    source = latex(of(lambda x, y: -x * y, 0, 4))
    assert r"\begin{bmatrix} - 4 & 0 \end{bmatrix}" in source and "- 0" not in source


def test_warnings_carry_their_causes():
    """A disagreement, its cause and the limits at a kink stand outside of formulas."""
    source = latex(of(severed, 3, 4))
    warnings = re.findall(r"\$\\textbf\{Warning:\}\$ (.*)", source)
    assert len(warnings) == 3
    assert r"$\partial \mathrm{severed}_{1}/\partial x_{2}$: torch 0, closed form 3" in warnings[0]
    assert "leave out .detach()" in warnings[0]
    assert "from the left" in warnings[2]


def test_wide_matrices_are_broken_between_columns():
    """No part of a matrix is wider than a page; together they hold every column once."""
    cells = [[f"a_{{{i}}} + b_{{{j}}} + c" for j in range(9)] for i in range(2)]
    body = r" \\[1ex] ".join(" & ".join(row) for row in cells)
    broken = parts(rf"\begin{{bmatrix}} {body} \end{{bmatrix}}")
    assert len(broken) == 2 and r"\right. \quad \text{(part 1 of 2)}" in broken[0]
    assert broken[1].startswith(r"\left. ") and r"\right]" in broken[1]
    for part in broken:
        check(f"${part}$")
        assert max(map(extent, re.split(r"\\\\\[1ex\]", part))) <= PAGE_LETTERS + 20
    for cell in cells[0]:
        assert sum(part.count(cell) for part in broken) == 1


def test_lines_between_blocks_stay_with_their_columns():
    """A matrix of blocks keeps its lines in every part."""
    row = " & ".join([f"{'x' * 20}"] * 5)
    matrix = rf"\left[ \begin{{array}}{{cc|ccc}} {row} \\[1ex] \hline {row} \end{{array}} \right]"
    first, second = parts(matrix)
    assert r"\begin{array}{cc|c}" in first and r"\begin{array}{cc}" in second
    assert r"\\[1ex] \hline" in first and r"\\[1ex] \hline" in second


def test_a_matrix_that_is_cut_is_followed_by_all_numbers():
    """Tables of at most 40 columns are complete, in parts with their heads."""
    source = latex(softmax12())
    assert all(rf"\partial x_{{{j}}}" in source for j in range(12))
    heads = re.findall(r"\\begin\{array\}\{r\|r+\}\n(.*?) \\\\ \\hline", source)
    assert sum(head.count("partial x") for head in heads) == 12


def test_a_large_matrix_takes_two_pages():
    """Its entries are listed once each, not as four matrices; a matrix form stands for all."""
    x = torch.linspace(-1, 1, 12, dtype=F64)
    J = jacmagic.jacobian(lambda x: x * torch.sin(x.roll(1)) + x.roll(2) ** 2, x)
    source = latex(J)
    assert r"\tfrac{\partial f_{0}}{\partial x_{0}} = \sin" in source and "part 1 of" not in source
    assert source.count("tfrac") == int(J.pattern.sum()) == 36
    assert sum(map(height, source.split("$$")[1::2])) < 2 * PAGE_LINES
    assert "in matrix form" in latex(softmax12()) and "tfrac" not in latex(softmax12())
    long = latex(jacmagic.jacobian(lambda x: torch.sin(x.outer(x)) @ x, x))
    assert re.search(r"\d+ entries of the closed form are left out; see J.formula", long)


def test_sentences_are_escaped():
    """Special characters are set as mathematics; two hyphens are not a dash; names are typeset."""
    shown = paragraph("100 % of a_b {x} cost --wrt x₁⁽²⁾, ∂f₁/∂θ̇ = −0.5 and φ")
    check(shown)
    assert r"100 $\%$ of a$\_$b $\{$x$\}$ cost -$\text{-}$wrt $x_{1}^{(2)}$," in shown
    assert shown.endswith(r"$\partial f_{1}/\partial \dot{\theta}$ = $-0.5$ and $\varphi$.")


@pytest.mark.parametrize("kind", ["map", "field", "matrix"])
def test_pictures_are_drawn_without_a_converter(kind):
    """A picture in LaTeX needs pgf alone; a notebook with one converts without Inkscape."""
    J = of(lambda r, phi: (r * torch.cos(phi), r * torch.sin(phi)), 2, 0.5)
    bundle = J.picture(kind)._repr_mimebundle_()
    check(bundle["text/latex"])
    assert r"\begin{pgfpicture}" in bundle["text/latex"] and "image/svg+xml" not in bundle


def test_a_notebook_converts():
    """nbconvert writes the equations, the sentences and the pictures as they are."""
    J = of(severed, 3, 4)
    shown = [J.shown(steps=True), J.picture(), softmax12(), J.det, J.chain()]
    shown.append(jacmagic.compare(lambda x1, x2: torch.eye(2), severed, (3.0, 4.0)))
    outputs = [
        nbformat.v4.new_output("display_data", data=dict(one._repr_mimebundle_())) for one in shown
    ]
    cell = nbformat.v4.new_code_cell("J", outputs=outputs)
    body, _ = LatexExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    for output in outputs:
        check(output.data["text/latex"])
        assert output.data["text/latex"] in body


@pytest.mark.parametrize(
    ("function", "point", "size"),
    [
        (lambda x: x[:0], torch.ones(2), r"0 \times 2"),
        (lambda x: x.sum() + torch.ones(2), torch.ones(0), r"2 \times 0"),
    ],
)
def test_an_empty_jacobian_is_called_so(function, point, size) -> None:
    """One link with its size, in stills as on the page, and no point where there are no inputs."""
    jacobian = jacmagic.jacobian(function, point)
    empty = rf"\begin{{bmatrix}} \text{{empty: }} {size} \end{{bmatrix}}"
    assert jacobian.derivation.links == jacobian._writer(jacobian.reading).templates() == (empty,)
    assert repr(jacobian).startswith("Jacobian of f at x" if len(point) else "Jacobian of f\n")
