"""A Jacobian changes nothing of the process or of the user's objects."""

from __future__ import annotations

import collections
import math
import sys
import threading
import types
import warnings

import numpy as np
import pytest
import torch

import jacmagic
from jacmagic.function.interop import lifted
from jacmagic.function.interop.silence import is_silent, silent
from jacmagic.function.silent_rerun import random_states, set_random_states, silent_rerun

F64 = torch.float64
A = np.array([1.0, 2.0, 3.0])
LOG: list = []
RECORD = collections.deque()
STORE: dict = {}


def point(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=F64, requires_grad=True)


def test_globals_are_the_users_while_the_function_runs() -> None:
    """Another thread sees NumPy, math and arrays as they are, in the middle of a call."""
    started, finish = threading.Event(), threading.Event()
    space = {"np": np, "math": math, "A": A.copy(), "started": started, "finish": finish}
    exec(
        "def f(x):\n    started.set(), finish.wait(10)\n    return A * np.sin(x) * math.pi",
        space,
    )
    before = dict(space)
    results = []
    worker = threading.Thread(target=lambda: results.append(lifted(space["f"])(point(1, 2, 3))))
    worker.start()
    assert started.wait(10)
    now = dict(space)
    finish.set()
    worker.join()
    assert now.keys() == before.keys() and all(now[name] is before[name] for name in before)
    assert type(now["A"] + 1) is np.ndarray
    np.testing.assert_allclose(results[0].detach(), A * np.sin([1, 2, 3]) * np.pi)


class Holder:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.kept = None

    def keep(self, value):
        self.kept = value
        return np.sum(value) * math.exp(0)


HOLDER = Holder()


def leaving(x):
    """Store arrays and functions of the call in all kinds of objects."""
    y = np.zeros(3)
    y[0] = x[0]
    LOG.append(y)
    LOG.append(np.sin(x))
    RECORD.append(np.ones(2))
    STORE["array"], STORE["module"], STORE["sin"] = A, np, math.sin
    STORE["helper"] = point
    return HOLDER.keep(np.cos(x)) + y.sum()


@pytest.mark.parametrize("fails", [False, True])
def test_what_a_function_stores_is_plain(fails: bool) -> None:
    """Lists, dicts and attributes hold the user's own objects and plain arrays afterwards."""
    for held in (LOG, RECORD, STORE):
        held.clear()

    def call(x):
        result = leaving(x)
        if fails:
            raise ZeroDivisionError("theirs")
        return result

    if fails:
        with pytest.raises(ZeroDivisionError, match="theirs"):
            lifted(call)(point(0.5, 1, 2))
    else:
        assert lifted(call)(point(0.5, 1, 2)).requires_grad
    assert [type(one) for one in (*LOG, *RECORD, HOLDER.kept)] == [np.ndarray] * 4
    np.testing.assert_allclose(LOG[0], [0.5, 0, 0])
    np.testing.assert_allclose(HOLDER.kept, np.cos([0.5, 1, 2]))
    assert STORE["array"] is A and STORE["module"] is np and STORE["sin"] is math.sin
    assert STORE["helper"] is point and type(HOLDER) is Holder


class Pendulum:
    """A class of the user's with methods, a property, a static method and a parent."""

    gain = np.array([2.0, 3.0])

    def __init__(self, length):
        self.length, self.calls = length, 0

    @property
    def rate(self):
        return math.sqrt(9.81 / self.length)

    @staticmethod
    def wave(x):
        return np.sin(x)

    def turn(self, x):
        self.calls += 1
        return self.rate * self.wave(x) * self.gain[0]


class Damped(Pendulum):
    """Calls its parent's method."""

    def turn(self, x):
        return super().turn(x) * np.exp(-x) + (0 if isinstance(self, Pendulum) else 100)


SWINGS = {"damped": Damped(2.0), "free": Pendulum(1.0)}


def test_methods_of_objects_are_lifted_and_count_in_the_users() -> None:
    """Objects in dicts, made inside, with properties and parents: the value is NumPy's."""

    def f(x):
        made = Damped(3.0)
        return SWINGS["damped"].turn(x) + SWINGS["free"].turn(x) + made.turn(x)

    before = [one.calls for one in SWINGS.values()]
    x = point(0.3, 0.4)
    ours = lifted(f)(x)
    assert [one.calls for one in SWINGS.values()] == [calls + 1 for calls in before]
    np.testing.assert_allclose(ours.detach(), f(x.detach().numpy()))
    assert torch.autograd.gradcheck(lifted(f), x)
    assert all(type(one) in (Damped, Pendulum) for one in SWINGS.values())


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # NumPy's advice on matrices
def test_subclasses_of_ndarray_are_left_alone() -> None:
    """Masks, matrices and arrays of units keep their meaning, and so do plain arrays."""
    masked = np.ma.array([1.0, 2.0, 3.0], mask=[0, 0, 1])
    matrix = np.asmatrix([[1.0, 2.0], [3.0, 4.0]])

    def f(x):
        assert type(masked) is np.ma.MaskedArray and type(matrix) is np.matrix
        assert isinstance(A, np.ndarray) and A.dtype == np.float64 and f"{A}" == "[1. 2. 3.]"
        assert repr(A) == "array([1., 2., 3.])" and A[::-1].tolist() == [3.0, 2.0, 1.0]
        assert (A * 1.6).astype(int).tolist() == [1, 3, 4] and A.item(1) == 2.0
        return x * float(masked.sum()) * float((matrix * matrix)[0, 1]) * np.pi

    assert lifted(f)(point(1.0)).item() == pytest.approx(30 * math.pi)


def test_silent_code_of_one_thread_only() -> None:
    """While one thread runs silently, another prints and warns."""
    seen = []

    def other() -> None:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            warnings.warn("aloud", stacklevel=1)
        seen.extend([len(caught), is_silent()])

    with silent():
        assert is_silent()
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert seen == [1, False] and not is_silent()


def test_streams_and_filters_stay(capsys) -> None:
    """Neither sys.stdout nor the filters change while a function runs; it prints once."""
    stream, seen = sys.stdout, []
    jacmagic.jacobian(lambda x: x**2, point(1.0)).agreement  # noqa: B018 - installs what stays
    filters = list(warnings.filters)

    def f(x):
        print("once")
        seen.append((sys.stdout is stream or is_silent(), warnings.filters == filters))
        return x**3

    J = jacmagic.jacobian(f, point(2.0))
    assert J.agreement.verdict == "agree" and capsys.readouterr().out == "once\n"
    assert all(map(all, seen)) and sys.stdout is stream and warnings.filters == filters


def test_a_silent_run_draws_the_first_runs_numbers_from_generators_of_its_own() -> None:
    """Dropout, rand, randn_like, randperm, normal: the same numbers; torch's state stays."""

    def f(x):
        y = torch.nn.functional.dropout(x, 0.5) + torch.rand(3, dtype=F64) * torch.randn_like(x)
        return y + torch.randperm(3) + torch.normal(x, 1.0) + torch.empty(3).uniform_()

    torch.manual_seed(5)
    x = torch.ones(3, dtype=F64)
    before = random_states((x,))
    first = f(x)
    after = torch.get_rng_state()
    with silent_rerun((x,), before) as run:
        assert torch.equal(f(x), first)
        assert not torch.equal(f(x), first)
        set_random_states((x,), before)
        assert torch.equal(f(x), first)
    assert run.drew and torch.equal(torch.get_rng_state(), after)


def test_a_function_that_changes_something_runs_once_for_each_source() -> None:
    """Once for torch's numbers, once for the closed form; and a note says so."""
    counted, namespace = [], types.SimpleNamespace(calls=0)

    def f(x):
        counted.append(1)
        namespace.calls += 1
        return torch.sin(x) * x.sum()

    J = jacmagic.jacobian(f, point(1.0, 2.0))
    text = repr(J)
    assert len(counted) == namespace.calls == 2
    assert J.agreement.verdict == "agree"
    assert "f changes counted, namespace.calls whenever it runs" in text.replace("\n", " ")


def test_another_value_by_numpy_is_named() -> None:
    """`std` of a tensor divides by n − 1: torch's value is shown, and NumPy's is named."""

    def f(x):
        return torch.as_tensor(np.sin(x)) + x.std()

    J = jacmagic.jacobian(f, point(1.0, 2.0, 4.0))
    assert J.agreement.verdict == "not confirmed"
    assert "2.08869 with NumPy and 2.369 with torch" in str(J.agreement)
    same = jacmagic.jacobian(lambda x: np.sin(x) + x.std(), point(1.0, 2.0, 4.0))
    assert same.agreement.verdict == "agree"
    np.testing.assert_allclose(same.value, np.sin([1, 2, 4]) + np.std([1, 2, 4]))
