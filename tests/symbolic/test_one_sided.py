"""Kinks: what the Jacobian is from the left and from the right, and what torch takes."""

from __future__ import annotations

import math

import pytest
import torch

import jacmagic
from jacmagic.view.captions import warnings

F = torch.nn.functional
INF = math.inf


def at(*values: float) -> torch.Tensor:
    """Return a vector of float64."""
    return torch.tensor(values, dtype=torch.float64)


def branch(x):
    """Another formula on the other side."""
    if x[0] > 0:
        return x[0] ** 2 + 3 * x[0]
    return -x[0]


def corner(x):
    """Two kinks on the way to one number."""
    return torch.relu(x[0]) + torch.abs(x[0]) * 2


CASES = [
    # function, point, {(i, j): (left, right)}
    (torch.abs, at(0), {(0, 0): (-1, 1)}),
    (torch.relu, at(0), {(0, 0): (0, 1)}),
    (lambda x: F.leaky_relu(x, 0.1), at(0), {(0, 0): (0.1, 1)}),
    (F.hardtanh, at(1), {(0, 0): (1, 0)}),
    (F.relu6, at(6), {(0, 0): (1, 0)}),
    (F.hardsigmoid, at(3), {(0, 0): (1 / 6, 0)}),
    (lambda x: F.softshrink(x, 0.5), at(0.5), {(0, 0): (0, 1)}),
    (lambda x: F.elu(x, 2.0), at(0), {(0, 0): (2, 1)}),
    (lambda x: x.clamp(-1, 2), at(-1, 2), {(0, 0): (0, 1), (1, 1): (1, 0)}),
    (lambda x: torch.maximum(x[0], x[1]), at(1, 1), {(0, 0): (0, 1), (0, 1): (0, 1)}),
    (lambda x: torch.minimum(x[0], 2 * x[1]), at(2, 1), {(0, 0): (1, 0), (0, 1): (2, 0)}),
    (lambda x: x.amax(), at(1, 1, 1), {(0, 0): (0, 1), (0, 1): (0, 1), (0, 2): (0, 1)}),
    (lambda x: x.max(), at(3, 3, 1), {(0, 0): (0, 1), (0, 1): (0, 1)}),
    (lambda x: x.abs().sum(), at(0, 2), {(0, 0): (-1, 1)}),
    (lambda x: torch.linalg.norm(x), at(0, 0), {(0, 0): (-1, 1), (0, 1): (-1, 1)}),
    (lambda x: torch.linalg.vector_norm(x, math.inf), at(1, -1), {(0, 0): (0, 1), (0, 1): (-1, 0)}),
    (lambda x: torch.where(x > 1, x**2, 3 * x - 2), at(1), {(0, 0): (3, 2)}),
    (branch, at(0), {(0, 0): (-1, 3)}),
    (corner, at(0), {(0, 0): (-2, 3)}),
    (lambda x: x[0] * x[0].abs() + (x[1] - 2).abs(), at(0, 2), {(0, 1): (-1, 1)}),
    (lambda x: torch.abs(torch.sin(x)), at(0), {(0, 0): (-1, 1)}),
    (lambda x: F.huber_loss(x, torch.zeros_like(x)) + x.abs().sum(), at(0), {(0, 0): (-1, 1)}),
    (
        lambda x: torch.sort(x).values,
        at(1, 1),
        {(0, 0): (1, 0), (0, 1): (1, 0), (1, 0): (0, 1), (1, 1): (0, 1)},
    ),
]


@pytest.mark.parametrize(("function", "point", "expected"), CASES)
def test_both_sides(function, point, expected) -> None:
    """Entries that differ are found with the right limits; torch's choice is not a disagreement."""
    J = jacmagic.jacobian(function, point)
    both = J.one_sided
    assert both is not None and both.kinks
    assert set(both.entries) == set(expected)
    for (i, j), (left, right) in expected.items():
        assert float(both.left[i, j]) == pytest.approx(left, abs=1e-9)
        assert float(both.right[i, j]) == pytest.approx(right, abs=1e-9)
    assert J.agreement.verdict == "agree", str(J.agreement)
    rest = torch.ones_like(both.left, dtype=torch.bool)
    for entry in expected:
        rest[entry] = False
    torch.testing.assert_close(both.left[rest], J.matrix[rest] if J.matrix.ndim else J.matrix)


@pytest.mark.parametrize(
    ("function", "point"),
    [
        (torch.sin, at(0)),
        (torch.abs, at(0.5)),
        (lambda x: torch.relu(x), at(-1)),
        (branch, at(1)),
        (lambda x: torch.maximum(x[0], x[1]), at(1, 2)),
    ],
)
def test_smooth_points_have_one_side(function, point) -> None:
    """Away from kinks there is nothing to tell."""
    J = jacmagic.jacobian(function, point)
    assert J.one_sided is None
    assert not warnings(J)


def test_a_kink_that_is_smooth_after_all() -> None:
    """x·|x| has a kink inside, but its derivative is the same from both sides."""
    both = jacmagic.jacobian(lambda x: x * x.abs(), at(0)).one_sided
    assert both is not None and both.entries == []
    assert float(both.left[0, 0]) == pytest.approx(0, abs=1e-9)


def test_no_kink_is_named_where_the_function_is_smooth() -> None:
    """A kink inside is none of a function whose sides and torch have one slope."""
    assert jacmagic.jacobian(lambda x: x * x.abs(), at(0)[0]).agreement.warnings == ()


def test_infinite_slopes() -> None:
    """The cube root of a square rises to both sides without bound."""
    both = jacmagic.jacobian(lambda x: x.abs() ** 0.5, at(0)).one_sided
    assert (float(both.left[0, 0]), float(both.right[0, 0])) == (-INF, INF)


def test_jumps_have_no_sides() -> None:
    """Where the function jumps, no one-sided derivative is claimed."""
    both = jacmagic.jacobian(torch.floor, at(1)).one_sided
    assert math.isnan(float(both.left[0, 0])) and both.entries == []


def test_the_sentence_about_a_kink() -> None:
    """The line names the entry, both sides and what torch takes; the kink's line of code too."""
    notes = warnings(jacmagic.jacobian(lambda x: torch.abs(x), at(0)))
    assert notes[0].startswith(
        "kink at this point: abs has no derivative at 0; torch takes 0 (line"
    )
    assert notes[1] == "∂f₀/∂x₀ is −1 from the left and 1 from the right; torch takes 0"
    branched = warnings(jacmagic.jacobian(branch, at(0)))
    assert "the code takes another branch on the other side of this point (line" in branched[0]


def test_a_cut_graph_is_still_found_beside_a_kink() -> None:
    """A value outside the two sides stays a disagreement."""
    J = jacmagic.jacobian(lambda x: x.abs() + 5 * x.detach(), at(0))
    assert J.agreement.verdict == "disagree"


def test_the_derivation_has_the_limits() -> None:
    """LaTeX, PDF and the page show both limits below the chain."""
    where = jacmagic.jacobian(torch.abs, at(0)[0]).derivation.where
    assert where == (
        r"\lim_{x \uparrow 0} \frac{\partial \mathrm{abs}}{\partial x} = -1",
        r"\lim_{x \downarrow 0} \frac{\partial \mathrm{abs}}{\partial x} = 1",
    )


@pytest.mark.parametrize(
    ("function", "point", "verdict"),
    [
        (lambda x: F.relu(x) - F.relu(-x), at(0, 2), "disagree"),
        (lambda x: x.clamp(min=0) + x.clamp(max=0), at(0), "disagree"),
        (lambda x: torch.sqrt(x @ x) ** 2, at(0, 0), "disagree"),
        (lambda x: torch.linalg.norm(x) ** 2, at(0, 0), "agree"),
        (lambda x: F.relu(x) ** 2, at(0, 2), "agree"),
        (torch.nanmedian, at(1, 1, 1, 0, 2), "agree"),
        (lambda x: torch.topk(x, 2).values[1], at(1, 1, 1), "agree"),
    ],
)
def test_a_derivative_that_is_the_same_from_both_sides_is_the_right_one(function, point, verdict):
    """Torch's choices at kinks may add up to another number, nan included; the verdict says so."""
    agreement = jacmagic.jacobian(function, point).agreement
    assert agreement.verdict == verdict
    if verdict == "disagree":
        assert agreement.alone == "torch"
        assert "from both sides" in agreement.disagreements[0].cause


@pytest.mark.parametrize(
    "function, x, left, right",
    [
        (lambda x: torch.abs(x - 0.3) + x**2, 0.3, -0.4, 1.6),
        (lambda x: torch.abs(3 * x - 1), 1 / 3, -3.0, 3.0),
        (lambda x: torch.clamp(x, max=1.3), 1.3, 1.0, 0.0),
    ],
)
def test_a_tie_is_one_in_the_arithmetic_of_torch(function, x, left, right):
    """In float32, where 0.3 − 0.3 is 0, a kink away from 0 has the sides it has in float64."""
    result = jacmagic.jacobian(function, torch.tensor(x))
    both = result.one_sided
    assert both.left.item() == pytest.approx(left, abs=1e-6)
    assert both.right.item() == pytest.approx(right, abs=1e-6)
    assert result.agreement.verdict == "agree"


WITHIN_ROUNDING = [
    # function, point, left, right
    (lambda x: torch.maximum(torch.sin(x), torch.cos(x)), math.pi / 4, -(0.5**0.5), 0.5**0.5),
    (lambda x: abs(x - 0.1 - 0.2), 0.3, -1.0, 1.0),
    (lambda x: torch.relu(3 * x - 0.3), 0.1, 0.0, 3.0),
    (lambda x: (x - 0.1 - 0.2).clamp(0, 1), 0.3, 0.0, 1.0),
]


@pytest.mark.parametrize(("function", "x", "left", "right"), WITHIN_ROUNDING)
def test_a_tie_within_rounding_is_a_possible_kink(function, x, left, right) -> None:
    """Where rounding hides a tie, the kink is called possible and both sides are shown."""
    result = jacmagic.jacobian(function, at(x)[0])
    assert result.agreement.warnings[0].startswith("possible kink at this point, within rounding")
    assert "torch takes" not in result.agreement.warnings[0]
    assert result.agreement.verdict == "agree"
    both = result.one_sided
    assert both is not None and both.left.item() == pytest.approx(left)
    assert both.right.item() == pytest.approx(right)


def test_a_possible_kink_with_equal_sides_is_none() -> None:
    """Two forms of one number that differ by rounding make no kink."""
    result = jacmagic.jacobian(
        lambda x: torch.relu(x - 0.1 - 0.2) - torch.relu(0.1 + 0.2 - x), at(0.3)[0]
    )
    assert result.agreement.warnings == () and result.agreement.verdict == "agree"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_has_both_sides(dtype) -> None:
    """The sides of a kink are known where the dtype itself has no digits for difference quotients.

    torch's 0 of |x − 1/3| lies between them, as the nearest number to 1/3 is a tie to it.
    """
    for function, x, left, right in (
        (torch.relu, 0.0, 0.0, 1.0),
        (lambda x: torch.abs(x - 1 / 3), 1 / 3, -1.0, 1.0),
    ):
        result = jacmagic.jacobian(function, torch.tensor(x, dtype=dtype))
        both = result.one_sided
        assert (both.left.item(), both.right.item()) == pytest.approx((left, right))
        assert result.agreement.verdict == "agree" and result.agreement.warnings


def test_bfloat16_has_a_closed_form():
    """Numbers that a rule reads may be bfloat16, which NumPy lacks."""
    result = jacmagic.jacobian(lambda x: x / x.norm(), torch.tensor([3.0, 4.0]).bfloat16())
    assert result.formula is not None and result.agreement.verdict == "agree"


def test_a_step_of_numbers_is_no_kink() -> None:
    """The position of a median is rounded, and a branch asks for nan; no input moves either."""
    result = jacmagic.jacobian(lambda x: torch.quantile(x, 0.5), at(1, 2, 4, 8))
    assert result.agreement.warnings == () and result.one_sided is None


def test_a_triangular_matrix_is_no_kink() -> None:
    """That torch checks the zeros of a scale_tril is no branch of the code."""

    def density(L):
        normal = torch.distributions.MultivariateNormal(at(0, 0), scale_tril=L)
        return normal.log_prob(at(0.3, 0.4))

    assert jacmagic.jacobian(density, torch.stack([at(2, 0), at(1, 3)])).agreement.warnings == ()


def test_what_underflows_to_zero_is_no_kink() -> None:
    """The square root in hypot(1e-200, 2e-200) is taken of 5e-400, which is 0 in floats only."""
    J = jacmagic.jacobian(torch.hypot, (1e-200, 2e-200))
    assert J.one_sided is None and J.agreement.warnings == ()
    assert jacmagic.jacobian(torch.hypot, (0.0, 0.0)).one_sided is not None
