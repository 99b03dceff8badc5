"""Habits that cut torch's graph are noticed, and the expression follows across them."""

from __future__ import annotations

import pytest
import torch
from traces import (
    line_of,
    matrix_at,
    refused,
    traced,
    vector,
)

from jacmagic.function.interop import lifted
from jacmagic.symbolic.trace.leaks import ADVICE

# ── leaks ─────────────────────────────────────────────────────────────────────────────────────────


def leak_detach(x):
    return x.detach() * x  # here


def leak_data(x):
    return x.data * x  # here


def leak_item(x):
    return x[0].item() * x  # here


def leak_tolist(x):
    return x.tolist()[0] * x  # here


def leak_numpy(x):
    return torch.sin(x.detach()) * x.numpy()  # here


def leak_tensor(x):
    return torch.tensor([x[0] ** 2, 2 * x[1]])  # here


def leak_as_tensor(x):
    return torch.as_tensor([x[0] ** 2, 2 * x[1]])  # here


def leak_no_grad(x):
    with torch.no_grad():
        y = x**2  # here
    return y + x


def leak_data_assigned(x):
    other = x * 1
    other.data = x * x  # here
    return other * x


class Doubled(torch.autograd.Function):
    """Twice its input."""

    @staticmethod
    def forward(ctx, x):
        return x * 2  # here

    @staticmethod
    def backward(ctx, grad):
        return 2 * grad


def leak_function(x):
    return Doubled.apply(x) * x


def leak_inference(x):
    with torch.inference_mode():
        return x * x  # here


def leak_float(x):
    return float(x[0]) * x  # here


def leak_int(x):
    return int(x[0]) * x  # here


def leak_grad(x):
    (slope,) = torch.autograd.grad((x**3).sum(), x)  # here
    return slope + x


def leak_without_derivative(x):
    return torch.special.scaled_modified_bessel_k0(x)  # here


def leak_text(x):
    return float(f"{x[0]:.6g}") * x  # here


def leak_clamped_norm(x):
    return torch.cosine_similarity(x, x * x, dim=0, eps=100.0)  # here


LEAKS = {
    "detach()": leak_detach,
    ".data": leak_data,
    ".data =": leak_data_assigned,
    "autograd.Function": leak_function,
    ".item()": leak_item,
    ".tolist()": leak_tolist,
    ".numpy()": leak_numpy,
    "torch.tensor([...])": leak_tensor,
    "torch.as_tensor([...])": leak_as_tensor,
    "no_grad": leak_no_grad,
    "inference_mode": leak_inference,
    "float()": leak_float,
    "float(text)": leak_text,
    "cosine_similarity()": leak_clamped_norm,
    "int()": leak_int,
    "autograd.grad()": leak_grad,
    "no derivative": leak_without_derivative,
}


def test_every_habit_has_a_sample() -> None:
    """The table of advice and the samples name the same habits."""
    assert set(LEAKS) == set(ADVICE)


@pytest.mark.parametrize("habit", LEAKS)
def test_a_leak_is_noticed_with_its_line(habit: str) -> None:
    """Each habit that cuts torch's graph is named, with its line and what to write instead."""
    found = traced(LEAKS[habit], vector(2.5, 3.5))
    leak = next(leak for leak in found.leaks if leak.habit == habit)
    marked = Doubled.forward if habit == "autograd.Function" else LEAKS[habit]
    assert leak.line == line_of(marked, "here")
    assert leak.nodes
    assert leak.lost_dependence == (habit in ("float()", "float(text)"))
    assert leak.advice == ADVICE[habit]


@pytest.mark.parametrize(
    ("habit", "expected"),
    [
        ("detach()", [[5, 0], [0, 7]]),
        (".data", [[5, 0], [0, 7]]),
        (".item()", [[5, 0], [3.5, 2.5]]),
        (".tolist()", [[5, 0], [3.5, 2.5]]),
        ("torch.tensor([...])", [[5, 0], [0, 2]]),
        ("torch.as_tensor([...])", [[5, 0], [0, 2]]),
        ("no_grad", [[6, 0], [0, 8]]),
        ("autograd.grad()", [[16, 0], [0, 22]]),
        ("int()", [[2, 0], [0, 2]]),
    ],
)
def test_the_expression_follows_across_a_leak(habit: str, expected: list) -> None:
    """The formula says what the mathematics says, not what the cut graph says."""
    found = traced(LEAKS[habit], vector(2.5, 3.5))
    assert matrix_at(found, 2.5, 3.5).tolist() == expected


class WithSetup(torch.autograd.Function):
    """A forward that takes no context."""

    @staticmethod
    def forward(x):
        return x * 2

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass


class Inherited(Doubled):
    """A forward of its base class."""


class Decorated(torch.autograd.Function):
    """A forward that another function wraps, within which gradients are disabled again."""

    @staticmethod
    @torch.amp.custom_fwd(device_type="cpu")
    @torch.no_grad()
    def forward(ctx, x):
        return x * 2


class Nested(torch.autograd.Function):
    """A forward that runs another function's."""

    @staticmethod
    def forward(ctx, x):
        return WithSetup.apply(x)


@torch.no_grad()
def called_by_itself(x):
    return WithSetup.forward(x)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (Doubled.apply, [("autograd.Function", "Doubled")]),
        (WithSetup.apply, [("autograd.Function", "WithSetup")]),
        (torch.no_grad()(WithSetup.apply), [("autograd.Function", "WithSetup")]),
        (Inherited.apply, [("autograd.Function", "Inherited")]),
        (Decorated.apply, [("autograd.Function", "Decorated")]),
        (Nested.apply, [("autograd.Function", "WithSetup")]),
        (called_by_itself, [("no_grad", "")]),
    ],
)
def test_a_function_is_named_that_runs_without_a_graph(function, expected) -> None:
    """A leak names the innermost `autograd.Function` that torch runs, or else `no_grad`."""
    leaks = traced(lambda x: function(x) + x, vector(1, 2)).leaks
    assert [(leak.habit, leak.name) for leak in leaks] == expected


def test_values_that_are_only_shown_are_no_leak(capsys: pytest.CaptureFixture[str]) -> None:
    """Formatting and printing cost no warning and no assumption, and are not repeated."""

    def f(x: torch.Tensor) -> torch.Tensor:
        print(f"x = {x}, {x[0]:.2f}")
        return x**2

    found = traced(lifted(f), vector(1, 2))
    assert found.leaks == () and found.assumptions == ()
    assert capsys.readouterr().out == ""


def test_a_leak_of_constants_is_none() -> None:
    """detach() of what does not depend on the inputs is harmless."""
    constant = vector(1, 2)
    assert traced(lambda x: x * constant.detach() * constant[0].item(), vector(1, 2)).leaks == ()


def test_a_number_where_torch_needs_one_is_refused_with_advice() -> None:
    """torch.full(…, x.item()) cannot be followed, and the refusal says which habit costs it."""
    found = refused(lambda x: x * torch.full((2,), x[0].item()), vector(1, 2))
    assert found.operation == ".item()"
    assert "leave out .item()" in found.reason
