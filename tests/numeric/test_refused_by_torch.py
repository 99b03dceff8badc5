"""Functions that torch's reverse mode refuses are answered by another way, with a note."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import jacmagic

F64 = torch.float64


def _adds_one(x: Tensor) -> Tensor:
    x += 1
    return x**2


def _writes_a_component(x: Tensor) -> Tensor:
    x[0] = x[1] * 3
    return x * x.sum()


def _scales(x: Tensor) -> Tensor:
    return x.mul_(2).exp_()


@pytest.mark.parametrize("strategy", ["auto", "reverse-mode", "forward-mode", "rows", "sparse"])
@pytest.mark.parametrize(
    ("function", "twin"),
    [
        (_adds_one, lambda x: (x + 1) ** 2),
        (_writes_a_component, lambda x: torch.stack([3 * x[1], x[1]]) * (4 * x[1])),
        (_scales, lambda x: torch.exp(2 * x)),
    ],
)
def test_a_function_may_write_to_its_inputs(
    function: Callable[[Tensor], Tensor], twin: Callable[[Tensor], Tensor], strategy: str
) -> None:
    """The Jacobian is that of the same function without writing, the caller's tensor stays."""
    x = torch.tensor([0.5, 2.0], dtype=F64)
    J = jacmagic.jacobian(function, x, strategy=strategy)
    expected = torch.autograd.functional.jacobian(twin, x.clone())
    torch.testing.assert_close(J.matrix, expected)
    assert x.tolist() == [0.5, 2.0]
    assert J.agreement.verdict == "agree"
    torch.testing.assert_close(J.at(x=[1.0, 3.0]).matrix, torch.autograd.functional.jacobian(
        twin, torch.tensor([1.0, 3.0], dtype=F64)))  # fmt: skip
    torch.testing.assert_close(J.jvp(torch.ones(2, dtype=F64)), expected.sum(1))
    torch.testing.assert_close(J.vjp(torch.ones(2, dtype=F64)), expected.sum(0))


def test_the_hessian_of_a_function_that_writes_to_its_inputs() -> None:
    """hessian() too leaves the caller's tensor alone."""
    x = torch.tensor([1.0, 2.0], dtype=F64)
    H = jacmagic.hessian(lambda x: _adds_one(x).sum() * x.prod(), x)
    torch.testing.assert_close(
        H.matrix,
        torch.autograd.functional.hessian(lambda x: ((x + 1) ** 2).sum() * (x + 1).prod(), x),
    )
    assert x.tolist() == [1.0, 2.0]


def _columns(a: Tensor) -> Tensor:
    out = torch.zeros_like(a)
    out[:, 0] = a[:, 0] * a[:, 1]
    out[:, 1] = F.elu(out[:, 0])
    return out


@pytest.mark.parametrize("function", [_columns, torch.vander])
def test_where_values_are_overwritten_forward_mode_answers(function: Callable) -> None:
    """What reverse mode needs is gone; forward mode does not need it."""
    a = torch.tensor([0.3, -0.2, 1.0, 0.5], dtype=F64)
    J = jacmagic.jacobian(function, a.reshape(2, 2) if function is _columns else a[:3])
    assert J.mode == "forward"
    assert any("overwritten in place; computed in forward mode" in note for note in J.notes)
    assert J.agreement.verdict == "agree"


@pytest.mark.parametrize("shape", [(2, 2), (1, 1, 3, 2)])
def test_attention_has_a_hessian(shape: tuple[int, ...]) -> None:
    """The fused kernel has no second derivative; the plain one answers."""
    torch.manual_seed(0)
    x = torch.randn(shape, dtype=F64)

    def energy(q: Tensor) -> Tensor:
        wide = q if q.ndim == 4 else q[None, None]
        return F.scaled_dot_product_attention(wide, wide, wide).pow(2).sum()

    def by_hand(q: Tensor) -> Tensor:
        weights = torch.softmax(q @ q.mT / q.shape[-1] ** 0.5, -1)
        return (weights @ q).pow(2).sum()

    H = jacmagic.hessian(energy, x)
    n = x.numel()
    expected = torch.autograd.functional.hessian(by_hand, x).reshape(n, n)
    torch.testing.assert_close(H.matrix, expected)
    assert any("plain kernel" in note for note in H.notes)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: x // 3 * x, [[0.0, 0.0], [0.0, 2.0]]),
        (lambda x: torch.heaviside(x, x * 2) * x, [[1.0, 0.0], [0.0, 1.0]]),
        (lambda x: x // x.sum(), [[0.0, 0.0], [0.0, 0.0]]),
    ],
)
def test_where_torch_has_no_derivative_the_closed_form_answers(
    function: Callable, expected: list[list[float]]
) -> None:
    """The note names the source of the numbers, and which two sources agree."""
    J = jacmagic.jacobian(function, torch.tensor([1.5, 7.2], dtype=F64))
    torch.testing.assert_close(J.matrix, torch.tensor(expected, dtype=F64))
    assert J.mode == "closed form"
    assert J.cost == "the closed form"
    assert "from the closed form instead" in J.notes[0]
    assert J.agreement.verdict == "agree"
    assert "the closed form agrees with finite differences" in str(J.agreement)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
def test_distances_have_a_hessian(p: float) -> None:
    """The Hessian through cdist is that of the distances written out."""
    x = torch.tensor([[0.5, 1.0], [2.0, 3.0]], dtype=F64)
    shift = torch.tensor([3.0, 1.0], dtype=F64)
    H = jacmagic.hessian(lambda x: torch.cdist(x, x + shift, p=p).pow(3).sum(), x)

    def by_hand(x: Tensor) -> Tensor:
        gaps = (x[:, None] - (x + shift)[None]).abs()
        return gaps.pow(p).sum(-1).pow(1 / p).pow(3).sum()

    expected = torch.autograd.functional.hessian(by_hand, x).reshape(4, 4)
    torch.testing.assert_close(H.matrix, expected, rtol=1e-6, atol=1e-6)


def test_without_a_closed_form_finite_differences_answer() -> None:
    """The last resort is named as such."""
    counts = torch.ones(9, 9, dtype=F64) + 9 * torch.eye(9, dtype=F64)

    def function(x: Tensor) -> Tensor:
        return torch.linalg.eigvalsh(counts * (1 + x[0] ** 2))[:1] + x // 3

    J = jacmagic.jacobian(function, torch.tensor([1.5], dtype=F64))
    assert J.mode == "differences"
    torch.testing.assert_close(J.matrix, torch.tensor([[27.0]], dtype=F64), rtol=1e-6, atol=1e-6)
    assert "finite differences" in str(J.agreement)


class _Broken(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, grad):
        raise ValueError("a mistake of the user's own")


def test_an_error_of_the_users_own_backward_passes_untouched() -> None:
    """Only torch's own refusals are worked around."""
    with pytest.raises(ValueError, match="of the user's own"):
        jacmagic.jacobian(_Broken.apply, torch.tensor([1.0], dtype=F64))
