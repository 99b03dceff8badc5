"""Forms that hold under a condition say so: symmetric matrices, masks, pivots."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from traces import F64, agree, assumptions_of, matrix_at, traced, values_at

import jacmagic
from jacmagic.symbolic.trace import Trace

SYMMETRIC = torch.tensor([[4.0, 1.0], [1.0, 3.0]], dtype=F64)


@pytest.mark.parametrize(
    "function",
    [
        torch.linalg.cholesky,
        torch.linalg.eigvalsh,
        lambda a: torch.linalg.eigh(a).eigenvalues * a[0, 0],
        lambda a: torch.linalg.cholesky_ex(a, upper=True).L,
        lambda a: torch.linalg.cholesky(torch.stack([a, 2 * a])),
    ],
)
def test_a_form_for_symmetric_matrices_assumes_symmetry(function: Callable) -> None:
    """The assumption is recorded, and the evaluator leaves other matrices to torch."""
    J = jacmagic.jacobian(function, SYMMETRIC)
    assert "Eq(" in str(J.assumptions)
    evaluate = J.evaluator()
    for other in ([[5.0, 2.0], [2.0, 3.0]], [[4.0, 1.0], [2.0, 3.0]]):
        point = torch.tensor(other, dtype=F64)
        expected = torch.autograd.functional.jacobian(function, point).reshape(-1, 4)
        torch.testing.assert_close(
            torch.from_numpy(evaluate(*point.reshape(-1).tolist())), expected
        )


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e9])
def test_a_matrix_made_symmetric_assumes_nothing(scale: float) -> None:
    """A product with its own transpose is symmetric by how it is written, at any scale."""
    found = traced(lambda a: torch.linalg.cholesky(a @ a.mT), SYMMETRIC * scale)
    assert assumptions_of(found) == []
    found = traced(lambda a: torch.linalg.eigvalsh((a + a.mT) * a.sum()), SYMMETRIC * scale)
    assert assumptions_of(found) == []


def test_symmetry_up_to_rounding_is_assumed_up_to_rounding() -> None:
    """Entries computed in different ways differ in the last digit; the form still holds."""

    def function(a: Tensor) -> Tensor:
        m = torch.stack([a[0, 0] * 3, a[0, 1] / 3, (a[1, 0] * 7) / 21, a[1, 1] * 3]).reshape(2, 2)
        return torch.linalg.cholesky(m)

    J = jacmagic.jacobian(function, SYMMETRIC)
    assert J.assumptions
    assert J.closed_form.holds_at(SYMMETRIC.reshape(-1).tolist())


MASK = torch.tensor([[True, True, False], [False, False, False], [True, True, True]])


@pytest.mark.parametrize("shape", [(1, 3, 1), (1, 1, 3, 1), (3, 1)])
@pytest.mark.parametrize("kind", ["boolean", "added"])
def test_a_fully_masked_row_weighs_nothing(shape: tuple[int, ...], kind: str) -> None:
    """Attention's softmax has a guard: 0 where everything is masked, in value and derivative."""
    added = torch.zeros(3, 3, dtype=F64).masked_fill(~MASK, float("-inf"))

    def attend(q: Tensor) -> Tensor:
        x = q.reshape(shape)
        return F.scaled_dot_product_attention(
            x, x, x, attn_mask=MASK if kind == "boolean" else added
        ).flatten()

    point = torch.tensor([0.5, 0.2, -0.3], dtype=F64)
    found = agree(attend, point, point + 0.3)
    assert matrix_at(found, *point.tolist())[1].tolist() == [0.0, 0.0, 0.0]
    assert np.isfinite(values_at(found, *point.tolist())).all()


def test_factors_assume_their_pivots_only_where_they_are_used() -> None:
    """A determinant holds everywhere; a solution by the factors of LU where their pivots do."""
    a = torch.tensor(
        [[2.0, 1.0, 0.5, 1], [0.3, 3.0, 0.1, 0], [0.2, 0.4, 1.5, 2], [1.0, 0, 0.2, 5]], dtype=F64
    )
    assert assumptions_of(traced(torch.linalg.det, a)) == []

    def along(x: Tensor) -> Tensor:
        return torch.linalg.lu_solve(*torch.linalg.lu_factor(x), torch.ones_like(x)).trace()

    found = traced(along, a)
    assert isinstance(found, Trace)
    assert assumptions_of(found)
    torch.testing.assert_close(
        torch.tensor(values_at(found, *a.reshape(-1).tolist()), dtype=F64), along(a).reshape(1)
    )
