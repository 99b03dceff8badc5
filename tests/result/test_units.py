"""Ranks, steps and errors do not depend on the units of inputs and outputs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import jacmagic
from jacmagic.result.analysis.arrays import equilibrated


def number(x: float) -> torch.Tensor:
    return torch.tensor(x, dtype=torch.float64)


def test_neither_factor_of_a_product_is_identifiable_in_any_units() -> None:
    """Of 1/(c r) one observation determines c·r alone, in farads and ohms too."""
    information = jacmagic.jacobian(lambda c, r: 1 / (c * r), (number(1e-12), number(5e3))).fim(1e6)
    assert information.rank == 1
    assert np.isinf(information.standard_errors).all()
    np.testing.assert_allclose(information.null_space.T, [[-2e-16, 1.0]])
    assert "moving along −2e-16 c + r changes no observation" in str(information)


@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e12, 1e100])
def test_standard_errors_scale_with_the_units(unit: float) -> None:
    """A line's coefficients have errors in their own units; the correlation has none."""
    t = torch.linspace(0, 1, 20, dtype=torch.float64)
    line = jacmagic.jacobian(lambda a, b: a / unit + b * t, (number(unit), number(2.0)))
    plain = jacmagic.jacobian(lambda a, b: a + b * t, (number(1.0), number(2.0))).fim(0.1)
    found = line.fim(0.1)
    np.testing.assert_allclose(found.standard_errors, plain.standard_errors * [unit, 1])
    np.testing.assert_allclose(found.correlation, plain.correlation)
    assert found.collinearity == pytest.approx(plain.collinearity)


def test_newton_solves_equations_of_very_different_sizes() -> None:
    """Slopes of 1e12 and 1e-12 are not a singular matrix."""

    def equations(x, y):
        return 1e12 * x - 1, 1e-12 * y - 1 + x

    found = jacmagic.jacobian(equations, (number(1e-13), number(5e11))).newton()
    assert found.converged
    np.testing.assert_allclose(found.x, [1e-12, 1e12])


def test_implicit_functions_of_very_different_sizes_have_derivatives() -> None:
    """An invertible slope by u and v stays one in their units; a singular one stays singular."""

    def equations(p, q, u, v):
        return 1e10 * u**2 - p, 1e-12 * v - q

    found = jacmagic.implicit(
        equations, (number(2.0), number(3.0)), (number(1e-5), number(3e12))
    ).matrix
    np.testing.assert_allclose(found, [[np.sqrt(0.5e-10) / 2, 0], [0, 1e12]])
    with pytest.raises(jacmagic.JacmagicError, match="rank 1 of 2"):
        jacmagic.implicit(
            lambda p, u, v: (1e12 * (u + v) - p, 1e-12 * (u + v - p * 1e-12)),
            number(2.0),
            (number(1e-12), number(1e-12)),
        )


def test_scaling_keeps_the_solution_of_each_kind_of_system() -> None:
    """Square, least-squares and shortest solutions are those of NumPy."""
    rng = np.random.default_rng(3)
    for shape in ((3, 3), (5, 2), (2, 5), (1, 1)):
        matrix, right = rng.normal(size=shape), rng.normal(size=shape[0])
        scaled, rows, columns = equilibrated(matrix)
        solution = columns * np.linalg.lstsq(scaled, rows * right)[0]
        np.testing.assert_allclose(solution, np.linalg.lstsq(matrix, right)[0], rtol=1e-10)
    scaled, _, _ = equilibrated(np.array([[0.0, 0.0], [np.inf, 1e-320]]))
    assert not np.isnan(scaled).any()
