"""Tracing follows ordinary code: views, writes, Python, modules, and the line of each node."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from traces import (
    F64,
    agree,
    line_of,
    matrix_at,
    text_of,
    traced,
    values_at,
    vector,
)

import jacmagic
from jacmagic.function.interop import lifted

# ── views and writes ──────────────────────────────────────────────────────────────────────────────


def test_views_share_what_is_written() -> None:
    """A write through any view is seen through every other view of the same memory."""

    def f(x: torch.Tensor) -> torch.Tensor:
        a = x.clone().reshape(2, 3)
        a[0] *= 2
        a.T[1, 1] = a[0, 0] - a[1, 2]
        a.diagonal().add_(1)
        a[:, ::2].mul_(x[0])
        row, other = a
        row = row + other
        return torch.cat([a.flatten(), a.view(-1)[1:3], a.expand(2, 2, 3)[1, 1], row.flip(0)])

    agree(f, torch.randn(6, dtype=F64), torch.randn(6, dtype=F64))


def test_results_written_piece_by_piece() -> None:
    """out = torch.zeros(3); out[i] = … gives the expressions, in a loop as well."""

    def f(x: torch.Tensor) -> torch.Tensor:
        out = torch.zeros(3, dtype=x.dtype)
        for i in range(3):
            out[i] = x[i] * x[(i + 1) % 3]
        out[-1:] += 1
        return out

    found = agree(f, vector(1, 2, 3), vector(-1, 0.5, 2))
    assert text_of(found.graph, found.outputs[0]) == "mul(v0, v1)"


def test_the_input_itself_may_be_written_to() -> None:
    """A function that changes its argument in place is followed, and the caller's tensor is not."""

    def f(x: torch.Tensor) -> torch.Tensor:
        x[0] = x[1] ** 2
        x.mul_(3)
        return x

    point = vector(1, 2)
    found = traced(f, point)
    assert values_at(found, 1, 2) == [12, 6]
    assert point.tolist() == [1, 2]


def test_in_place_operations_read_before_they_write() -> None:
    """x.mul_(x) squares once."""
    agree(lambda x: (x * 1).mul_(x).sub_(1).pow_(2).clamp_(max=5), vector(1.5, -2), vector(0.5, 3))


def test_operations_with_an_out_argument() -> None:
    """torch.add(…, out=buffer) leaves the expressions in the buffer."""

    def f(x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            buffer = torch.empty(2, dtype=F64)
            torch.mul(x, x, out=buffer)
        return buffer + x

    assert matrix_at(traced(f, vector(1, 2)), 1, 2).tolist() == [[3, 0], [0, 5]]


# ── ordinary Python ───────────────────────────────────────────────────────────────────────────────

SCALE = 3.0


def helper(x: torch.Tensor, *, power: int = 2) -> torch.Tensor:
    """Return a function beside the user's own."""
    return SCALE * x**power


def test_loops_closures_and_helper_functions() -> None:
    """Loops unroll, closures and module-level numbers are constants, helpers are entered."""

    def outer(rate: float) -> Callable[[torch.Tensor], torch.Tensor]:
        def f(x: torch.Tensor) -> torch.Tensor:
            for k in range(1, 4):
                x = x + rate * helper(x, power=k) / k
            return sum(x) + max(x[0] * 0 + 1, x[1] * 0)

        return f

    agree(outer(0.1), vector(0.2, 0.4), vector(-0.3, 0.1))


def test_comprehensions_generators_and_recursion() -> None:
    """Whatever Python does with tensors is followed."""

    def horner(coefficients: list, x: torch.Tensor) -> Any:
        if not coefficients:
            return 0
        return coefficients[0] + x * horner(coefficients[1:], x)

    agree(lambda x: [horner([1, 2, 3], v) for v in x] + [v * v for v in x], vector(0.5, 2))


def test_every_kind_of_output() -> None:
    """Dicts, dataclasses, tuples and plain numbers are taken apart in torch's order."""

    @dataclass
    class State:
        q: torch.Tensor
        p: torch.Tensor

    found = traced(
        lambda x: {"state": State(x[0] ** 2, x[1]), "pair": (x.sum(), 5.0)}, vector(2, 3)
    )
    assert values_at(found, 2, 3) == [4, 3, 5, 5]


def test_several_inputs_of_several_shapes() -> None:
    """Names follow the components of all tensors in row-major order."""
    tensors = [torch.randn(2, 3, dtype=F64), torch.randn(3, dtype=F64), vector(2.0)[0]]
    found = traced(lambda a, x, s: s * (a @ x), *tensors)
    expected = torch.autograd.functional.jacobian(lambda a, x, s: s * (a @ x), tuple(tensors))
    flat = torch.cat([block.reshape(2, -1) for block in expected], 1)
    numbers = [v for tensor in tensors for v in tensor.reshape(-1).tolist()]
    torch.testing.assert_close(matrix_at(found, *numbers), flat)


def test_math_and_numpy_through_the_lift() -> None:
    """A lifted function's math and NumPy calls are traced like torch's."""

    def f(x: torch.Tensor) -> Any:
        return np.array([math.sin(x[0]) * x[1], np.exp(x[1]).sum(), np.linalg.norm(x)])

    found = traced(lifted(f), vector(0.5, 1.5))
    expected = [math.sin(0.5) * 1.5, math.exp(1.5), math.hypot(0.5, 1.5)]
    assert values_at(found, 0.5, 1.5) == pytest.approx(expected)


def test_modules_are_entered() -> None:
    """An nn.Module is traced with its parameters as constants."""
    net = nn.Sequential(
        nn.Linear(2, 3), nn.Tanh(), nn.LayerNorm(3), nn.Dropout(0.5), nn.Linear(3, 1)
    )
    net.double().eval()
    agree(net, vector(0.2, -0.4), vector(1.0, 2.0))


@pytest.mark.parametrize("cell", [nn.RNN, nn.GRU, nn.LSTM])
def test_recurrent_modules(cell: type) -> None:
    """Recurrent networks unroll."""
    net = cell(2, 2).double()
    agree(lambda x: net(x.reshape(2, 1, 2))[0], torch.randn(4, dtype=F64))


def test_attention() -> None:
    """A transformer's layer has a closed form."""
    layer = nn.TransformerEncoderLayer(2, 1, 2, dropout=0.0, batch_first=True).double().eval()
    agree(lambda x: layer(x.reshape(1, 2, 2)), torch.randn(4, dtype=F64))


# ── lines and threads ─────────────────────────────────────────────────────────────────────────────


def test_nodes_bear_the_line_of_the_users_code() -> None:
    """Each node knows the line that made it, also in helper functions."""

    def f(x: torch.Tensor) -> torch.Tensor:
        y = torch.sin(x)  # sine
        return torch.cos(y)  # cosine

    found = traced(f, vector(0.5))
    (outer,) = found.outputs
    (inner,) = found.graph.operands(outer)
    assert found.graph.lines[outer] == line_of(f, "cosine")
    assert found.graph.lines[inner] == line_of(f, "sine")


def test_a_function_of_torchs_own_has_no_line() -> None:
    """Nothing of the user's runs there."""
    found = traced(torch.sin, vector(0.5))
    assert found.graph.lines[found.outputs[0]] is None


def test_traces_are_independent() -> None:
    """A trace may run inside another thread, and leaves no mode behind."""
    results: list[Any] = []
    threads = [
        threading.Thread(target=lambda: results.append(traced(torch.sin, vector(0.5))))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [values_at(found, 0.5)[0] for found in results] == [math.sin(0.5)] * 3
    assert torch.is_grad_enabled()


def test_gradients_of_the_callers_tensors_are_untouched() -> None:
    """A tensor that requires grad keeps its graph and its grad."""
    x = vector(1, 2).requires_grad_(True)
    weight = vector(3, 4).requires_grad_(True)
    found = traced(lambda v: (weight * v**2).sum(), x)
    assert values_at(found, 1, 2) == [19]
    assert x.grad is None and weight.grad is None


def test_tracing_works_where_gradients_are_switched_off() -> None:
    """A caller under no_grad gets the same trace, without a leak."""
    with torch.no_grad():
        found = traced(lambda x: x**2, vector(1, 2))
    assert found.leaks == ()
    assert matrix_at(found, 1, 2).tolist() == [[2, 0], [0, 4]]


def test_terms_that_cancel_may_leave_a_rounding_error_in_torch() -> None:
    """A component of a × b that is 0 on the graph is 3e-17 where torch fuses products."""
    b = torch.tensor([1.2, 0.3, 1.2], dtype=torch.float64)
    f = lambda x: torch.linalg.cross(x.repeat(2)[:3], b)  # noqa: E731
    J = jacmagic.jacobian(f, torch.tensor([0.4, 1.3], dtype=torch.float64))
    assert J.formula is not None and J.formula[1, 0] == 0
