"""Numbers keep the names that the code gives them, in every spelling of a constant."""

from __future__ import annotations

import collections
import dataclasses
import gc
import inspect
import linecache
import math
import types
import typing

import numpy as np
import pytest
import torch

import jacmagic
from jacmagic import Jacobian
from jacmagic.function.interop.local_constants import offering_code

m1, m2 = 1.5, 2.5
PARAMETERS = {"m": 2.0, "l": 0.7}
NESTED = {"body": {"m": 2.0}}
SPACE = types.SimpleNamespace(m=2.0, l=0.7)
VECTOR = torch.tensor([1.5, 2.5], dtype=torch.float64)
ARRAY = np.array([1.5, 2.5])
LENGTHS = [1.5, 2.5]
GRAVITY = np.float64(9.81)
Pair = collections.namedtuple("Pair", "m l")
PAIR = Pair(2.0, 0.7)


class Typed(typing.NamedTuple):
    """Named fields with types."""

    m: float = 2.0
    l: float = 0.7  # noqa: E741 - a length


class Constants:
    """Numbers as attributes of a class."""

    m = 2.0


class Body:
    """Numbers as attributes of an instance."""

    def __init__(self, m: float = 1.0) -> None:
        self.m, self.l = m, 0.7


@dataclasses.dataclass
class Data:
    """Numbers as fields."""

    m: float = 2.0
    l: float = 0.7  # noqa: E741 - a length


class Layer(torch.nn.Module):
    """A module with a number."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = 2.5

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return a scaled sine."""
        return self.gain * torch.sin(x)


TYPED, BODY, DATA = Typed(), Body(2.0), Data()

# What stands in the body of `def f(x)`, and the names that its formula has.
BODIES = [
    ("g = 9.81; return g * torch.sin(x)", "g"),
    ("m, l = 1.0, 0.5; return m * torch.sin(x) + l * x**2", "m l"),
    ("(m, l), g = (1.5, 0.5), 9.81; return m * l * g * x**2", "m l g"),
    ("m, *rest = 1.5, 2.0; return m * x**2", "m"),
    ("m = l = 1.5; return m * torch.sin(x) + l * x**2", "m l"),
    ("m: float = 1.5; return m * x**2", "m"),
    ("m = 3 / 2; return m * x**2", "m"),
    ("m = -1.5; return m * x**2", "m"),
    ("return (m := 1.5) * torch.sin(x) + m * x", "m"),
    ("k, n = 0.5, 3; return x**n / (k**n + x**n)", "k n"),
    ("m, l = 2.5, 0.5; w = m / l; return w * torch.sin(x)", "m l"),
    ("m, l = 2.5, 0.5; return math.sqrt(m / l) * torch.sin(x)", "m l"),
    ("a = 2.5; return a**x", "a"),
    ("k = 2.5\n    def inner(y): return k * torch.sin(y)\n    return inner(x)", "k"),
    ("p = {'m': 2.0, 'l': 0.7}; return p['m'] * p['l'] * torch.sin(x)", "m l"),
    ("p = dict(m=2.0); return p['m'] * torch.sin(x)", "m"),
    ("p = types.SimpleNamespace(m=2.0); return p.m * torch.sin(x)", "m"),
    ("p = Data(); return p.m * p.l * torch.sin(x)", "m l"),
    ("p = Data(m=3.0); return p.m * torch.sin(x)", "m"),
    ("w = [1.5, 0.5]; return w[0] * torch.sin(x) + w[1] * x**2", "w"),
    ("w = np.array([1.5, 2.5]); return w[0] * x + w[1] * x**2", "w"),
    ("w = np.float64(1.5); return w * x**2", "w"),
    ("w = torch.tensor(1.5, dtype=torch.float64); return w * torch.sin(x)", "w"),
    ("w = torch.tensor([1.5, 2.5], dtype=torch.float64); return w * torch.sin(x)", "w"),
    ("m = 1.5; return torch.tensor([m, 0, 0], dtype=torch.float64) * torch.sin(x)", "m"),
    ("return torch.tensor([[m1, 0.0], [0.0, m2]]) @ torch.stack([x, x**2]).float()", "m1 m2"),
    ("return torch.diag(torch.as_tensor([m1, m2])) @ torch.stack([x, x]).float()", "m1 m2"),
    ("return x.new_tensor([m1, 2.0]) * torch.sin(x)", "m1"),
    ("return torch.full_like(x, m1) * torch.sin(x)", "m1"),
    ("return m1 * torch.sin(x) + m2 * x**2", "m1 m2"),
    ("return PARAMETERS['m'] * PARAMETERS.get('l') * torch.sin(x)", "m l"),
    ("m, l = PARAMETERS.values(); return m * l * torch.sin(x)", "m l"),
    ("return NESTED['body']['m'] * torch.sin(x)", "m"),
    ("return SPACE.m * SPACE.l * torch.sin(x)", "m l"),
    ("return PAIR.m * PAIR.l * torch.sin(x)", "m l"),
    ("m, l = PAIR; return m * l * torch.sin(x)", "m l"),
    ("return TYPED.m * TYPED.l * torch.sin(x)", "m l"),
    ("return Constants.m * torch.sin(x)", "m"),
    ("return BODY.m * BODY.l * torch.sin(x)", "m l"),
    ("return DATA.m * DATA.l * torch.sin(x)", "m l"),
    ("return VECTOR * torch.sin(x)", "VECTOR"),
    ("return ARRAY[0] * torch.sin(x)", "ARRAY"),
    ("return LENGTHS[0] * torch.sin(x) + LENGTHS[1] * x**2", "LENGTHS"),
    ("return GRAVITY * torch.sin(x)", "GRAVITY"),
]


def written(source: str, name: str = "<written for a test>") -> typing.Any:
    """Return the function f of a source that Python can show, as that of a cell."""
    name = f"{name[:-1]} {abs(hash(source))}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    space = dict(globals())
    exec(compile(source, name, "exec"), space)
    return space["f"]


def names_in(J: Jacobian) -> set[str]:
    """Return the names of the constants beside a formula, without indices."""
    assert J.reading is not None and J.agreement.verdict == "agree", (J.refusal, J.agreement)
    return {label.name for label, _ in J.reading.used_constants}


def at(value: float) -> torch.Tensor:
    """Return a number of float64."""
    return torch.tensor(value, dtype=torch.float64)


@pytest.mark.parametrize(("body", "names"), BODIES)
def test_constants_keep_their_names_however_they_are_spelled(body: str, names: str) -> None:
    """Local ones, entries of dicts and lists, fields, attributes, tensors made of them."""
    f = written(f"def f(x):\n    {body}\n")
    assert names_in(jacmagic.jacobian(f, at(0.3))) == set(names.split())


def test_a_modules_number_has_its_name() -> None:
    """A float that a module reads from itself is called by its attribute."""
    assert names_in(jacmagic.jacobian(Layer(), at(0.3))) == {"gain"}


@pytest.mark.parametrize(
    "body",
    [
        "total = 0.0\n    for k in range(3): total = total + x**k\n    return total",
        "h = 0.5\n    if x > 9: h = 0.25\n    return h * x**2",
        "s = 2.0; s *= x; return s",
        "x = x * 2.5; return x",
        "zero = 0.0; return (x + zero)**2",
        "F = torch.tensor([[1.0, 0.5], [0.0, 1.0]]); return F @ torch.stack([x, x**2]).float()",
        "n = 4; return sum(x**k for k in range(n))",
        "deg = math.pi / 180; return torch.sin(x * deg)",
        "return 2.5 * torch.sin(x)",
    ],
)
def test_what_is_no_constant_has_no_name(body: str) -> None:
    """Variables bound twice, zeros, matrices with zeros, counts, multiples of π, bare numbers."""
    f = written(f"def f(x):\n    {body}\n")
    assert names_in(jacmagic.jacobian(f, at(0.3))) == set()


def test_lines_and_signatures_stay() -> None:
    """Code that offers its constants has the lines, names and variables of the user's."""

    def f(x, scale=2.0):
        """Return a product."""
        gain = 1.5
        return gain * scale * x

    code = offering_code(f.__code__)
    assert code is not f.__code__
    assert code.co_firstlineno == f.__code__.co_firstlineno
    assert {line for *_, line in code.co_lines()} == {line for *_, line in f.__code__.co_lines()}
    assert (code.co_varnames, code.co_filename) == (f.__code__.co_varnames, f.__code__.co_filename)
    assert offering_code(f.__code__) is code


def test_code_with_another_source_stays() -> None:
    """Where the text is not the function's own any more, its numbers stay numbers."""
    f = written("def f(x):\n    g = 9.81\n    return g * x\n")
    name = f.__code__.co_filename
    changed = linecache.cache[name][2][1].replace("9.81", "1.62")
    linecache.cache[name] = (1, None, ["def f(x):\n", changed, "    return g * x\n"], name)
    assert offering_code(f.__code__) is f.__code__
    space: dict = {}
    exec("def f(x):\n    g = 9.81\n    return g * x\n", space)
    assert offering_code(space["f"].__code__) is space["f"].__code__
    assert names_in(jacmagic.jacobian(space["f"], at(0.3))) == set()


def test_closures_and_classes_run_as_they_are() -> None:
    """Free variables, `super()` and decorators are those of the user's function."""

    class Base:
        def twice(self, x):
            factor = 2.0
            return factor * x

    class Derived(Base):
        def twice(self, x):
            shift = 0.5
            return super().twice(x) + shift * x**2

    rate = 0.25

    @torch.no_grad()
    def constant(x):
        offset = 1.5
        return offset * rate + 0 * x

    body = Derived()

    def f(x):
        return body.twice(x) * 3 + constant(x)

    J = jacmagic.jacobian(f, at(0.3))
    assert {"factor", "shift"} <= names_in(J)
    assert math.isclose(float(J.matrix), 3 * (2 + 0.3))


def test_nothing_of_the_users_keeps_a_name() -> None:
    """A named number that the code stores is stored as the plain number it is."""
    store = {"m": 2.0, "seen": 0.0}

    def f(x):
        store["seen"] = store["m"]
        return store["m"] * torch.sin(x)

    _ = jacmagic.jacobian(f, at(0.3)).reading
    assert {type(value) for value in store.values()} == {float}
    assert "offered" not in inspect.getsource(f)


def test_the_copy_of_a_function_dies_with_its_call(monkeypatch) -> None:
    """No recorded variable keeps it alive; else the whole heap is searched for who holds it."""
    searches = []
    monkeypatch.setattr(gc, "get_referrers", lambda *found: searches.append(found) or [])

    def f(x):
        y = math.pi * x
        return y * torch.sin(y)

    assert jacmagic.jacobian(f, torch.ones(2)).formula is not None
    assert searches == []
