"""What has no closed form is refused in one sentence that names the operation and the line."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from traces import (
    F64,
    agree,
    attempt,
    line_of,
    refused,
    vector,
)

# ── refusals ──────────────────────────────────────────────────────────────────────────────────────


def test_a_refusal_names_operation_and_line() -> None:
    """str() of a refusal is one sentence with the operation and the line of the user's code."""

    def f(x: torch.Tensor) -> torch.Tensor:
        y = x * 2
        return torch.special.airy_ai(y)  # here

    found = refused(f, vector(0.1, 0.2))
    line = line_of(f, "here")
    assert (found.operation, found.line) == ("special_airy_ai", line)
    assert str(found) == f"no closed form: special_airy_ai (line {line}) has no rule yet"


@pytest.mark.parametrize("name", ["matrix_exp", "cholesky", "svdvals"])
def test_rules_for_real_matrices_refuse_complex_ones(name: str) -> None:
    """An operation whose rule knows real matrices only has no rule for complex ones."""
    shift = torch.tensor([[2, 1j], [-1j, 3]])
    found = refused(lambda x: getattr(torch.linalg, name)(x[0] * shift).abs(), vector(1, 2))
    assert (found.operation, found.reason) == (f"linalg_{name}", "has no rule yet")


@pytest.mark.parametrize(
    ("function", "operation"),
    [
        (lambda x: x * torch.rand(2), "rand"),
        (lambda x: x + torch.randn_like(x), "randn_like"),
        (lambda x: F.dropout(x, 0.5), "dropout"),
        (lambda x: x[torch.randperm(2)], "randperm"),
        (lambda x: torch.bernoulli(x / 10), "bernoulli"),
    ],
)
def test_random_operations_are_refused(function: Callable, operation: str) -> None:
    """What draws random numbers is another function each time."""
    found = refused(function, vector(1, 2))
    assert found.reason == "draws random numbers"
    assert found.operation == operation


def test_what_has_no_expression_is_never_a_constant() -> None:
    """Eigenvectors are unknown: to return or to use them is refused, to ignore them is fine."""

    def symmetric(x: torch.Tensor) -> torch.Tensor:
        return torch.stack([torch.stack([x[0], x[1]]), torch.stack([x[1], x[2]])])

    point = vector(2, 1, 3)
    used = refused(lambda x: torch.linalg.eigh(symmetric(x)).eigenvectors[0] * 2, point)
    assert used.reason == "uses a result that has no closed form"
    returned = refused(lambda x: torch.linalg.eigh(symmetric(x)).eigenvectors, point)
    assert returned.operation == "the result"
    agree(lambda x: torch.linalg.eigh(symmetric(x)).eigenvalues, point, vector(1, -2, 0))


def test_a_matrix_that_is_not_symmetric_is_refused() -> None:
    """LAPACK reads one triangle, torch's gradient both: no formula is right for such a matrix."""
    point = torch.tensor([[2.0, 1.0], [0.5, 3.0]], dtype=F64)
    assert "not symmetric" in refused(torch.linalg.eigvalsh, point).reason
    assert "not symmetric" in refused(torch.linalg.cholesky, point).reason


def test_large_linear_algebra_is_refused() -> None:
    """Closed forms too long to read are not written."""
    assert "larger" in refused(torch.linalg.det, torch.randn(9, 9, dtype=F64)).reason


def test_a_graph_that_grows_too_large_is_refused() -> None:
    """Beyond its budget of nodes a trace gives up and says so."""

    def f(x: torch.Tensor) -> torch.Tensor:
        for _ in range(1000):
            x = torch.sin(x) * x
        return x

    found = refused(f, vector(1, 2), limit=500)
    assert "too large" in found.reason
    assert "500" in found.reason


def test_more_inputs_than_the_budget_are_refused() -> None:
    """Even the variables count."""
    assert "too large" in refused(lambda x: x, torch.zeros(200, dtype=F64), limit=100).reason


def test_a_trace_that_takes_too_long_is_refused() -> None:
    """Beyond its budget of seconds a trace gives up soon."""

    def f(x: torch.Tensor) -> torch.Tensor:
        while True:
            x = torch.sin(x) * x.sum()

    start = time.monotonic()
    assert "time" in refused(f, torch.randn(50, dtype=F64), seconds=0.2).reason
    assert time.monotonic() - start < 3


def test_an_endless_loop_without_new_expressions_is_refused_in_time() -> None:
    """The clock is read at every operation, not only where the graph grows."""

    def f(x: torch.Tensor) -> torch.Tensor:
        while x.sum() < 10:
            x = x * 1
        return x

    assert "time" in refused(f, vector(1, 2), seconds=0.2).reason


def test_an_interrupt_passes_through() -> None:
    """KeyboardInterrupt is never swallowed."""

    def f(x: torch.Tensor) -> torch.Tensor:
        raise KeyboardInterrupt("stop")

    with pytest.raises(KeyboardInterrupt, match="stop"):
        attempt(f, vector(1, 2))


def test_the_users_exception_becomes_a_refusal() -> None:
    """The numbers report it; here it only costs the formula."""

    def f(x: torch.Tensor) -> torch.Tensor:
        if (x * 2).shape == (2,):  # here
            raise ValueError("no such state")
        return x

    found = refused(f, vector(1, 2))
    assert (found.operation, found.line) == ("ValueError", line_of(f, "here"))
    assert found.reason == "stopped the trace: no such state"
    assert "report" not in str(found)


def test_sparse_tensors_are_refused() -> None:
    """Sparse layouts are named."""
    sparse = torch.eye(2, dtype=F64).to_sparse()
    assert refused(lambda x: torch.sparse.mm(sparse, x[:, None]), vector(1, 2)).reason


def test_the_same_memory_as_another_dtype_is_refused() -> None:
    """Bits of floats read as integers have no expression."""
    assert refused(lambda x: x.clone().view(torch.int64) * x, vector(1, 2)).operation == "view"
