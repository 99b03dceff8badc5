"""The contract of `compile`: results, guards, branches, constants, refusals."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import jacmagic
from jacmagic import FunctionError, JacmagicError, OptionError, PointError

ASSIGNED: list[str] = ["native", "python", "graph"]
DOUBLE = torch.float64
scale = 2.0


def vector(*numbers: float) -> Tensor:
    """Return a float64 vector."""
    return torch.tensor(numbers, dtype=DOUBLE)


def truth(function: Callable[..., Any], *x: Tensor) -> Tensor:
    """Torch's own Jacobian (m, n), by plain backward passes."""

    def flat(*values: Tensor) -> Tensor:
        found = function(*values)
        leaves = found if isinstance(found, tuple) else (found,)
        return torch.cat([leaf.reshape(-1) for leaf in leaves])

    blocks = torch.autograd.functional.jacobian(flat, x)
    return torch.cat([block.reshape(len(block), -1) for block in blocks], 1)


def close(found: Any, wanted: Tensor, tolerance: float = 1e-12) -> bool:
    """Whether two matrices are equal up to rounding."""
    found = torch.as_tensor(found)
    return found.shape == wanted.shape and torch.allclose(
        found, wanted.to(found.dtype), rtol=tolerance, atol=tolerance, equal_nan=True
    )


def seed(a: Any, b: Any, c: Any) -> Any:
    """Return the function of the first example."""
    return a + b, c * a, b**3


def bent(x: Tensor) -> Tensor:
    """Two branches and a captured number."""
    if x[0] > 1:
        return scale * x * x
    return torch.sin(x)


# ── results ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("backend", ASSIGNED)
def test_numbers_arrays_and_tensors_give_the_same(backend: str) -> None:
    """Tensors give a tensor; numbers and arrays alone give an array."""
    g = jacmagic.compile(seed, 3.0, 4.0, 5.0, backend=backend)
    wanted = torch.tensor([[1, 1, 0], [7, 0, 2], [0, 27, 0]], dtype=DOUBLE)
    by_tensor = g(*vector(2, 3, 7).unbind())
    assert isinstance(by_tensor, Tensor)
    assert close(by_tensor, wanted)
    for point in ((2.0, 3.0, 7.0), (2, 3, 7), tuple(np.array([2.0, 3.0, 7.0]))):
        found = g(*point)
        assert isinstance(found, np.ndarray)
        assert close(found, wanted)
    assert close(g(2.0, torch.tensor(3.0, dtype=DOUBLE), 7.0), wanted)


@pytest.mark.parametrize("backend", ASSIGNED)
def test_the_value_comes_in_its_own_structure(backend: str) -> None:
    """A dict of tensors comes back as one, beside the matrix."""

    def both(x: Tensor) -> dict[str, Tensor]:
        return {"square": x**2, "sum": x.sum()}

    value, matrix = jacmagic.compile(both, vector(1, 2), backend=backend).value_and_jacobian(
        vector(3, 4)
    )
    assert value["square"].tolist() == [9, 16]
    assert value["sum"].item() == 7
    assert matrix.tolist() == [[6, 0], [0, 8], [1, 1]]


@pytest.mark.parametrize("backend", ASSIGNED)
def test_a_batch_is_the_loop_over_its_points(backend: str) -> None:
    """Both forms of a batch, with an odd number of points and an empty one."""

    def f(x: Tensor, y: Tensor) -> Tensor:
        return torch.exp(-x) * y.sum() + x[0] * y[1]

    x, y = torch.rand(7, 2, dtype=DOUBLE), torch.rand(7, 3, dtype=DOUBLE)
    g = jacmagic.compile(f, x[0], y[0], backend=backend)
    wanted = torch.stack([truth(f, a, b) for a, b in zip(x, y, strict=True)])
    assert close(g.batch(x, y), wanted)
    assert close(g.batch(torch.cat((x, y), 1).numpy()), wanted)
    assert g.batch(x[:0], y[:0]).shape == (0, 2, 5)


@pytest.mark.parametrize("backend", ASSIGNED)
def test_a_batch_takes_every_point_by_its_own_branch(backend: str) -> None:
    """Points of both branches, the second one not met before."""
    if backend == "graph":
        with pytest.raises(JacmagicError, match="a value decides what is computed"):
            jacmagic.compile(bent, vector(2, 3), backend=backend)
        return
    g = jacmagic.compile(bent, vector(2, 3), backend=backend)
    points = torch.tensor([[2, 3], [0.5, 3], [1, 1], [4, 0.1], [0.2, 0.2]], dtype=DOUBLE)
    assert close(g.batch(points), torch.stack([truth(bent, x) for x in points]))


@pytest.mark.parametrize("shape", [(2, 3), (1,), (), (1, 1, 2)])
@pytest.mark.parametrize("backend", ASSIGNED)
def test_inputs_and_outputs_of_any_shape(backend: str, shape: tuple[int, ...]) -> None:
    """Rows are outputs flattened, columns inputs flattened."""

    def f(x: Tensor) -> tuple[Tensor, Tensor]:
        return torch.sin(x), (x * x).sum().reshape(1, 1)

    x = torch.rand(shape, dtype=DOUBLE)
    g = jacmagic.compile(f, torch.rand(shape, dtype=DOUBLE), backend=backend)
    assert close(g(x), truth(f, x))
    assert close(g(x.numpy()), truth(f, x))


def test_views_of_other_strides_are_read_as_they_are() -> None:
    """A transposed matrix and a strided vector are not taken for contiguous memory."""
    weights = torch.rand(3, 2, dtype=DOUBLE)
    g = jacmagic.compile(lambda a: a @ weights, torch.rand(2, 3, dtype=DOUBLE), backend="native")
    f = lambda a: a @ weights  # noqa: E731
    view = torch.rand(3, 2, dtype=DOUBLE).T
    assert close(g(view), truth(f, view))
    assert close(g(view.numpy()), truth(f, view))
    h = jacmagic.compile(torch.sin, vector(1, 2), backend="native")
    assert close(h(torch.rand(4, dtype=DOUBLE)[::2]), h(torch.rand(2, dtype=DOUBLE))) is False
    negative = torch.imag(torch.complex(vector(1), vector(2)).conj())
    for backend in ASSIGNED:
        k = jacmagic.compile(torch.exp, vector(1), backend=backend)
        assert close(k(negative), torch.exp(vector(-2))[None])


@pytest.mark.parametrize("backend", ASSIGNED)
def test_short_floats_stay_short(backend: str) -> None:
    """float32 in, float32 out; a float64 point is another version."""
    f = lambda x: torch.exp(x) / x.sum()  # noqa: E731
    x = torch.tensor([0.3, 0.7, 1.1])
    g = jacmagic.compile(f, x, backend=backend)
    assert g(x).dtype is torch.float32
    assert g(x.numpy()).dtype == np.float32
    assert close(g(x), truth(f, x), 1e-6)
    assert close(g(x.double()), truth(f, x.double()))


def test_a_large_sparse_jacobian_is_sparse() -> None:
    """Compressed passes, as CSR, at one point and at several."""

    def f(x: Tensor) -> Tensor:
        return torch.roll(x, 1) - 2 * x + torch.roll(x, -1) + x**3

    x = torch.rand(600, dtype=DOUBLE)
    g = jacmagic.compile(f, x)
    assert g.backend == "graph"
    assert "compressed" in repr(g)
    point = torch.rand(600, dtype=DOUBLE)
    assert g(point).layout is torch.sparse_csr
    assert close(g(point).to_dense(), truth(f, point))
    batch = g.batch(torch.stack((x, point)))
    assert batch.shape == (2, 600, 600)
    assert close(batch.values()[1], g(point).values())
    value, matrix = g.value_and_jacobian(point)
    assert close(value, f(point))
    assert close(matrix.values(), g(point).values())


def test_a_sparse_plan_of_rows_and_columns_is_compiled() -> None:
    """A full row beside a full column: some entries come from a forward pass."""

    def arrow(x: Tensor) -> Tensor:
        return torch.cat([(x * x).sum().reshape(1), x[1:] ** 3 + x[:1] * x[1:]])

    x = torch.rand(600, dtype=DOUBLE)
    g = jacmagic.jacobian(arrow, x, strategy="sparse").compile(backend="graph")
    assert close(g(x).to_dense(), truth(arrow, x))


def test_an_entry_that_is_not_finite_is_torchs() -> None:
    """At a pole and at a root the answer is that of `jacobian()`."""
    f = lambda x: torch.sqrt(x.abs()) / x.flip(0)  # noqa: E731
    g = jacmagic.compile(f, vector(1, 2), backend="native")
    for point in (vector(0, 0), vector(0, 1), vector(math.inf, 1), vector(math.nan, 1)):
        assert close(g(point), truth(f, point))
        assert close(g.batch(point[None]), truth(f, point)[None])


def test_ties_and_kinks_are_torchs() -> None:
    """Compiled or not, a kink has the derivative that torch takes."""

    def f(x: Tensor) -> Tensor:
        return torch.relu(x) + x.abs() + torch.maximum(x, x.flip(0)) + torch.clamp(x, 0, 1)

    g = jacmagic.compile(f, vector(1.5, 0.3), backend="native")
    for point in (vector(0, 0), vector(1, 1), vector(0, 1), vector(-1, 0)):
        assert close(g(point), truth(f, point))


# ── inputs ────────────────────────────────────────────────────────────────────────────────────


def test_the_result_takes_all_inputs_or_those_differentiated_by() -> None:
    """The others vary, or stay where the example had them."""
    f = lambda x, p: torch.sin(x) * p  # noqa: E731
    x, p = vector(0.3, 0.7), torch.tensor(2.0, dtype=DOUBLE)
    g = jacmagic.compile(f, x, p, wrt="x")
    assert g.shape == (2, 2)
    assert close(g(x, 3 * p), torch.diag(torch.cos(x) * 6))
    assert close(g(x), torch.diag(torch.cos(x) * 2))
    with pytest.raises(PointError, match=r"expected 2 inputs \(x, p\); found 3; write g\(x, p\)"):
        g(x, p, p)
    with pytest.raises(PointError, match="the inputs are x, p"):
        jacmagic.compile(f, x, p, wrt="q")


def test_what_is_no_point_is_refused() -> None:
    """Texts, and batches of another form."""
    g = jacmagic.compile(seed, 3.0, 4.0, 5.0)
    with pytest.raises(PointError, match="expected a tensor, an array or a number; found str"):
        g("a", 1.0, 2.0)
    with pytest.raises(PointError, match=r"expected points \(k, 3\)"):
        g.batch(np.ones((4, 2)))
    with pytest.raises(PointError, match=r"write g.batch\(X\) instead of torch.func.vmap"):
        torch.func.vmap(jacmagic.compile(torch.sin, vector(1.0)))(torch.ones(2, 1, dtype=DOUBLE))


def test_other_shapes_are_another_version_or_refused() -> None:
    """`dynamic=False` names both kinds."""
    g = jacmagic.compile(torch.sin, vector(1, 2))
    assert close(g(vector(1, 2, 3)), torch.diag(torch.cos(vector(1, 2, 3))))
    assert close(g(vector(1, 2)), torch.diag(torch.cos(vector(1, 2))))
    assert repr(g).count("guards:") == 2
    free = jacmagic.compile(torch.sin, vector(1, 2), dynamic=True)
    assert close(free(vector(1, 2, 3)), torch.diag(torch.cos(vector(1, 2, 3))))
    fixed = jacmagic.compile(torch.sin, vector(1, 2), dynamic=False)
    with pytest.raises(PointError, match=r"expected inputs float64 \(2\) cpu; found float64 \(3\)"):
        fixed(vector(1, 2, 3))
    with pytest.raises(PointError, match="found float32"):
        fixed(vector(1, 2).float())


# ── branches and constants ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("backend", ["auto", "native", "python"])
def test_a_new_branch_is_traced_when_met(backend: str) -> None:
    """The conditions are guards; both branches stay."""
    g = jacmagic.compile(bent, vector(2, 3), backend=backend)
    for point in (vector(0.5, 3), vector(2, 0.1), vector(1, 1), vector(1.0 + 1e-12, 1)):
        assert close(g(point), truth(bent, point))
        assert close(g(point.numpy()), truth(bent, point))
    text = repr(g)
    assert "x_0 > 1" in text
    assert "x_0 <= 1" in text


def test_a_loop_of_a_length_that_values_decide() -> None:
    """Every length is a branch of its own."""

    def f(x: Tensor) -> Tensor:
        total = x * 0
        for k in range(int(x[0])):
            total = total + x**k
        return total

    g = jacmagic.compile(f, vector(2.5, 1))
    for first in (0.5, 1.5, 2.9, 3.1, 2.5):
        point = vector(first, 0.7)
        assert close(g(point), truth(f, point))


def test_captured_values_are_constants() -> None:
    """They are listed, kept, and not mixed with new ones where the function has to run."""
    global scale
    weights = vector(1, 2)
    f = lambda x: bent(x) * weights  # noqa: E731
    g = jacmagic.compile(f, vector(2, 3))
    assert "constants: weights = float64 (2), scale = 2" in repr(g)
    before = g(vector(2, 3))
    try:
        scale = 5.0
        weights.mul_(3)
        assert torch.equal(g(vector(2, 3)), before)
        with pytest.raises(JacmagicError, match="found that weights, scale changed"):
            g(vector(0.5, 3))
    finally:
        scale = 2.0


def test_a_graph_keeps_captured_tensors_too() -> None:
    """Writing into a captured tensor does not reach what was compiled."""
    weights = vector(1, 2)
    g = jacmagic.compile(lambda x: x * weights, vector(1, 1), backend="graph")
    weights.mul_(3)
    assert g(vector(1, 1)).tolist() == [[1, 0], [0, 2]]


# ── modules ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("backend", ASSIGNED)
def test_modules_by_inputs_and_by_parameters(backend: str) -> None:
    """Parameters are constants, or what varies."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    x = vector(0.1, 0.2, 0.3)
    g = jacmagic.compile(net, x, backend=backend)
    assert close(g(2 * x), truth(net, 2 * x))
    assert "Sequential of 26 parameters" in repr(g)
    by_weights = jacmagic.compile(net, x, wrt="parameters", backend=backend)
    weights = [parameter.detach() * 2 for parameter in net.parameters()]

    def other(*values: Tensor) -> Tensor:
        names = [name for name, _ in net.named_parameters()]
        found = torch.func.functional_call(net, dict(zip(names, values, strict=True)), (x,))
        return found

    assert close(by_weights(*weights), truth(other, *weights))


# ── what is refused ───────────────────────────────────────────────────────────────────────────

calls = 0
noted: list[float] = []
generator = np.random.default_rng(0)


def counts(x: Tensor) -> Tensor:
    """Keep a number."""
    global calls
    calls += 1
    return x * 2


def notes(x: Tensor) -> Tensor:
    """Keep a list."""
    noted.append(1.0)
    return x * 2


class Counter:
    """Keeps an attribute."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, x: Tensor) -> Tensor:
        """Count and give."""
        self.count += 1
        return x * 2


def moves_torchs_generator(x: Tensor) -> Tensor:
    """Only seeds."""
    torch.manual_seed(int(time.time()))
    return x * 2


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda x: x * torch.rand(2, dtype=DOUBLE), "it draws random numbers"),
        (nn.Dropout(0.5), "it draws random numbers"),
        (lambda x: x * random.random(), "it draws random numbers"),
        (lambda x: x * np.random.rand(), "it draws random numbers"),
        (lambda x: x * generator.random(), "it gave other values when it ran again"),
        (lambda x: x * time.perf_counter(), "it gave other values when it ran again"),
        (counts, "it changes calls"),
        (notes, "it changes noted"),
        (Counter(), "it changes self"),
        (moves_torchs_generator, "it draws random numbers"),
        (lambda x: x.mul_(2), "it writes into its argument"),
    ],
)
def test_random_functions_and_functions_with_state_are_refused(
    function: Callable[..., Any], reason: str
) -> None:
    """The reason is named, and what to write."""
    with pytest.raises(FunctionError, match=reason):
        jacmagic.compile(function, vector(1, 2))


@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad=True")
def test_a_cut_graph_is_never_followed_by_the_closed_form() -> None:
    """Torch's zero behind `detach` comes out although the example does not show it."""
    f = lambda x: torch.where(x > 0, x**2, (x**3).detach())  # noqa: E731
    g = jacmagic.compile(f, vector(1, 2))
    assert g.backend == "graph"
    assert any("detach() in line" in note for note in g.notes)
    assert close(g(vector(-1, 2)), truth(f, vector(-1, 2)))
    with pytest.raises(JacmagicError, match="native: detach"):
        jacmagic.compile(f, vector(1, 2), backend="native")
    with pytest.raises(JacmagicError, match=r"graph: .*; python: float\(\)"):
        jacmagic.compile(lambda x: x * float(x[0]), vector(1, 2))


def test_a_backend_that_is_wrong_is_left_out() -> None:
    """The backward pass of `cdist` is wrong under vmap; the plain passes tell."""
    points = torch.rand(4, 2, dtype=DOUBLE)
    f = lambda x: torch.exp(-(torch.cdist(x, points) ** 2))  # noqa: E731
    x = torch.rand(3, 2, dtype=DOUBLE)
    g = jacmagic.compile(f, x)
    assert close(g(x + 1), truth(f, x + 1), 1e-9)


class Tripled(torch.autograd.Function):
    """An exponential whose derivative is written by hand, three times too large."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Return the value."""
        ctx.save_for_backward(x.exp())
        return x.exp()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        """Not the derivative."""
        return 3 * grad * ctx.saved_tensors[0]


def test_a_derivative_by_hand_is_recorded_as_it_is() -> None:
    """A custom backward pass runs as in torch, right or wrong; the closed form does not know it."""
    g = jacmagic.compile(Tripled.apply, vector(1, 2))
    assert g.backend == "graph"
    assert torch.equal(g(vector(0, 3)).diag(), 3 * vector(0, 3).exp())


def test_an_unknown_backend_is_refused() -> None:
    """The known ones are listed."""
    with pytest.raises(OptionError, match="expected one of the backends auto, native, graph"):
        jacmagic.compile(torch.sin, vector(1.0), backend="fast")


# ── where it comes from ───────────────────────────────────────────────────────────────────────


def test_a_result_compiles_itself() -> None:
    """Jacobians and Hessians, with their inputs by position."""
    f = lambda x: (x**3).sum() * x[0]  # noqa: E731
    x = vector(0.3, 0.7)
    g = jacmagic.jacobian(lambda x: x**3, x).compile()
    assert close(g(2 * x), torch.diag(12 * x**2))
    for backend in ASSIGNED:
        hessian = jacmagic.hessian(f, x).compile(backend)
        assert close(hessian(2 * x), jacmagic.hessian(f, 2 * x).matrix)
