"""torch's control flow has a closed form at every point: branches, loops, maps."""

from __future__ import annotations

import warnings

import pytest
import torch
from functorch.experimental.control_flow import map as mapped
from torch import cond, nn

import jacmagic

F64 = torch.float64
POINTS = ([1.0, 2.0], [3.0, 0.5], [-3.0, 2.0])


def branched(x):
    return torch.cond(x.sum() > 1, lambda x: x**2, lambda x: x.sin(), (x,))


def branched_by_name(x):
    return cond(x[0] > x[1], lambda x, y: x * y, lambda x, y: x / y, (x, x.exp()))


def branched_inside(x):
    import torch as th

    return th.cond(x.prod() < 0, lambda x: {"a": x.cos()}, lambda x: {"a": x**3}, [x])["a"]


def looped(x):
    def doubled(y, steps):
        return y * 2, steps + 1

    return torch.while_loop(lambda y, steps: y.abs().sum() < 100, doubled, (x, torch.tensor(0)))[0]


def each(x):
    return mapped(lambda t, y: t**2 * y.sum(), x, x)


def batched(x):
    return torch.vmap(lambda t: torch.cond(t > 1.5, lambda t: t**2, lambda t: t.sin(), (t,)))(x)


class Gate(nn.Module):
    """A module that branches."""

    def __init__(self):
        super().__init__()
        self.scale = 3.0

    def forward(self, x):
        return torch.cond(x.sum() > 1, self.open, self.shut, (x,))

    def open(self, x):
        return self.scale * x**2

    def shut(self, x):
        return self.scale * x


def written_out(function):
    """Return the same functions as Python's own control flow."""
    return {
        branched: lambda x: x**2 if x.sum() > 1 else x.sin(),
        branched_by_name: lambda x: x * x.exp() if x[0] > x[1] else x / x.exp(),
        branched_inside: lambda x: x.cos() if x.prod() < 0 else x**3,
        looped: lambda x: x * 2.0 ** torch.ceil(torch.log2(100 / x.abs().sum())).detach(),
        each: lambda x: x**2 * x.sum(),
        batched: lambda x: torch.where(x > 1.5, x**2, x.sin()),
    }[function]


@pytest.mark.parametrize(
    "function", [branched, branched_by_name, branched_inside, looped, each, batched]
)
def test_operators_on_functions_are_answered_at_every_point(function):
    """The first point, others in the same branch and beyond it, all with a closed form."""
    result = jacmagic.jacobian(function, torch.tensor(POINTS[0], dtype=F64))
    for point in POINTS:
        at = torch.tensor(point, dtype=F64)
        result = result.at(x=at)
        expected = torch.autograd.functional.jacobian(written_out(function), at)
        torch.testing.assert_close(result.matrix, expected)
        assert result.agreement.verdict == "agree", str(result.agreement)
        assert result.formula is not None


def test_the_predicate_is_an_assumption():
    """What decided is shown, as an `if` would show it."""
    result = jacmagic.jacobian(branched, torch.tensor([1.0, 2.0], dtype=F64))
    assert "x₀ + x₁ > 1" in str(result)


def test_a_module_may_branch():
    """Methods as branches see the module's own attributes."""
    result = jacmagic.jacobian(Gate(), torch.tensor([1.0, 2.0], dtype=F64))
    torch.testing.assert_close(result.matrix, torch.diag(torch.tensor([6.0, 12.0], dtype=F64)))
    assert result.agreement.verdict == "agree"


def test_a_batch_with_operators_on_functions():
    """Each sample takes its own branch."""
    samples = torch.tensor(POINTS, dtype=F64)
    found = jacmagic.jacobian(branched, samples, batch=True)
    expected = [torch.autograd.functional.jacobian(written_out(branched), one) for one in samples]
    torch.testing.assert_close(found.matrix, torch.stack(expected))


def test_nothing_of_torch_is_changed():
    """torch's own operator is what it was, and what the user keeps of it too."""
    before = torch.cond
    jacmagic.jacobian(branched, torch.tensor([1.0, 2.0], dtype=F64))
    assert torch.cond is before is cond
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert torch.equal(cond(True, torch.sin, torch.cos, (torch.zeros(1),)), torch.zeros(1))
