"""Tensors stay on their device end to end, and the numbers are those of the CPU."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import jacmagic

NO_GPU = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="torch finds no CUDA device on this machine"
)
F64 = torch.float64


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=NO_GPU)])
def device(request) -> torch.device:
    """Run on the CPU, which proves the tests themselves, and on a GPU where there is one."""
    return torch.device(request.param)


def numbers(*shape: int) -> torch.Tensor:
    return torch.rand(shape, dtype=F64, generator=torch.Generator().manual_seed(sum(shape)))


def chain(x, y):
    return {"a": torch.tanh(x.outer(y)).sum(0), "b": (x.exp() * y[:3]).sum()}


@pytest.mark.parametrize("strategy", ["auto", "rows", "reverse", "forward", "sparse"])
def test_every_mode_stays_on_the_device(device, strategy):
    """Blocks, matrix and value."""
    inputs = numbers(3), numbers(4)
    expected = jacmagic.jacobian(chain, inputs)
    moved = tuple(one.to(device) for one in inputs)
    for _ in range(2):
        J = jacmagic.jacobian(chain, moved, strategy=strategy)
        held = [*J.value.values(), *(b for row in J.blocks.values() for b in row), J.matrix]
        assert {one.device.type for one in held} == {device.type}
        torch.testing.assert_close(J.matrix.cpu(), expected.matrix)
    K = J.at(x=2 * moved[0])
    assert K.matrix.device.type == device.type
    torch.testing.assert_close(K.matrix.cpu(), expected.at(x=2 * inputs[0]).matrix)


def test_a_sparse_jacobian_stays_on_the_device(device):
    """Found by itself, in few passes."""

    def f(x):
        return x.roll(1) - 2 * x + x.roll(-1) + x**3

    x = numbers(2000)
    J, expected = jacmagic.jacobian(f, x.to(device)), jacmagic.jacobian(f, x)
    assert J.large and J.sparse.device.type == device.type and J.cost == expected.cost
    torch.testing.assert_close(J.sparse.values().cpu(), expected.sparse.values())
    assert J.agreement.verdict == "agree"


def test_the_closed_form_and_the_other_sources_take_part(device):
    """Formula, agreement and displays of a Jacobian on the device."""
    inputs = tuple(one.to(device) for one in (numbers(2), numbers(3)))
    J = jacmagic.jacobian(lambda x, y: torch.outer(x, y).sin(), inputs)
    assert J.refusal is None and J.formula.shape == (6, 5)
    assert J.agreement.verdict == "agree"
    assert {"text/plain", "text/html", "text/latex"} <= J.shown(
        live=False
    )._repr_mimebundle_().keys()


def test_second_order_products_and_batches(device):
    """Hessians, J·v, uᵀ·J and one Jacobian for each sample."""

    def f(x):
        return (x**3).sum() * x[0]

    def g(x):
        return torch.stack([x.prod(), x.sin().sum()])

    x = numbers(4)
    H = jacmagic.hessian(f, x.to(device)).matrix
    assert H.device.type == device.type
    torch.testing.assert_close(H.cpu(), torch.autograd.functional.hessian(f, x))
    J = jacmagic.jacobian(g, x.to(device))
    for found, expected in (
        (J.jvp(x.to(device)), J.matrix @ x.to(device)),
        (J.vjp(J.value), J.value @ J.matrix),
    ):
        assert found.device.type == device.type
        torch.testing.assert_close(found, expected)
    many = numbers(5, 4)
    batch = jacmagic.jacobian(g, many.to(device), batch=True).matrix
    assert batch.device.type == device.type
    torch.testing.assert_close(batch.cpu(), jacmagic.jacobian(g, many, batch=True).matrix)


@pytest.mark.parametrize("wrt", ["inputs", "parameters"])
@pytest.mark.parametrize("training", [False, True])
def test_modules(device, wrt, training):
    """In training mode the draws are the same on every call, and the random state is put back."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Dropout(0.5), nn.Linear(4, 2)).double()
    model.to(device).train(training)
    x = numbers(3).to(device)
    before = torch.cuda.get_rng_state() if device.type == "cuda" else torch.get_rng_state()
    J, again = (jacmagic.jacobian(model, x, wrt=wrt) for _ in range(2))
    after = torch.cuda.get_rng_state() if device.type == "cuda" else torch.get_rng_state()
    assert torch.equal(before, after) and J.matrix.device.type == device.type
    torch.testing.assert_close(J.matrix, again.matrix, rtol=0, atol=0)
