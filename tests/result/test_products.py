"""Products with vectors: the shapes and numbers of torch.func, without forming the Jacobian."""

from __future__ import annotations

import pytest
import torch

import jacmagic
from jacmagic.errors import PointError

F64 = torch.float64


def nested(x, y):
    return {"a": x.sin() @ y, "b": (y.sum() * x[0], torch.tensor(3.0, dtype=F64))}


POINT = (torch.tensor([0.3, -1.2], dtype=F64), torch.rand(2, 3, dtype=F64))


def test_jvp_is_torchs():
    """J·v has the function's structure."""
    J = jacmagic.jacobian(nested, POINT)
    v = (torch.rand(2, dtype=F64), torch.rand(2, 3, dtype=F64))
    found = J.jvp(v)  # first: torch warns of its own habits when jvp loads, which is kept quiet
    _, expected = torch.func.jvp(nested, POINT, v)
    torch.testing.assert_close(found, expected)
    flat = torch.cat([found["a"], found["b"][0][None], found["b"][1][None]])
    torch.testing.assert_close(flat, J.matrix @ torch.cat([part.reshape(-1) for part in v]))


def test_vjp_is_torchs():
    """uᵀ·J has the inputs' shapes, a bare tensor for a single input."""
    J = jacmagic.jacobian(nested, POINT)
    u = {"a": torch.rand(3, dtype=F64), "b": (torch.tensor(2.0, dtype=F64), torch.tensor(1.0))}
    _, pull = torch.func.vjp(nested, *POINT)
    expected = pull({"a": u["a"], "b": (u["b"][0], u["b"][1].double())})
    torch.testing.assert_close(J.vjp(u), expected)
    alone = jacmagic.jacobian(torch.exp, POINT[0])
    torch.testing.assert_close(alone.vjp([1.0, 2.0]), POINT[0].exp() * torch.tensor([1.0, 2.0]))


def test_one_pass_whatever_the_size():
    """The function runs once for a product, not once for a row or column."""
    runs = []

    def count(x):
        runs.append(1)
        return x.cumsum(0)

    J = jacmagic.jacobian(count, torch.ones(50, dtype=F64))
    before = len(runs)
    J.jvp(torch.ones(50))
    J.vjp(torch.ones(50))
    assert len(runs) == before + 2


def test_operations_without_a_forward_formula():
    """Where torch has no dual numbers, J·v comes from two backward passes."""

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**2

        @staticmethod
        def backward(ctx, grad):
            return 2 * ctx.saved_tensors[0] * grad

    J = jacmagic.jacobian(Square.apply, torch.tensor([1.0, 2.0], dtype=F64))
    assert J.jvp([1.0, 1.0]).tolist() == [2, 4]


def test_hessian_vector_products():
    """Of a Hessian they are Hessian-vector products."""
    x = torch.tensor([0.5, 2.0, -1.0], dtype=F64)
    H = jacmagic.hessian(lambda x: (x**2).prod() + x[0].exp(), x)
    v = torch.tensor([1.0, -2.0, 0.5], dtype=F64)
    torch.testing.assert_close(H.jvp(v), H.matrix @ v)
    torch.testing.assert_close(H.vjp(v), H.matrix @ v)


def test_other_shapes_are_refused():
    """One line says which shape was expected, and of what."""
    J = jacmagic.jacobian(nested, POINT)
    with pytest.raises(PointError, match=r"expected v of shape \(2, 3\) for y; found \(3, 2\)"):
        J.jvp((torch.ones(2), torch.ones(3, 2)))
    with pytest.raises(PointError, match="expected v of 2 tensors, for x, y; found 1"):
        J.jvp(torch.ones(2))
    with pytest.raises(PointError, match="expected u of 3 tensors"):
        J.vjp(torch.ones(3))
