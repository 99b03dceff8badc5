"""Wrong arguments of a result's methods: one error of the package's own, with the remedy."""

from __future__ import annotations

import inspect

import pytest
import torch

import jacmagic
from jacmagic import OptionError, PointError


@pytest.fixture(scope="module")
def J() -> jacmagic.Jacobian:
    """Return the Jacobian of (x₁², 3·x₁)."""
    x1 = torch.tensor(1.5, dtype=torch.float64)
    return jacmagic.jacobian(lambda x1: torch.stack([x1**2, 3 * x1]), x1, names="x1")


@pytest.mark.parametrize("value", ["x", None, {"a": 1}, [1, "a"], object()])
def test_what_is_no_number_is_refused(J, value) -> None:
    """jvp, vjp and at say what was expected, what was found, and what to write."""
    for call in (J.jvp, J.vjp, lambda v: J.at(x1=v)):
        with pytest.raises(PointError, match=r"expected .*; found .*; write "):
            call(value)


def test_the_evaluator_takes_numbers_only(J) -> None:
    """A text is refused by name."""
    with pytest.raises(PointError, match="found a text"):
        J.evaluator()("1")


def test_unknown_languages_and_backends_are_wrong_options(J) -> None:
    """Both are `OptionError`, which is a ValueError too."""
    with pytest.raises(OptionError, match="found 'cobol'"):
        J.to_code("cobol")
    with pytest.raises(OptionError, match=r"found 'C\+\+'; write to_code\('c\+\+'\)"):
        J.to_code("C++")
    with pytest.raises(ValueError, match="found 'fast'"):
        J.compile("fast")


def test_an_error_shows_no_line_of_pythons_own() -> None:
    """A property that raises names the user's line, not the one of functools that called it."""
    wide = jacmagic.jacobian(lambda x: x.sum(), torch.ones(2))
    with pytest.raises(PointError, match="square") as caught:
        wide.det  # noqa: B018 a property
    line, message = caught.value._render_traceback_()
    assert line.endswith("wide.det  # noqa: B018 a property")
    assert message.startswith("PointError: expected a square Jacobian; found 1 × 2")


@pytest.mark.parametrize("function", [jacmagic.jacobian, jacmagic.hessian, jacmagic.compile])
def test_signatures_are_readable(function) -> None:
    """help() spells every type: no alias that a reader cannot look up."""
    assert "Names" not in str(inspect.signature(function))


STEPS = {
    "//": lambda x: (x // 2 * x**2).sum(),
    "2 //": lambda x: (2 // x * x**2).sum(),
    "floor_divide": lambda x: (torch.floor_divide(x, 2) * x**2).sum(),
    "heaviside": lambda x: (torch.heaviside(x, x[0]) * x**3).sum(),
}


@pytest.mark.parametrize("name", STEPS)
def test_steps_without_a_rule_of_torchs_have_a_hessian(name) -> None:
    """Between its jumps a step is constant, and the Hessian is that of the rest."""
    x = torch.tensor([1.5, 4.5], dtype=torch.float64)
    H = jacmagic.hessian(STEPS[name], x)
    steps = {"heaviside": 6 * x, "2 //": 2 * (2 // x)}.get(name, 2 * (x // 2))
    assert torch.equal(H.matrix, torch.diag(steps)) and H.agreement.verdict == "agree"
