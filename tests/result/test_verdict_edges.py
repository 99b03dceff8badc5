"""The verdict where a function refuses points, has no value, or hides what it reads."""

from __future__ import annotations

import ctypes
import sys

import pytest
import torch

import jacmagic
from jacmagic.function.interop.call_limit import MAX_CALLS, EndlessError
from jacmagic.numeric.probe import Probe
from jacmagic.numeric.steadiness import independent, unsteady

F64 = torch.float64
X = torch.tensor([0.3, 2.0], dtype=F64)


class OutOfDomainError(Exception):
    """An exception that torch and Python know nothing of."""


def within(x):
    """Refuse all but a neighbourhood of the point, nan included."""
    if not bool(((x > 0) & (x < 3)).all()):
        raise OutOfDomainError("expected 0 < x < 3")


def by_numpy(x):
    within(x)
    return torch.from_numpy(x.detach().numpy() ** 2) * x


def looked_up(x):
    return {0.3: 1.0, 2.0: 2.0}[x[0].item()] * x


def stopped(x):
    if x[0].item() != 0.3:
        raise StopIteration
    return x * x


def left(x):
    if bool((x != X).any()):
        sys.exit("x is another one")
    return x * x


def left_beyond(x):
    if bool((x > 2.1).any()):
        raise SystemExit("above 2.1")
    return x.abs() * x


def endless_beside(x):
    """Newton's method that ends only at the point itself."""
    while bool(x[0] != 0.3):
        x = x + 0 * x
    return x * x


def rooted(x):
    if bool((x < 0.3).any()):
        raise OutOfDomainError("expected x ≥ 0.3")
    return (x[0] - 0.3).sqrt() + x[1]


def warned(x):
    within(x)
    return x.sqrt()


@pytest.mark.parametrize(
    ("function", "verdict"),
    [
        (warned, "agree"),
        (by_numpy, "disagree"),
        (rooted, "agree"),
        (looked_up, "not confirmed"),
        (stopped, "agree"),
        (left, "agree"),
        (left_beyond, "agree"),
        (endless_beside, "agree"),
    ],
)
def test_a_function_may_refuse_other_points_with_any_exception(function, verdict):
    """Whatever it raises there, the numbers, the verdict and the page come."""
    J = jacmagic.jacobian(function, X)
    assert J.agreement.verdict == verdict
    assert J.agreement.alone == ("torch" if verdict == "disagree" else "")
    assert repr(J)


def shared_by_dlpack(x):
    return torch.utils.dlpack.from_dlpack(torch.utils.dlpack.to_dlpack(x.detach())) * x


def copied_by_pointer(x):
    copy = torch.empty_like(x.detach())
    ctypes.memmove(copy.data_ptr(), x.data_ptr(), copy.nbytes)
    return copy * x


@pytest.mark.parametrize("scale", [1.0, 2.0**-60, 2.0**70])
@pytest.mark.parametrize("function", [shared_by_dlpack, copied_by_pointer])
def test_memory_read_behind_torchs_back_is_not_vouched_for(function, scale):
    """Torch and the trace both miss it; the function near the point tells."""
    agreement = jacmagic.jacobian(lambda x: function(x) * scale, X).agreement
    assert (agreement.verdict, agreement.alone) == ("disagree", "torch")
    assert agreement.disagreements[0].differences == pytest.approx(2 * 0.3 * scale)


@pytest.mark.parametrize(
    ("function", "point"),
    [
        (torch.acosh, [0.0]),
        (lambda x: x[0] * x, [float("inf"), 2.0]),
        (lambda x: x % x[0], [0.0, 2.0]),
        (lambda x: torch.round(x, decimals=0) * x, [float("nan")]),
        (lambda x: torch.mvlgamma(x, 3), [0.0]),
        (lambda x: torch.logdet(torch.diag(x)), [1.0, -2.0]),
    ],
)
def test_nothing_is_judged_where_the_function_is_not_finite(function, point):
    """Its value is nan or infinite there: no source is accused, and the reason is named."""
    agreement = jacmagic.jacobian(function, torch.tensor(point, dtype=F64)).agreement
    assert agreement.verdict == "not confirmed"


@pytest.mark.parametrize("function", [torch.round, torch.floor, torch.ceil, torch.frac])
def test_steps_at_infinity_are_no_error(function):
    """An infinite number is not an integer on which a step could lie."""
    x = torch.tensor([float("inf"), 1.2], dtype=F64)
    assert repr(jacmagic.jacobian(lambda x: function(x) * x, x))


def test_a_slope_of_torchs_where_nothing_varies_is_accused():
    """gaussian_nll_loss clamps the variance behind torch's back."""
    loss = torch.nn.functional.gaussian_nll_loss
    x = torch.tensor([0.5, 1e-9], dtype=F64)
    agreement = jacmagic.jacobian(
        lambda x: loss(x[:1], torch.ones(1, dtype=F64), x[1:]), x
    ).agreement
    assert (agreement.alone, len(agreement.disagreements)) == ("torch", 1)


def test_a_nan_of_torch_beside_a_finite_value_is_still_accused():
    """The function is 1 there and flat; only torch's backward pass meets 0·∞."""
    x = torch.tensor([-1.0, 4.0], dtype=F64)
    agreement = jacmagic.jacobian(lambda x: torch.where(x > 0, x.sqrt(), x), x * 0).agreement
    assert agreement.verdict == "disagree"


@pytest.mark.parametrize("scale", [1.0, 2.0**-60, 2.0**70])
def test_a_kernel_with_constants_of_float32_is_not_contradicted(scale):
    """Torch's hardsigmoid has 1/6 to the digits of float32 only."""
    hardsigmoid = torch.nn.functional.hardsigmoid
    J = jacmagic.jacobian(lambda x: hardsigmoid(x) * scale, X)
    assert J.agreement.verdict == "not confirmed"
    assert "torch has only 7 digits" in J.agreement.reason


@pytest.mark.parametrize("function", [lambda x: 1e-20 / x, lambda x: ((x / 999) ** 2).sqrt()])
def test_a_range_that_is_left_in_a_short_dtype_is_the_cause(function):
    """The square of a small number underflows in float32, on torch's way backwards or before."""
    x = torch.tensor([1e-21], dtype=torch.float32)
    agreement = jacmagic.jacobian(function, x).agreement
    assert agreement.verdict == "disagree"
    assert "range of float32" in agreement.disagreements[0].cause


def test_a_closed_form_that_overflows_is_not_cited_as_different() -> None:
    """Where float64 has no digits of the closed form, torch is compared with fifty of them."""
    x = torch.tensor(1e200, dtype=F64)
    agreement = jacmagic.jacobian(lambda x: torch.hypot(x, 2 * x), x).agreement
    assert agreement.verdict == "agree" and agreement.largest < 1e-15
    small = torch.tensor(1e-160, dtype=F64)
    agreement = jacmagic.jacobian(lambda x: torch.sin(x) / x, small).agreement
    assert "largest difference 3e-161" in str(agreement)


def test_differences_of_zero_confirm_no_infinity() -> None:
    """torch's infinity is wrong where the function is flat, and the closed form is not blamed."""
    x = torch.tensor(1e-160, dtype=F64)
    agreement = jacmagic.jacobian(lambda x: (1 - torch.cos(x)) / x**2, x).agreement
    assert agreement.alone != "the closed form" and "-8.33333e-162" in str(agreement)


def test_a_range_that_is_left_in_float64_is_the_cause() -> None:
    """A backward pass that under- or overflows is named as the cause, not the user's code."""
    x = torch.tensor([300.0, 400.0], dtype=F64)
    agreement = jacmagic.jacobian(lambda x: torch.exp(x) / torch.exp(2 * x), x).agreement
    assert agreement.alone == "torch"
    assert all("range of float64" in one.cause for one in agreement.disagreements)


def test_a_root_of_a_special_function_is_no_error() -> None:
    """torch's digamma has no digits at its root, and a closed form nevertheless."""
    x = torch.tensor(1.4616321449683622, dtype=F64)
    J = jacmagic.jacobian(torch.digamma, x)
    assert J.formula is not None and "torch has only 9 digits" in J.agreement.reason


def test_what_a_short_dtype_loses_is_not_reported_as_an_error() -> None:
    """torch's erf of a tiny bfloat16 is 0; the dtype is named, and no report asked for."""
    x = torch.tensor(2.2648936e-31, dtype=torch.bfloat16)
    J = jacmagic.jacobian(lambda x: torch.erf(x).abs(), x)
    assert J.agreement.verdict == "disagree" and "bfloat16" in J.agreement.disagreements[0].cause
    assert "report" not in str(J.agreement) + str(J.refusal) and "bfloat16" in str(J.refusal)


def test_a_table_of_an_installed_package_is_left_alone():
    """Classes of other packages are not the user's, whatever they are made of."""
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"k": [2.0]})
    J = jacmagic.jacobian(lambda x: float(table["k"].iloc[0]) * x**2, X)
    assert J.matrix.diagonal().tolist() == pytest.approx([1.2, 8.0])
    assert J.agreement.verdict == "agree"
    table["k"] = [3.0]
    assert J.at(x=X).matrix.diagonal().tolist() == pytest.approx([1.8, 12.0])


def test_other_points_are_answered_or_refused_where_a_function_exits():
    """`sys.exit()` near the point ends neither `.at()` nor a derivation at a kink."""
    J = jacmagic.jacobian(left_beyond, X)
    assert J.at(x=torch.tensor([0.0, -1.0], dtype=F64)).one_sided is not None
    with pytest.raises(SystemExit, match="above"):
        J.at(x=torch.tensor([0.0, 3.0], dtype=F64))


def test_a_loop_that_ends_nowhere_else_is_broken_off_everywhere():
    """Beside a point that a slider comes to, and at the kink of a known branch."""

    def f(x):
        while bool((x[0] != 0.0) & (x[0] != 0.3)):
            x = x + 0 * x
        return x.abs() * x[1]

    J = jacmagic.jacobian(f, X)
    assert J.agreement.verdict == "agree"
    there = J.at(x=torch.tensor([0.0, 2.0], dtype=F64))
    assert there.matrix.tolist() == [[0.0, 0.0], [0.0, 4.0]]
    assert str(there.agreement)


def test_a_long_loop_is_answered_and_not_run_again_to_its_end():
    """torch's numbers, a refusal within the budget, and no run that counts to the end again."""
    ends = set()

    def f(x):
        for _ in range(40_000):
            x = x * 1.000001
        ends.add(len(ends))
        return x

    J = jacmagic.jacobian(f, X)
    expected = torch.eye(2, dtype=F64) * 1.000001**40_000
    torch.testing.assert_close(J.matrix, expected)
    runs = len(ends)
    assert J.agreement.verdict == "not confirmed"
    assert J.refusal is not None and "too large" in str(J.refusal)
    assert len(ends) <= runs + 1


def test_probes_break_off_a_long_loop_at_the_point():
    """A run that finite differences could never afford is not made at all."""

    def f(x):
        for _ in range(MAX_CALLS + 1):
            x = x + 1
        return x

    with pytest.raises(EndlessError, match="calls of torch"):
        probe = Probe(f, [X], None)
        probe(probe.point)
    assert unsteady(f, [X], [X]) is None
    assert not independent(f, [X], [0, 1]).any()


def test_another_number_of_outputs_beside_the_point():
    """Finite differences know nothing where the function has other outputs than at the point."""
    x = torch.tensor([0.0, 0.5, 0.0], dtype=F64)
    J = jacmagic.jacobian(lambda x: x[x > 0], x)
    assert J.matrix.tolist() == [[0, 1, 0]]
    assert J.agreement.verdict == "agree"


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.diag(x).amax(0),
        lambda x: torch.nn.functional.pad(x, (1, 2)).amin(),
        lambda x: x.norm(p=torch.inf),
        lambda x: torch.linalg.vector_norm(x, -torch.inf),
        lambda x: torch.linalg.vector_norm(torch.stack([x, -x]), torch.inf, dim=(0, 1)),
        lambda x: torch.cat([x, x]).amax(),
    ],
)
@pytest.mark.parametrize("point", [[0.0, 0, 0, 0], [1, 1, 1, 1], [1, -1, 1, -1], [-1, 1, 0, 1]])
def test_the_form_shares_a_tie_as_torch_does(function, point):
    """Among all elements that tie, whatever they are made of: numbers, equal ones, sizes."""
    x = torch.tensor(point, dtype=F64)
    J = jacmagic.jacobian(function, x)
    assert J.agreement.verdict == "agree"
    torch.testing.assert_close(torch.from_numpy(J.evaluator()(*point)), J.matrix)


def test_a_slope_seen_from_afar_only_decides_nothing():
    """Of two eigenvalues that nearly meet, the larger is another branch from afar."""
    a, b = -1.950229353319064e-4, -8.126700221026891e-5
    x = torch.tensor([[0, 0, 0], [0, 0, a], [0, 1, b]], dtype=F64)
    J = jacmagic.jacobian(lambda x: torch.linalg.eigvalsh(x @ x.T + torch.eye(3)), x)
    assert J.agreement.verdict != "disagree"


def test_a_kink_that_looks_smooth_from_afar_decides_nothing():
    """Steps beyond 2⁴⁰ see one slope on both sides of 0, where |x| has none."""

    def solution(x):
        v = torch.cat([x, x])
        return torch.linalg.solve(torch.sqrt(v.abs() + 0.1) + 3 * torch.eye(12), v)[:5]

    agreement = jacmagic.jacobian(solution, torch.tensor([0, 0, 0, 0, 1, 0], dtype=F64)).agreement
    assert agreement.verdict == "not confirmed"
    assert "not decisive" in agreement.reason


def test_a_jump_is_a_kink_and_no_slope():
    """Conditions joined by and, or, not are looked through; differences decide nothing there."""
    half = torch.tensor([0.5], dtype=F64)
    for function in (
        torch.nn.functional.hardshrink,
        lambda x: torch.where((x > 0.5) | (x < 0), x, x * 0),
        lambda x: torch.where(~(x > 0.5), x, x * 0),
    ):
        agreement = jacmagic.jacobian(function, half).agreement
        assert agreement.verdict == "agree" and "differences" not in str(agreement)
        assert "two cases meet" in "".join(agreement.warnings)
    multivariate = torch.distributions.MultivariateNormal
    normal = lambda x: multivariate(x, scale_tril=torch.diag(x)).log_prob(2 * X)  # noqa: E731
    J = jacmagic.jacobian(normal, X + 1)
    assert J.agreement.warnings == ()
    no_edge = jacmagic.jacobian(lambda x: torch.where((x > 0.5) & (x < 0), x, x * 2), half)
    assert no_edge.agreement.warnings == ()


@pytest.mark.parametrize("scale", [1.0, 2.0**-90, 2.0**80])
def test_a_derivative_below_the_rounding_of_the_value_is_no_alarm(scale):
    """Torch's derivative of expm1(x) is expm1(x) + 1, of which no digit is left at −42."""
    x = torch.tensor([-42.1], dtype=F64)
    agreement = jacmagic.jacobian(lambda x: torch.expm1(x) * scale, x).agreement
    assert agreement.verdict == "not confirmed"
    assert "too few digits" in agreement.reason


def test_large_logits_agree():
    """The form overflows as it is written; torch's rounding is that of its arguments."""
    z = torch.tensor([1000.0, 999.0, 998.0], dtype=F64)
    assert jacmagic.jacobian(lambda z: torch.logsumexp(z, 0), z).agreement.verdict == "agree"


def test_a_cut_is_not_blamed_for_a_roundoff():
    """A number is read for a choice only; torch and the form differ in the last digit."""

    def chosen(x):
        first = torch.linalg.det(x + 2 * torch.eye(2, dtype=F64))
        max(first, x.sum(), key=lambda t: t.item())
        return first

    x = torch.tensor([[0, 1], [0.06, 0]], dtype=F64)
    assert jacmagic.jacobian(chosen, x).agreement.verdict == "agree"


def test_a_reflection_that_lapack_leaves_out_is_another_branch():
    """QR turns no column below whose diagonal all is 0 already; the evaluator knows."""

    def function(x):
        shrunk = torch.nn.functional.hardshrink(x)
        return torch.linalg.qr(shrunk + 2 * torch.eye(4, dtype=F64))[1][0]

    J = jacmagic.jacobian(function, torch.tensor([-1.0, 0, 0, 0], dtype=F64))
    there = [-0.41, -0.34, -0.48, -1.81]
    expected = J.at(x=torch.tensor(there, dtype=F64)).matrix
    torch.testing.assert_close(torch.from_numpy(J.evaluator()(*there)), expected)
    triangular = torch.tensor([[1.0, 2], [0, 3]], dtype=F64)
    R = jacmagic.jacobian(lambda a: torch.linalg.qr(a)[1], triangular)
    assert R.refusal is None and R.agreement.verdict == "agree"


@pytest.mark.parametrize(
    ("function", "point"),
    [
        (lambda x: torch.sqrt(x[0] ** 2), [1e-170]),
        (lambda x: torch.sqrt(x[0] * x[0] + x[1] * x[1]), [3e-200, 4e-200]),
        (lambda x: torch.atan2(x[0], x[1]), [1e-200, 1e-200]),
    ],
)
def test_what_underflows_on_the_way_confirms_nothing(function, point):
    """Torch has inf or 0 as a square underflows; the closed form in float64 does not agree."""
    agreement = jacmagic.jacobian(function, torch.tensor(point, dtype=torch.float64)).agreement
    assert agreement.verdict == "not confirmed" and "scale the function" in str(agreement)


def test_another_slope_of_the_same_kink_is_no_difference() -> None:
    """|x| at −0 has slope −1 in torch and 1 in its closed form: both are sides of one kink."""
    J = jacmagic.jacobian(lambda x: torch.copysign(x.new_ones(()), x) * x, (-0.0,))
    assert str(J.agreement) == "torch agrees with the closed form; largest difference 0"
    assert J.matrix.item() == -1


def test_the_slope_of_x_ln_x_at_zero_is_not_confirmed() -> None:
    """torch's nan for p ln p at p = 0 is no mistake of torch: the slope is infinite."""
    q = torch.tensor([0.3, 0.7], dtype=torch.float64)
    J = jacmagic.jacobian(
        lambda p: torch.nn.functional.kl_div(q.log(), p, reduction="sum"), torch.tensor([0.0, 1.0])
    )
    assert J.agreement.verdict == "not confirmed" and J.formula is None


def test_the_slope_from_both_sides_is_the_closed_form_s() -> None:
    """relu(x) − relu(−x) is x: the form that is cited beside torch's 0 is 1, not its own 0."""
    J = jacmagic.jacobian(lambda x: torch.relu(x) - torch.relu(-x), (0.0,))
    assert "torch 0, closed form 1" in str(J.agreement)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.softmax(x, 0).sum(),
        lambda x: ((x / x.norm()) ** 2).sum(),
        lambda x: torch.nn.functional.layer_norm(x, (3,)).mean(),
    ],
)
def test_a_derivative_that_is_zero_to_rounding_agrees(function) -> None:
    """Of a constant written with variables torch gives some 1e-17, its closed form exactly 0."""
    J = jacmagic.jacobian(function, torch.tensor([0.1, 0.5, 0.7], dtype=torch.float64))
    assert J.agreement.verdict == "agree" and 0 < J.agreement.largest < 1e-15
