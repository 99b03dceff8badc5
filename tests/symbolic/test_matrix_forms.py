"""Jacobians as matrices are written: recognised where that is true, and never where it is not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import jacmagic
from jacmagic.render.mathml import to_mathml
from jacmagic.symbolic.matrices.derivative import derivative
from jacmagic.symbolic.matrices.elementwise import ELEMENTWISE, apply
from jacmagic.symbolic.matrices.evaluation import evaluate
from jacmagic.symbolic.matrices.expressions import variable

F = torch.nn.functional
T = r"^{\mathsf{T}}"
A = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 10.0]], dtype=torch.float64)
B = torch.tensor([[1.0, -2.0, 0.5], [0.3, 0.7, -1.1]], dtype=torch.float64)
W1 = torch.linspace(-1, 1, 12, dtype=torch.float64).reshape(4, 3)
W2 = torch.linspace(-2, 1, 8, dtype=torch.float64).reshape(2, 4)
b = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
b1 = torch.tensor([0.1, 0.2, -0.3, 0.4], dtype=torch.float64)
c = 2.5
POINT = torch.tensor([0.3, 0.5, 0.7], dtype=torch.float64)


def network(x):
    """Two layers."""
    z = W1 @ x + b1
    return W2 @ torch.tanh(z)


def residual(x):
    """Return a least-squares loss."""
    r = A @ x - b
    return r @ r


def in_steps(x):
    """In-place arithmetic on a fresh tensor."""
    y = torch.sin(x)
    y *= 2
    y += x
    return y


FORMS = [
    (lambda x: A @ x, "A"),
    (lambda x: A @ x + b, "A"),
    (lambda x: B @ x, "B"),
    (lambda x: b - A @ x, "-A"),
    (lambda x: x @ A, rf"A{T}"),
    (lambda x: A.T @ x, rf"A{T}"),
    (lambda x: x @ A @ x, rf"x{T} \, \left(A + A{T}\right)"),
    (lambda x: x @ x, rf"2 x{T}"),
    (lambda x: b @ x, rf"b{T}"),
    (torch.sin, r"\operatorname{diag}\left(\cos x\right)"),
    (lambda x: x**2, r"2 \operatorname{diag}\left(x\right)"),
    (lambda x: x * x, r"2 \operatorname{diag}\left(x\right)"),
    (lambda x: x * b, r"\operatorname{diag}\left(b\right)"),
    (lambda x: c * x, "c I"),
    (lambda x: x + torch.tanh(x), r"I + \operatorname{diag}\left(1 - \tanh^{2} x\right)"),
    (
        lambda x: x * torch.sin(x),
        r"\operatorname{diag}\left(\sin x + x \odot \cos x\right)",
    ),
    (
        lambda x: torch.softmax(x, 0),
        rf"\operatorname{{diag}}\left(s\right) - s \, s{T}",
    ),
    (
        lambda x: torch.softmax(A @ x, 0),
        rf"\left(\operatorname{{diag}}\left(s\right) - s \, s{T}\right) \, A",
    ),
    (torch.linalg.norm, rf"\frac{{x{T}}}{{\left\| x \right\|}}"),
    (
        lambda x: x / torch.linalg.norm(x),
        r"\frac{I}{\left\| x \right\|} - "
        rf"\frac{{x \, x{T}}}{{\left\| x \right\|^{{3}}}}",
    ),
    (network, r"W_{2} \, \operatorname{diag}\left(1 - \tanh^{2} z\right) \, W_{1}"),
    (residual, rf"2 r{T} \, A"),
    (lambda x: ((A @ x - b) ** 2).sum(), rf"2 \left(A \, x - b\right){T} \, A"),
    (lambda x: torch.linalg.norm(A @ x - b) ** 2, rf"2 \left(A \, x - b\right){T} \, A"),
    (lambda x: x.mean(), rf"\frac{{\mathbf{{1}}{T}}}{{3}}"),
    (lambda x: x - x.mean(), rf"I - \frac{{\mathbf{{1}} \, \mathbf{{1}}{T}}}{{3}}"),
    (lambda x: (x @ x) * x, rf"x{T} x I + 2 x \, x{T}"),
    (
        lambda x: 0.5 * x @ A @ x - b @ x,
        rf"\frac{{x{T} \, \left(A + A{T}\right)}}{{2}} - b{T}",
    ),
    (
        lambda x: A.T @ torch.softmax(A @ x / 3**0.5, 0),
        rf"\frac{{A{T} \, \left(\operatorname{{diag}}\left(s\right) - s \, s{T}\right) \, A}}"
        r"{\sqrt{3}}",
    ),
    (
        lambda x: x / ((x**2).mean() + 1e-6).sqrt(),
        rf"\frac{{I}}{{r}} - \frac{{x \, x{T}}}{{3 r^{{3}}}}",
    ),
    (lambda x: torch.log(x.norm()), rf"\frac{{x{T}}}{{\left\| x \right\|^{{2}}}}"),
    (
        lambda x: torch.exp(-x @ x / 2) / (2 * torch.pi) ** 0.5,
        rf"-\frac{{e^{{-\frac{{x{T} x}}{{2}}}} x{T}}}{{\sqrt{{2 \pi}}}}",
    ),
    (
        lambda x: x @ b / (x.norm() * b.norm()),
        rf"\frac{{b{T}}}{{\left\| x \right\| \left\| b \right\|}} - "
        rf"\frac{{x{T} b x{T}}}{{\left\| x \right\|^{{3}} \left\| b \right\|}}",
    ),
    (lambda x: F.relu(W1 @ x), r"\operatorname{diag}\left([z > 0]\right) \, W_{1}"),
    (in_steps, r"2 \operatorname{diag}\left(\cos x\right) + I"),
]


@pytest.mark.parametrize(("function", "expected"), FORMS)
def test_forms(function, expected) -> None:
    """The form as a textbook has it; LaTeX, MathML and plain text of it exist."""
    J = jacmagic.jacobian(function, POINT, names="x")
    form = J.matrix_form
    assert form is not None
    assert form.latex[0].partition(" = ")[2] == expected
    assert form.latex[0] in J.to_latex()
    assert all(map(to_mathml, (*form.latex, *form.clauses)))
    assert "\\" not in form.text and form.text in repr(J)


def test_layers_are_written_with_their_weights() -> None:
    """A layer is W, a network the product of its layers, each by its number."""
    torch.manual_seed(0)
    layer = torch.nn.Linear(3, 2).double()
    assert jacmagic.jacobian(layer, POINT, names="x").matrix_form.text.endswith("(x) = W")
    stack = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
    form = jacmagic.jacobian(stack.double(), POINT, names="x").matrix_form
    assert form.text == "JSequential(x) = W2 diag(1 − tanh² z) W0\nwith z = W0 x + b0"


def test_large_matrices_have_names_too() -> None:
    """The form does not care for the size of a constant."""
    K = torch.randn(30, 40, dtype=torch.float64)
    J = jacmagic.jacobian(lambda x: K @ x, torch.randn(40, dtype=torch.float64))
    assert J.matrix_form.text.endswith("= K")


def test_several_inputs_have_an_equation_each() -> None:
    """One block for each input; a number gives a column."""
    J = jacmagic.jacobian(lambda x, y: A @ x + torch.sin(y), (POINT, POINT))
    assert J.matrix_form.text.splitlines() == ["∂f/∂x = A", "∂f/∂y = diag(cos y)"]
    J = jacmagic.jacobian(lambda x, t: t * x, (POINT, torch.tensor(2.0, dtype=torch.float64)))
    assert J.matrix_form.text.splitlines() == ["∂f/∂x = t I", "∂f/∂t = x"]


def written_over(x):
    """Change a copy of the matrix before its use."""
    M = A.clone()
    M[0, 0] = 100.0
    return M @ x


def through_a_view(x):
    """Write to a view of the result."""
    y = A @ x
    y[0] = x[1] ** 2
    return y


def behind_torchs_back(x):
    """Write to `.data`, which torch does not count."""
    y = A @ x
    y.data[0] = 7.0
    return y


def by_parts(x):
    """Only a part of the vector."""
    return A[:, :2] @ x[:2]


def turned_round(x):
    """Return a flipped copy looks like the vector itself."""
    return A @ x.flip(0)


def branching(x):
    """One branch only."""
    return A @ x if x[0] > 0 else -(A @ x) * x[0]


NO_FORM = [
    written_over,
    through_a_view,
    behind_torchs_back,
    by_parts,
    turned_round,
    lambda x: torch.stack([x[0] * x[1], x[2]]),
    lambda x: (A @ x).cumsum(0),
    lambda x: torch.outer(x, x),
    lambda x: x[1] * x,
    lambda x: torch.cat([x, x]),
    lambda x: A @ torch.sort(x).values,
    lambda x: torch.diag(x) @ b,
    lambda x: (x[:, None] * A).sum(1),
]


@pytest.mark.parametrize("function", NO_FORM)
def test_no_wrong_form(function) -> None:
    """What is not followed has no matrix form; the entries show all the same."""
    J = jacmagic.jacobian(function, POINT)
    assert J.matrix_form is None
    assert J.formula is not None


def test_a_branch_has_the_form_of_its_side() -> None:
    """The form holds where the formula holds."""
    assert jacmagic.jacobian(branching, POINT).matrix_form.text.endswith("= A")
    assert jacmagic.jacobian(branching, -POINT).matrix_form is None


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_every_function_of_the_table(name: str) -> None:
    """The derivative of each, as a matrix, against difference quotients."""
    x = variable("x", (3,))
    made = apply(name, x)
    slope = derivative(made, "x")
    assert slope is not None
    point, h = np.array([0.3, 0.5, 0.7]), 1e-6
    columns = [
        (evaluate(made, {"x": point + h * u}) - evaluate(made, {"x": point - h * u})) / (2 * h)
        for u in np.eye(3)
    ]
    np.testing.assert_allclose(evaluate(slope, {"x": point}), np.stack(columns, 1), atol=1e-7)


def test_matrices_and_short_vectors_are_left_to_the_entries() -> None:
    """Inputs of three axes, functions of matrices element by element and numbers have none."""
    assert jacmagic.jacobian(lambda X: X.sum(0) @ b, A[None]).matrix_form is None
    assert jacmagic.jacobian(torch.sin, A).matrix_form is None
    assert jacmagic.jacobian(lambda x: x**2, POINT[0]).matrix_form is None


def test_loops_that_double_an_expression_are_left_to_the_entries() -> None:
    """y + y sin x written out doubles with each step; what is shown ends in time."""

    def repeated(x):
        y = x
        for _ in range(120):
            y = y + torch.sin(x) * y
        return y

    for point in (POINT, POINT[0]):
        J = jacmagic.jacobian(repeated, point)
        assert J.matrix_form is None
        assert "torch agrees" in str(J)


def test_the_unit_matrix_of_one_row_is_one() -> None:
    """Of a number by a number no I is left."""
    bias = torch.tensor(0.3, dtype=torch.float64)
    form = jacmagic.jacobian(lambda w, b: torch.tanh(w @ POINT + b), (POINT, bias)).matrix_form
    assert form is not None and not form.text.split("\n")[1].endswith("I")


def test_a_fraction_is_transposed_in_brackets() -> None:
    """1/x² transposed is not 1 over the transpose of x²."""
    J = jacmagic.jacobian(lambda x: 2 / (1 / x).sum(), torch.tensor([0.4, 0.3]))
    (shown,) = J.matrix_form.latex
    assert r"2 \left(\frac{1}{x^{2}}\right)^{\mathsf{T}}" in shown
