"""`compare`: which entries of a hand-derived Jacobian are right, and what went wrong."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy
import torch

import jacmagic

POINT = torch.tensor([1.3, 0.7], dtype=torch.float64)


def spiral(x):
    """Return two outputs of two components."""
    return torch.stack([x[0] * torch.sin(x[1]), x[0] ** 2 * x[1]])


def right(x):
    """Return the Jacobian of `spiral`."""
    return [[torch.sin(x[1]), x[0] * torch.cos(x[1])], [2 * x[0] * x[1], x[0] ** 2]]


def with_numpy(x):
    """Return the same matrix by NumPy."""
    return np.array([[np.sin(x[1]), x[0] * np.cos(x[1])], [2 * x[0] * x[1], x[0] ** 2]])


def of_components(a, b):
    """Return the same matrix, of the components."""
    return torch.stack([torch.stack([b.sin(), a * b.cos()]), torch.stack([2 * a * b, a**2])])


def with_sympy(x):
    """Return the same matrix by SymPy, which takes no tensors."""
    return sympy.Matrix([[sympy.sin(x[1]), x[0] * sympy.cos(x[1])], [2 * x[0] * x[1], x[0] ** 2]])


A, B = sympy.symbols("x_0 x_1")
LATEX = r"J = \begin{pmatrix} \sin x_1 & x_0 \cos x_1 \\ 2 x_0 x_1 & x_0^2 \end{pmatrix}"
FROM_ONE = r"\begin{bmatrix} \sin(x_2) & x_1\cos x_2 \\[1ex] 2x_1 x_2 & x_1^{2} \end{bmatrix}"


@pytest.mark.parametrize(
    "hand",
    [
        right,
        with_numpy,
        of_components,
        lambda x: torch.func.jacrev(spiral)(x),
        lambda x: torch.stack([torch.stack(row) for row in right(x)]).to_sparse(),
        sympy.Matrix([[sympy.sin(B), A * sympy.cos(B)], [2 * A * B, A**2]]),
        [[sympy.sin(B), A * sympy.cos(B)], [2 * A * B, A**2]],
        with_sympy,
        LATEX,
        FROM_ONE,
        torch.func.jacrev(spiral)(POINT),
        [[0.6442, 0.99429], [1.82, 1.69]],
        spiral,
        lambda x: torch.stack([torch.sin(x[1]) * x[0], x[1] * x[0] * x[0]]),
    ],
)  # fmt: skip
def test_a_right_jacobian_of_any_kind_is_equal(hand: Any) -> None:
    """Functions, formulas, numbers, LaTeX and other functions: no entry differs."""
    found = jacmagic.compare(hand, spiral, POINT)
    assert found.ok and not found.doubtful, found
    assert "equal" in found.verdict
    jacmagic.assert_jacobian(hand, spiral, POINT)


def test_equality_is_proved_where_it_can_be() -> None:
    """Entries that SymPy shows to be equal are called proved, others equal at the points."""
    found = jacmagic.compare(
        lambda x: 1 - torch.tanh(x) ** 2, torch.tanh, torch.tensor(0.3, dtype=torch.float64)
    )
    assert found.verdict == "equal: proved symbolically"
    slope = jacmagic.compare(lambda x: math.pi + 0 * x, lambda x: math.pi * x, torch.tensor(1.0))
    assert slope.verdict.startswith("equal")


x, y = (torch.tensor(value, dtype=torch.float64) for value in (1.2, 0.7))


def quotient(x, y):
    return torch.sin(x) / (x**2 + y)


def product(x, y):
    return x**3 * torch.exp(-x * y)


@pytest.mark.parametrize(
    ("hand", "function", "cause"),
    [
        (lambda x, y: [[-y, x]], lambda x, y: x * y, "the other sign"),
        (lambda x, y: [[y / 2, x]], lambda x, y: x * y, "the factor 1/2"),
        (lambda x, y: [[0 * x, x]], lambda x, y: x * y, "0, but the entry is not zero"),
        (
            lambda x, y: [[torch.cos(x * y), x * torch.cos(x * y)]],
            lambda x, y: torch.sin(x * y),
            "the inner derivative of sin(x·y) is missing, the factor y",
        ),
        (
            lambda x, y: [[3 * x**2 * -y * torch.exp(-x * y), -(x**4) * torch.exp(-x * y)]],
            product,
            "as the product of the derivatives",
        ),
        (
            lambda x, y: [
                [
                    (torch.sin(x) * 2 * x - torch.cos(x) * (x**2 + y)) / (x**2 + y) ** 2,
                    -torch.sin(x) / (x**2 + y) ** 2,
                ]
            ],
            quotient,
            "the other sign",
        ),
        (
            lambda x, y: [
                [
                    (torch.cos(x) * (x**2 + y) - torch.sin(x) * 2 * x) / (x**2 + y),
                    -torch.sin(x) / (x**2 + y) ** 2,
                ]
            ],
            quotient,
            "with v instead of v² below",
        ),
        (lambda x, y: [[2 * x, 2 * y]], lambda x, y: x**2 + x * y + y**2, "the term y is missing"),
        (lambda x, y: [[2 * x + x, 1 + 0 * y]], lambda x, y: x**2 + y, "the factor 3/2"),
        (lambda x, y: [[2 * x + y, 1 + 0 * y]], lambda x, y: x**2 + y, "the constant term kept"),
        (
            lambda x, y: [[torch.sin(x), 1 + 0 * y]],
            lambda x, y: torch.sin(x) + y,
            "sin(x) is differentiated with sin instead of cos",
        ),
        (lambda x, y: [[3 * x**3, 1]], lambda x, y: x**3 + y, "with the exponent not lowered"),
        (
            lambda x, y: [[torch.cos(x) * math.pi / 180, 1]],
            lambda x, y: torch.sin(x) + y,
            "the factor π/180: degrees",
        ),
        (
            lambda x, y: [[torch.exp(y) + y, torch.exp(x) * x + x]],
            lambda x, y: x * torch.exp(y) + x * y,
            "x where y is right",
        ),
        (
            lambda x, y: [[1 - x**2, 1]],
            lambda x, y: torch.tanh(x) + y,
            "tanh(x) is differentiated as 1 − u²",
        ),
    ],
)
def test_a_slip_is_named(hand: Callable, function: Callable, cause: str) -> None:
    """The mistake that explains a wrong entry is named in the function's own terms."""
    found = jacmagic.compare(hand, function, (x, y))
    assert not found
    assert any(cause in one.cause for one in found.wrong), found
    assert cause in repr(found)


def test_slips_of_the_whole_matrix_are_named_once() -> None:
    """Transposition, swapped and shifted rows explain all entries together."""
    J = torch.func.jacrev(spiral)
    found = jacmagic.compare(lambda x: J(x).T, spiral, POINT)
    assert found.verdict == "2 of 4 entries differ: the whole matrix is transposed"
    assert jacmagic.compare(lambda x: J(x).flip(0), spiral, POINT).causes == {
        "the rows of spiral₀ and spiral₁ are swapped": 4,
    }
    cubes = lambda x: torch.stack([x[0] * x[1], x[1] ** 2 * x[0], x[0] ** 3 * x[1]])  # noqa: E731
    K = torch.func.jacrev(cubes)
    shifted = jacmagic.compare(lambda x: K(x).roll(-1, 0), cubes, POINT)
    assert all("shifted by one" in one.cause for one in shifted.wrong)


def test_the_transpose_of_a_matrix_that_is_not_square_is_named() -> None:
    """A matrix of n × m is read, and called the transpose."""
    found = jacmagic.compare(lambda x: torch.ones(3, 2), lambda x: x.sum().expand(2), torch.ones(3))
    assert not found.ok
    assert found.verdict == "transposed: expected 2 × 3, outputs by inputs; found 3 × 2"


def cross(a: torch.Tensor) -> torch.Tensor:
    """Return the matrix of a cross product."""
    zero = torch.zeros((), dtype=a.dtype)
    return torch.stack([
        torch.stack([zero, -a[2], a[1]]), torch.stack([a[2], zero, -a[0]]),
        torch.stack([-a[1], a[0], zero]),
    ])  # fmt: skip


def test_the_other_perturbation_of_a_rotation_is_named() -> None:
    """A right Jacobian where the left one is meant differs by a rotation."""
    p = torch.tensor([0.3, -0.5, 0.8], dtype=torch.float64)

    def rotated(v):
        return torch.linalg.matrix_exp(cross(v)) @ p

    truth = torch.func.jacrev(rotated)
    found = jacmagic.compare(lambda v: truth(-v), rotated, torch.tensor([0.2, 0.4, -0.1]).double())
    assert not found.ok
    assert "left against right perturbation" in found.verdict


def test_numbers_are_compared_to_the_digits_that_are_written() -> None:
    """A typed number is equal if it is the right one rounded, and different otherwise."""
    assert jacmagic.compare([[0.64, 0.994], [1.82, 1.69]], spiral, POINT).ok
    wrong = jacmagic.compare([[0.65, 0.994], [1.82, 1.69]], spiral, POINT)
    assert [one.name for one in wrong.wrong] == ["∂spiral₀/∂x₀"]
    assert "compared at this point only" in repr(wrong)


def test_a_formula_that_is_right_at_x_alone_is_found() -> None:
    """Where the numbers agree at x and nowhere else, the entry differs, and it says where."""
    one = torch.tensor(1.0, dtype=torch.float64)
    found = jacmagic.compare(lambda x: 2 * x**2, lambda x: x**2, one)
    assert not found.ok
    assert found.wrong[0].status.value == "equal at x alone"
    assert "is right at x; the numbers shown are those at x = " in repr(found)


def test_a_hand_that_raises_beside_the_point_is_compared_where_it_does_not() -> None:
    """Such points are left out, of a matrix of several rows too."""

    def hand(x: torch.Tensor) -> Any:
        if x[0] < 1:
            raise ValueError("x[0] is to be at least 1")
        return [[2 * x[0], 0], [x[1], x[0]]]

    point = torch.tensor([1.1, 2.0], dtype=torch.float64)
    assert jacmagic.compare(hand, lambda x: torch.stack([x[0] ** 2, x[0] * x[1]]), point).ok


def test_kinks_and_cut_graphs_are_doubts_and_no_accusations() -> None:
    """A one-sided derivative at a kink, and an entry of which torch is not sure, stay open."""
    kink = jacmagic.compare(lambda x: (x >= 0) * 1.0, torch.relu, torch.tensor(0.0).double())
    assert kink.ok and "from the right" in kink.doubtful[0].cause
    cut = jacmagic.compare(lambda x: 2 * x, lambda x: x.detach() * x, torch.tensor(2.0).double())
    assert cut.ok and "in doubt" in cut.verdict and "detach()" in repr(cut)
    with pytest.raises(AssertionError, match="in doubt"):
        jacmagic.assert_jacobian(lambda x: 2 * x, lambda x: x.detach() * x, torch.tensor(2.0))


class Halved(torch.autograd.Function):
    """A square whose backward forgets the 2."""

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x**2 * y

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        return grad * x * y, grad * x**2


def test_a_backward_is_compared_with_its_forward() -> None:
    """The derivative of `forward` alone is the right one."""
    for function in (None, Halved, Halved.apply):
        found = jacmagic.compare(Halved, function, (x, y))
        assert [one.name for one in found.wrong] == ["∂Halved/∂x"]
        assert found.wrong[0].ratio == pytest.approx(0.5)
        assert "the exponent as a factor" in found.wrong[0].cause


def test_blocks_inputs_and_parameters() -> None:
    """Blocks as torch nests them, mappings by input, `wrt`, modules and their parameters."""
    f = lambda a, v: (a * v, v.sum() * a)  # noqa: E731
    point = (torch.tensor(2.0), torch.tensor([1.0, 3.0]))
    blocks = torch.func.jacrev(f, argnums=(0, 1))
    assert jacmagic.compare(lambda a, v: blocks(a, v), f, point).ok
    assert jacmagic.compare(blocks(*point), f, point).ok
    assert jacmagic.compare(lambda a, b: {"a": b, "b": a}, lambda a, b: a * b, (x, y)).ok
    assert jacmagic.compare(lambda a, b: a, lambda a, b: a * b, (x, y), wrt="b").ok
    assert jacmagic.compare(lambda v: [[v[1], v[0]]], lambda a, b: a * b, (x, y)).ok
    net = torch.nn.Linear(2, 2)
    assert jacmagic.compare(lambda v: net.weight, net, torch.ones(2)).ok
    assert jacmagic.compare(lambda v: torch.eye(2), net, torch.ones(2), wrt="bias").ok
    assert jacmagic.compare(net, torch.nn.Sequential(net), torch.ones(2)).ok


def test_wrong_shapes_and_names_are_one_line() -> None:
    """What cannot be read says what was expected and found."""
    with pytest.raises(jacmagic.FunctionError, match=r"expected the Jacobian, 2 × 2.*shape"):
        jacmagic.compare(torch.ones(3, 3), spiral, POINT)
    with pytest.raises(jacmagic.PointError, match=r"expected the variables.*found z"):
        jacmagic.compare(sympy.Symbol("z") * sympy.ones(2, 2), spiral, POINT)
    with pytest.raises(jacmagic.OptionError, match=r"found of=|found 'gradient'"):
        jacmagic.compare(right, spiral, POINT, of="gradient")
    with pytest.raises(jacmagic.FunctionError, match="a function to compare with"):
        jacmagic.compare(right, None, POINT)
    with pytest.raises(ZeroDivisionError, match="division"):
        jacmagic.compare(lambda x: 1 / 0, spiral, POINT)


def test_the_still_forms_are_escaped() -> None:
    """HTML and LaTeX escape what comes from the user; all three say the same."""
    names = {"<b>": torch.tensor(1.0), "a_b": torch.tensor(2.0)}
    found = jacmagic.compare(
        lambda d: {"<b>": d["a_b"], "a_b": -d["<b>"]}, lambda d: d["<b>"] * d["a_b"], names
    )
    bundle = found._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/latex", "text/html"}
    assert "<b>" not in bundle["text/html"] and "&lt;b&gt;" in bundle["text/html"]
    assert "jm-wrong" in bundle["text/html"] and r"\begin{array}" in bundle["text/latex"]
    assert bundle["text/latex"].count(r"\text{the other sign}") == 1
