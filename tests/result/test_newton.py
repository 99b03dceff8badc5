"""Newton's method against SciPy's solvers: solutions, orders, and why it ends."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize
import torch

import jacmagic


def number(x: float) -> torch.Tensor:
    return torch.tensor(x, dtype=torch.float64)


def solve(function, *point, **options):
    return jacmagic.jacobian(function, tuple(map(number, point))).newton(**options)


def test_a_root_is_found_with_quadratic_convergence() -> None:
    """√2 to the last digit, in five steps whose order is estimated as 2."""
    found = solve(lambda x: x**2 - 2, 1.0)
    assert found.converged and abs(float(found.x[0]) - np.sqrt(2)) <= 2.3e-16
    assert [round(order) for order in found.orders if np.isfinite(order)] == [2, 2, 2]
    assert "x ← (x**2 + 2)/(2*x)" in repr(found)


def test_a_system_has_the_solution_of_scipy() -> None:
    """Two equations; `.solution` has tensors by name, `.jacobian` is at the solution."""
    found = solve(lambda x, y: (x**2 + y**2 - 4, x * y - 1), 2.0, 0.3)
    expected = scipy.optimize.fsolve(
        lambda z: [z[0] ** 2 + z[1] ** 2 - 4, z[0] * z[1] - 1], [2.0, 0.3]
    )
    np.testing.assert_allclose(found.x, expected)
    assert found.solution["x"] == found.jacobian.point["x"]


def test_a_target_is_reached() -> None:
    """f(x) = target, given as numbers or in the structure of the value."""
    target = (number(1.0), number(2.0))
    found = solve(lambda a, b: (a + b**3, a * b + torch.exp(a)), 0.1, 1.0, target=target)
    assert found.converged
    np.testing.assert_allclose([float(x) for x in found.jacobian.value], [1.0, 2.0])


def test_more_equations_than_unknowns_are_a_least_squares_problem() -> None:
    """Gauss-Newton finds SciPy's least-squares solution and says so."""
    t = torch.linspace(0, 2, 6, dtype=torch.float64)
    data = 3 * torch.exp(-t) + torch.tensor([0.1, -0.2, 0.1, 0.0, -0.1, 0.2])
    found = solve(lambda a, k: a * torch.exp(-k * t), 2.0, 0.3, target=data)
    reference = scipy.optimize.least_squares(
        lambda z: z[0] * np.exp(-z[1] * t.numpy()) - data.numpy(), [2.0, 0.3], xtol=1e-15
    )
    np.testing.assert_allclose(found.x, reference.x, rtol=1e-6)
    assert "Gauss-Newton" in repr(found)


def test_fewer_equations_take_the_shortest_step() -> None:
    """From (3, 4) the circle of radius 1 is reached at the nearest point."""
    found = solve(lambda x, y: x**2 + y**2 - 1, 3.0, 4.0)
    np.testing.assert_allclose(found.x, [0.6, 0.8])


def test_a_hessian_is_solved_for_a_stationary_point() -> None:
    """Rosenbrock's minimum."""
    H = jacmagic.hessian(
        lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2, (number(-1.2), number(1.0))
    )
    np.testing.assert_allclose(H.newton().x, [1.0, 1.0])


@pytest.mark.parametrize(
    ("function", "start", "outcome", "words"),
    [
        (lambda x: x**3 - 2 * x + 2, 0.0, "cycle", "cycle of 2 points"),
        (torch.atan, 1.5, "diverged", "x has grown beyond"),
        (torch.log, 4.0, "diverged", "f is not finite at step 1"),
        (lambda x: x**2 - 1, 0.0, "singular", "rank 0 of 1"),
        (lambda x: x**2, 1.0, "steps", "a multiple root"),
        (lambda x: x**2 + 1, 0.5, "steps", "not converged in 50 steps"),
    ],
)
def test_an_iteration_that_cannot_go_on_says_why(function, start, outcome, words) -> None:
    """Cycles, divergence, singular Jacobians and slow convergence have words of their own."""
    found = solve(function, start)
    assert (found.outcome, words in found.reason) == (outcome, True)
    assert f"⚠ {found.reason}" in repr(found)


def test_linear_convergence_has_order_one() -> None:
    """At a double root each step is half of the one before."""
    orders = [order for order in solve(lambda x: x**2, 1.0).orders if np.isfinite(order)]
    np.testing.assert_allclose(orders, 1.0)


def test_float32_stops_at_its_own_rounding() -> None:
    """The precision of the inputs decides when a step is too small."""
    found = jacmagic.jacobian(lambda x: torch.cos(x) - x, torch.tensor(1.0)).newton()
    assert found.converged and len(found.iterates) <= 5
    assert float(found.x[0]) == pytest.approx(0.7390851, rel=2e-7)


def test_a_tolerance_ends_it_earlier() -> None:
    """A residual norm that is small enough is accepted."""
    found = solve(lambda x: x**2 - 2, 1.0, tolerance=1e-2)
    assert found.converged and len(found.iterates) == 3


def rod(u: torch.Tensor) -> torch.Tensor:
    """Return what flows into each cell of a rod whose ends are at 1."""
    ends = torch.ones(1, dtype=u.dtype)
    return torch.cat([ends, u[:-1]]) - 2 * u + torch.cat([u[1:], ends]) - u**3 / 100


def test_a_sparse_system_is_solved_without_its_dense_matrix() -> None:
    """Of 100 unknowns the steps are those of the dense matrix; 40 000 need no 12 gigabytes."""
    start = torch.linspace(0, 1, 100, dtype=torch.float64)
    sparse = jacmagic.jacobian(rod, start, strategy="sparse").newton()
    dense = jacmagic.jacobian(rod, start, strategy="reverse").newton()
    assert (sparse.reason, len(sparse.iterates)) == (dense.reason, len(dense.iterates))
    np.testing.assert_allclose(sparse.x, dense.x, rtol=1e-12)
    for one, other in zip(sparse.iterates, dense.iterates, strict=True):
        assert other.limit <= one.limit * 1.01
    wide = jacmagic.jacobian(rod, torch.zeros(40_000, dtype=torch.float64)).newton()
    assert wide.converged and "matrix" not in vars(wide.jacobian)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda u: u * u.new_tensor([0.0, *[1.0] * 29]), "singular at step 0: J is singular"),
        (lambda u: u + 0.999999999999999944 * u.roll(1) - 1, "J is singular to rounding"),
    ],
)
def test_a_singular_sparse_jacobian_is_reported(function, reason) -> None:
    """A zero pivot, and a condition number beyond 1/ε."""
    start = torch.linspace(0.1, 1, 30, dtype=torch.float64)
    found = jacmagic.jacobian(function, start, strategy="sparse").newton()
    assert found.outcome == "singular" and found.reason.endswith(reason)


def test_halving_by_chance_is_no_linear_convergence() -> None:
    """x² + 1 has no root: some steps that come back from far away speak of no multiple one."""
    assert solve(lambda x: x**2 + 1, 0.7).reason == "not converged in 50 steps"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "a"}, "a target of 1 numbers; found 'a'"),
        ({"target": None}, "a target of 1 numbers; found None"),
        ({"target": float("nan")}, "a target of 1 numbers; found nan"),
        ({"tolerance": -1.0}, "a tolerance of at least 0; found -1.0"),
        ({"tolerance": float("nan")}, "a tolerance of at least 0; found nan"),
        ({"tolerance": "small"}, "a tolerance of at least 0; found 'small'"),
        ({"max_steps": 2.5}, "at least one step; found 2.5"),
    ],
)
def test_what_no_iteration_can_use_is_refused(options, message) -> None:
    """Options are read before the first step, with words of their own."""
    with pytest.raises(jacmagic.OptionError, match=message):
        solve(torch.sin, 1.0, **options)


def test_wrong_arguments_are_refused() -> None:
    """A target of another size, and no steps at all."""
    with pytest.raises(jacmagic.OptionError, match="a target of 1 numbers; found 2"):
        solve(torch.sin, 1.0, target=torch.ones(2))
    with pytest.raises(jacmagic.OptionError, match="at least one step"):
        solve(torch.sin, 1.0, max_steps=0)
