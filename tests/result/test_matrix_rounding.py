"""Algorithms on whole matrices: their rounding is not a fault of any source."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

import jacmagic


def values(x):
    return torch.linalg.svdvals(x.cummax(0).values)


def eigenvalues(x):
    return torch.linalg.eigvalsh(x @ x.T + torch.eye(len(x), dtype=x.dtype))


ILL_CONDITIONED = {
    "no rank": (values, [[0, 0.5, 0.5], [1, 0.5, 0], [0, 0, 0]]),
    "tie": (values, [[-5.8e-6, 0, -7.4e-3], [0, 9.2e-5, -0.39], [0, 0, 0]]),
    "1 beside 378²": (eigenvalues, [[0, 4.4e-4, 4.9e-6], [0, 378.5, 0], [6e-4, 0, 1]]),
    "crossing": (eigenvalues, [[-9.6e-4, 0, -3.2e-4], [0.35, 8289, 0], [0, 0, -0.046]]),
    "crossing far away": (eigenvalues, [[0, 0.04, 9812], [-1.95, 0, 0], [0, 0, 62.3]]),
    "saturation": (eigenvalues, [[4690, 6.7e-6, 3.7e-5], [0, 3.5e-6, -7.5], [3.6, 0, 0]]),
    "almost equal": (eigenvalues, [[0, -675, 0], [0, 8754, 1.4e-4], [-1.4e-5, 0.06, 4.9e-6]]),
}


@pytest.mark.parametrize("power", [-60, 0, 60])
@pytest.mark.parametrize("name", ILL_CONDITIONED)
def test_rounding_of_a_matrix_is_no_disagreement(name, power) -> None:
    """Entries below the rounding of the largest numbers are not contradicted, at any scale."""
    function, rows = ILL_CONDITIONED[name]
    x = torch.tensor(rows, dtype=torch.float64)
    J = jacmagic.jacobian(lambda x: function(x) * 2.0**power, x)
    assert J.agreement.verdict != "disagree", str(J.agreement)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize("algorithm", [torch.linalg.svdvals, torch.linalg.eigvalsh])
def test_a_cut_beside_an_algorithm_is_still_found(algorithm, scale) -> None:
    """A detached factor of a matrix is a difference that no rounding explains."""
    matrix = scale * torch.tensor([[4, 1, 0.5], [1, 3, 0.2], [0.5, 0.2, 1]], dtype=torch.float64)

    def cut(a):
        b = a + a.T.detach()
        return algorithm(b @ b)

    assert jacmagic.jacobian(cut, matrix).agreement.alone == "torch"


def test_a_right_decomposition_agrees() -> None:
    """Of a well-conditioned matrix finite differences confirm every entry."""
    generator = torch.Generator().manual_seed(3)
    matrix = torch.randn(3, 3, generator=generator, dtype=torch.float64)
    assert jacmagic.jacobian(torch.linalg.svdvals, matrix).agreement.verdict == "agree"


def test_the_digits_decide_where_float64_overflows() -> None:
    """Attention scores of 4·10⁷ leave nan in the written form; its branch is the exact one."""

    def attention(x):
        return functional.elu(functional.scaled_dot_product_attention(x, x, x))

    x = torch.tensor([[0, 0], [1, 8065.6]], dtype=torch.float64)
    J = jacmagic.jacobian(attention, x)
    assert J.agreement.verdict == "agree" and J.formula is not None


def test_cuts_before_an_operation_without_a_form_are_named() -> None:
    """Where eigvalsh ends the trace, the detach() on the line before it is the cause."""

    def cut(a):
        b = a + a.T.detach()
        return torch.linalg.eigvalsh(b @ b)

    matrix = torch.tensor([[4, 1, 0.5], [1, 3, 0.2], [0.5, 0.2, 1]], dtype=torch.float64)
    (first, *_) = jacmagic.jacobian(cut, matrix).agreement.disagreements
    line = cut.__code__.co_firstlineno + 1
    assert first.cause == f"detach() in line {line} cuts torch's graph: leave out .detach()."
