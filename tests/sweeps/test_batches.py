"""Per-sample Jacobians: equal to a loop, batched where torch can."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

import jacmagic
from jacmagic.errors import FunctionError, PointError
from jacmagic.numeric.batched import Differentiator
from jacmagic.numeric.points import Points

F64 = torch.float64


def polar(r, theta):
    return r * torch.cos(theta), r * torch.sin(theta)


def tall(x):
    return torch.outer(x, x.exp()).reshape(-1)


def wide(x):
    return (x**2).sum() * x[0]


def with_math(x):
    return math.sin(x[0]) * x


def branching(x):
    return x**3 if x.sum() > 0 else -x


def in_place(x):
    out = torch.zeros(3, dtype=x.dtype)
    out[0] = x[0] * x[1]
    out[2] = x[0].exp()
    return out


def linear(x):
    return {"a": 2 * x, "b": 3.0}


def looped(function, stacks, **options):
    """Return the loop that a batch replaces."""
    return torch.stack(
        [
            jacmagic.jacobian(function, parts, **options).matrix
            for parts in zip(*stacks, strict=True)
        ]
    )


@pytest.mark.parametrize(
    ("function", "shapes", "mode"),
    [
        (polar, [(), ()], "reverse"),
        (tall, [(3,)], "forward"),
        (wide, [(4,)], "reverse"),
        (with_math, [(2,)], "reverse"),
        (branching, [(2,)], "loop"),
        (in_place, [(2,)], "loop"),
        (linear, [(2,)], "forward"),
        (torch.matmul, [(2, 3), (3, 1)], "reverse"),
    ],
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_a_batch_equals_a_loop(function, shapes, mode):
    """Whatever the mode, `.matrix` (B, m, n) is the loop's to 1e-12."""
    stacks = tuple(torch.randn(5, *shape, dtype=F64) for shape in shapes)
    found = jacmagic.jacobian(function, stacks, batch=True)
    torch.testing.assert_close(found.matrix, looped(function, stacks), rtol=1e-12, atol=1e-12)
    assert found.mode == mode and len(found) == 5
    assert bool(found.notes) == (mode == "loop")


def test_notes_say_why_a_batch_became_a_loop():
    """The cause is torch's, in a few words."""
    x = torch.randn(3, 2, dtype=F64)
    (note,) = jacmagic.jacobian(branching, x, batch=True).notes
    assert note == (
        "not batched: its control flow depends on the values; computed point by point instead"
    )
    random = jacmagic.jacobian(lambda x: x * torch.rand(()), x, batch=True)
    assert random.mode == "loop" and "random" in random.notes[0]


def test_blocks_nest_with_a_leading_dimension():
    """Structure of outputs and inputs as for one Jacobian, values too."""
    r, theta = torch.rand(4, dtype=F64), torch.rand(4, dtype=F64)
    found = jacmagic.jacobian(polar, (r, theta), batch=True)
    (dx_dr, _), (_, dy_dtheta) = found.blocks
    torch.testing.assert_close(dx_dr, theta.cos())
    torch.testing.assert_close(dy_dtheta, r * theta.cos())
    torch.testing.assert_close(found.value[1], r * theta.sin())
    torch.testing.assert_close(found.by_name["r"][0], theta.cos())
    alone = jacmagic.jacobian(tall, torch.rand(4, 3, dtype=F64), batch=True)
    assert alone.blocks.shape == (4, 9, 3) and alone.matrix.shape == (4, 9, 3)


def test_a_sample_is_a_whole_jacobian():
    """`batch[k]` has the closed form of its own branch and its agreement."""
    x = torch.tensor([[1.0, 2.0], [-1.0, -2.0]], dtype=F64)
    found = jacmagic.jacobian(branching, x, batch=True)
    first, last = found[0], found[-1]
    assert torch.equal(first.matrix, found.matrix[0]) and first.agreement.verdict == "agree"
    assert first.formula[0, 0] == 3 * first.symbols[0] ** 2 and last.formula[0, 0] == -1
    with pytest.raises(IndexError, match="expected a sample from 0 to 1; found 2"):
        found[2]


def test_constants_vary_with_the_samples():
    """Inputs that `wrt` leaves out keep each sample's value, in formulas too."""
    stacks = (torch.tensor([1.0, 2.0], dtype=F64), torch.tensor([3.0, 4.0], dtype=F64))
    found = jacmagic.jacobian(lambda a, b: a**2 * b, stacks, wrt="a", batch=True)
    assert found.matrix.reshape(-1).tolist() == [6, 16]
    assert found[1].formula[0, 0] == 8 * found[1].symbols[0]


def test_chunks_do_not_change_anything():
    """Samples at a time is a matter of memory only."""
    x = torch.randn(7, 3, dtype=F64)
    whole = jacmagic.jacobian(tall, x, batch=True).matrix
    assert torch.equal(jacmagic.jacobian(tall, x, batch=True, chunk_size=2).matrix, whole)
    other = jacmagic.jacobian(tall, x, batch=True, strategy="reverse-mode")
    assert other.mode == "reverse"
    torch.testing.assert_close(other.matrix, whole, rtol=1e-12, atol=1e-12)


def test_gradients_of_each_sample_by_the_parameters():
    """A module's parameters are shared, its inputs are samples; indices stay indices."""
    net = nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 2), nn.Tanh()).double()
    tokens = torch.tensor([1, 4, 1, 0])
    found = jacmagic.jacobian(net, tokens, wrt="parameters", batch=True)
    expected = [jacmagic.jacobian(net, token, wrt="parameters").matrix for token in tokens]
    torch.testing.assert_close(found.matrix, torch.stack(expected), rtol=1e-12, atol=1e-12)
    assert found.by_name["1.weight"].shape == (4, 2, 2, 3) and found.mode == "reverse"


@pytest.mark.parametrize("wrap", [lambda net: net, lambda net: lambda x: net(x[None])[0]])
def test_batch_normalisation_in_training_is_refused(wrap):
    """Its outputs depend on all samples, also where a function calls the module."""
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).double()
    with pytest.raises(FunctionError, match="found BatchNorm1d 1 in training mode"):
        jacmagic.jacobian(wrap(net), torch.rand(4, 2, dtype=F64), batch=True)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (
            (torch.ones(3), torch.ones(4)),
            r"as many samples in every input; found shapes \(3,\), \(4",
        ),
        (
            (torch.ones(3), torch.tensor(1.0)),
            r"leading dimension of samples; found shapes \(3,\), \(",
        ),
        ((torch.ones(0), torch.ones(0)), "at least one sample"),
    ],
)
def test_unequal_batches_are_refused(inputs, words):
    """One line says which shapes came and what to write."""
    with pytest.raises(PointError, match=words):
        jacmagic.jacobian(polar, inputs, batch=True)


def test_a_strict_batch_looks_at_every_sample():
    """One sample whose output is independent of an input is an error."""

    def sometimes(x):
        return 2 * x if x[0] > 0 else torch.zeros(2)

    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    strict = jacmagic.jacobian(sometimes, x, batch=True, strict=True)
    assert torch.equal(strict.matrix, 2 * torch.eye(2).expand(2, 2, 2))
    assert strict.mode == "loop" and "strict=True" in strict.notes[0]
    single = jacmagic.jacobian(sometimes, x[:1], batch=True, strict=True)
    assert single.mode == "reverse" and not single.notes
    x[1, 0] = -3.0
    assert not jacmagic.jacobian(sometimes, x, batch=True).matrix[1].any()
    with pytest.raises(RuntimeError, match=r"at index 1: Output 0 .* strict"):
        jacmagic.jacobian(sometimes, x, batch=True, strict=True)
    with pytest.raises(RuntimeError, match=r"at index 0: Output 0 .* strict"):
        jacmagic.jacobian(sometimes, x.flip(0), batch=True, strict=True)
    with pytest.raises(RuntimeError, match=r"^`strict=True` and forward mode"):
        jacmagic.jacobian(sometimes, x, batch=True, strict=True, strategy="forward-mode")


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.stack([x.prod(), (x**2).sum(), x[0].sin()]),
        lambda x: x.exp().sum(),
        lambda x: x**2 if x.sum() > 0 else x**3,  # taken sample by sample
    ],
)
@pytest.mark.parametrize("samples", [1, 4])
def test_a_batch_can_be_differentiated_on(function, samples):
    """create_graph: a penalty on the Jacobians has torch's own gradient."""
    x = torch.rand(samples, 3, dtype=torch.float64, requires_grad=True)
    penalty = jacmagic.jacobian(function, x, batch=True, create_graph=True).matrix.square().sum()
    (found,) = torch.autograd.grad(penalty, x)
    whole = torch.autograd.functional.jacobian
    expected = sum(whole(function, one, create_graph=True).square().sum() for one in x)
    torch.testing.assert_close(found, torch.autograd.grad(expected, x)[0])
    assert not jacmagic.jacobian(function, x, batch=True).matrix.requires_grad


def test_the_users_own_error_passes():
    """An exception of the function is the user's own."""
    with pytest.raises(ZeroDivisionError, match="by zero"):
        jacmagic.jacobian(lambda x: x / (1 // 0), torch.ones(2), batch=True)


def test_a_batched_pass_that_differs_is_not_trusted():
    """Where one pass over all samples gives other values, they are taken one by one."""
    runs = []

    def shy(x):
        runs.append(x)  # the first run is plain, the second one batched
        return x**3 if len(runs) == 2 else x**2

    x = torch.rand(3, 2, dtype=F64)
    found = jacmagic.jacobian(shy, x, batch=True)
    assert found.mode == "loop" and "a batched pass gives other numbers" in found.notes[0]
    torch.testing.assert_close(found.matrix, torch.diag_embed(2 * x))


def test_chunks_grow_while_they_are_quick():
    """A batched pass costs about the same for many points as for one."""
    x = torch.rand(1000, 2, dtype=F64)
    points = Points((x,), (True,), (0,), 1000)
    sizes = [stop - start for start, stop in Differentiator(tall, points).chunks()]
    assert sizes[:3] == [16, 64, 256] and sum(sizes) == 1000


# ── modules that need a batch ─────────────────────────────────────────────────────────────────


class Flattened(nn.Module):
    """As the networks of torchvision end."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(1, 3, 2), nn.AdaptiveAvgPool2d(1))
        self.last = nn.Linear(3, 2)

    def forward(self, x):
        return self.last(torch.flatten(self.net(x), 1))


class Viewed(nn.Module):
    """As many beginners write it."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(32, 2)

    def forward(self, x):
        return {"logits": self.last(x.view(x.size(0), -1))}


IMAGES = (3, 1, 4, 4)
NETWORKS = {
    "convolution, flatten": (
        lambda: nn.Sequential(nn.Conv2d(1, 2, 2), nn.Flatten(), nn.Linear(18, 2)),
        IMAGES,
    ),
    "flatten alone": (lambda: nn.Sequential(nn.Conv2d(1, 2, 2), nn.Flatten()), IMAGES),
    "batch normalisation": (
        lambda: nn.Sequential(nn.Conv2d(1, 2, 2), nn.BatchNorm2d(2), nn.Flatten()),
        IMAGES,
    ),
    "normalisation of a square": (lambda: nn.BatchNorm1d(3), (4, 3, 3)),
    "group normalisation": (lambda: nn.GroupNorm(2, 4), (3, 4, 2)),
    "flatten inside": (Flattened, IMAGES),
    "view inside": (Viewed, (3, 2, 4, 4)),
    "no need": (lambda: nn.Sequential(nn.Linear(4, 2), nn.Tanh()), (3, 4)),
    "convolution alone": (lambda: nn.Conv2d(1, 2, 2), IMAGES),
}


@pytest.mark.parametrize(("make", "shape"), NETWORKS.values(), ids=NETWORKS)
def test_modules_that_need_a_batch_get_one(make, shape):
    """Samples are batches of size 1: diagonal blocks of the batch's Jacobian."""
    torch.manual_seed(0)
    net = make().double().eval()
    for part in net.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            part.running_mean.uniform_()
            part.running_var.uniform_(1, 2)
    x = torch.randn(shape, dtype=F64)
    found = jacmagic.jacobian(net, x, batch=True)
    whole = jacmagic.jacobian(net, x)
    value = whole.value["logits"] if isinstance(whole.value, dict) else whole.value
    blocks = whole.blocks["logits"] if isinstance(whole.value, dict) else whole.blocks
    for k in range(len(x)):
        expected = blocks.select(value.dim(), k)[k]
        mine = found.blocks["logits"] if isinstance(whole.value, dict) else found.blocks
        torch.testing.assert_close(mine[k], expected, rtol=1e-10, atol=1e-12)
        torch.testing.assert_close(found[k].matrix, found.matrix[k], rtol=1e-10, atol=1e-12)
    assert found.mode != "loop" and found.matrix.shape[0] == len(x)


def test_parameters_of_modules_that_need_a_batch():
    """They are shared by the samples, which stay constant."""
    net = NETWORKS["convolution, flatten"][0]().double()
    x = torch.randn(IMAGES, dtype=F64)
    found = jacmagic.jacobian(net, x, batch=True, wrt="parameters")
    for k in range(len(x)):
        expected = jacmagic.jacobian(net, x[k : k + 1], wrt="parameters")
        torch.testing.assert_close(found.matrix[k], expected.matrix)
        torch.testing.assert_close(found[k].matrix, expected.matrix)


def test_a_function_that_takes_a_batch_gets_one():
    """Not only modules; and one that adds the dimension itself is left alone."""
    net = NETWORKS["convolution, flatten"][0]().double()
    x = torch.randn(IMAGES, dtype=F64)
    expected = jacmagic.jacobian(lambda x: net(x[None])[0], x, batch=True)
    found = jacmagic.jacobian(lambda x: net(x), x, batch=True)
    assert expected.blocks.shape == found.blocks.shape == (3, 2, 1, 4, 4)
    torch.testing.assert_close(found.matrix, expected.matrix)


def test_an_error_in_either_form_is_the_users_own():
    """Of the run on the sample alone."""
    with pytest.raises(RuntimeError, match="mat1 and mat2 shapes"):
        jacmagic.jacobian(nn.Linear(3, 2), torch.ones(5, 4), batch=True)


def test_a_batch_has_a_line_of_agreement():
    """Over a few samples, which it says; a cut graph is found among them."""
    x = torch.rand(40, 3, dtype=F64)
    found = jacmagic.jacobian(wide, x, batch=True)
    line = "torch and at least one other source agree at all 3 points, drawn at random from 40"
    assert found.agreement == line and line in repr(found)
    cut = jacmagic.jacobian(lambda x: x * x.detach(), x, batch=True)
    assert cut.agreement.startswith("of 3 points, drawn at random from 40, 0 agree; point ")


def test_where_all_of_a_batch_was_looked_at_nothing_was_drawn():
    """The line says how many there are."""
    found = jacmagic.jacobian(wide, torch.rand(3, 3, dtype=F64), batch=True)
    assert found.agreement == "torch and at least one other source agree at all 3 points"


def solved(t):
    """Solve a system; torch batches the forward mode of this wrongly."""
    matrix = torch.tensor([[2.0, 1.0, 0.5], [0.3, -1.5, 1.0], [1.0, 0.2, 3.0]], dtype=t.dtype)
    return torch.linalg.solve(matrix + t * matrix.T @ matrix, matrix).reshape(-1)


def larger_than_zero(t):
    """Ties, at which forward mode takes another side than the backward pass."""
    return torch.fmax(t, torch.zeros(3, dtype=t.dtype))


@pytest.mark.parametrize("dtype", [F64, torch.float32])
@pytest.mark.parametrize("function", [solved, larger_than_zero], ids=["solve", "fmax"])
def test_every_sample_has_the_numbers_of_a_plain_backward_pass(function, dtype):
    """Each sample is checked, in batches and in sweeps."""
    x = torch.tensor([[0.7], [0.0], [-1.2], [0.0], [0.4]], dtype=dtype)
    truth = torch.stack([torch.autograd.functional.jacobian(function, one) for one in x])
    torch.testing.assert_close(jacmagic.jacobian(function, x, batch=True).matrix, truth)
    swept = jacmagic.sweep(function, (x,), progress=False)
    torch.testing.assert_close(torch.as_tensor(swept.values), truth)


def test_samples_that_share_an_input_are_checked_together():
    """Parameters have one column for all samples."""
    layer = nn.Linear(2, 3).double()
    x = torch.rand(4, 2, dtype=F64)
    found = jacmagic.jacobian(layer, x, batch=True, wrt=["inputs", "parameters"])
    assert found.mode in ("forward", "reverse") and not found.notes
    for k, matrix in enumerate(found.matrix):
        alone = jacmagic.jacobian(layer, x[k], wrt=["inputs", "parameters"]).matrix
        torch.testing.assert_close(matrix, alone)
