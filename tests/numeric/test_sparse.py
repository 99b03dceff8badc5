"""Sparse Jacobians: the entries are torch's, the passes few, and nothing is ever written out."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import jacmagic
from jacmagic.errors import SizeError, StrictError
from jacmagic.numeric.compute import compute
from jacmagic.numeric.modes.sparse import NotSparse, find_plan
from jacmagic.numeric.options import ComputeOptions


def doubles(*shape: int) -> torch.Tensor:
    torch.manual_seed(sum(shape) + 3)
    return torch.rand(shape, dtype=torch.float64) + 0.2


def tridiagonal(x):
    y = torch.sin(x) * x**2
    y[1:] += x[:-1] ** 2
    y[:-1] -= torch.exp(-x[1:])
    return y


def heat(u):
    padded = F.pad(u, (1, 1, 1, 1))
    around = padded[2:, 1:-1] + padded[:-2, 1:-1] + padded[1:-1, 2:] + padded[1:-1, :-2]
    return around - 4 * u + u**3


def brusselator(u, v):
    def laplace(w):
        return sum(w.roll(step, axis) for step in (1, -1) for axis in (0, 1)) - 4 * w

    reaction = u * u * v
    return {"u": 1 + reaction - 4.4 * u + laplace(u), "v": 3.4 * u - reaction + laplace(v)}


def arrow(x):
    return torch.cat([(x**2).sum()[None], x[1:] ** 2 * x[0]])


def blocks(x):
    return torch.softmax(x.reshape(-1, 4) ** 2, dim=1).reshape(-1)


# name → (function, inputs, passes)
CASES: dict[str, tuple[Callable, tuple[torch.Tensor, ...], int]] = {
    "tridiagonal": (tridiagonal, (doubles(60),), 3),
    "heat": (heat, (doubles(6, 7),), 7),
    "brusselator": (brusselator, (doubles(5, 5), doubles(5, 5)), 14),
    "arrow": (arrow, (doubles(30),), 3),
    "blocks": (blocks, (doubles(24),), 4),
    "wide": (lambda x: x.reshape(4, 9).prod(1), (doubles(36),), 1),
    "conv": (
        lambda x: F.conv2d(x[None, None], torch.ones(1, 1, 3, 3).double()),
        (doubles(8, 8),),
        9,
    ),
    "single precision": (lambda x: x.roll(1) * x, (doubles(12).float(),), 2),
    "two types": (lambda x, y: x * y, (doubles(5).float(), doubles(5)), 2),
    "constant": (lambda x: (torch.ones(3), x * 2), (doubles(4),), 1),
    "nothing": (lambda x: torch.ones(3), (doubles(4),), 0),
    "empty": (lambda x: x[:0], (doubles(4),), 0),
    "branch": (lambda x: x.flip(0) if x.sum() > 0 else x, (doubles(6),), 1),
}


@pytest.mark.parametrize("name", CASES)
def test_entries_are_torchs(name: str) -> None:
    """Sparse mode gives what row by row gives, in as few passes as the pattern allows."""
    function, inputs, passes = CASES[name]
    sparse, rows = (compute(function, inputs, ComputeOptions(s)) for s in ("sparse", "rows"))
    assert sparse.mode == "sparse"
    assert sparse.passes <= passes
    torch.testing.assert_close(sparse.matrix, rows.matrix)
    for mine, theirs in zip(sparse.blocks, rows.blocks, strict=True):
        for a, b in zip(mine, theirs, strict=True):
            torch.testing.assert_close(a, b)


def test_without_a_forward_formula_two_backward_passes_do() -> None:
    """An operation that torch cannot push forward is differentiated backwards twice."""

    def function(x):
        return torch.special.zeta(2.0, x.roll(1)) * x

    x = doubles(12)
    numbers = compute(function, (x,), ComputeOptions("sparse"))
    torch.testing.assert_close(
        numbers.matrix, compute(function, (x,), ComputeOptions("rows")).matrix
    )


class Doubled(torch.autograd.Function):
    """A function whose backward is written by hand."""

    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, gradient):
        return gradient.flip(0)


def test_what_cannot_be_followed_is_computed_densely() -> None:
    """A custom autograd.Function is not looked into: the dense modes take over, and say why."""
    x = doubles(6)
    numbers = compute(Doubled.apply, (x,), ComputeOptions("sparse"))
    assert numbers.mode == "reverse"
    assert "autograd.Function" in numbers.notes[0]
    torch.testing.assert_close(numbers.matrix, torch.eye(6).double().flip(0))


def test_a_missing_entry_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a rule wrong, the product in a random direction would tell, and the numbers be right."""
    from jacmagic.numeric.sparsity import rules

    monkeypatch.setitem(rules.RULES, "sin", lambda sets, call: call.named["self"].ids * 0)
    x = doubles(8)
    numbers = compute(lambda x: x.sin() + x.roll(1), (x,), ComputeOptions("sparse"))
    assert numbers.mode == "reverse"
    assert "do not add up" in numbers.notes[0]


def test_auto_is_sparse_where_that_pays() -> None:
    """Large Jacobians of few entries are computed sparsely unasked; small or dense ones are not."""
    assert compute(tridiagonal, (doubles(600),)).mode == "sparse"
    assert compute(tridiagonal, (doubles(100),)).mode != "sparse"
    assert compute(lambda x: x * x.sum(), (doubles(600),)).mode != "sparse"
    assert compute(tridiagonal, (doubles(600),), ComputeOptions(create_graph=True)).mode != "sparse"
    assert compute(tridiagonal, (doubles(600),), ComputeOptions(vectorize=False)).mode != "sparse"


def test_what_needs_every_gradient_is_refused() -> None:
    """Strict mode and create_graph look at gradients that sparse mode never computes."""
    with pytest.raises(StrictError, match="sparse mode"):
        compute(tridiagonal, (doubles(5),), ComputeOptions("sparse", strict=True))
    with pytest.raises(NotImplementedError, match="sparse mode"):
        compute(tridiagonal, (doubles(5),), ComputeOptions("sparse", create_graph=True))


def test_a_pattern_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another point reuses pattern and colouring; a branch that values chose is looked at again."""
    searched = []

    def counted(*args, **kwargs):
        searched.append(1)
        return find_plan(*args, **kwargs)

    monkeypatch.setattr("jacmagic.numeric.compute.find_plan", counted)
    x = doubles(600)
    J = jacmagic.jacobian(tridiagonal, x)
    again = J.at(x=x + 1)
    assert len(searched) == 1
    torch.testing.assert_close(again.matrix, jacmagic.jacobian(tridiagonal, x + 1).matrix)

    def chosen(x):
        return x.roll(1) if x[0] > 0 else x.roll(2)

    J = jacmagic.jacobian(chosen, x)
    del searched[:]
    torch.testing.assert_close(J.at(x=-x).matrix, torch.eye(600).double().roll(2, 0))
    assert searched
    assert any("branch" in note for note in J.notes)


def test_a_zero_weight_that_changes_is_noticed() -> None:
    """Entries left out because a weight was zero come back when the weight is another."""
    layer = nn.Linear(600, 600, bias=False).double()
    with torch.no_grad():
        layer.weight.copy_(torch.eye(600))
    J = jacmagic.jacobian(layer, doubles(600))
    assert J.mode == "sparse"
    with torch.no_grad():
        layer.weight.copy_(torch.eye(600).roll(3, 0))
    torch.testing.assert_close(J.at().matrix, layer.weight.detach())


def test_a_large_one_is_never_written_out() -> None:
    """A 20 000² Jacobian of few entries is computed, compared and shown in little memory."""
    compute(tridiagonal, (doubles(600),))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    J = jacmagic.jacobian(tridiagonal, doubles(20_000))
    bundle = J._repr_mimebundle_()
    assert J.mode == "sparse"
    assert tuple(J.sparse.shape) == J.shape == (20_000, 20_000)
    assert J.pattern.layout == torch.sparse_csr
    assert J.pattern.values().all()
    assert J.agreement.verdict == "agree"
    assert J.refusal is not None
    assert J.cost == "3 reverse passes instead of 20 000"
    assert "59 998 of 20 000 × 20 000 entries" in bundle["text/plain"]
    assert J.cost in bundle["text/html"]
    assert "<svg" in bundle["text/html"]
    assert "ddots" in bundle["text/latex"]
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert used < 400_000  # kB; all entries would take 3 200 000
    with pytest.raises(SizeError, match="--wrt"):
        J.explore()


def test_a_large_one_can_be_turned() -> None:
    """Denominator layout shows the transpose of a large sparse Jacobian too."""
    J = jacmagic.jacobian(lambda x: x[1:] * 2, doubles(700)).shown(layout="denominator")
    assert J.mode == "sparse"
    assert "of 700 × 699 entries" in str(J)


def test_a_wrong_large_one_is_reported() -> None:
    """A derivative that is cut off disagrees with finite differences, and the text says so."""
    J = jacmagic.jacobian(lambda x: x.detach() * x, doubles(700))
    assert J.mode == "sparse"
    assert J.agreement.verdict == "disagree"
    assert "⚠ the entries disagree with finite differences" in str(J)


def test_small_ones_keep_their_meaning() -> None:
    """A small Jacobian asked for sparsely has its matrix, blocks, formula and pattern as ever."""
    x = torch.tensor([1.0, 2.0, 3.0])
    J = jacmagic.jacobian(lambda x: x**2, x, strategy="sparse")
    assert J.mode == "sparse"
    assert torch.equal(J.blocks, torch.diag(2 * x))
    assert str(J.formula) == "Matrix([[2*x_0, 0, 0], [0, 2*x_1, 0], [0, 0, 2*x_2]])"
    assert torch.equal(J.pattern, torch.eye(3, dtype=torch.bool))
    assert torch.equal(J.sparse.to_dense(), J.matrix)
    assert J.cost == "1 reverse pass instead of 3"
    dense = jacmagic.jacobian(lambda x: x**2, x)
    assert torch.equal(dense.sparse.to_dense(), dense.matrix)


def test_what_does_not_fit_is_computed_sparsely() -> None:
    """Where all entries would not fit, few are found unasked; many are refused."""
    few = compute(tridiagonal, (doubles(300),), memory=100_000)
    assert few.mode == "sparse"
    with pytest.raises(SizeError, match="--wrt NAME"):
        compute(lambda x: x * x.sum(), (doubles(300),), memory=100_000)
    with pytest.raises(SizeError, match=r"300 × 300"):
        few.data.dense(memory=100_000)


def test_a_dense_one_is_not_worth_a_plan() -> None:
    """Where nothing is gained, looking for zeros says so."""
    from jacmagic.numeric.evaluation import evaluate

    with torch.enable_grad():
        plain = evaluate(lambda x: x * x.sum(), (doubles(600),), create_graph=False)
        with pytest.raises(NotSparse, match="too many of its entries"):
            find_plan(plain, insist=False)


class Slow(torch.autograd.Function):
    """A function whose backward takes its time."""

    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, gradient):
        time.sleep(0.06)
        return gradient * 2


def test_a_long_computation_shows_how_far_it_is(capsys: pytest.CaptureFixture) -> None:
    """After a second a bar appears, and it goes; what is quick shows none."""
    compute(tridiagonal, (doubles(20),), ComputeOptions("rows"))
    assert capsys.readouterr().err == ""
    compute(Slow.apply, (doubles(25),), ComputeOptions("rows"))
    shown = capsys.readouterr().err
    assert "Jacobian" in shown
    assert "/25" in shown
