"""Rounded functions and numbers read from texts: the notes and warnings beside their zeros."""

from __future__ import annotations

import pytest
import torch

import jacmagic


def whole(x):
    return x.long() * x.new_ones(1)


def cast(x):
    return (x * 1000).to(torch.int32).double() / 1000


def floored(x):
    return torch.floor(3 * x)


def counted(x):
    return (x > 0.5).double().mean()


def signs(x):
    return x.sign()


def read_whole(x):
    return torch.stack([x[0] * 0 + int(x[1] * 1000) / 1000, x[0]])


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (whole, "x₀, x₁ act through rounding to integers only"),
        (cast, "x₀, x₁ act through rounding to integers only"),
        (floored, "x₀, x₁ act through rounding to integers only"),
        (counted, "x₀, x₁ act through a comparison only"),
        (signs, "x₀, x₁ act through the sign only"),
        (read_whole, "x₁ acts through int() only"),
    ],
)
def test_a_staircase_agrees_and_is_named(function, words) -> None:
    """A function that is constant between jumps has derivative 0, and a note says why."""
    line = function.__code__.co_firstlineno + 1
    J = jacmagic.jacobian(function, torch.tensor([1.2345678, 2.5437], dtype=torch.float64))
    assert J.agreement.verdict == "agree" and J.agreement.warnings == ()
    assert f"constant between jumps: {words} (line {line}), with derivative 0" in J.notes


def test_a_smooth_way_beside_a_step_is_no_staircase() -> None:
    """|x|, relu, x·floor(x), quantiles and masks on x are smooth; a step on one output is named."""
    x = torch.tensor([1.25, 2.5], dtype=torch.float64)
    for function in (torch.abs, torch.relu, lambda x: x * x.floor(), lambda x: x * (x > 0)):
        J = jacmagic.jacobian(function, x)
        assert not [note for note in J.notes if "jumps" in note]
    J = jacmagic.jacobian(lambda x: torch.quantile(x, torch.tensor([0.2, 0.7]).double()), x)
    assert not [note for note in J.notes if "jumps" in note]
    J = jacmagic.jacobian(lambda x: torch.stack([x[0], x[0].ceil() * x[1]]), x)
    assert [note for note in J.notes if "x₀ acts on some outputs through" in note]


@pytest.mark.parametrize("form", ["{:.3g}", "{:.6g}", "{:.17g}"])
def test_a_number_read_from_a_text_is_a_cut(form) -> None:
    """However few digits the text has, no formula is shown and the line is named."""

    def through_text(x):
        return x * float(form.format(x[0]) if form else x)

    def through_format(x):
        return x * float(format(x[0].item(), form[2:-1]))

    x = torch.tensor([1.2345678, 2.5437], dtype=torch.float64)
    J = jacmagic.jacobian(through_format, x)
    line = through_format.__code__.co_firstlineno + 1
    assert J.formula is None and J.agreement.verdict != "agree"
    assert J.refusal is not None and (J.refusal.operation, J.refusal.line) == ("float(text)", line)
    assert any(f"float(text) in line {line}" in warning for warning in J.agreement.warnings)
    assert jacmagic.jacobian(through_text, x).agreement.verdict != "agree"


def test_a_bare_number_is_written_as_one() -> None:
    """str(x.item()) is the text of a float, in the trace as in a plain run."""
    J = jacmagic.jacobian(lambda x: x * float(str(x[0].item())), torch.tensor([1.25, 2.0]))
    assert J.refusal is not None and J.refusal.operation == "float(text)"
    assert J.agreement.alone == "torch" and "float(text)" in str(J.agreement)


def test_a_number_that_is_only_logged_costs_nothing() -> None:
    """A rounded loss in a list or a line of output is not a cut."""

    def logged(x):
        history = [float(f"{x[0]:.4f}"), int(f"{x[1]:.0f}")]
        print(f"{x} {history}")
        return x**2

    J = jacmagic.jacobian(logged, torch.tensor([1.2345678, 2.5437], dtype=torch.float64))
    assert J.formula is not None and J.agreement.verdict == "agree" and not J.agreement.warnings


def test_torchs_clamped_cosine_similarity_is_named() -> None:
    """Below eps torch's derivative ignores the clamp: torch is alone, and the remedy is there."""
    J = jacmagic.jacobian(
        lambda v: torch.cosine_similarity(v, v, 0),
        torch.tensor([-4e-10, -7.5e-13], dtype=torch.float64),
    )
    assert J.agreement.alone == "torch" and "F.normalize" in J.agreement.disagreements[0].cause


@pytest.mark.parametrize("x", [8e5, 1e8])
def test_digits_that_cancel_in_torch_are_no_fault_of_the_code(x) -> None:
    """erfcx′ = 2x·erfcx − 2/√π cancels far out: no agreement, no accusation."""
    J = jacmagic.jacobian(torch.special.erfcx, torch.tensor([x], dtype=torch.float64))
    assert J.agreement.verdict == "not confirmed" and "too few digits" in J.agreement.reason
