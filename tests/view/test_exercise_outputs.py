"""Answers that name the function's outputs, and its constants, in Python and in the browser."""

from __future__ import annotations

import pytest
import torch
from test_exercise_in_javascript import judged

import jacmagic

F64 = torch.float64


def softmax() -> jacmagic.Jacobian:
    """Return the Jacobian of a softmax of three numbers."""

    def f(z):
        return torch.softmax(z, 0)

    return jacmagic.jacobian(f, torch.tensor([0.3, -0.2, 0.5], dtype=F64))


def logistic() -> jacmagic.Jacobian:
    """Return the derivative of a logistic function with a constant a = 2."""

    def f(x, a=2.0):
        return 1 / (1 + torch.exp(-a * x))

    return jacmagic.jacobian(f, torch.tensor(0.3, dtype=F64))


def hidden() -> jacmagic.Jacobian:
    """Return a Jacobian whose second input has the name of the first output."""

    def f(x, f0):
        return {"f0": x * f0, "sin": torch.sin(x), "loss": (x - f0) ** 2}

    one, two = torch.tensor([1.0, 2.0], dtype=F64)
    return jacmagic.jacobian(f, (one, two))


ANSWERS = [
    (softmax, 0, 1, "-f0*f1", "right"),
    (softmax, 0, 1, "−f₀f₁", "right"),
    (softmax, 0, 1, r"-f_{0} f_{1}", "right"),
    (softmax, 0, 1, "-f[0]*f[1]", "right"),
    (softmax, 0, 1, "-f0f1", "right"),
    (softmax, 0, 0, "f_0 (1 - f_0)", "right"),
    (softmax, 0, 0, "f₀(z)(1 − f₀(z))", "right"),
    (softmax, 0, 0, "d/dz_0(f_0)", "unfinished"),
    (softmax, 0, 1, "f0*f1", "sign"),
    (softmax, 0, 0, "f_0 (1 - f_1)", ""),
    (logistic, 0, 0, "a f (1 - f)", "right"),
    (logistic, 0, 0, "2 f(x) (1 - f(x))", "right"),
    (logistic, 0, 0, "f′ = a f (1 - f)", "right"),
    (logistic, 0, 0, "a²/2 f (1 - f)", "constants"),
    (hidden, 0, 0, "f0", "right"),  # the input
    (hidden, 1, 0, "cos(x)", "right"),
    (hidden, 2, 0, "2 √loss sign(x - f0)", "right"),
]


@pytest.mark.parametrize("made", [softmax, logistic, hidden])
def test_outputs_are_read_by_their_names(made):
    """In all spellings, where no input, constant or function has the name; in both judges alike."""
    jacobian = made()
    exercise = jacobian.quiz()
    answers = [one for one in ANSWERS if one[0] is made]
    for (_, i, j, text, expected), browser in zip(
        answers, judged(jacobian, [one[1:4] for one in answers]), strict=True
    ):
        python = exercise.judge(f"entry-{i}-{j}", text)
        assert (python.kind or python.verdict if expected else "") == expected, (text, python)
        is_right = browser["verdict"] == "right"
        assert is_right == (expected in ("right", "unfinished")), (text, browser)
        assert (browser["verdict"] == "doubt") == (expected == "constants")


def test_a_number_that_is_right_for_one_constant_only_is_wrong():
    """2·3·a is not 2·3·a², though both are numbers for a = 2; 6a² and 24 are right."""

    def f(x, a=2.0):
        return a**2 * x**2

    exercise = jacmagic.jacobian(f, torch.tensor(3.0, dtype=F64)).quiz("numbers")
    verdicts = [exercise.judge("number-0-0", one).kind for one in ("24", "6a^2", "12a", "24.05")]
    assert verdicts == ["", "", "constants", ""]
    refused = exercise.judge("number-0-0", "d/da(x)")
    assert "expected a derivative by one of x" in refused.message


def mixed() -> jacmagic.Jacobian:
    """Return a Jacobian of sums and a quotient, and of an angle, at x = 0.7, y = −0.4."""

    def f(x, y):
        return (
            torch.sin(x) * torch.exp(y) + x**2 * y + torch.log(1 + x**2),
            (2 * x + 3 * y) ** 4 / (1 + x),
            torch.sin(x) * y,
        )

    one, two = torch.tensor([0.7, -0.4], dtype=F64)
    return jacmagic.jacobian(f, (one, two))


SLIPS = [
    (0, 0, "cos(x)e^y + 2x/(1+x^2)", "missing term", "2·x·y", "x²·y is missing"),
    (0, 0, "cos(x)e^y + 2xy", "missing term", "2·x/(x² + 1)", "ln(x² + 1) is missing"),
    (1, 0, "8(2x+3y)^3(1+x)-(2x+3y)^4/(1+x)^2", "brackets", "stands above", "stands above"),
    (1, 0, "(4(2x+3y)^3(1+x)-(2x+3y)^4)/(1+x)^2", "inner derivative", "the factor 2", "2·x + 3·y"),
    (2, 0, "y cos(x*pi/180)", "degrees", "in degrees", "in degrees"),
    (2, 0, "180/pi y cos(x)", "degrees", "180/π", "in degrees"),
]


def test_forgotten_terms_brackets_and_degrees_are_named():
    """A forgotten summand, a sum above a line without brackets, an angle in degrees."""
    jacobian = mixed()
    exercise = jacobian.quiz()
    found = judged(jacobian, [one[:3] for one in SLIPS])
    for (i, j, text, kind, python, browser), other in zip(SLIPS, found, strict=True):
        said = exercise.judge(f"entry-{i}-{j}", text)
        assert said.kind == kind and python in said.message, (text, said)
        assert other["kind"] == kind and browser in other["text"], (text, other)


def test_numbers_of_another_point_are_named():
    """The entry where x and y are exchanged, x has the other sign, angles are degrees; f itself."""
    jacobian = mixed()
    exercise = jacobian.quiz("numbers")
    x, y, unit = 0.7, -0.4, torch.pi / 180
    said = {}
    for name, at in {"exchanged": (y, x), "sign": (-x, y), "degrees": (x * unit, y * unit)}.items():
        value = jacobian.at(x=at[0], y=at[1]).matrix[0, 0].item()
        said[name] = exercise.judge("number-0-0", repr(value))
    assert said["exchanged"].message == "this is its value with x and y exchanged"
    assert said["sign"].message == "this is its value at x = -0.7"
    assert said["degrees"].kind == "degrees"
    own = exercise.judge("number-0-0", repr(jacobian.value[0].item()))
    assert own.message == "this is f₁ itself, not its derivative"


def test_entries_of_a_hessian_are_called_by_second_derivatives():
    """A wrong answer that is another entry, or the gradient itself, is named as such."""

    def f(x, y):
        return torch.exp(x * y)

    one, two = torch.tensor([0.5, 0.3], dtype=F64)
    exercise = jacmagic.hessian(f, (one, two)).quiz()
    other = exercise.judge("entry-0-0", "e^(xy) (1 + xy)")
    assert other.message == "this is ∂²f/∂x∂y, of another column"
    assert exercise.judge("entry-0-0", "y e^(xy)").message.startswith("this is ∂f/∂x itself")
