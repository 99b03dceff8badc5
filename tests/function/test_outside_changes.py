"""A function's captures may change in any way between two calls.

Nothing of a Jacobian is remembered but how to compute it, and the closed forms of its branches: the
next Jacobian, and the next `.at()`, are torch's own, also where the value does not tell of the
change (k·0 is 0 whatever k is).
"""

from __future__ import annotations

import gc
import sys
import types
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import jacmagic

F64 = torch.float64
Change = tuple[Callable[[Tensor], Any], Callable[[], Any]]  # a function, and what changes it

KINDS: dict[str, Callable[[pytest.MonkeyPatch, Path], Change]] = {}


def kind(make: Callable[[pytest.MonkeyPatch, Path], Change]) -> Callable[..., Change]:
    """Register a kind of change under its function's name."""
    KINDS[make.__name__.replace("_", " ").strip()] = make
    return make


# ── names, objects and classes ────────────────────────────────────────────────────────────────


@kind
def a_global(patch, folder):
    space: dict[str, Any] = {"k": 2.0}
    exec("def f(x):\n    return k * x", space)
    return space["f"], lambda: space.update(k=5.0)


@kind
def a_name_that_was_builtin(patch, folder):
    space: dict[str, Any] = {}
    exec("def f(x):\n    return x * max(1.0, 2.0)", space)
    return space["f"], lambda: space.update(max=lambda *numbers: 5.0)


@kind
def a_closure_cell(patch, folder):
    k = 2.0

    def change() -> None:
        nonlocal k
        k = 5.0

    return lambda x: k * x, change


@kind
def a_function_that_is_called(patch, folder):
    space: dict[str, Any] = {}
    exec("def g(x):\n    return 2 * x\ndef f(x):\n    return g(x)", space)
    return space["f"], lambda: space.update(g=lambda x: 5 * x)


@kind
def code(patch, folder):
    def f(x):
        return 2.0 * x

    def other(x):
        return 5.0 * x

    return f, lambda: setattr(f, "__code__", other.__code__)


@kind
def defaults(patch, folder):
    def f(x, k=2.0, *, c=1.0):
        return k * c * x

    return f, lambda: setattr(f, "__defaults__", (5.0,))


@kind
def an_instance_dict(patch, folder):
    class Model:
        def __init__(self):
            self.k = 2.0

        def __call__(self, x):
            return self.k * x

    model = Model()
    return model, lambda: setattr(model, "__dict__", {"k": 5.0})


@kind
def a_class_attribute(patch, folder):
    class Model:
        k = 2.0

        def __call__(self, x):
            return self.k * x

    return Model(), lambda: setattr(Model, "k", 5.0)


@kind
def the_class_of_an_object(patch, folder):
    class Old:
        k = 2.0

    class New:
        k = 5.0

    one = Old()
    return lambda x: one.k * x, lambda: setattr(one, "__class__", New)


# ── containers, arrays, tensors ───────────────────────────────────────────────────────────────


@kind
def a_number_deep_in_a_list(patch, folder):
    held = [[{"k": [2.0]}]]
    return lambda x: held[0][0]["k"][0] * x, lambda: held[0][0]["k"].__setitem__(0, 5.0)


@kind
def an_iterator(patch, folder):
    numbers = iter([2.0] * 4 + [5.0] * 99)
    return lambda x: next(numbers) * x, lambda: [next(numbers) for _ in range(9)]


@kind
def an_array_in_place(patch, folder):
    held = np.array([2.0, 2.0, 2.0])
    return lambda x: torch.as_tensor(held) * x, lambda: held.fill(5.0)


@kind
def a_tensor_past_its_version(patch, folder):
    held = torch.full((3,), 2.0, dtype=F64)
    return lambda x: held * x, lambda: held.data.fill_(5.0)


# ── modules and libraries ─────────────────────────────────────────────────────────────────────


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Dropout(0.5), nn.Linear(4, 2)).double()


@kind
def a_step_of_an_optimiser(patch, folder):
    net = network().eval()
    net(torch.ones(3, dtype=F64)).sum().backward()
    return net, torch.optim.SGD(net.parameters(), lr=1.0).step


@kind
def a_layer_replaced(patch, folder):
    net = network().eval()
    return net, lambda: net.__setitem__(1, nn.Softplus())


@kind
def a_hook(patch, folder):
    net = network().eval()
    return net, lambda: net[3].register_forward_hook(lambda module, given, out: 3 * out)


@kind
def a_function_of_torch(patch, folder):
    real = torch.tanh
    return lambda x: torch.tanh(x), lambda: patch.setattr(torch, "tanh", lambda x: 3 * real(x))


@kind
def the_default_dtype(patch, folder):
    return lambda x: torch.full((3,), 1 / 3) * x, lambda: torch.set_default_dtype(F64)


@kind
def a_module_imported_inside(patch, folder):
    module = types.ModuleType("outside_changes_module")
    module.k = 2.0
    patch.setitem(sys.modules, module.__name__, module)

    def f(x):
        import outside_changes_module

        return outside_changes_module.k * x

    return f, lambda: setattr(module, "k", 5.0)


# ── the world ─────────────────────────────────────────────────────────────────────────────────


@kind
def a_file(patch, folder):
    path = folder / "k.txt"
    path.write_text("2")
    return lambda x: float(path.read_text()) * x, lambda: path.write_text("5")


@kind
def a_backward_pass_alone(patch, folder):
    strength = [0.1]

    class Reversal(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.view_as(x)

        @staticmethod
        def backward(ctx, gradient):
            return -strength[0] * gradient

    return lambda x: Reversal.apply(x) ** 2 + Reversal.apply(x), lambda: strength.__setitem__(
        0, 0.5
    )


@pytest.fixture(autouse=True)
def default_dtype() -> Iterator[None]:
    """Put back what one of the kinds changes."""
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_a_change_is_seen(make, monkeypatch, tmp_path):
    """Called as before, and through `.at()` of a Jacobian that was made before."""
    function, change = make(monkeypatch, tmp_path)
    x = torch.tensor([0.7, -1.3, 2.1], dtype=F64)
    for _ in range(4):
        J = jacmagic.jacobian(function, x)
    before = J.matrix
    change()
    gc.collect(1)  # addresses may be used again; all of torch is older
    expected = torch.autograd.functional.jacobian(function, x)
    assert not torch.equal(before, expected)
    torch.testing.assert_close(jacmagic.jacobian(function, x).matrix, expected, rtol=1e-12, atol=0)
    name = next(iter(J.point))
    torch.testing.assert_close(J.at(**{name: x}).matrix, expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_a_formula_seen_before_is_not_shown_after_a_change(make, monkeypatch, tmp_path):
    """At zero, where the square has value 0 and Jacobian 0 before and after."""
    function, change = make(monkeypatch, tmp_path)
    x = torch.tensor([0.7, -1.3, 2.1], dtype=F64)

    def squared(x):
        return function(x) * x.sum()

    J = jacmagic.jacobian(squared, x)
    assert J.agreement is not None
    _ = J.formula
    change()
    gc.collect(1)
    there = J.at(x=torch.zeros(3, dtype=F64))
    if there.formula is None or "backward" in make.__name__:
        return
    found = there.formula.subs(dict(zip(there.symbols, x.tolist(), strict=True)))
    expected = torch.autograd.functional.jacobian(squared, x).reshape(-1, 3)
    torch.testing.assert_close(torch.tensor(found.tolist(), dtype=F64), expected)


def test_other_zeros_of_a_sparse_jacobian_are_seen():
    """Indices, flags and masks that decide where the entries stand; `.at()` looks again."""
    settings = {"shift": 1, "mask": torch.ones(600, dtype=F64), "dense": False}

    def f(x):
        y = x * x.roll(settings["shift"]) * settings["mask"]
        return y + x.sum() if settings["dense"] else y

    x = torch.rand(600, dtype=F64) + 0.5
    J = jacmagic.jacobian(f, x)
    assert J.mode == "sparse"
    for change in ({"shift": 2}, {"mask": torch.arange(600.0).double()}, {"dense": True}):
        settings |= change
        expected = torch.func.jacrev(f)(2 * x)
        for found in (J.at(x=2 * x), jacmagic.jacobian(f, 2 * x)):
            torch.testing.assert_close(found.matrix, expected, rtol=1e-12, atol=0)


def test_a_function_and_its_gradient_are_distinguished():
    """A Jacobian and a Hessian of one function, in turn, also where both are one number."""
    x = torch.tensor(2.0, dtype=F64)

    def cube(x):
        return x**3

    for k in range(1, 6):
        assert jacmagic.jacobian(cube, k * x).matrix.item() == 12 * k**2
        assert jacmagic.hessian(cube, k * x).matrix.item() == 12 * k


def test_what_comes_back_is_the_callers_own():
    """Writing into one answer changes no other."""
    x = torch.ones(3, dtype=F64)

    def double(x):
        return 2 * x

    answers = [jacmagic.jacobian(double, x) for _ in range(4)]
    answers[-1].matrix.fill_(7)
    answers[-1].blocks.fill_(7)
    assert torch.equal(answers[0].matrix, 2 * torch.eye(3, dtype=F64))
    assert torch.equal(jacmagic.jacobian(double, x).matrix, 2 * torch.eye(3, dtype=F64))


def test_nothing_keeps_a_function_alive():
    """A function and what it closes over go when the user lets them go; so does a module."""

    def build():
        weights = nn.Parameter(torch.rand(3, dtype=F64))
        return (lambda x: weights * x), weakref.ref(weights)

    f, weights = build()
    net = network()
    module = weakref.ref(net)
    for _ in range(4):
        jacmagic.jacobian(f, torch.rand(3, dtype=F64))
        jacmagic.jacobian(net, torch.rand(3, dtype=F64))
    del f, net
    gc.collect()
    assert weights() is None and module() is None


# ── the user's own tensors ────────────────────────────────────────────────────────────────────


def cube(x):
    return x**3


def both(a, b):
    return a * b**2


def test_a_jacobian_stays_at_its_point():
    """A step of gradient descent on the user's tensor moves neither point nor numbers."""
    x = torch.tensor([1.0, 2.0], dtype=F64)
    J = jacmagic.jacobian(cube, x)
    matrix = J.matrix.clone()
    x -= 0.5
    assert J.point["x"].tolist() == [1.0, 2.0]
    assert torch.equal(J.matrix, matrix) and J.agreement.verdict == "agree"
    torch.testing.assert_close(J.jvp(torch.ones(2, dtype=F64)), matrix.sum(1))


def test_a_point_that_stays_is_not_the_users_tensor():
    """Neither one that `.at()` leaves alone, one it is given, nor one that `wrt` leaves out."""
    a, b = torch.tensor(2.0, dtype=F64), torch.tensor(3.0, dtype=F64)
    J, K = jacmagic.jacobian(both, (a, b)), jacmagic.jacobian(both, (a, b), wrt="a")
    b.fill_(10.0)
    assert J.at(a=5.0).matrix.tolist() == [[9.0, 30.0]]
    assert K.at(a=5.0).matrix.tolist() == [[9.0]]
    numbers = np.array(4.0)
    there = J.at(b=b), J.at(b=numbers)
    b.fill_(7.0)
    numbers.fill(7.0)
    assert [float(one.point["b"]) for one in there] == [10.0, 4.0]


def scaled(parameters, factor):
    return parameters["a"] * float(factor)


def test_what_stays_fixed_in_a_nest_is_a_copy():
    """Of tensors and of NumPy's arrays."""
    a = torch.tensor([2.0, 3.0], dtype=F64)
    for factor in (torch.tensor(4.0, dtype=F64), np.array(4.0)):
        J = jacmagic.jacobian(scaled, ({"a": a}, factor), wrt="parameters")
        factor[()] = 9.0
        assert J.at(a=[5.0, 6.0]).matrix.tolist() == [[4.0, 0.0], [0.0, 4.0]]


def test_samples_and_modules_stay_where_they_were():
    """A batch's samples are looked at when they are asked for; a module's weights move on."""
    x = torch.ones(3, 2, dtype=F64)
    batch = jacmagic.jacobian(cube, x, batch=True)
    net = network().eval()
    J = jacmagic.jacobian(net, torch.ones(3, dtype=F64), wrt="parameters")
    point = {name: value.clone() for name, value in J.point.items()}
    x.fill_(5.0)
    with torch.no_grad():
        for weight in net.parameters():
            weight.zero_()
    torch.testing.assert_close(batch[1].matrix, batch.matrix[1])
    assert all(torch.equal(J.point[name], value) for name, value in point.items())


def test_a_copy_is_attached_where_a_graph_is_asked_for():
    """`create_graph` differentiates the result by the user's own tensor."""
    x = torch.tensor([1.0, 2.0], dtype=F64, requires_grad=True)
    (found,) = torch.autograd.grad(jacmagic.jacobian(cube, x, create_graph=True).matrix.sum(), x)
    torch.testing.assert_close(found, 6 * x.detach())
