"""Jacobians by other modes than plain backward passes: never worse than these, at any scale."""

from __future__ import annotations

import warnings

import pytest
import torch

import jacmagic
from jacmagic.function.outputs import flatten
from jacmagic.numeric import confirmed
from jacmagic.numeric.compute import compute
from jacmagic.numeric.dense_matrix import Dense
from jacmagic.numeric.evaluation import evaluate
from jacmagic.numeric.freivalds import check
from jacmagic.numeric.options import ComputeOptions
from jacmagic.numeric.tuning import Tuning

F64 = torch.float64
MODES = ("auto", "reverse", "forward", "sparse")


def plain(function, *inputs):
    """torch's rows, one by one."""
    xs = [x.detach().clone().requires_grad_() for x in inputs]
    rows = []
    for leaf in flatten(function(*xs)).leaves:
        for k in range(leaf.numel()):
            unit = torch.zeros(leaf.numel(), dtype=leaf.dtype)
            unit[k] = 1
            found = torch.autograd.grad(
                leaf, xs, unit.view(leaf.shape), retain_graph=True, allow_unused=True
            )
            parts = [
                torch.zeros_like(x) if g is None else g for g, x in zip(found, xs, strict=True)
            ]
            rows.append(torch.cat([part.reshape(-1) for part in parts]))
    return torch.stack(rows).detach()


POINTS = torch.tensor([[0.0, 1.0], [2.0, 3.0], [4.0, -1.0]], dtype=F64)
BASE = torch.eye(3, dtype=F64) + 0.1

# Operations, several of which torch batches or pushes forward wrongly, of five numbers.
OPERATIONS = {
    "cdist": lambda x: torch.cdist(x[:4].view(2, 2), POINTS).flatten(),
    "cdist beside others": lambda x: (torch.cdist(x[:4].view(2, 2), POINTS).sum(), x * 2),
    "roll of a scalar": lambda x: (torch.roll(x[0], 1), x**2, x**3),
    "scatter_reduce prod": lambda x: torch.zeros(40, dtype=F64).scatter_reduce(
        0, torch.arange(5) % 3, x, "prod", include_self=False
    ),
    "index_reduce": lambda x: torch.ones(9, dtype=F64).index_reduce(
        0, torch.arange(5) % 3, x, "prod"
    ),
    "cholesky_inverse": lambda x: torch.cholesky_inverse(
        torch.linalg.cholesky(BASE @ BASE.T + torch.diag(x[:3] ** 2))
    ),
    "slogdet": lambda x: (torch.linalg.slogdet(BASE * x[0] + torch.diag(x[:3])), x * x[1]),
    "lu, qr": lambda x: (torch.linalg.qr(BASE + torch.diag(x[:3])), torch.linalg.lu(BASE * x[3])),
    "pinverse": lambda x: torch.pinverse(BASE + torch.diag(x[:3])),
    "eigvalsh": lambda x: torch.linalg.eigvalsh(torch.diag(x) + 1),
    "cumprod, prod": lambda x: (torch.cumprod(x, 0), torch.prod(x), x.prod() * x),
    "norms": lambda x: (x.norm(), torch.linalg.vector_norm(x, 3), torch.renorm(x[None], 2, 0, 1.0)),
    "powers": lambda x: (x.abs() ** 0.5, x.abs() ** 1.5, x**2, torch.pow(2.0, x)),
    "sqrt beside others": lambda x: (torch.sqrt((x**2).sum()), x - 1, x * x[0]),
    "logarithms": lambda x: (torch.xlogy(x, x.abs()), torch.special.entr(x.abs()), x + 1),
    "atan2": lambda x: (torch.atan2(x[0], x[1]), torch.atan2(x, x.flip(0)), x.sum()),
    "sorting": lambda x: (x.sort().values, x.median(), x.kthvalue(2).values, x.cummax(0)[0]),
    "maximum": lambda x: (torch.fmax(x, x.flip(0)), torch.maximum(x, x * 2), x.clamp(0, 1)),
    "windows": lambda x: (x.unfold(0, 2, 1), torch.nn.functional.max_pool1d(x[None], 2), x[::2]),
    "losses": lambda x: (
        torch.nn.functional.cross_entropy(x[None], torch.tensor([1])),
        torch.nn.functional.huber_loss(x, x.flip(0) * 2, reduction="none"),
        x.softmax(0),
    ),
}  # fmt: skip


@pytest.mark.parametrize("point", ["random", "zeros", "some zeros"])
@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.filterwarnings("ignore")
def test_every_mode_is_as_good_as_plain_backward_passes(name, point):
    """Also at zero, where 0·∞ of one output must not reach the rows of another."""
    function = OPERATIONS[name]
    x = torch.randn(5, dtype=F64, generator=torch.Generator().manual_seed(1))
    x = x * {"random": 1, "zeros": 0, "some zeros": torch.tensor([1, 0, 1, 0, 1])}[point]
    try:
        expected = plain(function, x)
    except RuntimeError:
        pytest.skip("torch cannot go backwards here")
    finite = expected.isfinite()
    for mode in MODES:
        found = compute(function, (x,), ComputeOptions(mode)).matrix
        torch.testing.assert_close(found[finite], expected[finite], rtol=1e-9, atol=1e-12)
        if mode != "sparse":  # which knows zeros that are 0·∞ for torch
            torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12, equal_nan=True)


def test_polar_coordinates_at_the_origin():
    """The root's row is not finite; those of the plain outputs beside it are torch's own."""

    def polar(p):
        return torch.sqrt(p[0] ** 2 + p[1] ** 2), p[0] - p[1], p[0] * p[1], p.exp(), p.sin()

    J = jacmagic.jacobian(polar, torch.zeros(2, dtype=F64))
    assert J.matrix[0].isnan().all() and J.matrix[1:].isfinite().all()
    torch.testing.assert_close(J.matrix, plain(polar, torch.zeros(2, dtype=F64)), equal_nan=True)


class Faulty(torch.autograd.Function):
    """x³ with a vmap rule that loses a part in `SHARE` of one entry."""

    generate_vmap_rule = False
    share = 0.0

    @staticmethod
    def forward(x):
        return x**3

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, gradient):
        return Slope.apply(gradient, *ctx.saved_tensors)

    @staticmethod
    def vmap(info, dims, x):
        return Faulty.apply(x), dims[0]


class Slope(torch.autograd.Function):
    """The derivative, wrong where it is batched."""

    @staticmethod
    def forward(gradient, x):
        return gradient * 3 * x**2

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def vmap(info, dims, gradient, x):
        found = gradient.movedim(dims[0], 0) * 3 * x**2
        wrong = torch.ones(found.shape[-1], dtype=found.dtype)
        wrong[2] -= Faulty.share
        return found * wrong, 0


SCALES = [2.0**power for power in (-200, -60, 0, 60, 200)]


@pytest.mark.parametrize("inner", SCALES)
@pytest.mark.parametrize("outer", SCALES)
@pytest.mark.parametrize("share", [0.0, 1.0, 1e-3, 1e-6])
def test_a_planted_fault_is_found_at_every_scale(share, outer, inner, monkeypatch):
    """And nothing else: rows of one size beside rows of another, inputs likewise."""
    monkeypatch.setattr(Faulty, "share", share)
    units = torch.tensor([1.0, outer, 1.0, outer, 1.0, 1.0], dtype=F64)
    scales = torch.tensor([1.0, 1.0, inner, 1.0, 1.0, 1.0], dtype=F64)
    mix = torch.randn(6, 6, dtype=F64, generator=torch.Generator().manual_seed(0))

    def function(x):
        return units * (mix @ Faulty.apply(x * scales))

    x = torch.tensor([0.5, 1.5, 0.7 / inner, -0.4, 1.1, 2.0], dtype=F64)
    tuning = Tuning()
    for _ in range(2):  # what is known of the function stays right
        found = compute(function, (x,), ComputeOptions("reverse"), tuning=tuning)
        torch.testing.assert_close(found.matrix, plain(function, x), rtol=1e-12, atol=0)
        assert (found.mode == "rows") == (share > 0)
        assert [("vmap" in note) for note in found.notes] == [True] * (share > 0)


@pytest.mark.parametrize("dtype", [F64, torch.float32])
@pytest.mark.parametrize("size", [6, 300])
def test_rounding_is_no_fault(dtype, size):
    """Long sums, long chains and cancellation, whose rounding the check measures."""
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(size, size, dtype=dtype, generator=generator)

    def cancelling(x):
        y = weights @ torch.tanh(weights @ x)
        return (y + 1e3 * weights @ x) - 1e3 * weights @ x

    def chain(x):
        for _ in range(100):
            x = torch.sin(1.1 * x) + 0.1
        return x

    x = torch.rand(size, dtype=dtype, generator=generator)
    for function in (cancelling, chain, lambda x: torch.softmax(weights @ x, 0)):
        for mode in ("reverse", "forward"):
            assert compute(function, (x,), ComputeOptions(mode)).notes == ()


def test_the_check_needs_no_floor():
    """One entry off by a millionth is seen, whatever power of two multiplies row and column."""
    x = torch.rand(8, dtype=F64, generator=torch.Generator().manual_seed(0))
    for row, column in ((1.0, 1.0), (2.0**300, 1.0), (1.0, 2.0**-300), (2.0**-200, 2.0**200)):
        scale = torch.ones(8, dtype=F64)
        scale[3] = row

        def function(x, scale=scale, column=column):
            return (
                scale
                * torch.outer(x[1:].exp(), torch.sin(column * x[:1])).new_ones(8)
                * x.exp().sum()
                * (column * x[0])
            )

        with torch.enable_grad(), warnings.catch_warnings():
            evaluation = evaluate(function, (x,), create_graph=False)
            matrix = plain(function, x)
            leaves, inputs = evaluation.outputs.leaves, evaluation.inputs
            assert check(leaves, inputs, Dense([[matrix]], leaves)).answer == "equal"
            matrix[3, 5] *= 1 + 1e-6
            assert check(leaves, inputs, Dense([[matrix]], leaves)).answer == "different"


def test_what_cannot_go_backwards_is_reported():
    """A graph that refuses its backward pass leaves the numbers of forward mode, with a note."""

    class Forward(torch.autograd.Function):
        @staticmethod
        def forward(x):
            return 2 * x

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def jvp(ctx, tangent):
            return 2 * tangent

    found = compute(Forward.apply, (torch.ones(6, dtype=F64),), ComputeOptions("forward"))
    assert torch.equal(found.matrix, 2 * torch.eye(6, dtype=F64))
    assert "not checked" in found.notes[-1]


@pytest.fixture
def checks(monkeypatch):
    """Grows by one with every check of dense numbers."""
    made = []
    counted = confirmed.check
    monkeypatch.setattr(confirmed, "check", lambda *a: made.append(1) or counted(*a))
    return made


def test_a_graph_that_passed_twice_is_compared_by_its_structure(checks):
    """Only the point may change: another operation, nan or another shape is checked again."""
    flag = []

    def function(x):
        return torch.sin(x) * x.sum() if not flag else torch.cos(x) * x.sum()

    for k in range(5):
        x = torch.linspace(1, 2 + k, 7, dtype=F64)
        torch.testing.assert_close(jacmagic.jacobian(function, x).matrix, plain(function, x))
    assert len(checks) == 2
    flag.append(1)
    x = torch.linspace(1, 2, 7, dtype=F64)
    torch.testing.assert_close(jacmagic.jacobian(function, x).matrix, plain(function, x))
    assert len(checks) == 3
    flag.clear()
    assert jacmagic.jacobian(function, x * torch.nan).matrix.isnan().all()
    assert len(checks) == 4
    jacmagic.jacobian(function, torch.ones(8, dtype=F64))
    assert len(checks) == 5


def test_a_function_written_by_hand_is_always_checked(checks):
    """What it does where it is batched is seen in no graph."""

    def function(x):
        return Faulty.apply(x)

    x = torch.arange(1.0, 7, dtype=F64)
    for _ in range(4):
        J = jacmagic.jacobian(function, x)
    assert len(checks) == 4
    Faulty.share = 0.5
    try:
        J = jacmagic.jacobian(function, x)
    finally:
        Faulty.share = 0.0
    assert J.mode == "rows"
    torch.testing.assert_close(J.matrix, plain(function, x))


def normalised(x):
    """Layer normalisation, whose batched backward pass takes mean and deviation for constant."""
    return torch.nn.functional.layer_norm(x[0], (6,), x[1], x[2])


@pytest.mark.parametrize("strategy", ["auto", "reverse-mode"])
@pytest.mark.parametrize("function", [normalised, torch.tanh, lambda x: 2 * x])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_a_jacobian_leads_to_the_second_derivatives_of_plain_passes(function, strategy, scale):
    """What create_graph=True returns is differentiated again as torch's own rows are."""
    x = torch.rand(3, 6, dtype=F64, generator=torch.Generator().manual_seed(0)) * scale
    x.requires_grad_()
    J = jacmagic.jacobian(function, x, create_graph=True, strategy=strategy, names="x")
    truth = torch.autograd.functional.jacobian(function, x, create_graph=True).view(J.matrix.shape)
    weights = torch.linspace(-1, 1, truth.numel(), dtype=F64).view(truth.shape)

    def second(matrix):
        if not matrix.requires_grad:
            return torch.zeros_like(x)
        return torch.autograd.grad((weights * matrix).sum(), x)[0]

    notes = [note for note in J.notes if "second derivatives" in note]
    assert len(notes) == (function is normalised)
    torch.testing.assert_close(second(J.matrix), second(truth), atol=0, rtol=1e-9)


def test_no_second_derivative_is_no_fault():
    """Where torch cannot differentiate the plain rows again, there is nothing to compare."""

    class Once(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x):
            return x**2

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, gradient):
            return 2 * ctx.saved_tensors[0] * gradient

    x = torch.rand(6, dtype=F64, requires_grad=True)
    J = jacmagic.jacobian(Once.apply, x, create_graph=True, names="x")
    torch.testing.assert_close(J.matrix, torch.diag(2 * x), check_stride=False)
    assert not any("second derivatives" in note for note in J.notes)
