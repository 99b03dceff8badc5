"""Finite differences check the closed form where torch cannot differentiate."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import jacmagic
from jacmagic.result.verdict import Evidence, check_closed_form

F64 = torch.float64


def jacobian(function, *point):
    value = point[0] if len(point) == 1 else list(point)
    return jacmagic.jacobian(function, torch.tensor(value, dtype=F64))


@pytest.mark.parametrize("scale", [2.0**-100, 1.0, 2.0**100])
@pytest.mark.parametrize(
    ("function", "point", "expected"),
    [
        (lambda x, s: x // s + x**2 / s**2, [2.7], [[5.4]]),
        (lambda x, s: x / s * (x // (2 * s)), [5.3], [[2.0]]),
        (lambda x, s: x // s, [2.7], [[0.0]]),
        (lambda x, s: x[0] // x[1] * x[0] / s, [5.3, 2.0], [[2.0, 0.0]]),
        (lambda x, s: (x // s).prod() * x[0] / s, [3.2, 2.5], [[6.0, 0.0]]),
    ],
)
def test_differences_confirm_the_closed_form_away_from_jumps(function, point, expected, scale):
    """Two independent sources are left, and they agree at every scale."""
    found = jacobian(lambda x: function(x, scale).reshape(-1), *(scale * p for p in point))
    exact = torch.tensor(expected, dtype=F64).reshape(1, -1)
    torch.testing.assert_close(found.matrix * scale, exact)
    assert found.agreement.verdict == "agree"
    assert str(found.agreement).startswith("the closed form agrees with finite differences")


@pytest.mark.parametrize("point", [0.0, 3.0, -2.0])
def test_a_jump_at_the_point_is_the_reason(point):
    """At a jump nothing is confirmed, and what jumps is named with its line."""
    found = jacobian(lambda x: x // 1 + x**2, point)
    assert found.agreement.verdict == "not confirmed"
    assert "the only source of ∂f/∂x: floor jumps at integers (line" in str(found.agreement)


def test_many_inputs_are_checked_along_random_directions():
    """Too many columns for one after the other."""
    found = jacobian(lambda x: (x // 1) * x.sum(), *(k + 0.3 for k in range(80)))
    assert found.agreement.verdict == "agree"


def test_a_wrong_closed_form_is_not_vouched_for():
    """The two sources contradict each other, and the entry is named."""
    right = jacobian(lambda x: (x // 1) * x[0], 2.5, 3.5)
    for wrong in ([[2.0, 0.5], [3.0, 0.0]], [[2.0, 0.0], [-3.0, 0.0]]):
        parts = right.problem, right.numbers, torch.tensor(wrong, dtype=F64)
        found = check_closed_form(Evidence(*parts, right._traced, right.rows))
        i, j = np.argwhere(right.matrix.numpy() != np.array(wrong))[0]
        assert found.verdict != "agree"
        assert right._entry(i, j) in str(found)


def test_state_is_the_reason():
    """A function that counts its calls is not asked again."""
    calls = []

    def counted(x):
        calls.append(1)
        return x // 1 + x**2

    found = jacobian(counted, 2.5)
    assert found.agreement.verdict == "not confirmed"
    assert "changes calls whenever it runs" in str(found.agreement)
