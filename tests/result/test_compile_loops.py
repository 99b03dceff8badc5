"""Loops in C from traced graphs, against the graphs themselves: operations, shapes, corpus."""

from __future__ import annotations

import pathlib
import shutil
import threading
from collections.abc import Callable
from functools import reduce

import pytest
import torch
from corpus import CORPUS, Case
from torch import Tensor

import jacmagic
from jacmagic.result.compiled import c_compiler
from jacmagic.result.compiled.graph.tracing import Graph, traced
from jacmagic.result.compiled.loops import build
from jacmagic.result.compiled.loops.build import loops, lowered
from jacmagic.result.compiled.loops.decomposition import decomposition_of
from jacmagic.result.compiled.loops.source import Source
from jacmagic.result.compiled.loops.stages import Call, Fill, Sum
from jacmagic.result.compiled.native.kernel import Kernel
from jacmagic.result.compiled.obstacles import NotCompiled

DOUBLE = torch.float64
WEIGHTS = torch.rand(7, 5, dtype=DOUBLE, generator=torch.Generator().manual_seed(1)) - 0.4
Run = Callable[..., tuple[Tensor, Tensor]]


def rows(function: Callable[..., Tensor], *x: Tensor) -> Run:
    """Return the entries by one batched backward pass, and the values."""
    count = function(*x).numel()
    basis = torch.eye(count, dtype=x[0].dtype)

    def run(*tensors: Tensor) -> tuple[Tensor, Tensor]:
        value, pull, *_ = torch.func.vjp(lambda *x: function(*x).reshape(-1), *tensors)
        found = torch.func.vmap(pull)(basis)
        return torch.cat([one.reshape(count, -1) for one in found], 1).reshape(-1), value

    return run


def columns(function: Callable[..., Tensor], x: Tensor) -> Run:
    """Return the entries by one batched forward pass, and the values."""
    basis = torch.eye(x.numel(), dtype=x.dtype).reshape(-1, *x.shape)

    def run(x: Tensor) -> tuple[Tensor, Tensor]:
        push = lambda seed: torch.func.jvp(function, (x,), (seed,))  # noqa: E731
        values, found = torch.func.vmap(push)(basis)
        return found.reshape(len(basis), -1).T.reshape(-1), values[0].reshape(-1)

    return run


def kernel_of(run: Run, *x: Tensor) -> tuple[Graph, Kernel]:
    """Return a computation as torch's graph and as loops."""
    plain = Graph(traced(run, list(x)), "rows")
    m, entries = plain(x)[1].numel(), plain(x)[0].numel()
    recording = traced(run, list(x), decomposition_of)
    shape = m, entries // max(1, m)
    program = lowered(recording, [one.numel() for one in x], shape)
    return plain, loops(program, list(x), shape)


def agrees(run: Run, *x: Tensor, tolerance: float = 1e-12) -> bool:
    """Whether entries and values of the loops are the graph's, here and at another point."""
    plain, kernel = kernel_of(run, *x)
    for point in (x, [one * 0.9 for one in x]):
        found = kernel(point)
        alone = kernel.entries(point)
        if found is None or alone is None or not torch.equal(found[0], alone):
            return False
        pairs = zip(found, plain(point), strict=True)
        if not all(
            torch.allclose(a.reshape(-1), b.to(a.dtype), tolerance, tolerance) for a, b in pairs
        ):
            return False
    return True


def vector(count: int = 5) -> Tensor:
    """Return numbers between 0.1 and 0.9."""
    return torch.linspace(0.1, 0.9, count, dtype=DOUBLE)


FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "arithmetic": lambda x: 2 * x - x / (1 + x) + (-x) * 0.5 - (1 - x) ** 3,
    "powers": lambda x: x**2 + x**3 + x**-1 + x**-2.0 + x**0.5 + x**1.7 + x.square(),
    "elementary": lambda x: x.exp() + x.log() * x.sin() - x.cos() / x.sqrt() + x.tan(),
    "inverses": lambda x: x.asin() + x.acos() + x.atan() + x.asinh() + (1 + x).acosh() + x.atanh(),
    "hyperbolic": lambda x: x.sinh() * x.cosh() + x.tanh() + x.sigmoid(),
    "special": lambda x: x.erf() * x.erfc() + x.expm1() + x.log1p() + x.log2() + x.rsqrt(),
    "kinks": lambda x: (x - 0.5).abs() + torch.relu(x - 0.4) + x.clamp(0.2, 0.6) + x.sign(),
    "choices": lambda x: torch.where(x > 0.5, x**2, x) + torch.maximum(x, 0.3 * x + 0.2),
    "normalised": lambda x: torch.softmax(x, 0) + torch.log_softmax(3 * x, 0),
    "statistics": lambda x: (x - x.mean()) / x.std() + x.var() + x.norm() + x.logsumexp(0),
    "losses": lambda x: torch.nn.functional.huber_loss(x, x.flip(0) * 2).reshape(1),
    "shifts": lambda x: x.roll(1) * x.flip(0) + torch.cat((x[1:], x[:1])) ** 2,
    "slices": lambda x: torch.stack((x[0] * x[1], x[2:].sum(), x[::2].prod(), x[-1])),
    "indices": lambda x: x[torch.tensor([3, 0, 0, 1])] * x[1] + x[[1, 2, 3, 4]],
    "sums by indices": lambda x: torch.zeros(3, dtype=DOUBLE).index_add(
        0,
        torch.tensor([0, 2, 0, 0, 0]),
        torch.sin(x) * x.scatter_add(0, torch.tensor([1, 1, 0, 4, 1]), x**2),
    ),
    "means by indices": lambda x: (
        x.scatter_reduce(0, torch.tensor([1, 1, 0, 4, 1]), x**2, "mean")
        * x.scatter_reduce(0, torch.tensor([1, 1, 0, 4, 1]), x**3, "mean", include_self=False)
        + x.scatter_reduce(0, torch.tensor([2, 2, 0, 4, 1]), x**3, "sum", include_self=False)
    ),
    "padding": lambda x: torch.nn.functional.pad(x, (1, 2)) * 3 + 1,
    "products": lambda x: torch.tanh(WEIGHTS @ x) * (WEIGHTS.T @ (WEIGHTS @ x)).sum(),
    "matrices": lambda x: torch.outer(x, x) @ WEIGHTS.T @ torch.outer(WEIGHTS @ x, x),
    "batches": lambda x: torch.bmm(
        x.expand(3, 2, 5).contiguous(), torch.stack([WEIGHTS.T * x[0]] * 3)
    ),
    "einsum": lambda x: torch.einsum("i,ij,kj->k", x, torch.outer(x, x.cos()), WEIGHTS),
    "triangles": lambda x: torch.tril(torch.outer(x, x)).sum(0) + torch.diag(x).sum(1),
    "splits": lambda x: torch.cat(
        [a * b for a, b in zip(x[:4].chunk(2), x[1:].split(2), strict=True)]
    ),
    "shapes": lambda x: (x.reshape(1, 5).expand(3, 5).T.contiguous().view(3, 5) * x).permute(1, 0),
    "deep": lambda x: reduce(lambda y, _: torch.sin(y) + y.roll(1), range(12), x),
    "constant": lambda x: x * 0 + 2.0,
    "scalar": lambda x: (x.prod() * x.max()).reshape(()),
}


@pytest.mark.parametrize("passes", [rows, columns])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_operations_in_loops(name: str, passes: Callable[..., Run]) -> None:
    """Entries and values are the graph's; what is beyond the loops is refused by name."""
    x = vector()
    try:
        assert agrees(passes(FUNCTIONS[name], x), x, tolerance=1e-11)
    except NotCompiled as refused:
        assert (name, passes.__name__) in REFUSED, str(refused)


REFUSED = {("scalar", "rows"), ("scalar", "columns")}  # integers that the values decide


def test_steps_of_a_long_loop_share_their_functions() -> None:
    """Sixty steps take no more functions than a few."""
    x, square = vector(), WEIGHTS[:5]
    run = rows(lambda x: reduce(lambda y, _: torch.tanh(square @ y), range(60), x), x)
    program = lowered(traced(run, [x], decomposition_of), [5], (5, 5))
    source = Source(program.buffers)
    assert len([source.call(stage) for stage in program.before]) > 120
    assert len(source.functions) < 20


# Of these, torch's own batched backward pass of `cdist` is wrong.
SOME = [c for c in CORPUS if not c.refuses and c.name != "rbf_kernel"][1::6]


@pytest.mark.parametrize("case", SOME, ids=lambda c: c.name)
def test_functions_as_people_write_them_in_loops(case: Case) -> None:
    """Loops that come out give the graph's numbers."""
    x = case.tensors()
    if not all(one.dtype is DOUBLE for one in x):
        return
    flat = lambda *x: torch.cat(  # noqa: E731
        [leaf.reshape(-1) for leaf in torch.utils._pytree.tree_leaves(case.function(*x))]
    )
    try:
        plain, kernel = kernel_of(rows(flat, *x), *x)
    except Exception:  # noqa: BLE001 torch's tracer raises errors of any kind
        return
    found, wanted = kernel(x), plain(x)
    if found is None:
        assert not all(bool(one.isfinite().all()) for one in wanted)
        return
    for one, other in zip(found, wanted, strict=True):
        scale = float(other.abs().max()) if other.numel() else 0.0
        assert torch.allclose(one.reshape(-1), other, rtol=1e-9, atol=1e-11 * scale)


def test_zeros_of_the_seeds_are_not_computed() -> None:
    """A tridiagonal Jacobian by rows: one loop, of the diagonal; the rest are constants."""
    x = vector(50)
    f = lambda x: x.roll(1) - 2 * x + x.roll(-1) + x**3  # noqa: E731
    recording = traced(rows(f, x), [x])
    (stage,) = lowered(recording, [50], (50, 50)).before
    assert isinstance(stage, Fill)
    assert [len(where) for where, _ in stage.pieces] == [50]
    assert int((stage.template != 0).sum()) == 100
    assert agrees(rows(f, x), x)


def test_sums_and_products_are_stored_once() -> None:
    """A network's hidden layers are products, its norm is a sum."""
    x = vector(20)
    a, b = (torch.rand(n, 20, dtype=DOUBLE) - 0.5 for n in (20, 9))
    f = lambda x: b @ torch.tanh(a @ x) / (x * x).sum()  # noqa: E731
    recording = traced(rows(f, x), [x])
    kinds = [type(stage) for stage in lowered(recording, [20], (9, 20)).before]
    assert kinds.count(Sum) == 1
    assert 2 <= kinds.count(Call) <= 3
    assert agrees(rows(f, x), x)


@pytest.mark.parametrize("sizes", [(1, 1, 1), (3, 30, 25), (5, 2, 49), (9, 40, 64), (4, 0, 5)])
def test_products_of_all_sizes(sizes: tuple[int, int, int]) -> None:
    """Blocks, their rests, single rows, and no terms at all."""
    m, k, n = sizes
    a, b = torch.rand(m, k, dtype=DOUBLE) - 0.5, torch.rand(k, n, dtype=DOUBLE)
    a[:, ::2] = 0

    def run(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        return (torch.sin(a) @ b).reshape(-1), (b.T @ a.T).reshape(-1)

    recording = traced(run, [a, b], decomposition_of)
    found = loops(lowered(recording, [a.numel(), b.numel()], (m, n)), [a, b], (m, n))([a, b])
    assert found is not None
    assert all(map(torch.allclose, (found[0].reshape(-1), found[1]), run(a, b)))


def test_one_kernel_in_several_threads() -> None:
    """What is stored between loops belongs to a thread."""
    x = vector(40)
    w = torch.rand(40, 40, dtype=DOUBLE)
    _, kernel = kernel_of(rows(lambda x: torch.tanh(w @ torch.tanh(w @ x)), x), x)
    points = [torch.rand(200, 40, dtype=DOUBLE) for _ in range(4)]
    wanted = [kernel.batch([one])[0] for one in points]
    found: dict[int, Tensor] = {}

    def run(k: int) -> None:
        found[k] = kernel.batch([points[k]])[0]

    threads = [threading.Thread(target=run, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(torch.equal(found[k], wanted[k]) for k in range(4))


def test_short_floats_are_computed_in_double() -> None:
    """float32 in and out, nearer to the exact result than torch's own."""
    x = vector(30).float()
    w = torch.rand(30, 30)
    f = lambda x: torch.tanh(w @ x) / x.sum()  # noqa: E731
    exact = rows(lambda x: torch.tanh(w.double() @ x) / x.sum(), x.double())(x.double())[0]
    plain, kernel = kernel_of(rows(f, x), x)
    found = kernel([x])
    assert found is not None
    assert found[0].dtype is torch.float32
    wrong, torchs = ((one.reshape(-1) - exact).abs().max() for one in (found[0], plain([x])[0]))
    assert wrong <= torchs


def test_what_is_not_finite_is_jacobians() -> None:
    """A pole met later is computed by `jacobian()` itself."""
    f = lambda x: 1 / x.roll(1) + torch.sqrt(x)  # noqa: E731
    x = torch.ones(70, dtype=DOUBLE)
    g = jacmagic.compile(f, x, backend="graph")
    x[3] = 0.0
    wanted = jacmagic.jacobian(f, x).matrix
    assert torch.allclose(g(x), wanted, equal_nan=True)
    assert torch.allclose(g(x + 1), jacmagic.jacobian(f, x + 1).matrix)


def test_without_a_compiler_torch_runs_the_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph is the same; `repr` says why it was not compiled."""
    monkeypatch.setattr(build, "c_compiler", lambda: None)
    x = vector(80)
    g = jacmagic.compile(lambda x: torch.tanh(x) * x.sum(), x, backend="graph")
    assert "there is no C compiler" in repr(g)
    assert torch.allclose(
        g(2 * x), jacmagic.jacobian(lambda x: torch.tanh(x) * x.sum(), 2 * x).matrix
    )


def test_a_compiler_without_vector_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the vector versions of C's functions are missing, the plain ones are called."""
    commands = []

    def library(command: list[str], source: str) -> object:
        commands.append(command)
        if "-DVECTOR_MATH" in command:
            raise NotCompiled("undefined symbol")
        return c_compiler.library(command, source)

    monkeypatch.setattr(build, "library", library)
    x = vector(33)
    assert agrees(rows(lambda x: x.sin() * x.exp(), x), x)
    assert len(commands) == 2


def test_torchs_compiler_gives_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    """`backend="inductor"` compiles matrix, value and batch, or says that C++ is missing."""
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("TORCHINDUCTOR_COMPILE_THREADS", "1")
    f = lambda x: torch.tanh(WEIGHTS @ x) * x.sum()  # noqa: E731
    x = vector()
    if not any(map(shutil.which, ("g++", "c++", "clang++"))):
        with pytest.raises(jacmagic.FunctionError, match="inductor"):
            jacmagic.compile(f, x, backend="inductor")
        return
    g = jacmagic.compile(f, x, backend="inductor")
    assert g.backend == "inductor"
    wanted = jacmagic.jacobian(f, 2 * x)
    value, matrix = g.value_and_jacobian(2 * x)
    for found in (g(2 * x), matrix, g.batch(torch.stack((x, 2 * x)))[1]):
        assert torch.allclose(found, wanted.matrix)
    assert torch.allclose(value, f(2 * x))
