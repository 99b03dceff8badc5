"""Where a function need not be run again: what does nothing but compute, and what may do more."""

from __future__ import annotations

import collections
import enum
import functools
import io
import itertools
import math
import operator
import os
import random
import sys
import time
import types
import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

import jacmagic
from jacmagic import snapshot
from jacmagic.lift import lifted
from jacmagic.numeric import Experience, compute, experience, recording
from jacmagic.numeric.experience import AFTER
from jacmagic.numeric.recording import PROOFS
from jacmagic.surroundings import watched

F64 = torch.float64
READY = AFTER + PROOFS  # calls after which a program stands in


@pytest.fixture(autouse=True)
def no_function_is_too_slow(monkeypatch):
    """What is recorded does not depend on how busy the machine is."""
    monkeypatch.setattr(experience, "QUICK", math.inf)
    monkeypatch.setattr(recording, "SLOWER", math.inf)


# ── what does nothing but compute ─────────────────────────────────────────────────────────────


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(3, 4), nn.Linear(4, 2)

    def forward(self, x):
        return self.second(torch.tanh(self.first(x)))


class Scaled:
    def __init__(self):
        self.k = 3.0

    def stretched(self, x):
        return self.k * x


def helper(x):
    return F.softmax(x, 0)


def by_import(x):
    import math

    return x * math.pi


def by_loop(x):
    parts = []
    for i, part in enumerate(x):
        parts.append(part**i)
    return torch.stack(parts)


def in_place(x):
    out = torch.zeros(3, dtype=F64)
    out[:2] = x[1:]
    return out


SPACE = types.SimpleNamespace(sin=torch.sin, twice=lambda x: 2 * x, load=3.0, flat=torch.flatten)
CLOCKS = types.SimpleNamespace(flat=time.time)
LAYERS = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.LayerNorm(3))
NUMBERS, SCALED = {"a": 2.0, "rest": [1.0, 2.0]}, Scaled()

PURE = {
    "the worked example": lambda x: (x[0] + x[1], x[2] * x[0], x[1] ** 3),
    "a user's module": Net(),
    "a module of torch's": LAYERS,
    "a module that is called": lambda x: LAYERS(x).relu().pow(2),
    "another function": lambda x: helper(x),
    "a function of torch's": torch.sin,
    "a partial": functools.partial(operator.mul, torch.ones(3)),
    "math": lambda x: math.sin(x[0]) * x,
    "numpy": lambda x: np.sin(x) + np.linalg.norm(x) + np.dot(x, x),
    "einsum and linalg": lambda x: torch.einsum("i,j->ij", x, x).det() + torch.linalg.norm(x),
    "an import": by_import,
    "a loop": by_loop,
    "its own memory": in_place,
    "a namespace": lambda x: SPACE.twice(SPACE.sin(x)),
    "names of its own": lambda x: SPACE.load * SPACE.flat(x),
    "containers": lambda x: NUMBERS["a"] * x + sum(NUMBERS["rest"]),
    "a method": SCALED.stretched,
    "reduce and zip": lambda x: functools.reduce(
        operator.add, [a * b for a, b in zip(x, x, strict=True)]
    ),
    "without gradients": lambda x: x * torch.no_grad()(torch.sin)(x),
}


@pytest.mark.parametrize("function", PURE.values(), ids=PURE)
def test_what_only_computes(function):
    """Python's, NumPy's and torch's arithmetic, the user's own functions, modules and objects."""
    assert watched(function).pure


# ── what may do more ──────────────────────────────────────────────────────────────────────────


def printing(x):
    print("here")
    return 2 * x


def timed(x):
    return x * (1 + 0 * time.time())


def drawing(x):
    return x * random.random()


def drawing_in_numpy(x):
    return x * np.random.rand()


def by_imported_clock(x):
    from time import time

    return x * time()


def opening(x):
    return x if open(os.devnull) else 2 * x


@functools.cache
def remembered(x):
    return 2 * x


def imported_whole(x):
    import numpy

    return x * float(numpy.loadtxt(os.devnull))


def through_a_module(x):
    from torch.nn import functional

    return x * functional.torch.initial_seed()


class Announcing(type):
    def __call__(cls, *args):
        print("made")
        return super().__call__(*args)


class Made(metaclass=Announcing):
    pass


class Logged(np.ndarray):
    def scaled(self, x):
        print("scaled")
        return x * float(self.sum())


def forgetting(x):
    WEIGHT.grad = None
    return WEIGHT * x


def matching(x):
    match x:
        case torch.Tensor(grad_fn=found):
            return x if found is None else 2 * x


def peek(tensor):
    print(tensor.shape)
    return tensor


clock, WEIGHT = time.time, torch.ones(3, requires_grad=True)
LOGGED = np.ones(3).view(Logged)
torch.Tensor.peek_of_the_tests = peek

IMPURE = {
    "print": printing,
    "a clock": timed,
    "a clock by its own name": lambda x: x * clock(),
    "a clock that is imported": by_imported_clock,
    "random": drawing,
    "numpy.random": drawing_in_numpy,
    "a generator's state": lambda x: x * torch.initial_seed(),
    "a file": opening,
    "a file of torch's": lambda x: torch.load(x),
    "getattr": lambda x: getattr(torch, "sin")(x),  # noqa: B009  on purpose
    "eval": lambda x: eval("x"),
    "a module inside another": lambda x: x * len(torch.os.environ),
    "globals of a function": lambda x: x * len(helper.__globals__),
    "warnings": lambda x: warnings.warn("so", stacklevel=2) or x,
    "a cache": lambda x: remembered(x),
    "a hook": lambda x: x.register_hook(print) and x,
    "a gradient": lambda x: torch.autograd.grad(x.sum(), x)[0] * x,
    "memory": lambda x: x * x.untyped_storage()[0],
    "sys": lambda x: x * sys.getrecursionlimit(),
    "numpy, imported inside": imported_whole,
    "a module of a module": through_a_module,
    "a metaclass": lambda x: Made() and x,
    "an array of a class": lambda x: LOGGED.scaled(x),
    "a gradient that is dropped": forgetting,
    "a pattern": matching,
    "a method hung on tensors": lambda x: x.peek_of_the_tests(),
    "where a view begins": lambda x: x * x.storage_offset(),
    "an array's file": lambda x: (WEIGHT.detach().numpy().tofile(os.devnull), x)[1],
    "another Jacobian": lambda x: jacmagic.jacobian(torch.sin, x).matrix @ x,
    "an attribute of torch's": lambda x: setattr(torch, "e", 3.0) or x,
    "a clock in a namespace": lambda x: x * CLOCKS.flat(),
    "an attribute of what is returned": lambda x: SPACE.twice(x).storage_offset() * x,
    "a bound method": lambda x: keep(x) or x,
}
keep = collections.deque().append


@pytest.mark.parametrize("function", IMPURE.values(), ids=IMPURE)
def test_what_may_do_more(function):
    """Whatever is on no list, by whatever name it is reached."""
    known = watched(function)
    assert known is None or not known.pure


def test_an_open_file_cannot_be_watched():
    """Nor can it be pure."""
    file = io.StringIO()
    assert watched(lambda x: file.write("so") * x) is None


# ── where the function is not run ─────────────────────────────────────────────────────────────


class Counted:
    """Counts the runs of a function, unseen by its watch."""

    def __init__(self, function):
        self.function, self.runs = lifted(function), 0
        self.experience = Experience(lambda _: watched(function))

    def __call__(self, *tensors):
        self.runs += 1
        return self.function(*tensors)

    def matrix(self, *tensors):
        """The Jacobian, compared with torch's, and how often the function ran for it."""
        before = self.runs
        found = compute(self, tensors, experience=self.experience)
        runs = self.runs - before
        fresh = compute(self.function, tensors)
        torch.testing.assert_close(found.matrix, fresh.matrix, rtol=1e-12, atol=1e-12)
        for mine, theirs in zip(found.outputs.leaves, fresh.outputs.leaves, strict=True):
            assert torch.equal(mine, theirs) and not mine.requires_grad
        return runs

    def ready(self, *tensors):
        """After calls enough for a program."""
        for _ in range(READY):
            self.matrix(*tensors)
        return self


def x3():
    return torch.rand(3, dtype=F64) + 0.1


@pytest.mark.parametrize("name", [n for n in PURE if not n.startswith(("a module", "a user"))])
def test_a_pure_function_is_not_run_again(name):
    """Its program brings value and Jacobian, at new points too."""
    counted = Counted(PURE[name]).ready(x3())
    assert [counted.matrix(x3()) for _ in range(3)] == [0, 0, 0]


@pytest.mark.parametrize("module", [Net(), LAYERS], ids=["own", "torch's"])
def test_a_module_is_not_run_again(module):
    """Until one of its weights changes."""
    counted = Counted(module).ready(torch.rand(3))
    assert counted.matrix(torch.rand(3)) == 0
    with torch.no_grad():
        next(module.parameters()).mul_(2)
    assert counted.matrix(torch.rand(3)) > 0


def test_what_prints_is_run_each_time(capsys):
    """A line that the user waits for comes with every call."""
    for _ in range(READY + 3):
        capsys.readouterr()
        jacmagic.jacobian(printing, x3())
        assert "here" in capsys.readouterr().out


def test_what_draws_is_run_each_time():
    """Every call has a number of its own."""
    found = {jacmagic.jacobian(drawing, x3()).matrix[0, 0].item() for _ in range(READY + 5)}
    assert len(found) == READY + 5


def test_what_counts_itself_is_run_each_time():
    """A function that writes into what it reads is no program's."""
    calls, counts = [], []

    def counting(x):
        calls.append(None)
        return 2 * x

    for _ in range(READY + 3):
        counts.append(len(calls))
        jacmagic.jacobian(counting, x3())
    assert all(a < b for a, b in itertools.pairwise(counts))


def test_a_counter_that_is_an_attribute():
    """Of a function itself."""

    def counting(x):
        counting.calls += 1
        return 2 * x

    counting.calls = 0
    for _ in range(READY + 3):
        before = counting.calls
        jacmagic.jacobian(counting, x3())
        assert counting.calls > before


def by_constructor(x):
    return torch.tensor([x.detach()[0], x.detach()[1]], dtype=F64) * x[:2]


def by_text(x):
    return x if "-" in str(x.detach()) else 3 * x


def by_template(x):
    return x if "-" in "%s" % x.detach() else 3 * x  # noqa: UP031  a way of its own


def by_split(x):
    return torch.tensor_split(torch.arange(4.0, dtype=F64), x.detach()[:1].long())[0].sum() * x


def by_unused_check(x):
    try:
        torch.linalg.cholesky_ex(torch.eye(2, dtype=F64) * x[0], check_errors=True)
    except RuntimeError:
        return -x
    return 2 * x


def by_unused_index(x):
    try:
        torch.ones(2)[(x.detach()[:1] * 0.5 + 0.5).long()]
    except IndexError:
        return -x
    return 2 * x


@pytest.mark.parametrize(
    "function",
    [by_constructor, by_text, by_template, by_split, by_unused_check, by_unused_index],
)
def test_numbers_that_are_read_past_the_operations(function):
    """What torch reads by itself, or raises for, is not taken for a constant."""
    counted = Counted(function).ready(torch.tensor([1.25, 2.5, 1.5], dtype=F64))
    counted.matrix(torch.tensor([-1.25, 2.5, 1.5], dtype=F64))
    counted.matrix(torch.tensor([4.5, -2.5, 1.5], dtype=F64))


def test_a_constant_that_is_made_each_time():
    """Tensors of the code's own numbers are no reason to run it."""
    counted = Counted(lambda x: torch.tensor([1.0, 2.0, 3.0], dtype=F64) * x.exp()).ready(x3())
    assert counted.matrix(x3()) == 0


# ── what is bound anew ────────────────────────────────────────────────────────────────────────


class Kind:
    scale = 2.0

    def times(self, x):
        return self.scale * x


class OtherKind(Kind):
    scale = 5.0


class Mode(str, enum.Enum):
    SOFT = "soft"

    def of(self, x):
        return NUMBERS["a"] * x


def test_the_order_of_a_dict():
    """A pipeline goes through its steps in another order."""
    steps = {"a": torch.sin, "b": lambda x: x**2, "c": torch.exp}

    def pipe(x):
        for step in steps.values():
            x = step(x)
        return x

    counted = Counted(pipe).ready(x3())
    steps["a"] = steps.pop("a")
    assert counted.matrix(x3()) > 0


def test_a_library_that_is_patched(monkeypatch):
    """Functions of a module, methods of tensors, and what a layer does."""
    layer = nn.Linear(3, 3).double()
    functions = [lambda x: F.softplus(x), lambda x: (2 * x).exp(), layer]
    counted = [Counted(function).ready(x3()) for function in functions]
    assert [one.matrix(x3()) for one in counted] == [0, 0, 0]
    monkeypatch.setattr(F, "softplus", torch.sin)
    monkeypatch.setattr(torch.Tensor, "exp", lambda self: torch.sin(self))
    monkeypatch.setattr(nn.Linear, "forward", lambda self, x: x**2)
    assert all(one.matrix(x3()) > 0 for one in counted)


def test_a_hook_on_all_modules():
    """Which changes what a module returns."""
    counted = Counted(nn.Linear(3, 3).double()).ready(x3())
    handle = nn.modules.module.register_module_forward_hook(lambda *given: 2 * given[-1])
    try:
        assert counted.matrix(x3()) > 0
    finally:
        handle.remove()


def test_things_that_are_no_plain_values():
    """Another class, another shape, a field of a record, a partial's attribute."""
    thing, array = Kind(), np.ones((3, 1))
    partial = functools.partial(lambda x, k: k * x, k=2.0)
    partial.extra = 1.0
    counted = [
        Counted(lambda x: thing.times(x)).ready(x3()),
        Counted(lambda x: array.shape[0] * x).ready(x3()),
        Counted(lambda x: partial.extra * partial(x)).ready(x3()),
        Counted(Mode.SOFT.of).ready(x3()),
    ]
    thing.__class__, array.shape, partial.extra = OtherKind, (1, 3), 7.0
    kept, NUMBERS["a"] = NUMBERS["a"], 11.0
    try:
        assert all(one.matrix(x3()) > 0 for one in counted)
    finally:
        NUMBERS["a"] = kept


@pytest.mark.parametrize("numbers", [[0.0], torch.zeros(1, dtype=F64)], ids=["list", "tensor"])
def test_the_sign_of_a_zero_outside(numbers):
    """-0.0 equals 0.0, and divides otherwise."""
    counted = Counted(lambda x: torch.atan(x.detach() / numbers[0]) * x).ready(x3())
    numbers[0] = -0.0
    assert counted.matrix(x3()) > 0


def test_callables_that_are_equal():
    """What is known of one is not another's, whatever it says of itself."""

    class Scaling:
        def __init__(self, k):
            self.k = k

        def __call__(self, x):
            return self.k * x

        def __eq__(self, other):
            return True

        def __hash__(self):
            return 0

    x = x3()
    for _ in range(READY + 2):
        jacmagic.jacobian(Scaling(2.0), x)
    assert jacmagic.jacobian(Scaling(3.0), x).matrix[0, 0].item() == 3.0


def test_a_sparse_tensor_outside():
    """Of which only the shape is read."""
    held = torch.eye(3).to_sparse()
    counted = Counted(lambda x: x * held.shape[0]).ready(x3())
    assert counted.matrix(x3()) == 0


@pytest.mark.parametrize("kinds", [(torch.bfloat16, torch.float16)])
def test_the_kind_of_autocast(kinds):
    """A setting of torch's that rounds otherwise."""
    w = torch.rand(3, 3)

    def function(x):
        return w @ x

    x = torch.rand(3)
    with torch.autocast("cpu", kinds[0]):
        for _ in range(READY + 2):
            jacmagic.jacobian(function, x)
    with torch.autocast("cpu", kinds[1]):
        fresh = compute(lifted(lambda x: w @ x), (x,))
        assert torch.equal(jacmagic.jacobian(function, x).value, fresh.outputs.leaves[0])


def test_anomalies_are_looked_for():
    """Where the user asked torch to, an infinite gradient times zero raises as it does there."""

    def function(x):
        return torch.sqrt(x) * 0

    for _ in range(READY + 2):
        jacmagic.jacobian(function, x3())
    with torch.autograd.set_detect_anomaly(True), pytest.raises(RuntimeError, match="nan"):
        jacmagic.jacobian(function, torch.zeros(3, dtype=F64), strategy="auto")


# ── the moment and the inputs ─────────────────────────────────────────────────────────────────


def test_inputs_that_lie_otherwise_in_memory():
    """A transposed matrix is another input; rows of one matrix are the same."""
    square = torch.rand(3, 3, dtype=F64)
    counted = Counted(lambda m: (m @ m).reshape(-1) * m.flatten()).ready(square)
    assert counted.matrix(torch.rand(3, 3, dtype=F64)) == 0
    assert counted.matrix(square.T) > 0
    counted = Counted(lambda x: x.roll(1) * x[:1]).ready(x3())
    assert [counted.matrix(row) for row in square] == [0, 0, 0]
    assert counted.matrix(square[:, 0]) > 0


def test_a_singular_matrix_raises_as_in_torch():
    """Not a matrix of nan: torch's own error at the point, whatever was there before."""

    def solved(m):
        return torch.linalg.solve(m, torch.ones(2, dtype=F64))

    for _ in range(READY + 2):
        jacmagic.jacobian(solved, torch.eye(2, dtype=F64) + torch.rand(2, 2, dtype=F64))
    with pytest.raises(torch.linalg.LinAlgError):
        jacmagic.jacobian(solved, torch.zeros(2, 2, dtype=F64))


class Noting(TorchFunctionMode):
    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.seen.append(getattr(func, "__name__", ""))
        return func(*args, **(kwargs or {}))


def test_a_mode_of_the_users_sees_the_function():
    """Who watches the calls, or changes them, watches those of the function itself."""
    counted = Counted(torch.sin).ready(x3())
    with Noting() as mode:
        assert counted.matrix(x3()) > 0
    assert "sin" in mode.seen


def test_inference_mode_and_its_tensors():
    """They have roads of their own; the numbers are the same."""
    counted = Counted(lambda x: x * x.sin()).ready(x3())
    with torch.inference_mode():
        x = x3()
        assert counted.matrix(x) > 0
    assert counted.matrix(x) > 0
    assert counted.matrix(x.clone()) == 0


def test_inputs_that_require_gradients():
    """Neither they nor what comes back is part of a graph."""
    counted = Counted(lambda x: (x, x[1:], 2 * x)).ready(x3())
    x = x3().requires_grad_()
    assert counted.matrix(x) == 0
    numbers = compute(counted, (x,), experience=counted.experience)
    assert not any(leaf.requires_grad for leaf in numbers.outputs.leaves)
    numbers.outputs.leaves[0].add_(1)
    assert not torch.equal(numbers.outputs.leaves[0], x)


READINGS = {
    "by itself": lambda big: lambda x: (big[0] @ x) ** 2,
    "as it stands": lambda big: lambda x: (big @ x.exp()).sin(),
    "by views": lambda big: lambda x: (big.T @ x.exp()) ** 2 * big[0],
    "in the Jacobian alone": lambda big: lambda x: big @ x,
    "in a product": lambda big: lambda x: (2 * big) @ x.sin(),
    "by item": lambda big: lambda x: big[0, 0].item() * x,
    "by tolist": lambda big: lambda x: big.tolist()[0][0] * x,
    "by numpy": lambda big: lambda x: float(big.numpy()[0, 0]) * x,
}


@pytest.mark.parametrize("much", [0, snapshot.MUCH])
@pytest.mark.parametrize("name", READINGS)
def test_a_large_tensor_that_is_written_past_its_version(name, much, monkeypatch):
    """It is read each time, or compared; where it is too large for that, the function is run."""
    monkeypatch.setattr(snapshot, "MUCH", much)
    big = torch.rand(60, 60, dtype=F64)
    points = [torch.rand(60, dtype=F64) for _ in range(3)]
    counted = Counted(READINGS[name](big)).ready(points[0])
    assert (counted.matrix(points[1]) == 0) == (much > 0 or name in ("by itself", "as it stands"))
    big.data.mul_(1.5)
    counted.matrix(points[2])


def test_a_default_device_or_dtype():
    """Switches of torch's that change what a function does."""
    counted = Counted(lambda x: x * torch.full((3,), 1 / 3)).ready(x3())
    try:
        torch.set_default_dtype(F64)
        assert counted.matrix(x3()) > 0
    finally:
        torch.set_default_dtype(torch.float32)


def test_through_the_public_face():
    """`jacobian` and `.at` share what is known; a change of a global is seen at once."""
    space = {"a": 2.0}
    exec("def f(x):\n    return a * x**2", space)
    x = torch.tensor([3.0], dtype=F64)
    J = [jacmagic.jacobian(space["f"], x) for _ in range(READY + 1)][-1]
    assert J.at(x=[1.0]).matrix.item() == 4.0
    space["a"] = 5.0
    assert J.at(x=[1.0]).matrix.item() == 10.0
    assert jacmagic.jacobian(space["f"], x).matrix.item() == 30.0
    assert J.matrix.item() == 12.0
