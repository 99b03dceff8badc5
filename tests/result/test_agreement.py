"""Traps of torch: each is named with its entry, its cause and a remedy."""

from __future__ import annotations

import math
import random
import re
import sys

import numpy as np
import pytest
import torch
from torch.autograd.function import once_differentiable

import jacmagic
from jacmagic.view.explorer.formula import formula_of

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

    def recorded(q):
        assert float(q.sum()) > 0
        return q**2

    J = jacmagic.jacobian(recorded, X)
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
    "function",
    [
        torch.relu,
        lambda x: torch.maximum(x, torch.zeros_like(x)),
        lambda x: torch.clamp_min(x, 0),
        lambda x: torch.clamp(x, 0, 1),
        lambda x: torch.clamp(x, min=torch.zeros_like(x)),
        lambda x: torch.clamp(x, torch.zeros_like(x), torch.ones_like(x)),
        lambda x: torch.fmax(x, torch.zeros_like(x)),
        lambda x: torch.fmin(x, torch.zeros_like(x)),
        lambda x: torch.where(x > 0, x, torch.zeros_like(x)),
        torch.abs,
    ],
)
def test_kinks_warn(function):
    """At a kink torch's choice is shown, of which the release decides, and the reader is warned."""
    x = torch.tensor([0.0], dtype=F64)
    J = jacmagic.jacobian(function, x)
    assert J.matrix.item() == torch.autograd.functional.jacobian(function, x).item()
    assert J.agreement.verdict == "agree" and J.agreement.largest == 0
    assert any(warning.startswith("kink at this point") for warning in J.agreement.warnings)


def test_bounds_that_are_inputs_have_torchs_slopes():
    """Of clamp they have torch's slopes, also where the lower bound is the higher one."""
    for point in (
        (0.5, 1, 2),
        (3, 1, 2),
        (1.5, 1, 2),
        (1, 1, 2),
        (0, 1, 1),
        (1.5, 2, 1),
        (3, 2, 1),
    ):
        x = torch.tensor(point, dtype=F64)
        agreement = jacmagic.jacobian(lambda x: x[0].clamp(x[1], x[2]), x).agreement
        assert agreement.verdict == "agree", (point, str(agreement))


def test_infinite_slope():
    """√ at 0 is infinite, and the line where it arises is named."""
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
    """A custom backward that lies is contradicted by both other sources."""

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


# ── scales and points ─────────────────────────────────────────────────────────────────────────


def at(*values: float) -> tuple[torch.Tensor, ...]:
    """One scalar tensor of float64 for each number."""
    return tuple(torch.tensor(value, dtype=F64) for value in values)


RIGHT = {
    "RC cutoff": (lambda R, C: 1 / (2 * math.pi * R * C), at(1e3, 1e-9)),
    "reciprocal": (lambda x: 1 / x, at(1e-5)),
    "Hill": (lambda c, K: c**2 / (K**2 + c**2), at(3e-9, 1e-9)),
    "beam": (lambda F, L, E, b: F * L**3 / (3 * E * b), at(100.0, 1.0, 2e11, 8e-9)),
    "440 Hz": (lambda s: torch.sin(2 * math.pi * 440 * s), at(0.5)),
    "the year 2024": (lambda year: torch.sin(2 * math.pi * year), at(2024.0)),
    "whole periods": (lambda x: torch.cos(2 * math.pi * x), at(1024.25)),
    "atan2 near the origin": (torch.atan2, at(1e-10, 1e-10)),
    "a pole close by": (lambda x: 1 / (x - 1), at(1 + 1e-9)),
    "a zero by cancellation": (lambda x: torch.sin(2 * math.pi * x), at(0.25)),
    "a slope of 1e45 at 0": (lambda x: torch.sin(x * 2.0**150), at(0.0)),
    "Boltzmann": (lambda T: 1.380649e-23 * T * torch.log(T), at(300.0)),
    "near overflow": (lambda x: torch.exp(x), at(700.0)),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_functions_in_any_unit_agree(name) -> None:
    """Small inputs, large arguments and poles close by are no reason for an alarm."""
    J = jacmagic.jacobian(*RIGHT[name])
    assert J.agreement.verdict == "agree" and J.agreement.alone == "", str(J.agreement)


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad")
def test_differences_alone_accuse_no_right_function(name) -> None:
    """Without a closed form finite differences confirm or decide nothing; they never accuse."""
    function, point = RIGHT[name]
    J = jacmagic.jacobian(opaque(function), point, strategy="rows")
    assert J.formula is None
    assert J.agreement.verdict in ("agree", "not confirmed"), str(J.agreement)


def opaque(function):
    """Return a right function that cannot be traced, as a call into another library."""

    class Opaque(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *tensors):
            ctx.save_for_backward(*tensors)
            numbers = [torch.tensor(float(one), dtype=F64) for one in tensors]
            return torch.tensor(float(function(*numbers)), dtype=F64)

        @staticmethod
        def backward(ctx, gradient):
            with torch.enable_grad():
                leaves = [one.detach().requires_grad_() for one in ctx.saved_tensors]
                slopes = torch.autograd.grad(function(*leaves), leaves)
            return tuple(gradient * slope for slope in slopes)

    return lambda *tensors: Opaque.apply(*tensors)


@pytest.mark.parametrize("scale", [1e-30, 1e-10, 1.0, 1e30])
def test_wrong_numbers_are_found_in_any_unit(scale) -> None:
    """A lost term and a wrong backward are seen whatever unit the result has."""

    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return scale * x**3

        @staticmethod
        def backward(ctx, gradient):
            (x,) = ctx.saved_tensors
            return gradient * scale * 2 * x**2

    lost = jacmagic.jacobian(lambda m1, m2, r: scale * m1 * m2.item() / r**2, at(5.0, 3.0, 2.0))
    assert lost.agreement.verdict == "disagree" and lost.agreement.alone == "torch"
    assert [one.column for one in lost.agreement.disagreements] == [1]
    assert ".item()" in lost.agreement.disagreements[0].cause
    wrong = jacmagic.jacobian(lambda x: Cube.apply(x), at(2.0)[0])
    assert wrong.agreement.alone == "torch" and "Cube.backward" in str(wrong.agreement)
    H = jacmagic.hessian(lambda x: scale * x[0] ** 2 * x[1].detach() ** 2, X)
    assert H.agreement.alone == "torch"


def test_a_term_beneath_the_differences_noise_is_not_vouched_for() -> None:
    """A zero that differences cannot see is confirmed by nothing."""
    J = jacmagic.jacobian(lambda x: 1e-30 * float(x[0].detach()) + x[1], X)
    assert J.formula is None and J.agreement.verdict == "not confirmed"


@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad")
def test_zeros_that_no_value_passes_are_confirmed() -> None:
    """An output that a nan in an input leaves unchanged does not depend on it."""
    J = jacmagic.jacobian(lambda x: torch.stack([float(x[0]) * 0 + x[0], 2 * x[1]]), X)
    assert J.formula is None or J.agreement.verdict == "agree"
    assert J.agreement.verdict == "agree", str(J.agreement)


# ── what cannot be confirmed ──────────────────────────────────────────────────────────────────

CALLS: list[int] = []
GENERATOR = torch.Generator().manual_seed(3)


def counts(x):
    CALLS.append(1)
    return x * len(CALLS)


UNSTEADY = {
    "own generator": (lambda x: x * torch.rand(2, generator=GENERATOR, dtype=F64), X),
    "torch": (lambda x: x + 1e-9 * torch.randn_like(x), X),
    "numpy": (lambda x: x * np.random.default_rng().random(), X),
    "numpy's global": (lambda x: x * np.random.rand(), X),
    "random": (lambda x: x * random.random(), X),
    "state": (counts, X),
}


@pytest.mark.parametrize("name", UNSTEADY)
def test_functions_that_change_are_not_vouched_for(name) -> None:
    """Random functions and those that keep state have no verdict but a reason."""
    J = jacmagic.jacobian(*UNSTEADY[name])
    assert J.agreement.verdict == "not confirmed"
    assert "random" in J.agreement.reason or "changes CALLS" in J.agreement.reason


def test_the_users_random_numbers_are_not_used_up() -> None:
    """Looking whether a function is random leaves NumPy's and Python's generators alone."""
    np.random.seed(1)
    random.seed(1)
    jacmagic.jacobian(lambda x: x * np.random.rand() * random.random(), X).agreement  # noqa: B018
    mine = np.random.rand(), random.random()
    np.random.seed(1)
    random.seed(1)
    assert mine[0] in [np.random.rand() for _ in range(6)]
    assert mine[1] in [random.random() for _ in range(6)]


def test_nan_agrees_with_nothing() -> None:
    """Where all sources are nan there is nothing to compare."""
    H = jacmagic.hessian(lambda r: torch.linalg.norm(r), torch.zeros(3, dtype=F64))
    assert H.agreement.verdict == "not confirmed" and "nan" in H.agreement.reason


def test_failing_beside_the_point_is_no_evidence() -> None:
    """A function that runs at its point only is confirmed by nothing."""

    def on_grid(k):
        if float(k.detach()) != round(float(k.detach())):
            raise ValueError("k must be whole")
        return torch.exp(k.detach())

    J = jacmagic.jacobian(on_grid, torch.tensor(2.0, dtype=F64))
    assert J.agreement.verdict != "agree"


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rounding_that_leaves_no_digit_is_reported(dtype) -> None:
    """(1 − cos x)/x² near 0: no accusation, no agreement, but the exact value."""
    x = torch.tensor([1e-4 if dtype is torch.float32 else 1e-8], dtype=dtype)
    J = jacmagic.jacobian(lambda x: (1 - torch.cos(x)) / x**2, x)
    assert J.refusal is None
    assert J.agreement.verdict == "not confirmed" and "rounding in float" in J.agreement.reason


def test_digits_lost_on_the_way_backwards_are_no_accusation() -> None:
    """In float32 torch multiplies 1e-30 by 1e-12 first, where few digits are left."""
    x = torch.tensor(0.55)
    J = jacmagic.jacobian(lambda x: 1e-30 * (1e-12 * torch.expm1(x / 0.038775)), x)
    assert J.agreement.verdict == "not confirmed" and "rounding in float32" in str(J.agreement)


def test_a_shorter_dtype_inside_is_judged_by_its_own_rounding() -> None:
    """A function of float64 that computes in float32 agrees within float32."""
    J = jacmagic.jacobian(lambda x: torch.sin(3.3 * x.float()).double(), X)
    assert J.agreement.verdict == "agree"


# ── many inputs without a closed form ─────────────────────────────────────────────────────────


@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad")
@pytest.mark.parametrize("size", [65, 300])
def test_many_inputs_are_checked_along_random_directions(size) -> None:
    """A right function is confirmed; of a wrong one the entry is found by halving."""
    x = torch.linspace(0.1, 1, size, dtype=F64)
    right = jacmagic.jacobian(lambda x: (x**2).sum() + 0 * float(x[0]), x)
    assert right.formula is None and right.agreement.verdict == "agree", str(right.agreement)
    wrong = jacmagic.jacobian(lambda x: (x * float(x[7]))[:3], x)
    assert wrong.agreement.verdict == "disagree"
    first = wrong.agreement.disagreements[0]
    assert (first.row, first.column) == (0, 7) and "float()" in first.cause


# ── words ─────────────────────────────────────────────────────────────────────────────────────


class Reversed(torch.autograd.Function):
    """Gradient reversal."""

    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient):
        return -gradient


class Once(torch.autograd.Function):
    """A right backward that is not differentiable itself."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return 3 * gradient * x**2


class Root(torch.autograd.Function):
    """An implicit layer: y with y² = a, by iteration, differentiated by the implicit theorem."""

    @staticmethod
    def forward(ctx, a):
        y = torch.ones_like(a)
        for _ in range(8):
            y = (y + a / y) / 2
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, gradient):
        (y,) = ctx.saved_tensors
        return gradient / (2 * y)


def inferred(x):
    with torch.inference_mode():
        y = x * 2
    return y.clone() * x


WEIGHT = torch.nn.Parameter(X.clone())


def assigned(x):
    WEIGHT.data = x * 2
    return WEIGHT * x


def test_a_right_implicit_layer_is_not_blamed() -> None:
    """A backward of one's own that is right agrees."""
    assert jacmagic.jacobian(lambda a: Root.apply(a), X).agreement.verdict == "agree"
    assert jacmagic.jacobian(lambda x: Once.apply(x), X).agreement.verdict == "agree"


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (lambda: jacmagic.jacobian(lambda x: Reversed.apply(x) ** 2, X), "gradient reversal"),
        (lambda: jacmagic.hessian(lambda x: Once.apply(x).sum(), X), "@once_differentiable"),
        (lambda: jacmagic.jacobian(inferred, X), "torch.inference_mode()"),
        (lambda: jacmagic.jacobian(assigned, X), ".data ="),
    ],
)
def test_each_cause_has_its_own_words(found, words) -> None:
    """No habit is blamed that the code does not have."""
    verdict = str(found().agreement)
    assert words in verdict and "no_grad" not in verdict and "float()" not in verdict


def test_a_wrong_form_is_withdrawn(monkeypatch) -> None:
    """A closed form that torch and differences contradict is not shown as one."""
    from jacmagic.symbolic.graph import derivatives

    monkeypatch.setitem(derivatives.PARTIALS, "sin", lambda g, r, x: (g.apply("sin", x),))
    J = jacmagic.jacobian(lambda x: torch.sin(x), X)
    assert J.formula is None and "please report" in str(J.refusal)
    assert J.agreement.alone == "the closed form" and J.agreement.verdict == "disagree"
    assert "≠" not in J.derivation.latex and "the closed form is alone" in repr(J)


def test_differences_that_are_alone_are_mentioned_quietly(monkeypatch) -> None:
    """They never decide against two others: no warning, no ≠ in the chain."""
    from jacmagic.result.verdict import directional_check, findings

    def doubled(real):
        def false(*args, **kwargs):
            found = real(*args, **kwargs)
            return type(found)(found.value * 2, found.error, found.scale, found.dtype)

        return false

    monkeypatch.setattr(findings, "differences", doubled(findings.differences))
    monkeypatch.setattr(directional_check, "along", doubled(directional_check.along))
    J = jacmagic.jacobian(lambda x: x**2, torch.tensor(3.0, dtype=F64))
    assert (J.agreement.verdict, J.agreement.alone) == ("agree", "finite differences")
    assert str(J.agreement).startswith("torch agrees with the closed form; ")
    assert "⚠" not in repr(J) and "≠" not in J.derivation.latex


@pytest.mark.parametrize(
    "function",
    [lambda x: torch.sin(x) * x[0], lambda x: (x.sum(), x[0] * x[1] ** 3, torch.tensor(2.0))],
)
def test_a_function_that_two_sources_confirm_is_run_seldom(function) -> None:
    """Finite differences then take one direction only, and the line names them all the same."""
    calls = 0

    def asked_function(x):
        return function(x)

    def profile(frame, event, argument):  # a counter in the function would be a change of state
        nonlocal calls
        calls += event == "call" and frame.f_code.co_name == "asked_function"

    J = jacmagic.jacobian(asked_function, X)
    sys.setprofile(profile)
    try:
        assert str(J.agreement).startswith("torch agrees with the closed form and finite diff")
    finally:
        sys.setprofile(None)
    assert J.agreement.sources.along and J.agreement.sources.differences is None
    assert 1 <= calls <= 12


@pytest.mark.parametrize(
    ("function", "point", "count"),
    [
        (lambda x: x * int(x[0]), (3.5, 2.25), 0),
        (lambda x: x * int(x[0]), (3.0, 2.25), 1),
        (lambda x: x * int(x[0]), (-0.5, 2.0), 0),
        (lambda x: x * 2 if x[0] == 0 else x, (0.0, 2.0), 1),
        (lambda x: x[int(x[1])] * x, (0.5, 1.5), 0),
    ],
)
def test_a_whole_number_is_a_kink_only_where_it_changes(function, point, count) -> None:
    """int(x) has no kink between two integers."""
    J = jacmagic.jacobian(function, torch.tensor(point, dtype=F64))
    assert len([one for one in J.agreement.warnings if one.startswith("kink")]) == count


def newton_until_it_stays(a: torch.Tensor) -> torch.Tensor:
    """Return the square root; at 2²⁰⁰ the loop does not end, as rounding is above its tolerance."""
    x = torch.ones_like(a)
    while abs(float((x * x - a).detach())) > 1e-10:
        x = (x + a / x) / 2
    return x * a.detach()


def test_a_loop_that_ends_only_near_the_point_is_broken_off_elsewhere() -> None:
    """What is asked far from the point makes a bounded number of calls of torch."""
    found = jacmagic.jacobian(newton_until_it_stays, torch.tensor(2.0, dtype=F64)).agreement
    assert found.verdict == "disagree" and "detach" in str(found)


def test_probes_count_calls() -> None:
    """A run that makes many times more calls of torch than the first one is broken off."""
    from jacmagic.function.interop.call_limit import EndlessError
    from jacmagic.numeric.probe import Probe

    probe = Probe(newton_until_it_stays, [torch.tensor(2.0, dtype=F64)], None)
    assert probe(probe.point).shape == (1,)
    with pytest.raises(EndlessError, match="calls of torch"):
        probe(probe.point * 2.0**200)


@pytest.mark.parametrize(
    ("function", "value"),
    [
        (lambda x: 0.123 / x, 0.0),
        (lambda x: x**-2, 0.0),
        (lambda x: x**2, math.inf),
        (lambda x: torch.polygamma(3, x), 0.0),
    ],
)
def test_finite_differences_are_not_cited_where_they_are_infinite(function, value) -> None:
    """At a pole and at infinity they have no error estimate: neither agreement nor a value."""
    agreement = jacmagic.jacobian(function, (value,)).agreement
    assert str(agreement) == "torch agrees with the closed form; largest difference 0"
    assert not agreement.sources.decisive.any()


def test_a_large_difference_is_set_beside_its_entry() -> None:
    """A roundoff of 2e17 is 30; one of 1 needs no remark."""
    large = jacmagic.jacobian(lambda c: 1 / (2 * math.pi * 1e6 * c), (1e-12,)).agreement
    assert re.search(r"largest difference \d\d, of 2e17$", str(large))
    near = jacmagic.jacobian(lambda x: torch.sin(x) / 3, (1.0,)).agreement
    assert re.search(r"largest difference \S+$", str(near))


@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_an_input_that_is_not_finite_is_named(value) -> None:
    """The origin of the entry is the input itself."""
    agreement = jacmagic.jacobian(lambda speed: speed**2, (value,)).agreement
    assert agreement.warnings[0].endswith(f"is {value}: speed is {value}")


@pytest.mark.parametrize("name", ["bessel_j0", "modified_bessel_k1", "scaled_modified_bessel_k0"])
def test_operations_that_torch_has_no_derivative_of(name) -> None:
    """Where torch gives 0 without an error the operation is named, and no habit is suspected."""
    special = getattr(torch.special, name)
    has_derivative = special(torch.ones((), requires_grad=True)).requires_grad  # by the release
    agreement = jacmagic.jacobian(lambda x: special(x), (0.5,)).agreement
    assert agreement.alone == ("" if has_derivative else "torch")
    assert has_derivative == (agreement.verdict == "agree")
    cause = f"torch has no derivative of torch.special.{name} in line"
    assert (cause in str(agreement)) is not has_derivative


def test_a_form_without_a_value_is_not_cited_nor_set_equal() -> None:
    """At 0, x/|x| is 0/0 and torch takes 0: no equality stands between them."""
    x = torch.zeros(2, dtype=torch.float64)
    J = jacmagic.jacobian(lambda x: x.norm(), x)
    assert str(J.agreement).startswith("torch agrees with finite differences;")
    assert J.derivation.signs == ("=", "=", "=", "=", "≠")
    assert formula_of(J)["chain"]["sign"] == "≠"
    assert J.at(x=x + 1).derivation.signs[-1] == "="
