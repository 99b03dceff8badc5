"""Why an entry is nan, infinite or zero: operation, line, remedy."""

from __future__ import annotations

import math

import pytest
import torch

import jacmagic


def number(x: float) -> torch.Tensor:
    return torch.tensor(x, dtype=torch.float64)


def line_of(function, offset: int) -> int:
    return function.__code__.co_firstlineno + offset


def trap(x):
    root = torch.sqrt(x)
    return torch.where(x > 0, root, torch.zeros_like(x))


def test_a_branch_that_where_discards_is_found() -> None:
    """0·∞ in the backward pass of sqrt, on the line of sqrt, with the `where` to write."""
    found = jacmagic.jacobian(trap, number(0.0)).why(0, 0)
    assert (found.kind, found.operation, found.line) == ("backward", "sqrt", line_of(trap, 1))
    assert "0·∞ is nan" in found.reason[1]
    assert "torch.where(u > 0, u, 1.0)" in found.advice


def two(x, y):
    first = torch.log(x - 2)
    second = y / (x - 1)
    return first, second, x * y


def test_each_output_has_its_own_origin() -> None:
    """Of two operations that fail in one run, the one that reaches the output is named."""
    J = jacmagic.jacobian(two, (number(1.0), number(3.0)))
    first, second = J.why(0, 0), J.why(1, 1)
    assert (first.kind, first.operation, first.line) == ("forward", "log", line_of(two, 1))
    assert "log(-1) is nan" in first.reason[1]
    assert (second.operation, second.line) == ("div", line_of(two, 2))
    assert "div(3, 0) is inf: division by zero" in second.reason[1]


def mathematics(a, b):
    return math.sqrt(a * a + b * b), math.acos(a + 1)


def test_calls_of_math_have_lines_too() -> None:
    """sqrt and acos written with `math`, at the ends of their ranges."""
    J = jacmagic.jacobian(mathematics, (number(0.0), number(0.0)))
    assert [J.why(i, 0).operation for i in (0, 1)] == ["sqrt", "acos"]
    assert {J.why(i, 0).line for i in (0, 1)} == {line_of(mathematics, 1)}


def cuts(x):
    return x.detach() * x, 0 * x + 1, x**2


def test_zeros_and_cuts_are_distinguished() -> None:
    """A cut graph, a zero whatever the point, a zero here, a finite number."""
    J = jacmagic.jacobian(cuts, number(2.0))
    cut, zero, finite = (J.why(i, 0) for i in range(3))
    assert (cut.kind, "detach()" in cut.reason[1]) == ("cut", True)
    assert (zero.kind, "whatever the point" in zero.reason[0]) == ("zero", True)
    assert (finite.kind, finite.reason) == ("finite", ("a finite number: the entry is 2*x",))
    here = jacmagic.jacobian(cuts, number(0.0)).why(2, 0)
    assert (here.kind, "zero at this point, not at all" in here.reason[0]) == ("zero", True)


def cubic(x):
    return x**1.5 + torch.sqrt(x)


def test_a_hessian_of_a_gradient_that_is_not_finite_names_the_gradient() -> None:
    """The operation is the one whose own slope is infinite."""
    found = jacmagic.hessian(cubic, number(0.0)).why(0, 0)
    assert (found.operation, found.line) == ("sqrt", line_of(cubic, 1))


def test_functions_without_a_closed_form_are_explained() -> None:
    """The origin is found by torch alone."""

    def unknown(x):
        return torch.linalg.matrix_exp(torch.diag(x))[0, 0] / x[1]

    found = jacmagic.jacobian(unknown, torch.tensor([1.0, 0.0], dtype=torch.float64)).why(0, 0)
    assert (found.kind, found.operation) == ("forward", "div")


def test_entries_that_do_not_exist_are_refused() -> None:
    """Indices count from 0; negative ones from the end."""
    J = jacmagic.jacobian(cuts, number(2.0))
    assert J.why(-1, 0).entry == "∂cuts₃/∂x"
    with pytest.raises(jacmagic.PointError, match="the last entry is"):
        J.why(3, 0)
