"""Implicit functions against explicit solutions and finite differences of them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import scipy.optimize
import sympy
import torch

import jacmagic


def circle(x, y):
    return x**2 + y**2 - 25


def kepler(mean, e, E):
    return E - e * torch.sin(E) - mean


def test_the_derivative_is_that_of_the_theorem() -> None:
    """−F_y⁻¹ F_x of a circle is −x/y, as number, formula, text and LaTeX."""
    J = jacmagic.implicit(circle, 3.0, 4.0)
    x, y = sympy.symbols("x y", real=True)
    assert (J.matrix.tolist(), J.formula) == ([[-0.75]], sympy.Matrix([[-x / y]]))
    assert "∂y/∂x = -x/y" in repr(J) and "F(x, y) = 0 holds at y = 4" in repr(J)
    assert r"\left( \frac{\partial F}{\partial y} \right)^{-1}" in J.to_latex()
    assert J.agreement.verdict == "agree"  # finite differences solve the equation again


def test_a_guess_is_solved_first() -> None:
    """Newton's method finds y, a note says so, and `.value` is the solution."""
    J = jacmagic.implicit(kepler, (1.0, 0.3), 1.0)
    expected = scipy.optimize.brentq(lambda E: E - 0.3 * np.sin(E) - 1, 0, 3, xtol=1e-15)
    assert float(J.value) == pytest.approx(expected, rel=1e-14)
    slope = 1 - 0.3 * np.cos(expected)
    np.testing.assert_allclose(J.to_numpy(), [[1 / slope, np.sin(expected) / slope]])
    assert "solved for E = 1.288 by 4 Newton steps" in repr(J)


def test_it_is_solved_again_at_another_point() -> None:
    """`.at` moves x; the formula stays."""
    J = jacmagic.implicit(circle, 3.0, 4.0)
    moved = J.at(x=4.0)
    assert type(moved) is type(J)
    np.testing.assert_allclose(moved.to_numpy(), [[-4 / 3]])
    assert (float(moved.value), moved.formula) == (pytest.approx(3.0), J.formula)


def test_systems_have_matrices() -> None:
    """Two equations for a vector, and for two unknowns that have names."""
    start = torch.ones(2, dtype=torch.float64)
    a = torch.tensor([2.0, 0.1], dtype=torch.float64)

    def system(a, u):
        return u[0] ** 2 + u[1] - a[0], u[0] - u[1] ** 2 + a[1]

    J = jacmagic.implicit(system, a, start)
    u = J.value.numpy()
    by_u = np.array([[2 * u[0], 1], [1, -2 * u[1]]])
    np.testing.assert_allclose(J.to_numpy(), -np.linalg.solve(by_u, [[-1, 0], [0, 1]]))
    named = jacmagic.implicit(lambda p, x, y: (x + y - p, x * y - 1), 3.0, (2.0, 0.3))
    assert named.row_labels == ["x", "y"]
    assert "∂x/∂p = x/(x - y)" in repr(named)


def test_verbs_of_a_jacobian_work_on_it() -> None:
    """Propagation and products take the solution's derivative."""
    J = jacmagic.implicit(kepler, (1.0, 0.3), 1.0)
    u = J.propagate({"mean": 0.01}).standard_deviations
    np.testing.assert_allclose(u, abs(J.to_numpy()[0, 0]) * 0.01)
    v = (torch.tensor(1.0, dtype=torch.float64), torch.tensor(0.0, dtype=torch.float64))
    assert float(J.jvp(v)) == pytest.approx(J.to_numpy()[0, 0])


def test_it_displays_everywhere() -> None:
    """HTML and LaTeX hold the theorem; the widget's traits are made."""
    J = jacmagic.implicit(circle, 3.0, 4.0)
    bundle = J.shown(live=False)._repr_mimebundle_()
    assert "in matrix form" in bundle["text/html"] and r"\frac{x}{y}" in bundle["text/latex"]
    explorer = J.explore()
    explorer.sliders[0].value = 4.0
    np.testing.assert_allclose(explorer.jacobian.to_numpy(), [[-4 / 3]])


@pytest.mark.parametrize(
    ("equations", "x", "y", "message"),
    [
        (circle, 5.0, 0.0, r"invertible ∂F/∂y; found rank 0 of 1 at y = 0"),
        (lambda x, y: x**2 + y**2 + 1, 1.0, 1.0, "write a y nearer a solution"),
        (lambda x, y: (x, y), 1.0, 1.0, "as many equations as unknowns in y; found 2"),
    ],
)
def test_what_defines_no_function_is_refused(equations, x, y, message) -> None:
    """A fold, equations without a solution, and too many of them."""
    with pytest.raises(jacmagic.FunctionError, match=message):
        jacmagic.implicit(equations, x, y)


def test_values_are_tensors_or_numbers() -> None:
    """A text is refused in one line."""
    with pytest.raises(jacmagic.PointError, match="tensors or numbers for y; found str"):
        jacmagic.implicit(circle, 1.0, "four")


def test_it_is_pickled() -> None:
    """Equations of a module travel, and are solved again at the point."""
    again = pickle.loads(pickle.dumps(jacmagic.implicit(circle, 3.0, 4.0).at(x=4.0)))
    np.testing.assert_allclose(again.to_numpy(), [[-4 / 3]])


def test_code_is_written_of_the_equations() -> None:
    """y(x) has no closed form to export; the message names the one of F."""
    J = jacmagic.implicit(circle, 3.0, 4.0)
    with pytest.raises(jacmagic.PointError, match=r"write J\.residual_jacobian\.to_code"):
        J.to_code("c")
    assert "value_and_jacobian_of_circle" in J.residual_jacobian.to_code("c")
