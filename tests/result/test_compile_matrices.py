"""Compiled functions with linear algebra of small matrices, against `jacobian()`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, linalg

import jacmagic
from jacmagic.result.compiled import c_compiler

pytestmark = pytest.mark.skipif(c_compiler.c_compiler() is None, reason="needs a C compiler")
DOUBLE = torch.float64


def flat(*parts: Tensor) -> Tensor:
    """Return all components in a row."""
    return torch.cat([part.reshape(-1) for part in parts])


def positive(a: Tensor) -> Tensor:
    """Return positive-definite matrices."""
    return a @ a.mT + 0.5 * torch.eye(a.shape[-1], dtype=a.dtype)


def block(a: Tensor, e: Tensor, other: Tensor) -> Tensor:
    """Return [[a, e], [0, other]]."""
    below = torch.cat([torch.zeros_like(a), other], -1)
    return torch.cat([torch.cat([a, e], -1), below], -2)


def triangular(a: Tensor, b: Tensor) -> Tensor:
    """Solve from both sides, by both triangles."""
    return flat(
        linalg.solve_triangular(a, b, upper=True),
        linalg.solve_triangular(a.mT, b.mT, upper=True, left=False),
        linalg.solve_triangular(a[:1], b, upper=False, unitriangular=True),
    )


def by_factors(a: Tensor, b: Tensor) -> Tensor:
    """Solve by lower, upper and orthogonal factors."""
    upper = linalg.cholesky(positive(a), upper=True)
    solved = torch.cholesky_solve(b, upper, upper=True)
    q, r = linalg.qr(torch.cat([a, a @ a], -2))
    return flat(linalg.cholesky(positive(a)), solved, torch.cholesky_solve(b, upper.mT), q @ r.mT)


def by_lu(a: Tensor, b: Tensor) -> Tensor:
    """Solve with pivots, from both sides, transposed, by one matrix for all right-hand sides."""
    factors = linalg.lu_factor(a)
    return flat(
        linalg.solve(a[0], b),
        linalg.solve(a.mT, b[..., 0]),
        linalg.lu_solve(*factors, b.mT, left=False, adjoint=True),
        linalg.inv(a) @ b,
        linalg.lu(a[0])[2],
    )


def determinants(a: Tensor, b: Tensor) -> Tensor:
    """Return determinants of contiguous and of transposed matrices."""
    return flat(linalg.det(a), linalg.det(a.mT), *linalg.slogdet(a), torch.logdet(positive(a)))


def exponentials(a: Tensor, b: Tensor) -> Tensor:
    """Return exponentials, also of blocks like those of a derivative, and unlike them."""
    same, other = block(a, a * a, a), block(a, a, 2 * a)
    return flat(linalg.matrix_exp(a), *linalg.matrix_exp(torch.stack([same, other])))


def one_by_one(a: Tensor, b: Tensor) -> Tensor:
    """Return a list's determinants, norms and solutions: equal steps are computed together."""
    scaled = [a[k % 2] * (1 + 0.1 * k) for k in range(9)]
    each = [linalg.det(s) + linalg.inv(s).square().sum() + linalg.solve(s, b[0]) for s in scaled]
    return flat(*each)


FUNCTIONS = (triangular, by_factors, by_lu, determinants, exponentials, one_by_one)


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_linear_algebra_runs_in_c(f: Callable[[Tensor, Tensor], Tensor]) -> None:
    """Batches of 3×3 matrices: loops in C give `jacobian()`'s entries, whatever the pivots."""
    drawn = torch.randn(4, 24, generator=torch.Generator().manual_seed(1), dtype=DOUBLE)
    points = [drawn[0], drawn[1], drawn[2].reshape(-1, 3).flip(0).reshape(-1)]
    call = lambda x: f(x[:18].reshape(2, 3, 3), x[18:].reshape(2, 3, 1))  # noqa: E731
    g = jacmagic.compile(call, drawn[3], backend="graph")
    assert " by " in repr(g).splitlines()[1].replace("by row", ""), repr(g)
    for x in points:
        value, matrix = g.value_and_jacobian(x)
        true = jacmagic.jacobian(call, x).matrix
        dense = matrix if matrix.layout is torch.strided else matrix.to_dense()
        torch.testing.assert_close(dense, true, rtol=1e-9, atol=1e-11 * float(true.abs().max()))
        torch.testing.assert_close(value, call(x), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(
    ("f", "x", "singular"),
    [
        (lambda x: linalg.inv(x.reshape(2, 2)).sum((0,)), [1.0, 2, 3, 5], [1.0, 2, 2, 4]),
        (lambda x: linalg.cholesky(torch.outer(x, x) + x.diag()).sum(0), [1.0, 2], [1.0, -0.5]),
        (lambda x: linalg.solve(x.reshape(2, 2), x[:2]), [1.0, 2, 3, 5], [0.0, 0, 3, 5]),
    ],
    ids=["inv", "cholesky", "solve"],
)
def test_torchs_error_where_there_is_no_factorization(
    f: Callable[[Tensor], Tensor], x: list[float], singular: list[float]
) -> None:
    """A singular or indefinite matrix raises torch's error, alone and in a batch."""
    good, bad = torch.tensor(x, dtype=DOUBLE), torch.tensor(singular, dtype=DOUBLE)
    g = jacmagic.compile(f, good, backend="graph")
    for call in (lambda: g(bad), lambda: g.batch(torch.stack([good, bad]))):
        with pytest.raises(linalg.LinAlgError, match=r"could not be completed|singular"):
            call()


def test_torch_decides_where_a_pivot_is_rounding() -> None:
    """A matrix that is singular up to rounding has torch's numbers to the last digit."""
    f = lambda x: linalg.det(x.reshape(2, 2)).reshape(1)  # noqa: E731
    g = jacmagic.compile(f, torch.tensor([1.0, 2, 3, 4], dtype=DOUBLE), backend="graph")
    x = torch.tensor([0.1, 0.3, 0.1 * 3, 0.9], dtype=DOUBLE)
    assert torch.equal(g(x), jacmagic.jacobian(f, x).matrix)
