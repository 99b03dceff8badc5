"""The Hessian: torch's numbers and nests, and a form differentiated twice."""

from __future__ import annotations

import pytest
import sympy
import torch
from IPython.core.completer import CompletionContext
from torch.autograd import functional

import jacmagic
from jacmagic.errors import FunctionError, StrictError

F64 = torch.float64


def rosenbrock(x):
    return torch.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def mixed(x, y):
    return (x**2 * y.sum()).sin().sum() * y[0]


def branching(x, y):
    return (x * x.exp()).sum() if x[0] > 0 else (y**3).sum()


POINTS = {
    rosenbrock: (torch.tensor([1.2, 0.7, -0.3], dtype=F64),),
    mixed: (torch.tensor([1.0, 2.0, 0.5], dtype=F64), torch.tensor([0.3, 0.4], dtype=F64)),
    branching: (torch.tensor([1.0, 2.0], dtype=F64), torch.tensor([[0.3], [0.4]], dtype=F64)),
}


@pytest.mark.parametrize("strategy", ["auto", "reverse-mode", "forward-mode", "rows"])
@pytest.mark.parametrize("function", POINTS, ids=lambda function: function.__name__)
def test_blocks_are_those_of_torch(function, strategy):
    """`.blocks` nests as torch's own does, and its numbers and the closed form's are torch's."""
    inputs = POINTS[function]
    expected = functional.hessian(function, inputs)
    found = jacmagic.hessian(function, inputs, strategy=strategy)
    assert [[block.shape for block in row] for row in found.blocks] == [
        [block.shape for block in row] for row in expected
    ]
    for mine, theirs in zip(found.blocks, expected, strict=True):
        for one, other in zip(mine, theirs, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)
    assert found.agreement.verdict == "agree"
    assert found.agreement.sources.formula is not None
    assert found.agreement.sources.differences is not None
    assert found.agreement.warnings == ()


def test_a_bare_tensor_has_a_bare_block():
    """One tensor gives one block of its shape twice; a tuple of one gives a tuple of tuples."""
    x = torch.rand(2, 3, dtype=F64)
    bare = jacmagic.hessian(lambda x: (x**3).sum(), x)
    assert bare.blocks.shape == (2, 3, 2, 3)
    torch.testing.assert_close(bare.blocks, functional.hessian(lambda x: (x**3).sum(), x))
    (row,) = jacmagic.hessian(lambda x: (x**3).sum(), (x,)).blocks
    assert isinstance(row, tuple) and row[0].shape == (2, 3, 2, 3)


def test_the_closed_form_is_the_second_derivative():
    """Formula, gradient, labels and steps are those of the scalar as it is written."""
    H = jacmagic.hessian(lambda x, y: x**3 * y, (torch.tensor(1.0), torch.tensor(2.0)))
    x, y = H.symbols
    assert H.formula == sympy.Matrix([[6 * x * y, 3 * x**2], [3 * x**2, 0]])
    assert list(H.expressions) == [3 * x**2 * y, x**3]
    assert H.row_labels == H.column_labels == ["x", "y"]
    assert H.steps(0, 1).before == 3 * x**2 * y and H.steps(0, 1).after == 3 * x**2
    assert H.pattern.tolist() == [[True, True], [True, False]]


def test_the_closed_form_is_symmetric_as_written():
    """Of two equal entries both are shown in the shorter form, and the steps end in it."""
    x = torch.tensor([0.2, 0.5, -0.3], dtype=F64)
    H = jacmagic.hessian(lambda x: -torch.log(torch.softmax(x * 2, 0)[0]), x)
    assert H.formula == H.formula.T and H.reading.matrix == H.reading.matrix.T
    assert H.agreement.verdict == "agree"
    assert H.steps(1, 0).after == H.reading.entry(1, 0)


def test_the_chain_begins_with_second_derivatives():
    """H_f = ∂²f/∂xᵢ∂xⱼ = ∂/∂xⱼ of the gradient = closed form = numbers."""
    H = jacmagic.hessian(lambda x, y: x**3 * y, (torch.tensor(1.0), torch.tensor(2.0)))
    chain = H.derivation
    assert chain.head == r"\mathbf{H}_{f}(x, y)"
    assert r"\frac{\partial^{2} f}{\partial {x}^{2}}" in chain.definition
    assert r"\frac{\partial^{2} f}{\partial x \partial y}" in chain.definition
    assert chain.of_expressions is not None
    assert r"\frac{\partial \left( 3 x^{2} y \right)}{\partial y}" in chain.of_expressions
    assert r"6 \cdot 1 \cdot 2" in (chain.substituted or "")
    assert repr(H).startswith("Hessian of f at x = 1, y = 2")
    assert "def gradient_and_hessian_of_f(x, y)" in H.to_code()


def test_another_point_and_another_branch():
    """`.at` moves the scalar along: a new branch is traced there."""
    H = jacmagic.hessian(branching, POINTS[branching])
    assert H.agreement.verdict == "agree"
    moved = H.at(x=torch.tensor([-1.0, 2.0]))
    expected = functional.hessian(branching, tuple(moved.point.values()))
    torch.testing.assert_close(moved.blocks[1][1], expected[1][1])
    assert moved.formula is not None and moved.formula != H.formula
    assert moved.agreement.verdict == "agree"


def test_a_cut_graph_is_reported():
    """Where torch's gradient itself is wrong, the answer says so and names the habit."""
    cut = jacmagic.hessian(lambda x: x.detach() * x, torch.tensor(2.0, dtype=F64))
    assert cut.matrix.item() == 0 and cut.formula == sympy.Matrix([[2]])
    assert cut.agreement.verdict == "disagree"
    assert "leave out .detach()" in str(cut.agreement)
    assert cut.agreement.warnings[0].startswith("the gradient is wrong already: ∂f/∂x: torch 2")


def test_both_sides_of_a_kink_of_the_gradient():
    """Where the gradient has a kink, the Hessian is shown from both sides, by its own name."""
    H = jacmagic.hessian(lambda x: torch.relu(x) ** 2, torch.tensor(0.0, dtype=F64))
    assert "∂²f/∂x² is 0 from the left and 2 from the right; torch takes 0" in repr(H)


@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad=True")
def test_a_bare_number_has_no_closed_form():
    """float() hides a dependence: no formula is claimed, and the differences contradict torch."""
    H = jacmagic.hessian(lambda x: float(x) * x, torch.tensor(2.0, dtype=F64))
    assert H.formula is None and H.refusal is not None and H.refusal.operation == "float()"
    assert H.agreement.verdict == "disagree"


def test_functions_that_keep_state_have_no_closed_form():
    """What differs in every run cannot be confirmed."""
    runs = []

    def count(x):
        runs.append(x)
        return x**2 * len(runs)

    H = jacmagic.hessian(count, torch.tensor(2.0))
    assert "gave other values when it ran again" in str(H.refusal)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (lambda x: 2 * x, r"returns 2 numbers, of shape \(2,\)"),
        (lambda x: (x[0], x[1]), "returns 2"),
    ],
)
def test_more_than_one_number_is_refused(value, found):
    """One line says what came, and what to write."""
    with pytest.raises(FunctionError, match=f"needs a function of one number; f {found}"):
        jacmagic.hessian(value, torch.ones(2))


def test_linear_functions_and_strict_mode():
    """A constant gradient has a Hessian of zeros; strict mode refuses it, as torch does."""
    x = torch.ones(2, dtype=F64)
    assert not jacmagic.hessian(torch.sum, x).matrix.any()
    with pytest.raises(
        RuntimeError, match=r"While computing the hessian, .* input 0 is independent"
    ):
        functional.hessian(torch.sum, x, strict=True)
    with pytest.raises(
        StrictError, match=r"While computing the hessian, .* input 0 is independent"
    ):
        jacmagic.hessian(torch.sum, x, strict=True)


def test_create_graph_gives_third_derivatives():
    """The matrix stays attached to inputs that require gradients."""
    x = torch.tensor([2.0], dtype=F64, requires_grad=True)
    H = jacmagic.hessian(lambda x: (x**4).sum(), x, create_graph=True)
    (third,) = torch.autograd.grad(H.matrix.sum(), x)
    assert third.item() == pytest.approx(24 * 2.0)


@pytest.fixture
def shell(new_shell):
    """Return a shell of our own with the extension loaded."""
    return new_shell


def test_the_magics(shell, capsys):
    """`%%hessian` and `%hessian` take the line of `%%jacobian`; errors draw their own name."""
    cell = shell.run_cell(
        "%%hessian x=1 y=2 -v H\ndef g(x, y): return x**2 * y;", store_history=True
    ).result
    assert cell is None and shell.user_ns["H"].matrix.tolist() == [[4, 2], [2, 0]]
    line = shell.run_cell("%hessian g x=3 y=1 --wrt x --mode forward").result
    assert line.matrix.tolist() == [[2]] and line.cost == "forward mode: 1 pass"
    capsys.readouterr()
    assert shell.run_cell("%hessian g x=1 z=2").result is None
    assert "  %hessian g x=1 z=2\n                 ^" in capsys.readouterr().err
    assert shell.run_cell("%%hessian x=[1, 2]\nx**2").result is None
    assert "a Hessian needs a function of one number" in capsys.readouterr().err


def test_the_line_completes(shell):
    """Names and options of `%%hessian` complete as those of `%%jacobian` do."""
    text = "%%hessian le"
    context = CompletionContext(
        token="le", full_text=f"{text}\ndef f(length):\n    return length**2", cursor_position=12,
        cursor_line=0, limit=None,
    )  # fmt: skip
    (matcher,) = (
        one
        for one in shell.Completer.custom_matchers
        if getattr(one, "matcher_identifier", "") == "jacmagic"
    )
    assert [one.text for one in matcher(context)["completions"]] == ["length="]


def test_unloading_takes_both_magics_away(shell):
    """The shell is left as it was."""
    shell.run_line_magic("unload_ext", "jacmagic")
    assert shell.find_magic("hessian") is None and shell.find_magic("jacobian") is None
    shell.run_line_magic("load_ext", "jacmagic")


def test_the_explorer_follows(shell):
    """A slider moves the Hessian."""
    H = jacmagic.hessian(lambda x: x**4, torch.tensor(1.0, dtype=F64))
    explorer = H.explore()
    assert explorer.view.spec["title"] == "Hessian of f"
    explorer.sliders[0].value = 2.0
    assert explorer.jacobian.matrix.item() == pytest.approx(48)


def test_differences_of_a_wrong_gradient_are_counted_apart() -> None:
    """A Hessian's differences start from torch's gradient: the heading counts them apart."""

    def energy(x):
        return 1.38e-23 * (x[0] ** 2 * x[1].detach() ** 2 + x[1] ** 4)

    verdict = jacmagic.hessian(energy, torch.tensor([1.0, 2.0], dtype=torch.float64)).agreement
    counts = "disagrees with the closed form in 3 entries, and with finite differences in 1."
    assert counts in str(verdict)
    assert verdict.further[1].endswith("finite differences 6.624e-22")
