"""Patterns miss no entry, and what a colouring computes together can be separated."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse as sp
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_samples import SAMPLES, Sample
from test_rules import inputs_of, jacobian_of
from torch.autograd.functional import jacobian

from jacmagic.function.outputs import flatten
from jacmagic.numeric.sparsity import Pattern, detect, plan
from jacmagic.numeric.sparsity.colouring import NONE, greedy
from jacmagic.numeric.sparsity.detect import NoPattern


def doubles(*shape: int) -> torch.Tensor:
    torch.manual_seed(sum(shape) + 11)
    return torch.rand(shape, dtype=torch.float64) + 0.2


def found(function: Callable, *inputs: torch.Tensor, **options) -> Pattern:
    """Return the pattern of a function that can be followed."""
    leaves = tuple(tensor.detach().clone().requires_grad_() for tensor in inputs)
    pattern = detect(lambda *tensors: flatten(function(*tensors)).leaves, leaves, **options)
    assert isinstance(pattern, Pattern), pattern
    return pattern


def dense(function: Callable, *inputs: torch.Tensor) -> np.ndarray:
    """Torch's Jacobian (m, n)."""

    def flat(*tensors: torch.Tensor) -> torch.Tensor:
        return torch.cat([leaf.reshape(-1) for leaf in flatten(function(*tensors)).leaves])

    blocks = zip(jacobian(flat, inputs), inputs, strict=True)
    return torch.cat([b.reshape(len(b), x.numel()) for b, x in blocks], 1).numpy()


def tridiagonal(x):
    y = torch.sin(x) * x**2
    y[1:] += x[:-1] ** 2
    y[:-1] -= torch.exp(-x[1:])
    return y


W = torch.tensor([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]], dtype=torch.float64)
TAPS = torch.tensor([[[1.0, 0.0, -2.0]]], dtype=torch.float64)


def through_parts(x):
    re_and_im = torch.view_as_real(torch.complex(x[:2], x[2:4]) * 1j)
    return torch.cat([re_and_im.reshape(-1), x[4:]])


# name → (function, input, exact number of entries in the pattern)
CASES: dict[str, tuple[Callable, torch.Tensor, int]] = {
    "in place": (tridiagonal, doubles(6), 16),
    "roll": (lambda x: x.roll(1) - x, doubles(6), 12),
    "conv": (lambda x: F.conv1d(x[None, None], TAPS, padding=1)[0, 0], doubles(6), 10),
    "conv stride": (
        lambda x: F.conv1d(x.view(1, 2, 3), torch.ones(4, 1, 2).double(), stride=1, groups=2),
        doubles(6),
        16,
    ),
    "conv2d": (
        lambda x: F.conv2d(x.view(1, 1, 4, 4), torch.ones(1, 1, 3, 3).double()),
        doubles(16),
        36,
    ),
    "conv transposed": (
        lambda x: F.conv_transpose1d(
            x.view(1, 2, 3), torch.ones(2, 3, 3).double(), stride=2, padding=1, output_padding=1
        ),
        doubles(6),
        48,
    ),
    "matrix": (lambda x: W @ x, doubles(3), 3),
    "matrices": (lambda x: (W @ x.view(3, 2)), doubles(6), 6),
    "matrix of inputs": (lambda x: x.view(2, 2) @ x.view(2, 2), doubles(4), 12),
    "batched": (lambda x: torch.bmm(x.view(2, 2, 2), x.view(2, 2, 2)), doubles(8), 24),
    "linear": (lambda x: F.linear(x.view(2, 3), W, x[:2]), doubles(6), 8),
    "mask": (lambda x: x * torch.tensor([1.0, 0.0, 2.0]).double(), doubles(3), 2),
    "sum": (lambda x: x.view(2, 3).sum(1), doubles(6), 6),
    "mean all": (lambda x: x.mean(), doubles(6), 6),
    "softmax": (lambda x: torch.softmax(x.view(2, 3), 0), doubles(6), 12),
    "layer norm": (lambda x: F.layer_norm(x.view(2, 3), (3,)), doubles(6), 18),
    "max": (lambda x: x.view(2, 3).max(1).values, doubles(6), 6),
    "sort": (lambda x: x.view(2, 3).sort(1).values, doubles(6), 18),
    "cumsum": (lambda x: x.cumsum(0), doubles(5), 15),
    "pool": (lambda x: F.max_pool1d(x[None], 2), doubles(6), 6),
    "mean pool": (lambda x: F.avg_pool2d(x.view(1, 1, 4, 4), 2), doubles(16), 16),
    "ceil pool": (lambda x: F.max_pool2d(x.view(1, 1, 3, 3), 2, ceil_mode=True), doubles(9), 9),
    "inverse": (lambda x: torch.linalg.inv(x.view(2, 2, 2)), doubles(8), 32),
    "solve": (lambda x: torch.linalg.solve(torch.eye(2).double() + x[:4].view(2, 2), x[4:]),
              doubles(6), 12),
    "fft": (lambda x: torch.fft.rfft(x.view(2, 4), dim=1).abs(), doubles(8), 24),
    "complex": (through_parts, doubles(6), 10),
    "where": (lambda x: torch.where(x > 0.7, x**2, x.flip(0)), doubles(5), 9),
    "scatter_add": (
        lambda x: torch.zeros(3).double().scatter_add(0, torch.tensor([0, 2, 0]), x),
        doubles(3),
        3,
    ),
    "index_add": (
        lambda x: torch.zeros(3, 2).double().index_add(0, torch.tensor([1, 1]), x.view(2, 2)),
        doubles(4),
        4,
    ),
    "index_put": (
        lambda x: x.index_put((torch.tensor([0, 0]),), x[1:3], accumulate=True),
        doubles(4),
        6,
    ),
    "gather": (lambda x: x.gather(0, torch.tensor([2, 0])), doubles(4), 2),
    "written": (lambda x: torch.zeros(4).double().index_copy(0, torch.tensor([1, 3]), x),
                doubles(2), 2),
    "steps": (lambda x: x.floor() + x.sign() + x, doubles(3), 3),
    "detached": (lambda x: x.detach() * x.flip(0), doubles(4), 4),
    "item": (lambda x: x[0].item() * x, doubles(3), 3),
    "no_grad": (lambda x: x + cut(x), doubles(3), 3),
    "grad inside": (
        lambda x: torch.autograd.grad((x**3).sum(), x, create_graph=True)[0], doubles(3), 3
    ),
    "foreach": (lambda x: torch._foreach_mul([x[:2], x[2:]], 2.0), doubles(4), 16),
    "nothing": (lambda x: torch.ones(3).double(), doubles(2), 0),
}  # fmt: skip


def cut(x):
    with torch.no_grad():
        return x.flip(0) * 2


@pytest.mark.parametrize("name", CASES)
def test_a_pattern_is_torchs_own(name: str) -> None:
    """The pattern holds every entry of torch's Jacobian, and no more than the rule can know."""
    function, x, entries = CASES[name]
    pattern = found(function, x).matrix.toarray()
    assert not ((dense(function, x) != 0) & ~pattern).any()
    assert int(pattern.sum()) == entries


@pytest.mark.filterwarnings("ignore:index_reduce", "ignore:The reduce argument of torch.scatter")
@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_no_rule_misses_an_entry(sample: Sample) -> None:
    """Every operation with a closed form has a pattern that holds all of torch's entries."""
    for shapes in sample.shapes:
        inputs = inputs_of(sample, shapes, seed=3)
        pattern = found(sample.function, *inputs).matrix.toarray()
        if pattern.size and (values := entries_of(sample, inputs)) is not None:
            assert not ((values != 0) & ~pattern).any()


def entries_of(sample: Sample, inputs: list[torch.Tensor]) -> np.ndarray | None:
    """Torch's Jacobian without entries that it makes up; None where it does not differentiate."""
    try:
        values = dense(sample.function, *inputs)
    except RuntimeError as error:
        assert "is not implemented" in str(error)
        return None
    made_up = sample.slope == "differences" and jacobian_of(sample, inputs).numpy() == 0
    return np.where(made_up, 0, values)


PIECES: tuple[Callable, ...] = (
    torch.sin,
    lambda x: x.roll(1),
    lambda x: x * x.flip(0),
    lambda x: torch.cat([x[1:] * x[:-1], x[:1]]),
    lambda x: x.reshape(2, -1).cumsum(1).reshape(-1),
    lambda x: x.reshape(2, -1).T.reshape(-1),
    lambda x: torch.where(x > 0, x, x.roll(2)),
    lambda x: x.index_put((torch.tensor([0, 2]),), x[1:3]),
    lambda x: x - x.reshape(2, -1).mean(1).repeat_interleave(len(x) // 2),
    lambda x: x * torch.tensor([1.0, 0.0] * (len(x) // 2), dtype=x.dtype),
    lambda x: F.pad(x, (1, 1))[1:-1],
    lambda x: x.clone().mul_(2).add_(x.detach()),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(range(len(PIECES))), min_size=1, max_size=5), st.integers(2, 5))
def test_chains_of_operations_miss_nothing(chain: list[int], half: int) -> None:
    """However operations follow one another, every entry of torch's Jacobian is in the pattern."""

    def function(x):
        for piece in chain:
            x = PIECES[piece](x)
        return x

    x = doubles(2 * half)
    pattern = found(function, x).matrix.toarray()
    assert not ((dense(function, x) != 0) & ~pattern).any()


def test_what_values_decide_is_not_steady() -> None:
    """A branch or an index that values chose is reported."""
    x = doubles(4)
    assert found(tridiagonal, x).steady
    assert not found(lambda x: x if x.sum() > 0 else x.flip(0), x).steady
    assert not found(lambda x: x[x.argsort()], x).steady
    assert not found(lambda x: x[x > 0.5], x).steady
    dropped = found(lambda x: F.dropout(x, 0.5, training=True), x)
    assert dropped.matrix.nnz == 4


def test_an_unknown_operation_depends_on_everything() -> None:
    """The results of an operation without a rule depend on all that it was given."""
    pattern = found(lambda x: torch.cdist(x[:4].view(2, 2), x[4:].view(2, 2)) + x[0], doubles(8))
    assert pattern.matrix.nnz == 32


def test_a_scatter_takes_the_first_entries_of_a_larger_source() -> None:
    """Those beyond its index have no entry, along any axis; torch's backward pass refuses them."""
    index, zeros = torch.tensor([[0, 1]]), torch.zeros(3, 2, dtype=torch.float64)
    for source in (doubles(1, 4), doubles(2, 2)):
        pattern = found(lambda x: zeros.scatter_add(0, index, x), source)
        assert pattern.matrix.nonzero()[1].tolist() == [0, 1]


def test_looking_stops_where_it_does_not_pay() -> None:
    """Too many entries or too little time is an answer, as is memory seen as another dtype."""
    x = doubles(50).requires_grad_()
    dense_one = detect(lambda x: (x[:, None] * x,), (x,), most=1000)
    assert isinstance(dense_one, NoPattern) and "too many" in dense_one.reason
    slow = detect(lambda x: (x.sin().cos(),), (x,), seconds=-1)
    assert isinstance(slow, NoPattern) and "longer" in slow.reason
    bits = detect(lambda x: (x + x.view(torch.int32)[::2].double(),), (x,))
    assert isinstance(bits, NoPattern) and "dtype" in bits.reason


# ── colouring ─────────────────────────────────────────────────────────────────────────────────

MATRICES = st.integers(0, 9).flatmap(
    lambda seed: st.tuples(st.just(seed), st.integers(1, 12), st.integers(1, 12))
)


@settings(max_examples=80, deadline=None)
@given(MATRICES)
def test_every_entry_can_be_recovered(case: tuple[int, int, int]) -> None:
    """The products of a plan hold each entry alone, whatever the pattern."""
    seed, m, n = case
    random = np.random.default_rng(seed)
    values = random.normal(size=(m, n)) * (random.random((m, n)) < 0.3)
    pattern = sp.csr_array(values != 0)
    planned = plan(pattern)
    products = [values[:, planned.columns == colour].sum(1) for colour in range(planned.forward)]
    products += [values[planned.rows == colour].sum(0) for colour in range(planned.backward)]
    flat = np.concatenate([*products, np.zeros(0)])
    assert np.array_equal(flat[planned.source], values[values != 0])


def banded(n: int) -> sp.csr_array:
    ones = np.ones(n, dtype=bool)
    return sp.csr_array(sp.diags_array([ones[1:], ones, ones[1:]], offsets=[-1, 0, 1], dtype=bool))


@pytest.mark.parametrize(
    ("pattern", "forward", "backward"),
    [
        (banded(30), 0, 3),
        (sp.csr_array(np.ones((3, 9), dtype=bool)), 0, 3),
        (sp.csr_array(np.ones((9, 3), dtype=bool)), 3, 0),
        (sp.csr_array(np.eye(9, dtype=bool)), 0, 1),
        (sp.csr_array((np.arange(9) == 0) | (np.arange(9)[:, None] == 0) | np.eye(9, dtype=bool)),
         1, 2),
        (sp.csr_array((4, 5), dtype=bool), 0, 0),
    ],
    ids=["tridiagonal", "wide", "tall", "diagonal", "arrow", "empty"],
)  # fmt: skip
def test_known_patterns_take_as_few_passes_as_can_be(pattern, forward, backward) -> None:
    """Bands by columns, wide ones by rows, arrows both ways."""
    planned = plan(pattern)
    assert (planned.forward, planned.backward) == (forward, backward)


def test_rows_of_one_colour_share_no_column() -> None:
    """Greedy colouring is a proper one; an empty row needs none."""
    random = np.random.default_rng(0)
    objects = sp.csr_array(random.random((60, 40)) < 0.08)
    colours = greedy(objects)
    for colour in range(colours.max() + 1):
        assert objects[np.flatnonzero(colours == colour)].sum(0).max() <= 1
    assert ((colours == NONE) == (np.diff(objects.indptr) == 0)).all()


def test_ten_thousand_inputs_take_a_moment() -> None:
    """A tridiagonal pattern of 10 000 rows is found and coloured in less than a second each."""
    x = doubles(10_000)
    found(tridiagonal, x[:10])
    start = time.process_time()
    pattern = found(tridiagonal, x)
    seen = time.process_time()
    planned = plan(pattern.matrix)
    assert pattern.matrix.nnz == 29_998
    assert planned.passes == 3
    assert seen - start < 1
    assert time.process_time() - seen < 0.3
