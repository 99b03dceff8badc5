"""Fisher information against hand formulas, SciPy's fits, and models that are not identifiable."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize
import torch

import jacmagic

T = torch.linspace(0, 2, 6, dtype=torch.float64)


def number(x: float) -> torch.Tensor:
    return torch.tensor(x, dtype=torch.float64)


def decay(a, k):
    return a * torch.exp(-k * T)


J = jacmagic.jacobian(decay, (number(3.0), number(1.0)))


def test_standard_errors_are_those_of_a_fit() -> None:
    """The inverse information is the covariance that `curve_fit` returns for known errors."""
    data = decay(number(3.0), number(1.0)).numpy()
    _, covariance = scipy.optimize.curve_fit(
        lambda t, a, k: a * np.exp(-k * t),
        T.numpy(),
        data,
        [2.9, 1.1],
        sigma=np.full(6, 0.01),
        absolute_sigma=True,
    )
    found = J.fim(0.01)
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-5)
    np.testing.assert_allclose(found.standard_errors, np.sqrt(np.diag(covariance)), rtol=1e-5)


def test_correlated_observations_use_their_inverse_covariance() -> None:
    """JᵀΣ⁻¹J, with Σ a matrix."""
    sigma = 0.01 * (np.eye(6) + 0.5 * np.ones((6, 6)))
    matrix = J.to_numpy()
    expected = matrix.T @ np.linalg.inv(sigma) @ matrix
    np.testing.assert_allclose(J.fim(sigma).matrix, expected, rtol=1e-10)


def test_estimates_scatter_as_the_bound_says() -> None:
    """Linear least squares on simulated data has the covariance of the bound."""
    A = torch.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], dtype=torch.float64)
    found = jacmagic.jacobian(lambda p: A @ p, torch.ones(2, dtype=torch.float64)).fim(0.1)
    draws = np.random.default_rng(1).normal(0, 0.1, (100_000, 3)) + A.numpy().sum(axis=1)
    fits = np.linalg.lstsq(A.numpy(), draws.T, rcond=None)[0]
    # relative standard deviation √(2/N) = 0.0045 of a sample variance; four of them
    np.testing.assert_allclose(np.cov(fits), found.covariance, rtol=0.02)


def test_parameters_that_compensate_each_other_are_named() -> None:
    """a + b is determined, a − b is not; their errors are infinite, that of k is not."""
    redundant = jacmagic.jacobian(
        lambda a, b, k: (a + b) * torch.exp(-k * T), (number(2.0), number(1.0), number(1.0))
    )
    found = redundant.fim(0.1)
    assert (found.rank, found.collinearity) == (2, float("inf"))
    assert found.identifiable.tolist() == [False, False, True]
    assert found.standard_errors[2] == pytest.approx(J.fim(0.1).standard_errors[1])
    assert "⚠ not identifiable: moving along 0.707 a − 0.707 b" in repr(found)


def test_a_parameter_without_influence_is_not_identifiable() -> None:
    """Its sensitivity is 0 and its direction is the null space."""
    found = jacmagic.jacobian(lambda a, b: a * T + 0 * b, (number(2.0), number(1.0))).fim(0.1)
    assert found.sensitivities[1] == 0 and np.isinf(found.standard_errors[1])
    assert "moving along b changes" in repr(found)


def test_the_collinearity_index_is_that_of_the_normalised_columns() -> None:
    """1/√λ of the smallest eigenvalue; two columns at an angle φ have 1/√(1 − cos φ)."""
    found = jacmagic.jacobian(lambda a, b: (a + b, 0.1 * b), (number(1.0), number(1.0))).fim(1.0)
    cosine = 1 / np.sqrt(1.01)
    assert found.collinearity == pytest.approx(1 / np.sqrt(1 - cosine))
    assert "nearly collinear" in repr(found)


def test_the_information_has_a_closed_form() -> None:
    """Polar coordinates have diag(1, r²)/σ²."""
    polar = jacmagic.jacobian(
        lambda r, t: (r * torch.cos(t), r * torch.sin(t)), (number(2.0), number(0.3))
    )
    assert r"\begin{bmatrix} 1 & 0 \\[1ex] 0 & r^{2} \end{bmatrix}" in polar.fim().to_latex()


def test_observations_need_errors() -> None:
    """A standard deviation of 0, or one that a dict does not give, is refused."""
    with pytest.raises(jacmagic.OptionError, match="an error for every observation"):
        J.fim(0.0)
    with pytest.raises(jacmagic.OptionError, match="found none of"):
        J.fim({"decay[0]": 0.1})
