"""The traps of torch: each is named with its entry, its cause and what to write instead."""

from __future__ import annotations

import pytest
import torch

import jacmagic

F64 = torch.float64
X = torch.tensor([3.0, 2.0], dtype=F64)


def rebuilt(x):
    return torch.tensor([x[0] ** 2, x[1]])


def itemised(x):
    return x * x.sum().item()


def detached(x):
    return x.detach() * x


def data_read(x):
    return x.data * x


def graphless(x):
    with torch.no_grad():
        s = x.sum()
    return s * x


def numpy_trip(x):
    return x * torch.as_tensor(x.detach().numpy()).sum()


@pytest.mark.parametrize(
    ("function", "habit"),
    [
        (rebuilt, "torch.tensor"),
        (itemised, ".item()"),
        (detached, "detach()"),
        (data_read, ".data"),
        (graphless, "no_grad"),
        (numpy_trip, "detach()"),
    ],
)
@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad")
def test_cut_graphs_are_named(function, habit):
    """A cut graph disagrees with the mathematics; entry, habit, line and advice are named."""
    J = jacmagic.jacobian(function, X)
    assert J.agreement.verdict == "disagree"
    first = J.agreement.disagreements[0]
    assert habit in first.cause
    assert "line" in first.cause
    assert first.torch != pytest.approx(first.formula)
    assert first.formula == pytest.approx(first.differences, rel=1e-5)
    assert "∂" in str(J.agreement)


@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad")
def test_float_severs_the_formula():
    """float() leaves no expression, so the formula is refused and finite differences object."""

    def scaled(q):
        return q * float(q.sum())

    J = jacmagic.jacobian(scaled, torch.tensor([1.0, 2.0], dtype=F64))
    assert J.formula is None
    assert "float()" in str(J.refusal)
    assert J.agreement.verdict == "disagree"
    assert J.agreement.disagreements[0].differences == pytest.approx(4)
    assert J.agreement.disagreements[0].cause.startswith("float() in line")


@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad")
def test_harmless_float_is_forgiven():
    """float() whose value does not reach the outputs costs nothing."""

    def watched(q):
        assert float(q.sum()) > 0
        return q**2

    J = jacmagic.jacobian(watched, X)
    assert J.formula is not None
    assert J.agreement.verdict == "agree"


def test_closure_over_the_input():
    """Zeros because the function reads its input from outside are explained."""
    p = torch.tensor([1.0, 2.0], dtype=F64)
    J = jacmagic.jacobian(lambda q: p.sum().reshape(1), p)
    assert not J.matrix.any()
    assert any("from outside" in warning for warning in J.agreement.warnings)


def test_module_parameters_behind_a_closure():
    """The commonest all-zero Jacobian, by a module's parameters, is explained."""
    model = torch.nn.Linear(2, 2).double()
    J = jacmagic.jacobian(lambda *_: model(X), tuple(model.parameters()))
    assert not J.matrix.any()
    assert any("functional_call" in warning for warning in J.agreement.warnings)


@pytest.mark.parametrize(
    ("function", "chosen"),
    [
        (torch.relu, 0.0),
        (lambda x: torch.maximum(x, torch.zeros_like(x)), 0.5),
        (lambda x: torch.clamp_min(x, 0), 1.0),
        (lambda x: torch.where(x > 0, x, torch.zeros_like(x)), 0.0),
        (torch.abs, 0.0),
    ],
)
def test_kinks_warn(function, chosen):
    """At a kink torch's choice is shown and the reader is warned."""
    J = jacmagic.jacobian(function, torch.tensor([0.0], dtype=F64))
    assert J.matrix.item() == chosen
    assert J.agreement.verdict == "agree"
    assert any(warning.startswith("kink at this point") for warning in J.agreement.warnings)


def test_infinite_slope():
    """√ at 0 is infinite, and the place where it arises is named."""
    J = jacmagic.jacobian(torch.sqrt, torch.tensor([0.0], dtype=F64))
    assert J.matrix.isinf().all()
    assert any("inf" in warning and "zero" in warning for warning in J.agreement.warnings)


def test_nan_of_a_discarded_branch():
    """torch.where's discarded branch can poison torch's gradient; the formula is right."""

    def guarded(x):
        return torch.where(x > 0, torch.sqrt(x), torch.zeros_like(x))

    J = jacmagic.jacobian(guarded, torch.tensor([-1.0], dtype=F64))
    assert J.matrix.isnan().all()
    assert J.agreement.disagreements[0].formula == 0
    assert "torch.where" in J.agreement.disagreements[0].cause


def test_low_precision_agrees_within_its_own_precision():
    """float32 rounding is not mistaken for a disagreement."""
    x = torch.rand(4, generator=torch.Generator().manual_seed(0))
    J = jacmagic.jacobian(lambda x: torch.softmax(3 * x, 0), x)
    assert J.agreement.verdict == "agree"


def test_wrong_custom_backward_is_caught():
    """A custom backward that lies is contradicted by both other witnesses."""

    class Lying(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x**2

        @staticmethod
        def backward(ctx, gradient):
            return gradient

    J = jacmagic.jacobian(Lying.apply, torch.tensor([3.0], dtype=F64))
    assert J.agreement.verdict == "disagree"
    assert J.agreement.disagreements[0].formula == pytest.approx(6)
