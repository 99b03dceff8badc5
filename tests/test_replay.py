"""Roads run again as programs: never another number than the road's own, whatever has changed."""

from __future__ import annotations

import gc
import math
import types
import weakref

import numpy as np
import pytest
import torch
from corpus import CORPUS, Case
from torch import nn

import jacmagic
from jacmagic.lift import lifted
from jacmagic.numeric import Experience, compute, experience, recording
from jacmagic.numeric.experience import AFTER, FAILURES
from jacmagic.replay import Recorder, Unrecorded, program_of
from jacmagic.surroundings import Surroundings, Unwatched, watched

F64 = torch.float64


@pytest.fixture(autouse=True)
def no_function_is_too_slow(monkeypatch):
    """What is recorded does not depend on how busy the machine is."""
    monkeypatch.setattr(experience, "QUICK", math.inf)
    monkeypatch.setattr(recording, "SLOWER", math.inf)


def moved(tensors, seed):
    """The tensors a few per cent away."""
    generator = torch.Generator().manual_seed(seed)
    return tuple(
        t * (1 + 0.1 * (torch.rand(t.shape, generator=generator, dtype=F64) - 0.5)).to(t.dtype)
        for t in tensors
    )


def calls(function, points, **options):
    """The experience after calls at some points, each compared with a call without any."""
    experience = Experience(watched)
    for tensors in points:
        torch.manual_seed(0)
        found = compute(function, tensors, experience=experience, **options)
        torch.manual_seed(0)
        fresh = compute(function, tensors, **options)
        torch.testing.assert_close(found.matrix, fresh.matrix, rtol=1e-13, atol=1e-13)
        for mine, theirs in zip(found.outputs.leaves, fresh.outputs.leaves, strict=True):
            assert torch.equal(mine, theirs) or mine.isnan().any()
        assert (found.mode, found.passes) == (fresh.mode, fresh.passes)
        assert found.connected == fresh.connected
    return experience


# ── the same numbers ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("case", CORPUS, ids=str)
def test_the_corpus_runs_again_with_the_same_numbers(case: Case):
    """At new points the program's matrix is the road's to the last digits."""
    calls(lifted(case.function), [moved(case.tensors(), seed) for seed in range(AFTER + 4)])


def test_most_of_the_corpus_is_recorded():
    """Nine functions of ten have a program."""
    count = sum(
        calls(lifted(case.function), [case.tensors()] * AFTER).recorded for case in CORPUS[::5]
    )
    assert count >= 0.9 * len(CORPUS[::5])


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.roll(1) - 2 * x + x.roll(-1) + x**3,
        lambda x: torch.cat([x[:100] * 2, x[100:].sin()]),
        lambda x: (
            torch.nn.functional.conv1d(x[None, None], torch.ones(1, 1, 3).double())[0, 0] ** 2
        ),
    ],
)
@pytest.mark.parametrize("strategy", ["sparse", "auto", "reverse", "forward", "rows"])
def test_every_road_runs_again(function, strategy):
    """Sparse ones too, and their patterns are those of the road."""
    torch.manual_seed(0)
    points = [(torch.randn(120, dtype=F64),) for _ in range(AFTER + 3)]
    assert calls(function, points, strategy=strategy).recorded == 1


def test_several_inputs_outputs_and_constants():
    """Blocks keep their nesting, zero blocks and those that are constant included."""

    def function(x, y):
        return {"a": x * 2, "b": (y.sin(), torch.ones(2, dtype=F64)), "c": x @ y}

    points = [(torch.randn(3, dtype=F64), torch.randn(3, dtype=F64)) for _ in range(AFTER + 3)]
    assert calls(function, points).recorded == 1


def test_what_comes_back_is_the_callers_own():
    """Writing into a matrix, even a constant one, changes no other."""
    experience, x = Experience(watched), torch.ones(3, dtype=F64)
    found = [compute(lambda x: 2 * x, (x,), experience=experience) for _ in range(AFTER + 4)]
    assert experience.recorded
    found[-2].matrix.fill_(7)
    found[-2].blocks[0][0].fill_(7)
    again = compute(lambda x: 2 * x, (x,), experience=experience)
    assert torch.equal(found[-1].matrix, 2 * torch.eye(3, dtype=F64))
    assert torch.equal(again.matrix, 2 * torch.eye(3, dtype=F64))


def test_short_floats_stay_short():
    """float32 in, float32 out."""
    points = [(torch.rand(3),) for _ in range(AFTER + 3)]
    experience = Experience(watched)
    found = [compute(torch.exp, point, experience=experience).matrix for point in points]
    assert experience.recorded and {matrix.dtype for matrix in found} == {torch.float32}


# ── what changes ──────────────────────────────────────────────────────────────────────────────


class Scaled:
    factor = 2.0

    def __init__(self):
        self.shift = 1.0

    def __call__(self, x):
        return self.factor * x + self.shift * x**2


SETTINGS = {"alpha": 2.0, "weights": [torch.ones(3, dtype=F64), 3.0]}
STEPS = np.array([1.0, 2.0, 3.0])
factor = 2.0


def doubled(x):
    return factor * x


def by_global(x):
    return factor * x


def through_another(x):
    return doubled(x)


def by_settings(x):
    return SETTINGS["alpha"] * SETTINGS["weights"][1] * SETTINGS["weights"][0] * x


def by_array(x):
    return torch.as_tensor(STEPS) * x


def by_default(x, a=[2.0]):  # noqa: B006  the default is changed on purpose
    return a[0] * x


def change_global():
    globals()["factor"] += 1


def change_other():
    globals()["doubled"] = lambda x: -7.5 * x  # no factor of the other tests


def change_code():
    doubled.__globals__["factor"] = globals()["factor"] + 1


def by_another_default(x, a=2.0):
    return a * x


def by_code(x):
    return 2.0 * x


def loaded_anew(x):
    return 3.0 * x


def change_defaults():
    by_another_default.__defaults__ = (5.0,)


def change_by_code():
    by_code.__code__ = loaded_anew.__code__


class Base:
    factor = 2.0

    def stretched(self, x):
        return factor * x


class Derived(Base):
    pass


class Slotted:
    __slots__ = ("__dict__", "weight")


class Row(list):
    pass


DERIVED, SLOTTED, ROW = Derived(), Slotted(), Row()
SLOTTED.weight = ROW.weight = 2.0
WEIGHTS, TAGGED = torch.ones(3, dtype=F64), torch.ones(3, dtype=F64)
TAGGED.scale = 2.0


def by_inherited(x):
    return DERIVED.factor * x


def by_inherited_method(x):
    return DERIVED.stretched(x)


def by_slot(x):
    return SLOTTED.weight * x


def by_list_with_attributes(x):
    return ROW.weight * x


def by_tensor_with_attributes(x):
    return TAGGED.scale * TAGGED * x


def by_weights(x):
    return (2 * WEIGHTS) * x


def change_inherited():
    Base.factor += 1.0


def change_data():
    WEIGHTS.data = 3 * WEIGHTS


CHANGES = {
    "an inherited attribute": (by_inherited, change_inherited),
    "a global of an inherited method": (by_inherited_method, change_global),
    "a slot": (by_slot, lambda: setattr(SLOTTED, "weight", 5.0)),
    "an attribute of a list": (by_list_with_attributes, lambda: setattr(ROW, "weight", 5.0)),
    "an attribute of a tensor": (by_tensor_with_attributes, lambda: setattr(TAGGED, "scale", 5.0)),
    "other memory for a tensor": (by_weights, change_data),
    "a tensor past its version": (by_weights, lambda: WEIGHTS.data.mul_(3)),
    "a global": (by_global, change_global),
    "a global of a function that is called": (through_another, change_code),
    "a function that is called": (through_another, change_other),
    "a number in a dict": (by_settings, lambda: SETTINGS.update(alpha=SETTINGS["alpha"] + 1)),
    "a tensor in a list, in place": (by_settings, lambda: SETTINGS["weights"][0].add_(1)),
    "a number in a list": (by_settings, lambda: SETTINGS["weights"].__setitem__(1, 7.0)),
    "an array in place": (by_array, lambda: STEPS.__iadd__(1)),
    "the defaults": (
        by_another_default,
        lambda: setattr(by_another_default, "__defaults__", (5.0,)),
    ),
    "the code": (by_code, change_by_code),
    "a default": (by_default, lambda: by_default.__defaults__[0].__setitem__(0, 9.0)),
}


@pytest.mark.parametrize(("function", "change"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_seen_even_where_the_value_is_the_same(function, change):
    """At x = 0 the function's value tells nothing; the derivative is the new one nevertheless."""
    x = torch.zeros(3, dtype=F64)
    experience = Experience(watched)
    for _ in range(AFTER + 3):
        before = compute(lifted(function), (x,), experience=experience).matrix
    assert experience.recorded == (function is not by_slot)  # which nobody can watch
    change()
    after = compute(lifted(function), (x,), experience=experience).matrix
    torch.testing.assert_close(after, torch.func.jacrev(function)(x), rtol=0, atol=0)
    assert not torch.equal(before, after)


@pytest.mark.parametrize("name", ["factor", "shift"])
def test_an_object_and_its_class_are_watched(name):
    """Attributes of a callable, of the instance and of the class."""
    one, x = Scaled(), torch.tensor([0.0, 1.0], dtype=F64)
    for _ in range(AFTER + 3):
        J = jacmagic.jacobian(one, x)
    assert J.experience.recorded == 1
    setattr(one if name == "shift" else Scaled, name, 11.0)
    torch.testing.assert_close(jacmagic.jacobian(one, x).matrix, torch.func.jacrev(one)(x))


def test_a_module_is_watched():
    """Weights that a step of an optimiser moves, switches, a hook."""
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Dropout(0.5), nn.Linear(4, 2)).double()
    model.eval()
    x = torch.zeros(3, dtype=F64)
    J = jacmagic.jacobian(model, x)
    name = next(iter(J.point))
    for _ in range(AFTER + 2):
        J.at(**{name: x})
    assert J.experience.recorded == 1
    with torch.no_grad():
        model[0].weight.mul_(2)
    torch.testing.assert_close(J.at(**{name: x}).matrix, torch.func.jacrev(model)(x))
    model[3].register_forward_hook(lambda module, given, out: 3 * out)
    torch.testing.assert_close(J.at(**{name: x}).matrix, torch.func.jacrev(model)(x))


def test_a_branch_that_the_values_take():
    """Read by the tensor itself it is never recorded; read past torch, the value tells."""

    def openly(x):
        return x**2 if x.sum() > 0 else -x

    def secretly(x):
        return x**2 if float(x.detach().numpy().sum()) > 0 else -x

    points = [(sign * torch.rand(3, dtype=F64),) for sign in (1, 1, 1, 1, 1, -1, 1, -1, -1)]
    assert calls(openly, points).recorded == 0
    calls(secretly, points)


def test_random_numbers_and_states():
    """A function that draws or counts is run as it is."""
    count = [0.0]

    def counting(x):
        count[0] += 1.0
        return count[0] * x

    torch.manual_seed(0)
    x, experience = torch.rand(3, dtype=F64), Experience(watched)
    found = [compute(counting, (x,), experience=experience) for _ in range(AFTER + 4)]
    for one in found:
        torch.testing.assert_close(one.matrix, torch.diag(one.outputs.leaves[0] / x))
    noisy = [
        compute(lambda x: x * torch.rand_like(x), (x,), experience=experience) for _ in range(6)
    ]
    assert len({one.matrix[0, 0].item() for one in noisy}) == 6


def test_the_default_dtype_is_watched():
    """`torch.ones(3)` is another tensor under another default."""

    def function(x):
        return x * torch.full((3,), 1 / 3)

    x, experience = torch.zeros(3, dtype=F64), Experience(watched)
    for _ in range(AFTER + 3):
        compute(function, (x,), experience=experience)
    try:
        torch.set_default_dtype(F64)
        matrix = compute(function, (x,), experience=experience).matrix
    finally:
        torch.set_default_dtype(torch.float32)
    assert matrix[0, 0].item() == 1 / 3


def test_what_is_given_up():
    """After a few programs that proved wrong none is recorded."""
    turn = [1.0]

    class Odd:
        def __call__(self, x):  # the list hides where nobody looks
            return x * turn[0]

    fixed = types.SimpleNamespace(
        pure=False, loose=(), compare=lambda tensors: True, unchanged=lambda: True
    )
    x, experience = torch.ones(2, dtype=F64), Experience(lambda function: fixed)
    for k in range(60):
        turn[0] = 1.0 + k // 7
        matrix = compute(Odd(), (x,), experience=experience).matrix
        assert matrix[0, 0].item() == turn[0]
    (known,) = experience._known.values()
    assert known.failures == FAILURES and known.recording is None


def test_options_that_need_the_road_take_it():
    """A differentiable, strict or chunked Jacobian is never a program's."""
    x, experience = torch.rand(3, dtype=F64, requires_grad=True), Experience(watched)
    for _ in range(AFTER + 3):
        compute(torch.sin, (x,), experience=experience)
    assert compute(torch.sin, (x,), experience=experience, create_graph=True).matrix.requires_grad
    assert not compute(torch.sin, (x,), experience=experience).matrix.requires_grad


# ── through the public face ───────────────────────────────────────────────────────────────────


def test_points_of_one_jacobian_share_what_is_known():
    """`.at` of wrt subsets, Hessians and calls of one function; constants stay theirs."""

    def f(x, y):
        return x * y.sum() + y

    x, y = torch.rand(3, dtype=F64), torch.rand(3, dtype=F64)
    for other in (y, 2 * y):
        J = jacmagic.jacobian(f, (x, other), wrt="x")
        for k in range(AFTER + 3):
            expected = other.sum() * torch.eye(3, dtype=F64)
            torch.testing.assert_close(J.at(x=k * x).matrix, expected)
        assert J.experience.recorded == 1
    H = jacmagic.hessian(lambda x: (x**3).sum(), x)
    for k in range(AFTER + 3):
        torch.testing.assert_close(H.at(x=k * x).matrix, torch.diag(6 * k * x))
    assert H.experience.recorded == 1
    assert jacmagic.jacobian(f, (x, y)).experience is jacmagic.jacobian(f, (x, y)).experience


def test_a_hessian_and_a_jacobian_of_one_function_are_told_apart():
    """Also where both have the shape of a number."""

    def f(x):
        return x**3

    x = torch.tensor(2.0, dtype=F64)
    for k in range(1, AFTER + 5):
        assert jacmagic.jacobian(f, k * x).matrix.item() == 12 * k**2
        assert jacmagic.hessian(f, k * x).matrix.item() == 12 * k
    assert jacmagic.jacobian(f, x).experience.recorded == 1
    assert jacmagic.hessian(f, x).experience.recorded == 1


@pytest.mark.parametrize("training", [False, True])
def test_calls_for_one_module_share_what_is_known(training):
    """By its inputs; by its parameters every call is its own, and nothing keeps it alive."""
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5)).double()
    model.train(training)
    x = torch.rand(2, 3, dtype=F64)
    for k in range(1, AFTER + 5):
        J = jacmagic.jacobian(model, k * x)
        fresh = jacmagic.jacobian(model, k * x, strategy="rows")
        torch.testing.assert_close(J.matrix, fresh.matrix)
    assert J.experience.recorded == (0 if training else 2)  # dropout draws; rows are a road too
    with torch.no_grad():
        model[0].weight.mul_(2)
    changed = jacmagic.jacobian(model, x)
    torch.testing.assert_close(changed.matrix, jacmagic.jacobian(model, x, strategy="rows").matrix)
    held = weakref.ref(model)
    del model, J, fresh, changed
    gc.collect()
    assert held() is None


def test_nothing_keeps_a_function_alive():
    """A function and what it closes over go when the user lets them go."""

    def build():
        weights = nn.Parameter(torch.rand(3, dtype=F64))
        return (lambda x: weights * x), weakref.ref(weights)

    f, weights = build()
    for _ in range(AFTER + 3):
        jacmagic.jacobian(f, torch.rand(3, dtype=F64))
    del f
    gc.collect()
    assert weights() is None


# ── the recorder ──────────────────────────────────────────────────────────────────────────────


def recorded(function, *tensors):
    """A program of a plain function of tensors."""
    recorder = Recorder(tensors)
    with recorder:
        results = function(*tensors)
    return program_of(recorder, results)


def test_constants_are_computed_once_and_repetitions_left_out():
    """Of eight operations three depend on the input and are not yet said."""
    constant = torch.rand(4, dtype=F64)

    def function(x):
        a = constant.exp().sin()
        return (x.sin() * a + x.sin(),)

    program, x = recorded(function, torch.rand(4, dtype=F64)), torch.rand(4, dtype=F64)
    assert program.steps == 3
    assert torch.equal(program(x)[0], function(x)[0])


def test_writing_in_place_is_repeated():
    """Zeros that are filled, views of them, and what was read before."""

    def function(x):
        out = torch.zeros(4, dtype=F64)
        early = out.clone()
        view = out[1:3]
        view += x[:2]
        late = out * 2
        out[0] = x.sum()
        return out, late, early, view

    program = recorded(function, torch.rand(4, dtype=F64))
    for _ in range(3):
        x = torch.rand(4, dtype=F64)
        for mine, theirs in zip(program(x), function(x), strict=True):
            assert torch.equal(mine, theirs)


def test_constants_are_added_once_where_they_miss_each_other():
    """Not a bit is another; where they meet, both are added."""
    left, right = torch.tensor([1e16, 0.0], dtype=F64), torch.tensor([0.0, 3.0], dtype=F64)

    def apart(x):
        return ((x.sin() + left) + right,)

    def together(x):
        return ((x.sin() + left) + left.flip(0) + 2 * left,)

    x = torch.rand(2, dtype=F64)
    for function, steps in ((apart, 2), (together, 3)):
        program = recorded(function, x)
        assert program.steps == steps
        assert torch.equal(program(x)[0], function(x)[0])


def test_gradients_of_slices_are_added_in_place():
    """Padding to full size is left out, also where a part is used twice."""

    def function(x):
        x = x.detach().requires_grad_()
        with torch.enable_grad():
            y = (x[:2] * x[1:3]).sum() + x[3:].sin().sum() + (x[::2] ** 2).sum() + x[0:].exp().sum()
        return torch.autograd.grad(y, x)

    program = recorded(function, torch.rand(5, dtype=F64))
    for _ in range(3):
        x = torch.rand(5, dtype=F64)
        assert torch.equal(program(x)[0], function(x)[0])


def test_what_is_needed_later_is_not_overwritten():
    """Inputs, constants, results, views of them and what is expanded stay as they are."""
    constant = torch.rand(3, dtype=F64)

    def function(x):
        a = x.exp()
        b, view = a * 2, a.view(3, 1)
        c = constant + b
        d = c.expand(2, 3) + 1
        return a, c.sin() + c, view + d.T, x + 1, constant + 1

    x = torch.rand(3, dtype=F64)
    before = x.clone(), constant.clone()
    program = recorded(function, x)
    for _ in range(2):
        for mine, theirs in zip(program(x), function(x), strict=True):
            assert torch.equal(mine, theirs)
    assert torch.equal(x, before[0]) and torch.equal(constant, before[1])


ONES = torch.ones(3, dtype=F64)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: (x * ONES).view(1, 3).sin(),
        lambda x: (x.exp() + x.exp().view(1, 3).sin()[0], x.exp() * 2),
        lambda x: (x.exp().view(1, 3).detach().sin(), x.exp().view(3, 1).cos(), x.exp()),
        lambda x: (x.abs(), (x * ONES).view(1, 3).detach().abs()[0]),
        lambda x: ((x * ONES).view(1, 3).detach().abs()[0], x**4),
        lambda x: ((x.exp() * ONES)[0:2].cos(), x.exp() * ONES),
        lambda x: (x[0:] * ONES).view(3, 1)[:, 0].exp(),
    ],
)
def test_no_input_is_ever_overwritten(function):
    """Also where a product with ones is looked at through a view, at every call."""
    torch.manual_seed(0)
    for k in range(AFTER + 6):
        x = torch.randn(3, dtype=F64)
        x = x.abs() if k < AFTER + 3 else x
        before = x.clone()
        J = jacmagic.jacobian(function, x)
        assert torch.equal(x, before) and torch.equal(ONES, torch.ones(3, dtype=F64))
        parts = torch.autograd.functional.jacobian(function, before)
        parts = parts if isinstance(parts, tuple) else (parts,)
        expected = torch.cat([part.reshape(-1, 3) for part in parts])
        torch.testing.assert_close(J.matrix, expected)


@pytest.mark.parametrize(
    "read",
    [
        lambda x: torch.tensor([v > 0 for v in x.tolist()]),
        lambda x: torch.from_numpy(x.detach().numpy() > 0),
        lambda x: torch.as_tensor(np.asarray(x.detach()) > 0),
    ],
)
def test_values_that_leave_torch_are_not_recorded(read):
    """A gate on the gradient alone, which the function's value does not betray."""

    def gated(x):
        return torch.where(read(x), x, x.detach()) * 2

    for k in range(2 * AFTER + 4):
        x = torch.randn(3, dtype=F64)
        x = x.abs() if k < AFTER + 3 else x
        expected = torch.diag(2.0 * (x > 0))
        torch.testing.assert_close(jacmagic.jacobian(gated, x).matrix, expected.double())


def test_a_repeated_step_that_is_looked_at_keeps_its_memory():
    """A view of the second must not overwrite the first."""

    def function(x):
        first, second = x.exp(), x.exp()
        return second.view(1, 3).sin(), first * 2

    program, x = recorded(function, torch.rand(3, dtype=F64)), torch.rand(3, dtype=F64)
    for mine, theirs in zip(program(x), function(x), strict=True):
        assert torch.equal(mine, theirs)


def test_memory_that_is_filled_between_two_readings():
    """Zeros that are read, then filled with a constant, and read again."""

    def function(x):
        held = torch.zeros(3, dtype=F64)
        early = x * held
        held.fill_(2)
        return (early + x * held,)

    program, x = recorded(function, torch.rand(3, dtype=F64)), torch.rand(3, dtype=F64)
    for _ in range(2):
        assert torch.equal(program(x)[0], 2 * x)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: (x * x.sum().item(),),
        lambda x: (x[x > 0],),
        lambda x: (x * torch.rand(3, dtype=F64),),
        lambda x: (x.mul_(2),),
        lambda x: (x * 2 if bool((x > 0).any()) else x,),
        lambda x: (x.to_sparse().to_dense(),),
    ],
)
def test_what_depends_on_values_is_not_recorded(function):
    """Numbers that Python reads, shapes that follow from values, draws, inputs written."""
    with pytest.raises(Unrecorded):
        recorded(function, torch.rand(3, dtype=F64))


def test_the_users_code_cannot_catch_the_recorder():
    """`except Exception` in the function does not hide that something was not recorded."""

    def function(x):
        try:
            return (x * x[0].item(),)
        except Exception:  # noqa: BLE001  as careless code does
            return (x,)

    with pytest.raises(Unrecorded):
        recorded(function, torch.rand(3, dtype=F64))


# ── the surroundings ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("held", "change"),
    [
        ([1.0, [2.0]], lambda held: held[1].append(3)),
        ({"a": {"b": 1}}, lambda held: held["a"].update(b=2)),
        (types.SimpleNamespace(a=1), lambda held: setattr(held, "a", 2)),
        (nn.Linear(2, 2), lambda held: held.train(False)),
        (nn.Linear(2, 2), lambda held: held.requires_grad_(False)),
        (torch.ones(2), lambda held: held.add_(1)),
        (np.ones(2), lambda held: held.__setitem__(0, 5.0)),
        ({1.0, 2.0}, lambda held: held.add(3.0)),
    ],
    ids=lambda part: type(part).__name__,
)
def test_what_is_held_is_watched(held, change):
    """However deep."""
    surroundings = Surroundings(lambda x: (x, held))
    assert surroundings.unchanged()
    change(held)
    assert not surroundings.unchanged()


def test_a_name_that_is_bound_later_is_watched():
    """`abs` may become the user's own."""
    space: dict = {"__name__": "__main__"}
    exec("def f(x):\n    return abs(x)", space)
    surroundings = Surroundings(space["f"])
    assert surroundings.unchanged()
    space["abs"] = math.sqrt
    assert not surroundings.unchanged()


def test_what_cannot_be_watched_is_said():
    """A generator's state is nobody's to see."""
    numbers = iter([1.0, 2.0])
    with pytest.raises(Unwatched, match="iterator"):
        Surroundings(lambda x: x * next(numbers))
    assert watched(lambda x: x * next(numbers)) is None
