"""The result: torch's structure and numbers, the closed form, other points, still forms."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import sympy
import torch
from torch.autograd import functional

import jacmagic
from jacmagic.errors import PointError

F64 = torch.float64


def seed(x1, x2, x3):
    return (x1 + x2, x3 * x1, x2**3)


@pytest.fixture
def worked():
    """Return the worked example at (3, 4, 5)."""
    return jacmagic.jacobian(seed, tuple(torch.tensor(v, dtype=F64) for v in (3, 4, 5)))


def test_worked_example(worked):
    """The seed's Jacobian has the article's numbers, formula and names."""
    assert worked.matrix.tolist() == [[1, 1, 0], [5, 0, 3], [0, 48, 0]]
    x1, x2, x3 = worked.symbols
    assert worked.formula == sympy.Matrix([[1, 1, 0], [x3, 0, x1], [0, 3 * x2**2, 0]])
    assert worked.row_labels == ["f1", "f2", "f3"] or worked.row_labels == [
        "seed1",
        "seed2",
        "seed3",
    ]
    assert worked.column_labels == ["x1", "x2", "x3"]
    assert worked.agreement.verdict == "agree"
    assert worked.pattern.tolist() == [
        [True, True, False],
        [True, False, True],
        [False, True, False],
    ]


def test_blocks_are_torchs_own(worked):
    """`.blocks` has exactly the nested structure of torch's function."""
    point = tuple(torch.tensor(v, dtype=F64) for v in (3, 4, 5))
    expected = functional.jacobian(seed, point)
    assert worked.blocks == expected
    assert isinstance(worked.blocks, tuple) and isinstance(worked.blocks[0], tuple)


def test_single_tensor_in_and_out():
    """One tensor in and one tensor out give one bare block."""
    x = torch.tensor([1.0, 2.0], dtype=F64)
    J = jacmagic.jacobian(lambda x: x.exp(), x)
    assert torch.equal(J.blocks, functional.jacobian(torch.exp, x))


def test_dict_and_dataclass_outputs():
    """Keys and fields name the rows, and `.blocks` keeps the structure."""

    @dataclasses.dataclass
    class State:
        position: torch.Tensor
        speed: torch.Tensor

    x = torch.tensor([1.0, 2.0], dtype=F64)
    J = jacmagic.jacobian(lambda x: {"energy": x @ x, "state": State(x[0], x[1] ** 2)}, x)
    assert J.matrix.tolist() == [[2, 4], [1, 0], [0, 4]]
    assert J.blocks["energy"].tolist() == [2, 4]
    assert J.row_labels[0] == "energy"


def test_another_point(worked, monkeypatch):
    """`.at` recomputes with torch and re-evaluates the formula without tracing again."""
    assert worked.formula is not None

    def never(*_, **__):
        raise AssertionError("traced again")

    monkeypatch.setattr("jacmagic.symbolic.closed_form.trace", never)
    moved = worked.at(x2=5)
    assert moved.matrix[2, 1] == 75
    assert moved.formula == worked.formula
    assert moved.agreement.verdict == "agree"
    assert worked.matrix[2, 1] == 48


def test_another_branch():
    """Beyond a recorded condition the function is traced again, and the formula changes."""

    def branching(x):
        return x**2 if x > 1 else -x

    J = jacmagic.jacobian(branching, torch.tensor(2.0, dtype=F64))
    (x,) = J.symbols
    assert J.formula[0] == 2 * x
    assert [str(condition) for condition, _ in J.assumptions] == ["x > 1"]
    assert J.at(x=0.0).formula[0] == -1
    assert J.at(x=3.0).formula[0] == 2 * x


def test_at_refuses_what_does_not_fit(worked):
    """An unknown name and a wrong shape are refused in one line."""
    with pytest.raises(PointError, match="expected inputs among x1, x2, x3; found 'y'"):
        worked.at(y=1)
    with pytest.raises(PointError, match=r"expected x1 of shape \(\)"):
        worked.at(x1=[1.0, 2.0])


def test_refusal_leaves_the_numbers():
    """Without a closed form the numbers show and the refusal names operation and line."""

    def spectrum(x):
        return torch.fft.fft(x.to(torch.complex128)).abs()

    x = torch.tensor([1.0, 2.0, 4.0], dtype=F64)
    J = jacmagic.jacobian(spectrum, x)
    assert torch.allclose(J.matrix, functional.jacobian(spectrum, x))
    assert J.formula is None or J.agreement.verdict == "agree"
    if J.formula is None:
        assert J.refusal.line == spectrum.__code__.co_firstlineno + 1


def test_random_function_has_no_formula():
    """A function that draws random numbers is not given a formula of one draw."""
    J = jacmagic.jacobian(lambda x: x * torch.rand(()), torch.tensor(1.0, dtype=F64))
    assert J.formula is None
    assert "random" in str(J.refusal)


def test_still_forms(worked):
    """Text, LaTeX and HTML all carry the labels and the numbers."""
    bundle = worked._repr_mimebundle_()
    assert "48" in bundle["text/plain"]
    assert "x₁" in bundle["text/plain"]
    assert "closed form" in bundle["text/plain"]
    assert "3 x_{2}^{2}" in bundle["text/latex"]
    assert "$$\n\\begin{aligned}" in bundle["text/latex"]
    assert "<script" not in bundle["text/html"]
    assert "48" in bundle["text/html"]


def test_names_for_parts_are_written_as_the_form_is():
    """In a terminal, the definitions below a closed form name its symbols with the same letters."""
    x = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    text = repr(jacmagic.jacobian(lambda x: x.std(), x))
    assert "with u = (x₀ + x₁ + x₂)/3" in text
    assert "x_0" not in text and "(x₀ - u)**2" in text


def test_derivation_has_the_seeds_five_links(worked):
    """Definition, derivatives of expressions, closed form, numbers substituted, value."""
    chain = worked.derivation
    assert len(chain.links) == 5
    assert r"\partial x_{1}" in chain.definition
    assert "x_{3} x_{1}" in chain.of_expressions
    assert "3 x_{2}^{2}" in chain.closed_form
    assert r"3 \cdot 4^{2}" in chain.substituted
    assert "48" in chain.value


def test_denominator_layout_transposes(worked):
    """Denominator layout shows the transpose and says so; the data stay."""
    turned = worked.shown(layout="denominator")
    assert "denominator layout" in repr(turned)
    assert turned.matrix.tolist() == worked.matrix.tolist()


def test_exports(worked):
    """NumPy and SymPy get what they understand."""
    assert isinstance(worked.to_numpy(), np.ndarray)
    assert worked.to_sympy() == worked.formula
    assert r"\begin{bmatrix}" in worked.to_latex()


def test_create_graph_keeps_the_graph():
    """With `create_graph` the matrix can be differentiated again."""
    x = torch.tensor([1.0, 2.0], dtype=F64, requires_grad=True)
    J = jacmagic.jacobian(lambda x: x**3, x, create_graph=True)
    (second,) = torch.autograd.grad(J.matrix.sum(), x)
    assert second.tolist() == [6, 12]


def test_printing_functions_print_once(capsys):
    """What the user's function prints is not repeated by further runs."""

    def talking(x):
        print("here")
        return x**2

    J = jacmagic.jacobian(talking, torch.tensor(2.0, dtype=F64), strategy="reverse-mode")
    printed = capsys.readouterr().out.count("here")
    assert J.formula is not None
    assert J.agreement.verdict == "agree"
    assert capsys.readouterr().out == ""
    assert printed >= 1


def test_a_refusal_at_one_point_is_not_the_last_word():
    """Where only the branch taken has no closed form, other points still get theirs."""

    def partly(x):
        return x * torch.rand(()) if x > 1 else x**2

    J = jacmagic.jacobian(partly, torch.tensor(2.0, dtype=F64))
    assert J.formula is None
    assert str(J.at(x=0.5).formula[0]) == "2*x"


def test_bfloat16_is_a_float32_array() -> None:
    """NumPy has no bfloat16: the matrix comes as float32."""
    J = jacmagic.jacobian(lambda x: x**2, torch.tensor([0.5, 0.25], dtype=torch.bfloat16))
    assert J.to_numpy().dtype == np.float32
    np.testing.assert_array_equal(J.to_numpy(), np.diag([1, 0.5]))
    np.testing.assert_array_equal(J.entries.toarray(), J.to_numpy())
