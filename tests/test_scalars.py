"""Programs in Python's floats: torch's own bits, its infinities and its errors, and never more."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import jacmagic
from jacmagic.numeric import experience, recording
from jacmagic.numeric.experience import AFTER
from jacmagic.numeric.numbers import Late
from jacmagic.numeric.recording import PROOFS
from jacmagic.replay import Recorder, floats, scalars
from jacmagic.replay.floats import written_in_floats
from jacmagic.replay.lines import Lines, Unwritten
from jacmagic.replay.passes import without_waste

F64 = torch.float64
READY = AFTER + PROOFS
C = torch.tensor([1.5, -2.0, 0.5], dtype=F64)
M = torch.tensor([[1.0, 2.0, 0.0], [0.0, -1.0, 3.0], [0.5, 0.0, 1.0]], dtype=F64)


@pytest.fixture(autouse=True)
def always_quicker(monkeypatch):
    """What is written does not depend on how busy the machine is."""
    seconds = itertools.cycle((0.0, 1.0))  # in floats, by operations
    monkeypatch.setattr(experience, "QUICK", math.inf)
    monkeypatch.setattr(recording, "SLOWER", math.inf)
    monkeypatch.setattr(floats, "_seconds", lambda run, inputs: next(seconds))


def ready(function, *tensors):
    """A Jacobian whose function has been asked for often enough."""
    point = tensors[0] if len(tensors) == 1 else tensors
    return [jacmagic.jacobian(function, point) for _ in range(READY + 1)][-1]


def point(*numbers):
    return torch.tensor(numbers, dtype=F64)


def written(function, *tensors):
    """What the recorded function is in floats.

    Raises:
        Unwritten: it cannot be written.
    """
    recorder = Recorder(tensors)
    with recorder:
        out = function(*tensors)
    steps, wanted = without_waste(recorder, [recorder.slot_of(out)])
    return written_in_floats(recorder, steps, wanted)


# ── the worked example ────────────────────────────────────────────────────────────────────────


def worked(x1, x2, x3):
    return x1 + x2, x3 * x1, x2**3


def test_the_worked_example():
    """Its Jacobian is nine floats, and the tensors that are made of them are torch's."""
    J = ready(worked, *point(3, 4, 5).unbind())
    assert isinstance(J.numbers, Late)
    assert J.matrix.tolist() == [[1, 1, 0], [5, 0, 3], [0, 48, 0]]
    there = J.at(x1=1, x2=-2.0, x3=0.5)
    assert there.matrix.tolist() == [[1, 1, 0], [0.5, 0, 1], [0, 12, 0]]
    assert [float(one) for one in there.value] == [-1, 0.5, -8]
    assert torch.equal(there.blocks[1][0], torch.tensor(0.5, dtype=F64))
    expected = torch.autograd.functional.jacobian(worked, point(1, -2, 0.5).unbind())
    for mine, theirs in zip(there.blocks, expected, strict=True):
        assert all(map(torch.equal, mine, theirs))
    assert there.shape == (3, 3) and there.mode == J.mode and not there.agreement.disagreements


def test_what_comes_back_is_the_callers_own():
    """Writing into one answer changes no other."""
    J = ready(worked, *point(3, 4, 5).unbind())
    J.blocks[1][0].fill_(7)
    J.value[0].fill_(7)
    assert J.matrix.tolist() == [[1, 1, 0], [5, 0, 3], [0, 48, 0]]
    J.matrix.fill_(9)
    assert J.blocks[2][1].item() == 48 and J.value[1].item() == 15
    again = J.at()
    assert again.matrix.tolist() == [[1, 1, 0], [5, 0, 3], [0, 48, 0]]
    x = again.value[1].requires_grad_()
    (x * 2).backward()
    assert x.grad.item() == 2


# ── other points ──────────────────────────────────────────────────────────────────────────────


def test_points_follow_each_other():
    """What is not named stays where the Jacobian is that was asked, not where the first was."""
    J = ready(worked, *point(3, 4, 5).unbind())
    there = J.at(x1=1).at(x2=-2.0)
    assert there.matrix.tolist() == [[1, 1, 0], [5, 0, 1], [0, 12, 0]]
    assert {name: one.item() for name, one in there.point.items()} == {"x1": 1, "x2": -2, "x3": 5}
    assert J.at().matrix.tolist() == J.matrix.tolist()
    assert [one.value.dtype for one in there.problem.inputs] == [F64] * 3


@pytest.mark.parametrize(
    "given", [[1.0, 2, -3], torch.tensor([1.0, 2.0, -3.0], dtype=F64), (1, 2, -3)], ids=type
)
def test_a_vector_is_given_in_many_ways(given):
    """As a list, as a tensor, or as anything that makes one; it is read at once."""
    J = ready(lambda x: x**3 * x.flip(0), point(3, 4, 5))
    assert isinstance(J.numbers, Late)
    there = J.at(x=given)
    expected = torch.func.jacrev(lambda x: x**3 * x.flip(0))(point(1, 2, -3))
    if isinstance(given, torch.Tensor):
        given.zero_()
    torch.testing.assert_close(there.matrix, expected, rtol=0, atol=1e-14)
    assert there.point["x"].tolist() == [1, 2, -3]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"x4": 1.0}, "expected inputs among x1, x2, x3; found 'x4'"),
        ({"x1": [1.0, 2.0]}, "expected x1 of shape"),
        ({"x1": torch.ones(2, dtype=F64)}, "expected x1 of shape"),
    ],
)
def test_what_is_wrong_is_said_as_before(values, words):
    """A quick answer is no reason for another error."""
    J = ready(worked, *point(3, 4, 5).unbind())
    J.at(x1=1.0)
    with pytest.raises(jacmagic.PointError, match=words):
        J.at(**values)


def test_a_point_elsewhere_is_a_whole_jacobian():
    """With formula, steps, agreement, display and products."""
    J = ready(worked, *point(3, 4, 5).unbind())
    there = J.at(x1=1, x2=2, x3=3).shown(digits=3)
    assert str(there.formula[2, 1]) == "3*x2**2"
    assert not there.agreement.disagreements and "12" in repr(there)
    assert there.jvp(point(1, 0, 0).unbind())[1].item() == 3
    assert there.evaluator()(1, 2, 3).tolist() == there.matrix.tolist()
    assert there.explore().jacobian.matrix.tolist() == there.matrix.tolist()


def test_the_matrix_needs_no_other_tensor():
    """Neither blocks nor value are put together for it, nor is the problem."""
    J = ready(worked, *point(3, 4, 5).unbind())
    there = J.at(x1=1.0)
    assert there.matrix.shape == there.shape == (3, 3)
    assert "_whole" not in vars(there.numbers)


def test_inputs_that_lay_otherwise():
    """A program of a transposed matrix says nothing of a plain one."""

    def function(m):
        return m * 2 if m.is_contiguous() else m * 3

    J = ready(function, torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=F64).T)
    new = torch.ones(2, 2, dtype=F64)
    assert torch.equal(J.at(m=new).value, 2 * new)
    assert torch.equal(J.at(m=new).at(m=new.T).value, 3 * new)


@pytest.mark.parametrize(
    "function", [lambda: torch.ones(2, dtype=F64), lambda x: torch.zeros(0, dtype=F64) * x[:0]]
)
def test_nothing_in_or_nothing_out(function):
    """However often it is asked for."""
    inputs = () if function.__code__.co_argcount == 0 else point(1, 2)
    found = [jacmagic.jacobian(function, inputs).matrix.shape for _ in range(READY + 2)]
    assert len(set(found)) == 1


def test_a_hessian_elsewhere():
    """Its gradient moves along."""

    def scalar(x, y):
        return x**3 * y

    H = [jacmagic.hessian(scalar, point(2, 3).unbind()) for _ in range(READY + 1)][-1]
    there = H.at(x=1.0, y=5.0)
    assert there.matrix.tolist() == [[30, 3], [3, 0]]
    assert [one.item() for one in there.value] == [15, 1]


def test_a_change_outside_is_seen_elsewhere():
    """The watch is asked at every point, and a change leads back to the function."""
    space = {"a": 2.0}
    exec("def f(x, y):\n    return a * x * y", space)
    J = ready(space["f"], *point(3, 4).unbind())
    assert J.at(x=1.0).matrix.tolist() == [[8, 2]]
    space["a"] = 3.0
    assert J.at(x=1.0).matrix.tolist() == [[12, 3]]
    assert J.matrix.tolist() == [[8, 6]]


def test_several_shapes():
    """Entries stand in the matrix as they do in the blocks."""

    def function(a, b):
        return {"p": a * b.sum(), "q": (b.T @ b, a[0] * 2)}

    J = ready(function, point(1, 2), torch.rand(2, 3, dtype=F64))
    assert isinstance(J.numbers, Late) and J.shape == (2 + 9 + 1, 2 + 6)
    rows = [
        torch.cat([block.reshape(-1, n) for block, n in zip(row, (2, 6), strict=True)], 1)
        for row in (J.blocks["p"], *J.blocks["q"])
    ]
    assert torch.equal(J.matrix, torch.cat(rows))


# ── torch's bits, infinities and nan ──────────────────────────────────────────────────────────

FUNCTIONS = {
    "a cube": lambda x: x**3,
    "a quotient": lambda x: x / x.flip(0),
    "a reciprocal": lambda x: 1 / x,
    "roots": lambda x: torch.sqrt(x),
    "products": lambda x: x[0] * x[1] * x[2],
    "a difference with itself": lambda x: x - x + x.roll(1) * 0,
    "from a number": lambda x: 2 - 3 * x + x / 4,
    "a sine": lambda x: torch.sin(x) * x,
    "an exponential": lambda x: torch.exp(x) / x.roll(1),
    "branches": lambda x: torch.where(x > 0.5, x * x, -x),
    "kinks": lambda x: x.abs() + torch.relu(x.roll(1)) * x,
    "extremes": lambda x: torch.maximum(x, x.flip(0)) * x.max(),
    "constants": lambda x: C * x + x @ M,
    "softmax": lambda x: torch.softmax(x, 0),
    "a norm": lambda x: x / torch.linalg.norm(x),
    "pieces": lambda x: torch.stack([x[0] + x[1], x[2] * x[0], x[1] ** 3]),
    "padding": lambda x: torch.nn.functional.pad(x[:2], (1, 1), value=2.0) * x.sum(),
}
NUMBERS = st.one_of(
    st.floats(-3, 3),
    st.sampled_from([0.0, -0.0, 1.0, 0.5, 1e200, -1e300, 1e-320, math.inf, -math.inf, math.nan]),
)


@pytest.mark.parametrize("name", FUNCTIONS)
@given(numbers=st.tuples(NUMBERS, NUMBERS, NUMBERS))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_numbers(name, numbers):
    """At whatever point, what the function's own road brings: also where that is no number."""
    function = FUNCTIONS[name]
    if name not in _READY:
        _READY[name] = ready(function, point(0.7, 0.9, 1.3))
    x = point(*numbers)
    J = _READY[name].at(x=x)
    assert any(alike(J.matrix, one, rtol=1e-12) for one in by_torch(function, x)), J.matrix
    assert alike(J.value, function(x), rtol=0)


def alike(one, other, rtol):
    return torch.allclose(one, other.reshape(one.shape), rtol=rtol, atol=0, equal_nan=True)


def by_torch(function, x):
    """torch's roads, which differ from each other where a number is not finite."""
    vectorized = [{"vectorize": on} for on in (False, True)]
    forward = {"vectorize": True, "strategy": "forward-mode"}
    for options in (*vectorized, forward):
        yield torch.autograd.functional.jacobian(function, x, **options)
        if options["vectorize"] is False and x.isfinite().all():
            return


_READY: dict[str, jacmagic.Jacobian] = {}


def test_most_of_them_are_in_numbers():
    """The points above test what they say."""
    found = [isinstance(ready(f, point(0.7, 0.9, 1.3)).numbers, Late) for f in FUNCTIONS.values()]
    assert all(found)


SIGNED = {
    "an angle": lambda x: torch.atan2(x[1] + 0.0, x[0]) * x,
    "a complex root": lambda x: torch.complex(x[0], sum([x[1]])).sqrt().imag * x,
    "a pole": lambda x: torch.where((x + torch.zeros(2)) ** -1 > 0, 2 * x, 3 * x),
    "an angle of the point itself": lambda x: torch.atan2(x[1], x[0]) * x,
    "of constants": lambda x: torch.copysign(x, torch.tensor([0.0, -0.0], dtype=F64)),
}


@pytest.mark.parametrize("name", SIGNED)
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_the_sign_of_a_zero(name, zero):
    """Where an operation tells one zero from the other, the answer is torch's for either."""
    function = SIGNED[name]
    J = ready(function, point(-0.7, 0.9))
    there = J.at(x=point(-4.0, zero))
    assert alike(there.value, function(point(-4.0, zero)), rtol=0)
    assert any(alike(there.matrix, one, rtol=1e-12) for one in by_torch(function, point(-4, zero)))


def test_where_a_number_is_not_finite_the_operations_are_run():
    """Infinity times a zero that was folded away is nan, as in torch."""
    J = ready(lambda x: torch.stack([x[0] * x[1], x[1] / 2]), point(1, 2))
    assert isinstance(J.numbers, Late)
    assert not isinstance(J.at(x=point(math.inf, 2)).numbers, Late)
    assert not isinstance(J.at(x=point(1e308, 1e308)).numbers, Late)
    assert isinstance(J.at(x=point(1e3, 2)).numbers, Late)


# ── what is not written ───────────────────────────────────────────────────────────────────────


def test_short_floats_are_not_written():
    """Python's floats are twice as long as float32."""
    J = ready(lambda x: x**3, torch.rand(3))
    assert not isinstance(J.numbers, Late) and J.matrix.dtype == torch.float32


def test_many_numbers_are_not_written():
    """There the operations outweigh what leads to them."""
    J = ready(lambda x: x**3, torch.rand(200, dtype=F64))
    assert not isinstance(J.numbers, Late)


def through_a_view(x):
    out = x.clone()
    out[1:].mul_(2)
    return out


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.atan2(x + torch.zeros(3, dtype=F64), x),
        lambda x: torch.copysign(x, sum([x, x.roll(1)])),
        lambda x: torch.complex(x, sum([x])).imag,
        through_a_view,
        lambda x: x > 0,
        lambda x: x + C * math.inf,
    ],
    ids=["atan2", "copysign", "complex", "through a view", "truth values", "infinite constants"],
)
def test_what_cannot_be_written(function):
    """What tells one zero from the other, writes into memory, or is no finite number."""
    with pytest.raises(Unwritten):
        written(function, point(1, 2, 3))


def test_what_is_written_in_place():
    """Where nobody else looks at the memory, it is another number under the same name."""
    run = written(lambda x: (x * 2).mul_(x).add_(1) / 2, point(1, 2)).run
    assert run(3.0, 4.0).tolist() == [9.5, 16.5]


def test_a_constant_that_pads():
    """Only zeros have a name before there is a number."""
    run = written(lambda x: torch.nn.functional.pad(x, (0, 1), value=3.0) * 2, point(1, 2)).run
    assert run(5.0, 6.0).tolist() == [10, 12, 6]


def test_a_form_that_is_not_quicker_is_not_taken(monkeypatch):
    """Measured, not believed."""
    seconds = itertools.cycle((1.0, 0.5))
    monkeypatch.setattr(floats, "_seconds", lambda run, inputs: next(seconds))
    assert not isinstance(ready(lambda x: x**3, point(1, 2)).numbers, Late)


def test_a_form_with_other_bits_is_not_taken(monkeypatch):
    """A power that torch's loops do not write as a product would be found out."""
    monkeypatch.setitem(scalars._POWERS, 3, ("*", "+"))
    assert not isinstance(ready(lambda x: x**3 + 1, point(1, 2)).numbers, Late)


# ── lines ─────────────────────────────────────────────────────────────────────────────────────


def test_lines_are_said_once_and_folded():
    """Zeros and ones vanish; what was multiplied by zero is remembered."""
    lines = Lines()
    a, b = lines.fresh(), lines.fresh()
    total = lines.apply("+", a, b)
    assert lines.apply("+", a, b) == total
    assert lines.apply("+", a, 0) == a and lines.apply("*", 1, b) == b
    assert lines.apply("-", a, 0) == a and lines.apply("/", a, 1) == a
    assert lines.apply("*", a, 0) == 0 and lines.hidden == {a}
    assert lines.apply("*", lines.literal(3), lines.literal(0.5)) == lines.literal(1.5)
    unused = lines.apply("*", total, total)
    body = lines.needed([lines.names[lines.negative(total)]])
    assert len(body) == 2 and lines.names[unused] not in " ".join(body)


def test_lines_refuse():
    """What is not finite, and what is too long."""
    lines = Lines()
    with pytest.raises(Unwritten):
        lines.literal(math.nan)
    with pytest.raises(Unwritten):
        for _ in range(10_000):
            lines.apply("+", lines.fresh(), lines.fresh())
