"""A function that is called again with other values is not read again."""

import gc
import weakref

import pytest
import torch

import jacmagic
from jacmagic.function import python_call
from jacmagic.function.python_call import problem_of


def f(x, y):
    return x * y


ONE, TWO = torch.ones(2), torch.full((2,), 2.0)


@pytest.fixture
def reads(monkeypatch):
    """Count how often a function is read."""
    seen = []
    made = python_call._ambient_problem
    monkeypatch.setattr(
        python_call, "_ambient_problem", lambda *given: seen.append(given) or made(*given)
    )
    return seen


def test_other_values_do_not_read_again(reads):
    """The second problem has the second values and names, labels and title of the first."""
    first = problem_of(f, (ONE, TWO))
    second = problem_of(f, (TWO, TWO))
    assert len(reads) == 1
    assert second.point["x"].tolist() == [2, 2]
    assert second.called({"y": ONE}).tolist() == [2, 2]
    assert list(map(str, second.columns)) == list(map(str, first.columns))
    assert second.title == "f"


@pytest.mark.parametrize(
    "inputs",
    [(ONE.double(), TWO), (torch.ones(3), torch.ones(3)), (ONE, TWO, TWO), ONE],
    ids=["dtype", "shape", "number", "bare"],
)
def test_other_kinds_are_read(reads, inputs):
    """Inputs of another dtype, shape or number are another kind."""

    def g(*x):
        return sum(x)

    problem_of(g, (ONE, TWO))
    problem_of(g, inputs)
    assert len(reads) == 2


def test_new_code_is_read():
    """A function whose code or name was replaced in place has its new names."""

    def g(a):
        return a**2

    def h(b):
        return b**3

    kept = problem_of(g, ONE)
    g.__code__, g.__name__ = h.__code__, "cube"
    moved = problem_of(g, ONE)
    assert (list(kept.point), list(moved.point), moved.title) == (["a"], ["b"], "cube")
    assert jacmagic.jacobian(g, TWO).matrix.diagonal().tolist() == [12, 12]


def test_values_are_not_kept():
    """What is remembered of a call holds no tensor of it."""
    made = problem_of(f, (ONE, TWO))
    value = weakref.ref(made.point["x"])
    again = problem_of(f, (TWO, TWO))
    del made
    gc.collect()
    assert value() is None
    assert again.point["y"].tolist() == [2, 2]
