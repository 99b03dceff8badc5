"""Chains: local Jacobians along the code's variables, their product, names and counts."""

from __future__ import annotations

import pytest
import torch
from corpus import CORPUS, Case
from corpus.composed import COMPOSED
from torch import nn

import jacmagic

F64 = torch.float64


def vector(*numbers: float) -> torch.Tensor:
    """Return a point."""
    return torch.tensor(numbers, dtype=F64)


def chain_of(function, *tensors):
    """Return the chain of a function at a point."""
    return jacmagic.jacobian(function, tensors).chain()


def equations(chain) -> list[str]:
    """Return the equations of a chain's text."""
    return [f"{left} = {right}" for left, right in chain.equations(chain.text_writer)]


@pytest.mark.parametrize("case", COMPOSED, ids=str)
def test_a_composed_function_has_a_chain_with_torchs_numbers(case: Case) -> None:
    """Every composed function is read along its variables, and the factors multiply to torch's."""
    J = jacmagic.jacobian(case.function, case.tensors())
    chain = J.chain()
    assert len(chain.factors) > 1
    torch.testing.assert_close(chain.product, J.matrix, rtol=1e-9, atol=1e-9)
    assert chain.agrees
    moved = J.at(**{name: value * 1.01 for name, value in J.point.items()})
    torch.testing.assert_close(moved.chain().product, moved.matrix, rtol=1e-9, atol=1e-9)
    assert "∂" in repr(chain)


def test_every_function_of_the_corpus_has_a_reading() -> None:
    """Whatever has a closed form is shown whole or factored, within the budget."""
    unread = []
    for case in [*CORPUS[::15], *COMPOSED[::6]]:
        J = jacmagic.jacobian(case.function, case.tensors())
        if J.refusal is not None and J.refusal.reason.startswith("would be"):
            assert J.reads_as_chain
        elif J.refusal is not None and not case.refuses:
            unread.append(case.name)
    assert unread == []


# What it is made of.


def network(x):
    """Evaluate two layers."""
    W = vector(0.1, 0.4, 0.3, -0.5).reshape(2, 2)
    z = W @ x
    h = torch.tanh(z)
    return vector(0.2, -0.3) @ h


def test_a_chain_is_a_product_along_local_variables() -> None:
    """Each factor is the derivative of one variable by the one before."""
    chain = chain_of(network, vector(0.5, -0.3))
    assert equations(chain) == ["df/dx = ∂f/∂h · ∂h/∂z · ∂z/∂x"]
    assert [factor.shape for factor in chain.factors] == [(1, 2), (2, 2), (2, 2)]
    assert str(chain.factors[1].formula) == "Matrix([[1 - h_0**2, 0], [0, 1 - h_1**2]])"
    assert [label.text for label in chain.factors[1].rows] == ["h[0]", "h[1]"]
    assert chain.factors[1].where == (r"h_{0} = \tanh {z_{0}}", r"h_{1} = \tanh {z_{1}}")


def test_a_factor_has_numbers_and_derivations() -> None:
    """The derivation of an entry ends in the number that the matrix holds."""
    factor = chain_of(network, vector(0.5, -0.3)).factors[1]
    step = factor.steps(0, 0)
    assert step.equations[-1].latex.endswith(f"{float(factor.matrix[0, 0]):.4g}")
    with pytest.raises(jacmagic.JacmagicError, match=r"2 × 2 factor ∂h/∂z; found \(2, 0\)"):
        factor.steps(2, 0)


def test_a_skip_connection_is_a_sum() -> None:
    """The identity of a direct path is a term."""

    def block(x):
        h = torch.tanh(vector(0.1, 0.4, 0.3, -0.5).reshape(2, 2) @ x)
        return x + torch.sin(h)

    assert equations(chain_of(block, vector(0.5, -0.3))) == ["df/dx = I + ∂f/∂h · ∂h/∂x"]


def test_a_multiple_of_the_identity_is_written_as_a_number() -> None:
    """c·I is written as c."""

    def step(x, h=0.1):
        k = torch.sin(x) * torch.exp(x)
        return x + h * k

    chain = chain_of(step, vector(0.5, -0.3))
    assert equations(chain) == ["df/dx = I + h · ∂k/∂x"]
    assert [factor.name for factor in chain.factors] == ["∂k/∂x"]


def test_variables_of_a_loop_are_numbered() -> None:
    """A variable that is bound again has a count; turns of the same form are written once."""

    def iterate(x):
        for _ in range(3):
            x = torch.sin(x) * x.sum()
        return x

    chain = chain_of(iterate, vector(0.5, -0.3))
    assert equations(chain) == ["df/dx = ∂f/∂x⁽²⁾ · ∂x⁽²⁾/∂x⁽¹⁾ · ∂x⁽¹⁾/∂x"]
    assert "∂x⁽¹⁾/∂x  (2 × 2): as ∂x⁽²⁾/∂x⁽¹⁾" in repr(chain)
    assert r"x_{0}^{(1)}" in chain.to_latex()


def test_variables_that_are_used_together_are_one_vector() -> None:
    """Sine and cosine of the same angle are a stage of two components."""

    def turned(q, X):
        c, s = torch.cos(3 * q * q + q), torch.sin(3 * q * q + q)
        return torch.stack([c * X[0] - s * X[1], s * X[0] + c * X[1]])

    chain = chain_of(turned, torch.tensor(0.4, dtype=F64), vector(1.0, 2.0))
    assert equations(chain)[0] == "df/dq = ∂f/∂(c, s) · ∂(c, s)/∂q"


def test_helpers_and_layers_give_names() -> None:
    """Helper functions and modules name what they return."""

    def squashed(u):
        return torch.tanh(u) * torch.exp(-u * u)

    def shifted(x):
        return torch.sin(squashed(x) * squashed(x).sum())

    names = [factor.name for factor in chain_of(shifted, vector(0.5, -0.3)).factors]
    assert names == ["∂f/∂squashed", "∂squashed/∂x"]
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).double()
    chain = chain_of(net, vector(0.5, -0.3))
    assert [factor.shape for factor in chain.factors] == [(1, 3), (3, 3), (3, 2)]
    assert all("net." in factor.name or "∂f" in factor.name for factor in chain.factors[:1])


def test_a_shared_derivative_has_an_equation_of_its_own() -> None:
    """What two terms need is defined below them."""

    def field(x):
        return torch.stack([x[1], torch.sin(x[0]) * x[1]])

    def midpoints(x, h=0.1):
        k1 = field(x)
        k2 = field(x + h * k1)
        k3 = field(x + h * k2)
        return x + h * (k1 * k2 + k2 * k3 + k3 * k1)

    lines = equations(chain_of(midpoints, vector(0.5, -0.3)))
    assert len(lines) > 1
    named = [line.split(" = ")[0] for line in lines[1:]]
    assert all(lines[0].count(name) + "".join(lines[1:]).count(name) > 2 for name in named)


# Counts.


def test_reverse_order_is_cheap_for_one_output() -> None:
    """A dense chain of n × n matrices and a row costs n² each in reverse, n³ in forward order."""
    n = 4
    generator = torch.Generator().manual_seed(0)
    A, B = (torch.randn(n, n, dtype=F64, generator=generator) for _ in range(2))

    def quadratic(x):
        u = A @ (x * x)
        v = B @ (u * u)
        return (v * v).sum()

    count = chain_of(quadratic, torch.ones(n, dtype=F64)).multiplications
    assert (count.forward, count.reverse, count.best) == (n**3 + n**2, 2 * n**2, 2 * n**2)


def test_the_best_order_of_a_chain_may_be_neither() -> None:
    """A narrow variable between wide ones is multiplied towards from both ends."""
    generator = torch.Generator().manual_seed(0)
    A, C, D = (
        torch.randn(*shape, dtype=F64, generator=generator) for shape in ((5, 5), (1, 5), (5, 1))
    )

    def waist(x):
        a = A @ (x * x)
        b = C @ (a * a)
        c = D @ (b * b)
        return A @ (c * c)

    count = chain_of(waist, torch.ones(5, dtype=F64)).multiplications
    assert count.best < min(count.forward, count.reverse)


# Display.


def test_a_long_closed_form_is_shown_as_a_chain() -> None:
    """Text, LaTeX and HTML show the factors where the closed form would be too long."""
    case = next(case for case in COMPOSED if case.name == "radial_camera")
    J = jacmagic.jacobian(case.function, case.tensors())
    assert J.reads_as_chain
    assert "∂P/∂R" in repr(J)
    assert r"\frac{\partial P}{\partial R}" in J.to_latex()
    bundle = J.shown(live=False)._repr_mimebundle_()
    assert "jm-factored" in bundle["text/html"]
    assert "symbols if written out, is shown as a chain" in bundle["text/plain"]


def test_a_short_closed_form_is_shown_whole_unless_the_chain_is_asked_for() -> None:
    """The option adds the chain."""

    def squares(x):
        z = x * x
        return z.sum()

    J = jacmagic.jacobian(squares, vector(0.5, -0.3))
    assert not J.reads_as_chain and "∂z/∂x" not in repr(J)
    both = repr(J.shown(chain=True))
    assert "closed form\n[2⋅x₀  2⋅x₁]" in both and "df/dx = ∂f/∂z · ∂z/∂x" in both


def test_a_wide_form_without_a_chain_lists_its_entries() -> None:
    """A row of five quotients, wider than a line: one entry on each."""

    def rate(s, i, vmax, km, ki):
        return vmax * s / (km * (1 + i / ki) + s)

    J = jacmagic.jacobian(rate, tuple(vector(1.0, 0.5, 2.0, 0.7, 0.4)))
    assert "  ∂rate/∂vmax = s*ki/(s*ki + km*(i + ki))" in repr(J).splitlines()


def test_a_form_wider_than_a_terminal_is_shown_as_a_chain_there() -> None:
    """Text has the factors where the matrix is too wide for a line."""
    J = jacmagic.jacobian(network, vector(0.5, -0.3))
    assert "df/dx = ∂f/∂h · ∂h/∂z · ∂z/∂x" in repr(J)
    assert J.derivation.closed_form is not None


def test_a_function_without_a_closed_form_has_no_chain() -> None:
    """The error says why."""
    J = jacmagic.jacobian(lambda x: x * torch.bernoulli(x / x), vector(1.0))
    with pytest.raises(jacmagic.JacmagicError, match="expected a closed form to factor; found"):
        J.chain()


def test_a_hessian_has_a_chain() -> None:
    """The gradient is differentiated along the variables of the function."""
    H = jacmagic.hessian(lambda x: torch.exp(torch.sin(x).sum()), vector(0.5, -0.3))
    chain = H.chain()
    assert chain.agrees
    assert "d∇f/dx = " in repr(chain) and r"\mathrm{d} \nabla f" in chain.to_latex()


def test_names_are_escaped() -> None:
    """Hostile names of outputs reach HTML as text."""
    hostile = "<img src=x>"
    J = jacmagic.jacobian(lambda x: {hostile: torch.sin(x) ** 2}, vector(0.5, -0.3))
    assert "<img" not in J.chain()._repr_html_()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("wrt", ["inputs", "parameters"])
def test_layers_of_a_float32_network_are_the_factors(seed: int, wrt: str) -> None:
    """They have names of words, not "0"; weights rounded to float32 are no other numbers."""
    torch.manual_seed(seed)
    network = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 2))
    shown = repr(jacmagic.jacobian(network, torch.ones(2), wrt=wrt).chain())
    first = "∂layer₀/∂input" if wrt == "inputs" else "∂layer₀/∂W₀"
    assert f" = ∂f/∂layer₁ · ∂layer₁/∂layer₀ · {first}\n" in shown
