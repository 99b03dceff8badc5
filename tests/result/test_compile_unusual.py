"""Compiled Jacobians of unusual functions: wrong batching rules, branches not taken, integers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import jacmagic
from jacmagic import FunctionError, PointError
from jacmagic.function.aten import operation
from jacmagic.result.compiled.constants import state
from jacmagic.result.compiled.graph.batching import Batching

DOUBLE = torch.float64


def truths(function: Callable[..., Tensor], points: Tensor) -> Tensor:
    """Torch's Jacobian at each of k points, (k, m, n)."""
    of = torch.autograd.functional.jacobian
    return torch.stack([of(function, x).reshape(-1, x.numel()) for x in points])


def test_a_batch_of_factorisations_has_each_point_s_own_pivots() -> None:
    """`vmap` of torch's `linalg_lu_solve` takes pivots of other points, the batch does not."""
    points = torch.randn(6, 3, 3, dtype=DOUBLE, generator=torch.Generator().manual_seed(1))
    f = lambda A: torch.stack((torch.linalg.det(A), torch.linalg.slogdet(A)[1]))  # noqa: E731
    g = jacmagic.compile(f, points[0], backend="graph")
    assert torch.allclose(g.batch(points), truths(f, points))


def test_a_wrong_batch_is_replaced_by_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """One point of each batch is computed alone and compared."""
    module = torch.fx.symbolic_trace(lambda x: (x * x, x))
    points = torch.arange(6.0).reshape(3, 2)
    with monkeypatch.context() as patch:
        patch.setattr(torch.func, "vmap", lambda *_, **__: lambda x: (x * x.flip(0), x))
        entries, _ = Batching(module)([points])
    assert torch.equal(entries, points**2)


@pytest.mark.parametrize("backend", ["auto", "native", "python"])
def test_an_infinite_slope_of_a_branch_not_taken_is_torchs_nan(backend: str) -> None:
    """Torch multiplies it by 0; the closed form, which selects, leaves such points to torch."""

    def root(x: Tensor) -> Tensor:
        return torch.where(x > 0, x.sqrt(), x**2)

    points = torch.tensor([[1.0, 4.0], [0.0, 4.0], [1.0, -4.0], [2.0, 3.0]], dtype=DOUBLE)
    g = jacmagic.compile(root, points[0], backend=backend)
    wanted = truths(root, points)
    assert wanted[1:3].isnan().any(2).any(1).all()
    for x, matrix in zip(points, wanted, strict=True):
        assert torch.allclose(g(x), matrix, equal_nan=True)
    assert torch.allclose(g.batch(points), wanted, equal_nan=True)


@pytest.mark.parametrize("wrt", [None, "x"])
def test_whole_numbers_are_constants(wrt: str | None) -> None:
    """Indices stay integers; a call may repeat them, and others are refused."""
    f = lambda x, w, k: x[k] ** 2 * w  # noqa: E731
    x, w, k = torch.arange(1.0, 5.0), torch.tensor(3.0), torch.tensor([2, 0])
    g = jacmagic.compile(f, x, w, k, wrt=wrt)
    wanted = jacmagic.jacobian(f, (2 * x, w, k), wrt=wrt).matrix
    assert torch.allclose(g(2 * x, w, k), wanted)
    assert torch.allclose(g(2 * x, w), wanted)
    assert "k = int64 (2)" in repr(g)
    with pytest.raises(PointError, match=r"integers k = int64 \(2\), a constant"):
        g(x, w, k + 1)


def test_an_object_is_named_by_its_class() -> None:
    """Neither an address nor the numbers of a long tensor are written out."""

    class Arm:
        def __call__(self, q: torch.Tensor) -> torch.Tensor:
            return q.sin()

    assert repr(jacmagic.compile(Arm(), torch.ones(2))).endswith("constants: self = Arm object")
    J = jacmagic.jacobian(lambda x, w: x * w.exp().sum(), (torch.ones(2), torch.ones(12)), wrt="x")
    assert "tensor(" not in repr(J)


def test_attributes_of_classes_are_constants() -> None:
    """They are listed, and not mixed with new ones where the function has to run again."""

    class Config:
        scale = 2.0

    g = jacmagic.compile(lambda x: x * Config.scale if x > 0 else x, torch.tensor(1.0))
    assert repr(g).endswith("constants: Config.scale = 2.0")
    Config.scale = 5.0
    assert g(torch.tensor(1.0)).item() == 2.0
    with pytest.raises(FunctionError, match=r"found that Config.scale changed"):
        g(torch.tensor(-1.0))


def test_complex_inputs_and_nests_are_refused() -> None:
    """No imaginary part is dropped; for a nest the message says what to write."""
    g = jacmagic.compile(lambda x: x**2, torch.ones(2))
    for complex_one in (torch.ones(2) + 1j, 1j):
        with pytest.raises(PointError, match=r"found .*complex.*write real and imaginary parts"):
            g(complex_one)
    with pytest.raises(PointError, match=r"found dict; write jacmagic.jacobian\(f, x\).compile"):
        jacmagic.compile(lambda p: p["a"] ** 2, {"a": torch.ones(2)})
    by_leaves = jacmagic.jacobian(lambda p: p["a"] ** 2, {"a": torch.ones(2)}).compile()
    assert torch.equal(by_leaves(torch.tensor([1.0, 3.0])), torch.diag(torch.tensor([2.0, 6.0])))


def test_a_module_s_class_numbers_stay_whole() -> None:
    """`jacobian` and `compile` of a loss keep the target's integers without `wrt`."""
    x, target = torch.eye(3, dtype=DOUBLE), torch.tensor([2, 0, 1])
    loss = nn.CrossEntropyLoss()
    J = jacmagic.jacobian(loss, (x, target))
    assert J.column_labels[0] == "input[0,0]"
    assert torch.allclose(jacmagic.compile(loss, x, target)(x), J.matrix)


@pytest.mark.parametrize("works", [True, False])
def test_an_error_of_tracing_leaves_autograd_on(
    monkeypatch: pytest.MonkeyPatch, works: bool
) -> None:
    """Torch's message shows a tensor inside a transform, which leaves its dispatch keys changed."""
    if not works:
        monkeypatch.setattr(operation, "_without_write", lambda _: torch.ops.aten.pow.Scalar)
    x = torch.tensor([3.0, 4.0, 0.0], dtype=DOUBLE)
    f = lambda x: x.norm(3)  # noqa: E731
    if works:  # its derivative writes by `pow_.Scalar`, which is `pow.Tensor_Scalar`
        assert torch.equal(
            jacmagic.compile(f, x, backend="graph")(x), jacmagic.jacobian(f, x).matrix
        )
    else:
        with pytest.raises(FunctionError, match="Expected a value of type 'number'"):
            jacmagic.compile(f, x, backend="graph")
    leaf = torch.ones(2, requires_grad=True)
    assert leaf.view_as(leaf).grad_fn is not None


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.index_fill(x * 2, 0, torch.tensor([1]), 2.0),
        lambda x: torch.scatter(x * 2, 0, torch.tensor([1]), 3.0),
        lambda x: nn.functional.pad(x * 2, (1, 2), value=3.0),
        lambda x: (x * 2).float().double() + x,  # C computes in float64 only
        lambda x: nn.functional.grid_sample(  # a derivative that is not asked for is None
            torch.ones(1, 1, 2, 2, dtype=DOUBLE), x.view(1, 1, 1, 2).tanh(), align_corners=True
        ).flatten(),
    ],
    ids=["index_fill", "scatter", "pad", "float32 inside", "grid_sample"],
)
def test_a_graph_fills_in_numbers_and_falls_back_on_torch(
    function: Callable[[Tensor], Tensor],
) -> None:
    """Numbers that an operation fills in are values, no components of what it moves."""
    x = torch.tensor([0.3, -0.4], dtype=DOUBLE)
    value, entries = jacmagic.compile(function, x, backend="graph").value_and_jacobian(x)
    assert torch.allclose(value, function(x), rtol=1e-12)
    assert torch.allclose(entries, jacmagic.jacobian(function, x).matrix, rtol=1e-12)


@pytest.mark.parametrize("backend", ["auto", "graph"])
@pytest.mark.parametrize("x", [[1.0, -2.0, -1.0], [-1.0, -2.0, -1.0]])
def test_outputs_of_another_shape_are_refused(backend: str, x: list[float]) -> None:
    """A compiled Jacobian has the shape of its example; another mask of as many is computed."""
    f = lambda x: x[x > 0] * 2  # noqa: E731
    g = jacmagic.compile(f, torch.tensor([1.0, 2.0, -1.0], dtype=DOUBLE), backend=backend)
    other = torch.tensor([1.0, -2.0, 1.0], dtype=DOUBLE)
    assert torch.equal(g(other), jacmagic.jacobian(f, other).matrix)
    with pytest.raises(PointError, match=r"shapes that were compiled, \[\(2,\)\]; found \["):
        g(torch.tensor(x, dtype=DOUBLE))


def test_what_torch_cannot_differentiate_is_compiled_from_the_closed_form() -> None:
    """Where `jacobian()` shows the closed form, it is compiled; at a new branch as well."""
    f = lambda x: torch.heaviside(x, x.new_tensor([0.5])) * x  # noqa: E731
    x = torch.tensor([0.3, -0.2, 1.0], dtype=DOUBLE)
    g = jacmagic.compile(f, x)
    assert g.backend == "native"
    for point in (x, -x):
        assert torch.equal(g(point), jacmagic.jacobian(f, point).matrix)


def test_what_nothing_differentiates_is_refused() -> None:
    """An operation without derivative and closed form is named in an error of our own."""
    with pytest.raises(FunctionError, match="torch has no derivative for igamma"):
        jacmagic.compile(lambda x: torch.special.gammainc(x, x), torch.ones(2, dtype=DOUBLE))


KNOTS = torch.arange(-3.0, 8.0, dtype=DOUBLE)


def spline(x: Tensor) -> Tensor:
    """Cubic B-splines by truncated powers, which cancel beyond the last knot."""
    powers = torch.relu(x[:, None] - KNOTS) ** 3
    return sum(c / 6 * powers[:, j : j + 7] for j, c in enumerate((1, -4, 6, -4, 1))).sum(1)  # type: ignore[union-attr]


def posterior(p: Tensor) -> Tensor:
    """Mean of a Gaussian process at its own points, where its matrix nearly cancels."""
    d = (KNOTS[:, None] - KNOTS) ** 2
    k = torch.exp(p[0] - d / 2 * torch.exp(p[1])) + torch.exp(p[2]) * torch.eye(len(d)).double()
    return k @ torch.cholesky_solve(KNOTS.sin()[:, None], torch.linalg.cholesky(k))[:, 0]


@pytest.mark.parametrize(
    ("function", "x"), [(spline, [0.3, 1.2, 2.7, 3.5, 6.6, 7.9]), (posterior, [0.1, 0.2, -2.0])]
)
def test_rounding_of_what_cancels_inside_is_no_fault(
    function: Callable[[Tensor], Tensor], x: list[float]
) -> None:
    """Entries that rounding alone makes differ from zero do not speak against machine code."""
    g = jacmagic.compile(function, torch.tensor(x, dtype=DOUBLE))
    assert not any("is left out" in note for note in g.notes)


def test_a_captured_tensor_that_a_transform_left_behind_has_a_state() -> None:
    """Parameters that a function replaces inside `torch.func` have no memory; they are compared."""
    states = list[object]()
    torch.func.vmap(lambda x: (states.append(state(x)), x)[1])(torch.ones(2))
    assert states == [(*states[0][:2], 0)]  # type: ignore[index]
