"""Functions that read one triangle of a symmetric matrix, alone and beside other terms."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import linalg

import jacmagic

F64 = torch.float64
SMALL = torch.tensor([[4.0, 1.0], [1.0, 3.0]], dtype=F64)
A = torch.tensor([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]], dtype=F64)
WEIGHTS = torch.arange(9, dtype=F64).reshape(3, 3)


def batched(A):
    return torch.vmap(lambda s: linalg.eigvalsh(s * A))(torch.tensor([1.0, 2.0], dtype=F64)) + A[0]


@pytest.mark.parametrize(
    "function",
    [
        linalg.cholesky,
        linalg.eigvalsh,
        lambda A: linalg.eigh(A)[0],
        lambda A: linalg.eigh(A)[1][:, 0].abs() + A[0],
        lambda A: linalg.det(A) + linalg.eigvalsh(A).sum(),
        lambda A: linalg.det(A) + linalg.eigvalsh(A)[0],
        lambda A: linalg.cholesky(A).sum() + A.sum(),
        lambda A: linalg.cholesky(A).sum() + (A**2 * WEIGHTS[: len(A), : len(A)]).sum(),
        lambda A: linalg.cholesky(A) @ A + A,
        lambda A: linalg.eigvalsh(A, UPLO="U") + A[0],
        lambda A: linalg.eigvalsh(input=A)[0] * A[0, 1] + A[1, 0] ** 2,
        lambda A: linalg.eigvalsh(A @ A.T)[0] + A[0],
        lambda A: np.linalg.eigvalsh(A)[0] + A[0, 1],
        batched,
    ],
)
@pytest.mark.parametrize("at", [SMALL, A])
def test_other_terms_beside_it_change_nothing(function, at):
    """torch's symmetrised derivative is confirmed, whatever stands beside it."""
    found = jacmagic.jacobian(function, at)
    assert found.agreement.verdict == "agree", str(found.agreement)
    assert found.agreement.alone == "" and found.agreement.warnings == ()


def test_where_differences_decide_the_convention_is_named():
    """The reader learns why both entries of a pair have half of what one triangle has."""
    found = jacmagic.jacobian(lambda A: linalg.det(A) + linalg.eigvalsh(A)[0], A)
    assert "reads one triangle of a symmetric matrix" in str(found.agreement)


def test_many_entries_are_checked_along_random_directions():
    """Too many columns for one after the other, and no closed form."""
    big = torch.eye(9, dtype=F64) * torch.arange(1, 10) + 0.1
    found = jacmagic.jacobian(lambda A: linalg.eigvalsh(A)[:2] + A[0, :2], big)
    assert found.agreement.verdict == "agree", str(found.agreement)


class Swapped(torch.autograd.Function):
    """A · W, with the derivative of both entries of every pair exchanged."""

    @staticmethod
    def forward(ctx, A):
        return A * WEIGHTS

    @staticmethod
    def backward(ctx, grad):
        return (grad * WEIGHTS).T


@pytest.mark.parametrize(
    "function",
    [
        lambda A: linalg.det(A.detach()) + linalg.eigvalsh(A)[0],
        lambda A: linalg.cholesky(A).sum() + A.detach().sum(),
        lambda A: linalg.eigvalsh(A)[0] + Swapped.apply(A).sum(),
        lambda A: linalg.eigvalsh(A.detach())[0] + A.sum(),
    ],
)
def test_faults_beside_it_are_found(function):
    """Entries cut or exchanged within a pair are still seen."""
    assert jacmagic.jacobian(function, A).agreement.verdict == "disagree"


@pytest.mark.parametrize("function", [torch.linalg.eigvalsh, torch.linalg.cholesky])
def test_a_matrix_without_symmetry_is_the_cause(function) -> None:
    """What reads one triangle of such a matrix is named, with how to write it."""
    matrix = torch.tensor([[4.0, 1, 0.5], [0.2, 3, 1], [0.1, 0.4, 2]], dtype=torch.float64)
    agreement = jacmagic.jacobian(function, matrix).agreement
    assert agreement.alone == "torch"
    assert "(A + A.mT) / 2" in agreement.disagreements[0].cause
