"""Derivatives and complex numbers inside a function have closed forms too."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from traces import (
    agree,
    matrix_at,
    traced,
    vector,
)

# ── derivatives inside ────────────────────────────────────────────────────────────────────────────


def energy(q: torch.Tensor) -> torch.Tensor:
    """Return a scalar field."""
    return torch.sin(q[0]) * q[1] ** 2 + torch.exp(q[0] * q[1])


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.func.jvp(energy, (x,), (torch.ones_like(x),))[1],
        lambda x: torch.func.jacfwd(energy)(x).sum(),
    ],
)
def test_forward_derivatives(function: Callable) -> None:
    """torch.func.jvp and jacfwd carry tangents, which are traced as well."""
    found = traced(function, vector(0.5, 1.5))
    hessian = torch.func.hessian(energy)(vector(0.5, 1.5))
    torch.testing.assert_close(matrix_at(found, 0.5, 1.5)[0], hessian.sum(0))


@pytest.mark.parametrize(
    "function",
    [
        torch.func.grad(energy),
        torch.func.hessian(energy),
        torch.func.jacrev(lambda x: torch.stack([x[0] ** 2 * x[1], torch.tanh(x[1])])),
        lambda x: torch.vmap(lambda v: torch.sin(v) * v)(x),
        lambda x: torch.autograd.grad(energy(x), x, create_graph=True)[0],
        torch.func.grad(lambda x: torch.nn.functional.logsigmoid(x).sum()),
        torch.func.grad(lambda x: torch.linalg.det(torch.outer(x, x**2) + torch.eye(2)) ** 2),
        lambda x: torch.func.vmap(torch.func.grad(torch.nn.functional.logsigmoid))(x),
    ],
)
def test_functions_that_differentiate(function: Callable) -> None:
    """torch.func and autograd.grad inside a function have closed forms too."""
    agree(function, vector(0.5, 1.5), vector(-1.0, 0.3))


class StraightThrough(torch.autograd.Function):
    """Rounds forward, passes gradients on backward."""

    @staticmethod
    def forward(ctx, x):
        return torch.floor(x)

    @staticmethod
    def backward(ctx, slope):
        return slope


def test_a_custom_function_is_traced_forward() -> None:
    """A custom autograd.Function stands for what it computes, whatever its backward says."""
    found = traced(lambda x: StraightThrough.apply(x) * x, vector(1.5, 2.5))
    assert matrix_at(found, 1.5, 2.5).tolist() == [[1, 0], [0, 2]]


def test_checkpoints_are_followed() -> None:
    """torch.utils.checkpoint computes the same function."""
    agree(
        lambda x: torch.utils.checkpoint.checkpoint(torch.sin, x, use_reentrant=False),
        vector(0.5, 1.5),
    )


# ── complex intermediate values ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.view_as_real(torch.complex(x[0], x[1]) ** 2),
        lambda x: (torch.exp(1j * x[0]) * x[1]).real,
        lambda x: torch.fft.fft(x).abs(),
        lambda x: torch.fft.irfft(torch.fft.rfft(x) * 2, n=2),
        lambda x: torch.polar(x[1], x[0]).imag,
        lambda x: (torch.view_as_complex(x.reshape(1, 2)).conj() * (2 + 1j)).angle(),
        lambda x: (x[0] + 1j * x[1]).conj().imag * 2,
        lambda x: abs((x[0] + 1j * x[1]) / (x[1] - 2j)),
    ],
)
def test_complex_values_on_the_way(function: Callable) -> None:
    """Complex numbers in between are pairs of expressions."""
    agree(function, vector(0.5, 1.5), vector(-1.0, 0.3))


def test_complex_memory_is_shared_with_its_parts() -> None:
    """A write to .real is seen in the complex tensor."""

    def f(x: torch.Tensor) -> torch.Tensor:
        z = torch.complex(x, x * 2)
        z.real[0] = x[1] ** 2
        torch.view_as_real(z)[1, 1] = 3 * x[0]
        return (z * z).real

    agree(f, vector(0.5, 1.5), vector(-1.0, 0.3))
