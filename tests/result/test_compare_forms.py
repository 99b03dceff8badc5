"""Right Jacobians in the forms that books and NumPy give them, and slips named as in a class."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import jacmagic


def number(*values: float) -> torch.Tensor:
    return torch.tensor(values if len(values) > 1 else values[0], dtype=torch.float64)


def surface(x, y):
    return x * torch.sin(y)


def pieces(x):
    return torch.where(x > 0, x**2, -x)


@pytest.mark.parametrize(
    ("latex", "function", "point"),
    [
        (r"\left[\sin y, x \cos y\right]", surface, (1.3, 0.7)),
        (r"\nabla f = (\sin y,\, x \cos y)", surface, (1.3, 0.7)),
        (r"(\sin y, x \cos y)^T", surface, (1.3, 0.7)),
        (
            r"\begin{cases} 2x, & \text{if } x > 0,\\ -1, & \text{else.}\end{cases}",
            pieces,
            (-0.4,),
        ),
        (r"\psi(x)", torch.lgamma, (2.3,)),
    ],
)
def test_gradients_and_cases_are_read_as_books_write_them(latex, function, point) -> None:
    """A row in brackets with commas, punctuation in cases, the digamma function."""
    comparison = jacmagic.compare(latex, function, tuple(map(number, point)))
    assert comparison.ok, comparison


def test_methods_of_arrays_are_read_in_a_function_for_numpy() -> None:
    """What tensors lack, such as `astype`, does not make the hand-derived entries nan."""
    by_hand = lambda x: np.diag((x > 0).astype(float))  # noqa: E731 short as users write it
    assert jacmagic.compare(by_hand, torch.relu, number(0.3, -0.4)).ok
    wrong = lambda x: np.diag((x < 0).astype(float))  # noqa: E731
    assert len(jacmagic.compare(wrong, torch.relu, number(0.3, -0.4)).wrong) == 2


def test_a_row_is_no_diagonal() -> None:
    """Numbers without a shape may be the diagonal of a square matrix; a written row is one row."""
    point = (number(2.0), number(3.0))
    assert jacmagic.compare([6.0, 12.0], lambda x: x**2 + x * 2, number(2.0, 5.0)).ok
    with pytest.raises(jacmagic.FunctionError, match="2 × 2: outputs by inputs; found an array"):
        jacmagic.compare(
            r"\begin{pmatrix} 2xy & x^2 \end{pmatrix}", lambda x, y: (x**2 * y, x * y), point
        )


def test_powers_of_derivatives_are_named() -> None:
    """(uⁿ)′ written as (u′)ⁿ."""
    found = jacmagic.compare(
        r"\cos^2 x + \cosh x", lambda x: torch.sin(x) ** 2 + torch.sinh(x), number(0.8)
    )
    assert list(found.causes) == ["sin(x)² is differentiated as the power of the derivative"]


def test_the_inverse_tangent_differentiated_as_arcsin_is_named() -> None:
    """1/√(1 − x²) instead of 1/(1 + x²)."""
    found = jacmagic.compare(r"\frac{1}{\sqrt{1-x^2}}", torch.atan, number(0.4))
    assert list(found.causes) == ["atan(x) is differentiated as arcsin, 1/√(1 − u²)"]


def test_a_missing_factor_comes_before_an_entry_elsewhere() -> None:
    """−sin θ for −r sin θ lacks r, although it is minus another entry too."""
    found = jacmagic.compare(
        r"\begin{pmatrix}\cos\theta & -\sin\theta\\ \sin\theta & \cos\theta\end{pmatrix}",
        lambda r, theta: (r * torch.cos(theta), r * torch.sin(theta)),
        (number(2.0), number(0.6)),
    )
    assert list(found.causes) == ["the factor r is missing"]


def test_swapped_rows_have_one_name() -> None:
    """Both rows say the same, in the order of the matrix."""
    found = jacmagic.compare(
        r"\begin{pmatrix}\sin\theta & r\cos\theta\\ \cos\theta & -r\sin\theta\end{pmatrix}",
        lambda r, theta: (r * torch.cos(theta), r * torch.sin(theta)),
        (number(2.0), number(0.6)),
    )
    assert len(found.causes) == 1 and set(found.causes.values()) == {4}


def grows(x):
    return torch.exp(2 * x)


def test_a_function_with_the_values_of_f_may_be_either() -> None:
    """exp(2x) by hand for the derivative of exp(2x) is not called right: `of` has to say it."""
    x = torch.tensor(0.5, dtype=torch.float64)
    by_hand = lambda x: torch.exp(2 * x)  # noqa: E731 as it is written in a call
    with pytest.raises(jacmagic.OptionError, match=r"write of='jacobian' .* of='functions'"):
        jacmagic.assert_jacobian(by_hand, grows, x)
    found = jacmagic.compare(by_hand, grows, x, of="jacobian")
    assert found.causes == {"the inner derivative of exp(2·x) is missing, the factor 2": 1}
    assert jacmagic.compare(by_hand, grows, x, of="functions").ok
    assert jacmagic.compare(torch.exp, torch.exp, x).ok  # its own derivative


def test_a_missing_return_is_named() -> None:
    """None is no number, not a nan that differs."""
    with pytest.raises(jacmagic.FunctionError, match="found NoneType; return a matrix"):
        jacmagic.compare(lambda x: None, grows, torch.tensor(0.5))


def test_a_cause_has_decimals_as_they_are_typed() -> None:
    """9.8 for 9.80665, not 49/5 for 196133/20000."""
    x = torch.tensor(2.0, dtype=torch.float64)
    found = jacmagic.compare(lambda x: 9.8 * x, lambda x: 9.80665 * x**2 / 2, x)
    assert found.causes == {"9.8 where 9.80665 is right": 1}
