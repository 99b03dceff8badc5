"""Singular values, rank, condition numbers and determinants against NumPy and hand formulas."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import sympy
import torch

import jacmagic


def number(x: float) -> torch.Tensor:
    return torch.tensor(x, dtype=torch.float64)


def spherical(r, theta, phi):
    return (
        r * torch.sin(theta) * torch.cos(phi),
        r * torch.sin(theta) * torch.sin(phi),
        r * torch.cos(theta),
    )


S = jacmagic.jacobian(spherical, (number(2.0), number(1.0), number(0.5)))
A = torch.tensor([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]], dtype=torch.float64)
TALL = jacmagic.jacobian(lambda x: A.T @ x, torch.ones(2, dtype=torch.float64))


def test_singular_values_are_those_of_numpy() -> None:
    """U diag(s) Vᵀ is the matrix, and each input direction has a positive largest component."""
    left, s, right = S.svd()
    np.testing.assert_allclose(s, np.linalg.svd(S.to_numpy(), compute_uv=False))
    np.testing.assert_allclose((left * s) @ right, S.to_numpy(), atol=1e-14)
    assert all(vector[np.abs(vector).argmax()] > 0 for vector in right)


def test_directions_are_flush_left() -> None:
    """They are words: beside the singular value, and one that is long wraps."""
    assert '<td class="jm-words">θ</td><td class="jm-words">' in S.svd().to_html()


def test_the_rank_ignores_rounding() -> None:
    """A matrix of rank 1 has rank 1, an infinite condition number and a null space."""
    assert (TALL.rank, TALL.svd().condition) == (1, float("inf"))
    null = TALL.svd().null_space
    np.testing.assert_allclose(TALL.to_numpy() @ null, 0, atol=1e-14)
    assert null.shape == (2, 1)
    assert "singular to rounding" in repr(TALL.condition())


def test_relative_condition_numbers_are_x_over_f_times_the_entry() -> None:
    """xⁿ has the relative condition number n; exp(x) has x."""
    J = jacmagic.jacobian(lambda x: (x**5, torch.exp(x)), number(1.7))
    np.testing.assert_allclose(J.condition().relative, [[5.0], [1.7]])
    assert float(S.condition()) == pytest.approx(np.linalg.cond(S.to_numpy()))


def test_the_determinant_has_its_closed_form() -> None:
    """Spherical coordinates have r² sin θ, which is also the number."""
    r, theta, _ = S.symbols
    assert S.det.formula == r**2 * sympy.sin(theta)
    assert S.det == pytest.approx(4 * np.sin(1.0))
    assert "det J = r**2*sin(θ) = 3.366" in repr(S)
    bundle = S.shown(live=False)._repr_mimebundle_()
    assert (
        r"\det \mathbf{J}_{\mathrm{spherical}} = r^{2} \sin {\theta} = 3.366"
        in (bundle["text/latex"])
    )
    assert "<mo movablelimits" in bundle["text/html"]


def test_a_determinant_is_a_float() -> None:
    """It computes, copies and pickles as one."""
    assert S.det * 2 == 2 * float(S.det)
    assert pickle.loads(pickle.dumps(S.det)) == copy.deepcopy(S.det) == S.det


@pytest.mark.parametrize("n", [2, 3, 4, 7])
def test_determinants_of_random_matrices_are_those_of_numpy(n: int) -> None:
    """Also beyond the size that is written in symbols."""
    B = torch.randn(n, n, dtype=torch.float64, generator=torch.Generator().manual_seed(n))
    J = jacmagic.jacobian(lambda x: torch.sin(B @ x), torch.ones(n, dtype=torch.float64))
    assert float(J.det) == pytest.approx(np.linalg.det(J.to_numpy()), rel=1e-12)


def test_only_square_matrices_have_a_determinant() -> None:
    """Others are refused with what to do instead, and show none."""
    with pytest.raises(jacmagic.PointError, match="expected a square Jacobian; found 3 × 2"):
        _ = TALL.det
    assert "det" not in repr(TALL)


def test_a_hessian_has_one_too() -> None:
    """It is called det H."""
    H = jacmagic.hessian(lambda x, y: x**2 * y, (number(1.0), number(2.0)))
    assert "det H = -4*x**2 = -4" in repr(H)


def test_small_constants_are_decimals_in_text() -> None:
    """A factor 1e-12 does not become a fraction of thirteen digits."""
    J = jacmagic.jacobian(lambda a, b: (1e-12 * a * b, b**3), (number(1.0), number(2.0)))
    assert J.det.equation.text == "det J = 3e-12*b**3 = 2.4e-11"


def test_entries_that_are_not_finite_are_named() -> None:
    """Singular values of a matrix with nan are refused, with the entry."""
    J = jacmagic.jacobian(torch.sqrt, number(0.0))
    with pytest.raises(jacmagic.PointError, match=r"∂sqrt/∂.* = inf; see J.why\(0, 0\)"):
        J.svd()


def test_a_determinant_with_steps_is_shown() -> None:
    """floor in the entries, which SymPy evaluates at its own numbers only, is no crash."""
    x = torch.tensor([0.0, 0.0, 0.0022701690733070426], dtype=torch.float64)
    J = jacmagic.jacobian(lambda x: x % (x.abs() + 1), x)
    assert J.det == 1.0 and "det" in repr(J)


def arm(q1, q2, l1=1.0, l2=0.5):
    return l1 * torch.cos(q1) + l2 * torch.cos(q1 + q2), l1 * torch.sin(q1) + l2 * torch.sin(
        q1 + q2
    )


def test_angles_of_sums_are_taken_apart() -> None:
    """A planar arm of two links has l₁ l₂ sin q₂, with the names of its lengths."""
    J = jacmagic.jacobian(arm, (number(0.3), number(0.7)))
    assert J.det.equation.text == "det J = l₁*l₂*sin(q₂) = 0.3221"


def test_a_long_determinant_is_a_number_alone() -> None:
    """What does not fit a line has no closed form, but its number."""
    J = jacmagic.jacobian(
        lambda x: torch.tanh(x) * x.sum(), torch.linspace(0.1, 1, 4, dtype=torch.float64)
    )
    assert J.det.formula is None
    assert float(J.det) == pytest.approx(np.linalg.det(J.to_numpy()))


def test_a_singular_matrix_has_zero_to_rounding() -> None:
    """A softmax's Jacobian has the rows' sum 0: the number is not shown as 1e-18."""
    x = torch.tensor([0.1, 0.7, -0.3], dtype=torch.float64)
    J = jacmagic.jacobian(lambda x: torch.softmax(x, 0), x)
    assert J.det.equation.text.endswith(("= 0 to rounding", "= 0"))


def test_entries_that_cancel_leave_a_determinant_of_zero_to_rounding() -> None:
    """The entries 1 − z² of a normalisation have few digits, and so has what is left of det J."""
    x = torch.tensor([[1.0, 2.0]], dtype=torch.float64)
    J = jacmagic.jacobian(lambda x: torch.nn.functional.layer_norm(x, (2,)), x)
    assert J.det != 0 and J.det.equation.text.endswith("= 0 to rounding")


def test_units_do_not_make_a_determinant_zero() -> None:
    """Columns of picofarads and megavolts leave det J = r V² as exact as any other."""
    J = jacmagic.jacobian(
        lambda r, V: (r * V, V**2 * r),
        (torch.tensor(2e-12).double(), torch.tensor(3e6).double()),
    )
    assert J.det.equation.text.endswith("= 18")
