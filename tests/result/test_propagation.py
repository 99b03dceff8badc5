"""Propagation of uncertainty against hand formulas, Monte Carlo and the GUM's rounding."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import jacmagic
from jacmagic.render.measured import Measured


def number(x: float) -> torch.Tensor:
    return torch.tensor(x, dtype=torch.float64)


def polar(r, theta):
    return r * torch.cos(theta), r * torch.sin(theta)


J = jacmagic.jacobian(polar, (number(2.0), number(0.5)))


def test_the_covariance_is_that_of_the_law_of_propagation() -> None:
    """J Σ Jᵀ with Σ from standard deviations, by name, as a vector and as a matrix."""
    matrix, covariance = J.to_numpy(), np.diag([0.02**2, 0.01**2])
    expected = matrix @ covariance @ matrix.T
    for given in ({"r": 0.02, "theta": 0.01}, [0.02, 0.01], covariance, torch.tensor(covariance)):
        np.testing.assert_allclose(J.propagate(given).covariance, expected, rtol=1e-12, atol=1e-18)


def test_correlated_inputs_agree_with_monte_carlo() -> None:
    """A covariance given by two names changes the result as samples say."""
    found = J.propagate({"r": 0.02, "theta": 0.01, ("r", "theta"): 1.5e-4})
    covariance = np.array([[4e-4, 1.5e-4], [1.5e-4, 1e-4]])
    draws = np.random.default_rng(0).multivariate_normal([2, 0.5], covariance, 400_000)
    samples = np.stack([draws[:, 0] * np.cos(draws[:, 1]), draws[:, 0] * np.sin(draws[:, 1])])
    # a sample variance has the relative standard deviation √(2/N), here 0.0022; four of them
    np.testing.assert_allclose(found.covariance, np.cov(samples), rtol=0.01)
    np.testing.assert_allclose(found.contributions.sum(axis=1), np.diag(found.covariance))


def test_contributions_are_the_squares_of_entry_times_deviation() -> None:
    """Without correlations input j contributes (Jᵢⱼ σⱼ)²; `by_input` sums components."""
    g = jacmagic.jacobian(lambda x, y: x.sum() * y, (torch.tensor([1.0, 2.0]), torch.tensor(3.0)))
    found = g.propagate({"x": [0.1, 0.2], "y": 0.3})
    np.testing.assert_allclose(found.contributions, [[0.09, 0.36, 0.81]], rtol=1e-6)
    np.testing.assert_allclose(found.by_input["x"], [0.45], rtol=1e-6)


def test_a_linear_function_is_propagated_exactly() -> None:
    """Nothing is poor about a linear function, whatever the uncertainty."""
    A = torch.tensor([[1.0, 2.0], [3.0, -1.0]], dtype=torch.float64)
    found = jacmagic.jacobian(lambda x: A @ x, torch.ones(2).double()).propagate([1e3, 1e-3])
    assert found.poor == ()
    np.testing.assert_allclose(found.linearity.deviation, 0, atol=1e-9)


def test_the_second_order_of_a_quadratic_function_is_exact() -> None:
    """x² at 0 has mean σ² and standard deviation √2 σ², x·y at 0 has σ_x σ_y; both are poor."""
    square = jacmagic.jacobian(lambda x: x**2, number(0.0)).propagate(0.3)
    assert square.standard_deviations[0] == 0
    np.testing.assert_allclose(square.linearity.shift, 0.09)
    np.testing.assert_allclose(square.linearity.deviation, np.sqrt(2) * 0.09)
    product = jacmagic.jacobian(lambda x, y: x * y, (number(0.0), number(0.0)))
    found = product.propagate({"x": 0.1, "y": 0.2})
    np.testing.assert_allclose(found.linearity.deviation, 0.02)


def test_a_poor_linearisation_is_named_with_better_numbers() -> None:
    """A second order that changes a digit shown is a warning, else a remark says it was checked."""
    assert "second order changes no digit" in repr(J.propagate({"r": 0.02, "theta": 0.01}))
    text = repr(J.propagate({"theta": 0.2}))
    assert "⚠ polar₁: the linearisation is poor" in text
    wide = jacmagic.jacobian(torch.sqrt, number(1.0)).propagate(2.0)
    assert "not finite one standard deviation away" in repr(wide)


@pytest.mark.parametrize(
    ("value", "uncertainty", "digits", "shown"),
    [
        (2.5149, 0.3021, 2, "2.51 ± 0.30"),
        (2.5149, 0.3021, 1, "2.5 ± 0.3"),
        (1.0, 0.0996, 2, "1.00 ± 0.10"),
        (56789.0, 1234.0, 2, "56800 ± 1200"),
        (-1.5, 0.02, 2, "−1.500 ± 0.020"),
        (1.2346e-9, 2.1e-11, 2, "(1.235 ± 0.021)e-9"),
        (0.0, 1e-10, 2, "(0.0 ± 1.0)e-10"),
        (3.0, 0.0, 2, "3 (exact)"),
    ],
)
def test_a_measured_value_is_written_as_the_gum_asks(value, uncertainty, digits, shown) -> None:
    """The uncertainty has two digits, and the value ends at the same decimal."""
    assert str(Measured(value, uncertainty, digits)) == shown


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"q": 1.0}, "names among"),
        ([0.1, 0.2, 0.3], "2 standard deviations"),
        ({"r": -1.0}, "at least 0"),
        ([[1.0, 2.0], [2.0, 1.0]], "negative eigenvalues"),
        ([[1.0, 0.5], [0.4, 1.0]], "symmetric"),
        ({("r",): 1.0}, "two names"),
        ({"r": 1, "theta": 1, ("r", "theta"): 0.1, ("theta", "r"): 0.2}, "one covariance"),
        ("much", "numbers"),
    ],
)
def test_what_is_no_covariance_is_refused(given, message) -> None:
    """Unknown names, wrong sizes and impossible covariances are refused in one line."""
    with pytest.raises(jacmagic.OptionError, match=message):
        J.propagate(given)


def test_the_report_has_all_three_forms() -> None:
    """Text, LaTeX with the law, and escaped HTML."""
    bundle = J.propagate({"r": 0.02})._repr_mimebundle_()
    assert "σ²(polar₁) = σ(r)**2*cos(θ)**2" in bundle["text/plain"]
    assert r"\sigma_{r}^{2} \cos^{2} {\theta}" in bundle["text/latex"]
    assert "<table>" in bundle["text/html"] and "±" in bundle["text/html"]


@pytest.mark.parametrize("digits", [0, 1.5, "two"])
def test_digits_are_a_number_from_one_on(digits) -> None:
    """Others are refused before anything is shown."""
    with pytest.raises(jacmagic.OptionError, match="digits of at least 1; found"):
        J.propagate(0.1, digits=digits)


def test_an_output_is_exact_only_to_every_order_tried() -> None:
    """x² at 0 has no uncertainty to first order, a constant has none at all."""
    square = jacmagic.jacobian(lambda x: (x**2, 0 * x + 3), number(0.0)).propagate(0.1)
    assert [str(quantity) for quantity in square.measured] == ["0 ± 0", "3 (exact)"]


@pytest.mark.parametrize(
    ("verb", "given"),
    [("propagate", 0.1), ("fim", 1.0), ("svd", None), ("condition", None), ("newton", 9.0)],
)
def test_an_analysis_of_a_contradicted_matrix_says_so(verb, given) -> None:
    """Where torch's numbers are no derivatives of the function, an analysis shows the verdict."""
    cut = jacmagic.jacobian(lambda x: x.detach() * x, number(2.0))
    arguments = () if given is None else (given,)
    assert "⚠ torch is alone" in repr(getattr(cut, verb)(*arguments))
    assert "torch is alone" not in repr(getattr(J, verb)(*arguments))
