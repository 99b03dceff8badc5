"""Exact points whose values hold names of the function, and the order in which they are printed."""

from __future__ import annotations

import pytest
import sympy
import torch

import jacmagic
from jacmagic import PointError


def at(value: float) -> torch.Tensor:
    """Return a number of float64."""
    return torch.tensor(value, dtype=torch.float64)


def polar(r, phi):
    """Return Cartesian coordinates."""
    return r * torch.cos(phi), r * torch.sin(phi)


def hunt(prey, predators, alpha=1.1, beta=0.4, delta=0.1, gamma=0.4):
    """Return the growth of two populations."""
    return alpha * prey - beta * prey * predators, delta * prey * predators - gamma * predators


def test_names_in_values_are_those_of_the_function() -> None:
    """At the equilibrium (γ/δ, α/β) the populations oscillate with √(αγ)."""
    J = jacmagic.jacobian(hunt, (at(10.0), at(5.0)))
    there = J.exact(prey="gamma/delta", predators="alpha/beta")
    constants = {one.name: one for one in there.constants}
    alpha, beta, delta, gamma = map(constants.get, ("alpha", "beta", "delta", "gamma"))
    assert there.matrix == sympy.Matrix([[0, -beta * gamma / delta], [alpha * delta / beta, 0]])
    assert set(there.eigenvalues) == {
        sign * sympy.I * sympy.sqrt(alpha * gamma) for sign in (1, -1)
    }
    assert there.jacobian.point["prey"] == pytest.approx(4) and not there.differing
    assert "torch agrees at prey = 4, predators = 2.75" in repr(there)


def test_values_may_refer_to_other_inputs() -> None:
    """An input in a value stays symbolic, or has its own value put in; a circle is refused."""
    J = jacmagic.jacobian(polar, (at(2.0), at(1.0)))
    r, phi = J.symbols
    assert J.exact(r="2*phi").matrix[0, 1] == -2 * phi * sympy.sin(phi)
    assert J.exact(r="2*phi", phi="pi/2").matrix == sympy.Matrix([[0, -sympy.pi], [1, 0]])
    assert J.exact(r="r", phi=0).matrix == sympy.Matrix([[1, 0], [0, r]])
    with pytest.raises(PointError, match=r"circular references; found r = 2\*phi, phi"):
        J.exact(r="2*phi", phi="r/2")


def test_the_order_is_that_of_the_code() -> None:
    """Factors stand in the code's order at an exact point too, and no minus before a bracket."""

    def sphere(r, theta, phi):
        return r * torch.sin(theta) * torch.cos(phi) + 2 * theta, -r - theta

    there = jacmagic.jacobian(sphere, (at(2.0), at(1.0), at(0.3))).exact(r=3)
    assert r"3 \cos {\theta} \cos {\varphi} + 2" in there.to_latex()
    assert r"- 3 \sin {\theta} \sin {\varphi}" in there.to_latex()

    def arm(q1, q2, l1=1.0, l2=0.8):
        return l1 * torch.cos(q1) + l2 * torch.cos(q1 + q2)

    there = jacmagic.jacobian(arm, (at(2.0), at(1.0))).exact(q1="pi/2")
    assert r"\begin{bmatrix} - l_{1} - l_{2} \cos {q_{2}} &" in there.to_latex()
