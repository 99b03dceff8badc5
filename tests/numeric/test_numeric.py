"""Numeric Jacobians against torch's: all modes and shapes, strictness, graphs, odd functions."""

from __future__ import annotations

import _thread
import threading
import time
import warnings
import weakref

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.autograd import gradcheck, gradgradcheck
from torch.autograd.functional import jacobian
from torch.utils._python_dispatch import TorchDispatchMode

from jacmagic.errors import FunctionError, SizeError, StrictError
from jacmagic.function.interop import lifted
from jacmagic.numeric import tuning
from jacmagic.numeric.compute import compute
from jacmagic.numeric.differences import differences
from jacmagic.numeric.evaluation import evaluate, recording
from jacmagic.numeric.memory import readable
from jacmagic.numeric.modes import profiling
from jacmagic.numeric.modes.batch_size import (
    MAX_BATCH_SECONDS,
    MAX_INTERMEDIATE_SCALARS,
    AdaptiveBatchSize,
    batches,
    ceiling,
)
from jacmagic.numeric.modes.columns import COLUMNS
from jacmagic.numeric.modes.forward import FORWARD
from jacmagic.numeric.modes.mode_choice import FALLBACKS, fallbacks
from jacmagic.numeric.modes.profiling import forward_may_pay, outputs_share_little, reverse_may_pay
from jacmagic.numeric.modes.reverse import REVERSE, by_reverse
from jacmagic.numeric.modes.rows import ROWS
from jacmagic.numeric.modes.vjp import VJP, by_vjp
from jacmagic.numeric.options import DEFAULTS, STRATEGIES, ComputeOptions
from jacmagic.numeric.tuning import Tuning


def doubles(*shape: int, grad: bool = False) -> torch.Tensor:
    torch.manual_seed(sum(shape) + 7)
    return torch.randn(shape, dtype=torch.float64, requires_grad=grad)


def structured(function, inputs, **options):
    """Our answer in torch's own structure."""
    single = isinstance(inputs, torch.Tensor)
    tensors = (inputs,) if single else inputs
    found = compute(function, tensors, ComputeOptions(**options))
    return found.outputs.rebuild([row[0] if single else row for row in found.blocks])


def reference(function, inputs):
    """Torch's plain loop, which fails on empty outputs; their blocks are empty."""
    tensors = inputs if isinstance(inputs, tuple) else (inputs,)
    value = function(*(tensor.detach().requires_grad_() for tensor in tensors))
    outputs = value if isinstance(value, tuple) else (value,)
    kept = [i for i, output in enumerate(outputs) if output.numel()]
    blocks = [tuple(x.new_zeros(output.shape + x.shape) for x in tensors) for output in outputs]
    if kept:

        def nonempty(*values):
            result = function(*values)
            result = result if isinstance(result, tuple) else (result,)
            return tuple(result[i] for i in kept)

        for i, row in zip(kept, jacobian(nonempty, tensors), strict=True):
            blocks[i] = row
    rows = tuple(row if isinstance(inputs, tuple) else row[0] for row in blocks)
    return rows if isinstance(value, tuple) else rows[0]


def check_all_modes(function, inputs, tolerance=None):
    """Every strategy gives what torch's plain loop gives: structure, shapes and dtypes."""
    expected = reference(function, inputs)
    options = {} if tolerance is None else {"rtol": tolerance, "atol": tolerance}
    for strategy in STRATEGIES:
        for vectorize in (True, False):
            found = structured(function, inputs, strategy=strategy, vectorize=vectorize)
            explicit = strategy.startswith(
                "forward"
            )  # its blocks have the output's dtype, as torch's
            torch.testing.assert_close(found, expected, check_dtype=not explicit, **options)
    return expected


FUNCTIONS = {
    "vector": (lambda x: torch.sin(x[:2]) * x[2], doubles(3)),
    "reducer": (lambda x: x.exp().sum(1), doubles(2, 3)),
    "scalar output": (lambda x: (x**2).sum(), doubles(3)),
    "scalar input": (lambda x: torch.stack([x, x**2, x**3]), doubles()),
    "scalar both": (lambda x: x**3, doubles()),
    "tuple output": (lambda x: (x.sin(), x.sum(), x[:, 0]), doubles(2, 2)),
    "two inputs": (lambda x, y: x.exp() * 2 + 3 * y, (doubles(2), doubles(2))),
    "two and two": (lambda x, y: (x @ y, y.sum(0) * x.mean()), (doubles(2, 3), doubles(3, 2))),
    "unrelated output": (
        lambda x, y: (x**2, torch.ones(2, dtype=x.dtype)),
        (doubles(2), doubles(3)),
    ),
    "unrelated input": (lambda x, y: x**2, (doubles(2), doubles(3))),
    "the input itself": (lambda x: x, doubles(2, 2)),
    "twice the same": (lambda x: (x, x), doubles(2)),
    "a view": (lambda x: x.t()[0], doubles(3, 2)),
    "an expanded input": (lambda x: x * 2, doubles(1).expand(3)),
    "a strided input": (lambda x: x**2, doubles(6)[::2]),
    "empty input": (lambda x: x.sum() + torch.ones(2, dtype=x.dtype), doubles(0)),
    "empty output": (lambda x: x[:0], doubles(3)),
    "empty both": (lambda x: x, doubles(0, 2)),
    "one tuple": (lambda x: (x.sum(),), doubles(2)),
    "tall": (lambda x: torch.outer(x, torch.arange(20.0, dtype=x.dtype)).sin(), doubles(2)),
    "very tall": (lambda x: torch.outer(x, torch.arange(64.0, dtype=x.dtype)).cos(), doubles(4)),
    "a column": (lambda x: (x * torch.arange(40.0, dtype=x.dtype)).sin(), doubles(1)),
    "wide": (lambda x: x.reshape(4, 10).logsumexp(1), doubles(40)),
    "many scalars": (lambda x: tuple(x.roll(k)[0] ** k for k in range(1, 20)), doubles(20)),
    "softmax": (lambda x: torch.softmax(x, 0), doubles(30)),
    "linear algebra": (lambda x: torch.linalg.inv(x + 4 * torch.eye(3)), doubles(3, 3)),
    "in place on a buffer": (
        lambda x: torch.zeros(3, dtype=x.dtype).index_copy_(0, torch.arange(2), x[:2] ** 2),
        doubles(2),
    ),
    "element by element": (
        lambda x: torch.stack([x[i] * x[i - 1] for i in range(len(x))]),
        doubles(5),
    ),
}


@pytest.mark.parametrize(("function", "inputs"), FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_every_mode_agrees_with_torch(function, inputs):
    """All strategies, batched or not, give torch's blocks with torch's structure."""
    check_all_modes(function, inputs)


@pytest.mark.parametrize("name", ["vector", "softmax", "two inputs", "wide", "tall"])
def test_torch_func_says_the_same(name):
    """jacrev and jacfwd give the same."""
    function, inputs = FUNCTIONS[name]
    inputs = inputs if isinstance(inputs, tuple) else (inputs,)
    numbers = range(len(inputs))
    found = compute(function, inputs).blocks[0]
    for transform in (torch.func.jacrev, torch.func.jacfwd):
        torch.testing.assert_close(found, transform(function, argnums=tuple(numbers))(*inputs))


shapes = st.lists(st.integers(0, 3), max_size=2).map(tuple)
steps = st.sampled_from(
    [
        torch.sin,
        lambda x: torch.exp(-(x**2)),  # exp(exp(exp(2))) is infinite, where torch's modes differ
        lambda x: x * x.sum(),
        lambda x: x.reshape(-1),
        lambda x: torch.cat([x.reshape(-1), x.reshape(-1) ** 2]),
        lambda x: x.unsqueeze(0) * 2,
        lambda x: x.mean() if x.numel() else x.sum(),
        lambda x: x.flip(0) if x.dim() else x,
        lambda x: torch.where(x > 0, x, x**3),
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(shapes, min_size=1, max_size=2), st.lists(steps, min_size=1, max_size=3))
def test_random_functions_of_any_shapes(shapes, steps):
    """Random compositions at random shapes, of size 0 and 1 too, agree with torch in every mode."""
    inputs = tuple(doubles(*shape) for shape in shapes)

    def function(*values):
        outputs = []
        for value in values:
            for step in steps:
                value = step(value)
            outputs.append(value)
        return (*outputs, sum(output.sum() for output in outputs))

    check_all_modes(function, inputs)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 9), st.integers(1, 5), st.integers(1, 11), st.sampled_from(STRATEGIES[1:]))
def test_any_chunk_size_gives_the_same(m, n, chunk, strategy):
    """Chunks of any size, also larger than the whole, give the same blocks."""
    weights, x = doubles(m, n), doubles(n)

    def function(x):
        return torch.tanh(weights @ x), x.sum()

    found = structured(function, x, strategy=strategy, chunk_size=chunk)
    torch.testing.assert_close(found, reference(function, x))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_low_precision(dtype):
    """Half precision is differentiated by every mode that torch has for it."""
    x = torch.tensor([0.5, 1.5, 2.0], dtype=dtype)
    expected = check_all_modes(lambda x: (x**2 * x.sum(), x.exp()), x, tolerance=2e-2)
    assert expected[0].dtype == dtype


def test_blocks_have_the_inputs_dtypes():
    """Mixed dtypes: a block has its input's dtype, in an explicit forward mode its output's."""

    def function(x, y):
        return x * y[:1], torch.outer(x, torch.arange(20.0)).reshape(-1) + 1

    inputs = (torch.rand(3, dtype=torch.float32), torch.rand(2, dtype=torch.float64))
    for strategy in ("auto", "rows", "reverse"):
        blocks = compute(function, inputs, ComputeOptions(strategy)).blocks
        kinds = [[block.dtype for block in row] for row in blocks]
        assert kinds == [[torch.float32, torch.float64]] * 2
    blocks = compute(function, inputs, ComputeOptions("forward-mode")).blocks
    assert [[block.dtype for block in row] for row in blocks] == [
        [torch.float64] * 2,
        [torch.float32] * 2,
    ]
    tall = compute(lambda x: torch.outer(x, torch.arange(200.0)).double(), inputs[:1])
    assert tall.mode == "forward"
    assert tall.blocks[0][0].dtype == torch.float32


def test_inputs_that_are_no_tensors_are_refused():
    """Torch's sentence about inputs, and one about those that are not real."""
    with pytest.raises(TypeError, match="The inputs given to jacobian must be either a Tensor"):
        compute(lambda x, y: x, (torch.ones(2), 3))
    with pytest.raises(FunctionError, match=r"found torch\.int64 at index 0; write \.double\(\)"):
        compute(lambda x: x, (torch.ones(2, dtype=torch.int64),))
    with pytest.raises(FunctionError, match=r"found torch\.complex64 at index 1; write"):
        compute(lambda x, y: x, (torch.ones(2), torch.ones(2, dtype=torch.complex64)))


def test_outputs_that_are_no_tensors_are_refused():
    """Torch's sentence about outputs."""
    words = "The outputs of the user-provided function given to jacobian must be either a Tensor"
    with pytest.raises(TypeError, match=words):
        compute(lambda x: (3 * x, "bar"), (torch.ones(2),))
    with pytest.raises(TypeError, match=words):
        compute(lambda x: torch.view_as_complex(x), (torch.ones(2),))


def test_a_number_among_the_outputs_is_a_constant():
    """Plain numbers have a row of zeros, and dicts give dicts."""
    found = structured(lambda x: {"a": x.sum(), "b": 3}, doubles(2))
    torch.testing.assert_close(found["a"], torch.ones(2, dtype=torch.float64))
    assert found["b"].tolist() == [0, 0]


def unconnected(x):
    """Needs gradients, but does not come from x."""
    return x.long().to(x.dtype).requires_grad_().clone()


def test_strict_finds_detached_outputs():
    """An output without a graph is an error in strict mode and zeros otherwise."""
    x = doubles(3)
    with pytest.raises(
        RuntimeError, match="Output 0 of the user-provided function does not require gradients"
    ):
        compute(lambda x: x.detach(), (x,), ComputeOptions(strict=True))
    numbers = compute(lambda x: (x.detach(), x), (x,))
    assert not numbers.blocks[0][0].any()
    assert numbers.connected == ((False,), (True,))


def test_strict_finds_independent_outputs():
    """An output whose graph does not reach the input is an error in strict mode."""
    x = doubles(3)
    with pytest.raises(
        StrictError, match="Output 0 of the user-provided function is independent of input 0"
    ):
        compute(unconnected, (x,), ComputeOptions(strict=True))
    with pytest.raises(StrictError, match=r"Output 1 of .* is independent of input 0"):
        compute(lambda x, y: (x * y, y), (x, x), ComputeOptions(strict=True))
    assert compute(unconnected, (x,)).connected == ((False,),)
    assert not compute(unconnected, (x,)).matrix.any()


def test_strict_finds_constant_jacobians():
    """With create_graph, a constant Jacobian is an error in strict mode."""
    x = doubles(3, grad=True)
    words = "The jacobian of the user-provided function is independent of input 0. This is not "
    with pytest.raises(RuntimeError, match=words):
        compute(lambda x: x.clone(), (x,), ComputeOptions(create_graph=True, strict=True))
    found = compute(lambda x: x.clone(), (x,), ComputeOptions(create_graph=True))
    torch.testing.assert_close(found.matrix, torch.eye(3, dtype=torch.float64))
    fine = compute(lambda x: x**2, (x,), ComputeOptions(create_graph=True, strict=True))
    assert fine.matrix.requires_grad


def test_strict_and_create_graph_are_reverse_modes():
    """An explicit forward mode refuses both, as torch does; auto never takes it then."""
    x = doubles(2)
    with pytest.raises(RuntimeError, match="`strict=True` and forward mode are not supported"):
        compute(lambda x: x, (x,), ComputeOptions("forward-mode", strict=True))
    with pytest.raises(NotImplementedError, match="`create_graph=True` and forward mode are not"):
        compute(lambda x: x, (x,), ComputeOptions("forward-mode", create_graph=True))
    tall = lambda x: x.repeat(200)  # noqa: E731
    assert compute(tall, (x,)).mode == "forward"
    assert compute(tall, (x,), ComputeOptions(strict=True)).mode == "rows"
    assert compute(tall, (x,), ComputeOptions(create_graph=True)).mode == "reverse"


@pytest.mark.parametrize("strategy", ["auto", "rows", "reverse"])
@pytest.mark.parametrize(
    "name", ["vector", "two and two", "scalar both", "scalar input", "tuple output", "softmax"]
)
def test_the_result_is_differentiable(name, strategy):
    """With create_graph, gradcheck and gradgradcheck pass through the blocks."""
    function, inputs = FUNCTIONS[name]
    inputs = inputs if isinstance(inputs, tuple) else (inputs,)
    if name == "softmax":
        inputs = (inputs[0][:4],)
    leaves = tuple(tensor.clone().requires_grad_() for tensor in inputs)

    def blocks(*values):
        numbers = compute(function, values, ComputeOptions(strategy, create_graph=True))
        return tuple(block for row in numbers.blocks for block in row if block.requires_grad)

    assert gradcheck(blocks, leaves)
    assert gradgradcheck(blocks, leaves)


def test_graphs_are_kept_only_when_asked_for():
    """Without create_graph neither blocks nor outputs have a graph; inputs are untouched."""
    x = doubles(3, grad=True)
    plain = compute(torch.sin, (x,))
    assert not plain.matrix.requires_grad
    assert not plain.outputs.leaves[0].requires_grad
    kept = compute(torch.sin, (x,), ComputeOptions(create_graph=True))
    assert kept.matrix.requires_grad and kept.outputs.leaves[0].requires_grad
    assert x.grad is None
    free = compute(torch.sin, (x.detach(),), ComputeOptions(create_graph=True))
    assert free.matrix.requires_grad  # as in torch


def test_the_graph_is_let_go():
    """A finished Jacobian does not keep the graph of the function's run alive."""
    graphs = []

    def function(x):
        y = x.sin()
        graphs.append(weakref.ref(y))
        return {"a": y, "b": [y.sum()]}

    numbers = compute(function, (doubles(3),))
    assert graphs[0]() is None
    assert not numbers.outputs.rebuild(numbers.outputs.leaves)["a"].requires_grad


def test_a_deep_graph_needs_no_recursion():
    """Ten thousand steps one after the other are not an obstacle."""

    def function(x):
        for _ in range(10_000):
            x = x + 1
        return x

    assert compute(function, (doubles(1),)).connected == ((True,),)


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_callers_without_gradients(context):
    """Works under no_grad and inference_mode, also with tensors made there."""
    with context():
        x = torch.ones(3) * 2
        for strategy in STRATEGIES:
            found = compute(lambda x: x**2, (x,), ComputeOptions(strategy)).matrix
            assert found.diagonal().tolist() == [4, 4, 4]


def test_closures_over_the_input_are_zero_as_in_torch():
    """A function that captures the tensor instead of taking it is unconnected."""
    p = doubles(2, grad=True)
    numbers = compute(lambda q: p.sum(), (p,))
    assert numbers.connected == ((False,),)
    assert not numbers.matrix.any()


def branches(x):
    return x**2 if x.sum() > 0 else x**3


def reads_a_value(x):
    return x * float(x.detach().sum()) if x.detach().max().item() > -99 else x


def fills_a_buffer(x):
    out = torch.zeros(len(x) * 20, dtype=x.dtype)
    for i in range(len(x)):
        out[i] = x[i] * x[0]
    return out


class Cube(torch.autograd.Function):
    """A custom function with neither a vmap rule nor a forward formula."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        assert type(x) is torch.Tensor
        return 3 * x**2 * float(grad) if grad.numel() == 1 else grad * 3 * x**2


def distances(x):
    return torch.cdist(x[None], x[None] + 1)[0]


@pytest.mark.parametrize(
    "function", [branches, reads_a_value, fills_a_buffer, Cube.apply, distances]
)
def test_functions_that_are_hard_to_batch(function):
    """Branches, values read, buffers filled, custom functions: torch's blocks in every mode."""
    check_all_modes(function, doubles(4).abs())


STUBBORN = {
    "custom function": (Cube.apply, "it uses a custom autograd.Function"),
    "no forward formula": (distances, "an operation has no forward formula"),
}


@pytest.mark.parametrize(("function", "cause"), STUBBORN.values(), ids=STUBBORN.keys())
def test_modes_that_fail_leave_one_note(function, cause):
    """Where forward mode fails, another mode is taken, without a warning, with one short note."""
    found = compute(function, (doubles(4).abs(),), ComputeOptions("forward"))
    assert found.mode == "reverse"
    assert found.notes == (
        f"not batched in forward mode: {cause}; computed in reverse mode instead",
    )


def arm(x):
    angle, hand = x[0], torch.stack([x[0].cos(), x[0].sin(), x[0]])
    for part in x[1:]:
        angle = angle + part
        hand = hand + torch.stack([angle.cos(), angle.sin(), part])
    return hand


def test_a_few_rows_of_a_long_function_are_one_batch():
    """Three rows are batched where starting operations takes the time, else one by one."""
    x = doubles(6)
    long = compute(arm, (x,))
    assert (long.mode, compute(lambda x: arm(x[:2]), (x,)).mode) == ("reverse", "rows")
    assert compute(lambda x: tuple(arm(x)), (x,)).mode == "rows"  # each has a graph of its own
    assert compute(lambda x: arm(x)[:2], (x,)).mode == "rows"  # a batch costs as much as two
    torch.testing.assert_close(long.matrix, torch.autograd.functional.jacobian(arm, x))


@pytest.mark.parametrize(("steps", "mode"), [(1, "reverse"), (12, "rows")])
def test_operations_that_are_slow_in_a_batch_outweigh_others(steps: int, mode: str) -> None:
    """One convolution among forty other operations is batched, twelve are not."""
    kernel = doubles(1, 1, 3)

    def filtered(x):
        for _ in range(steps):
            x = torch.nn.functional.conv1d(x[None], kernel, padding=1)[0]
        for _ in range(40):
            x = x.sin()
        return x[:3]

    assert compute(filtered, (doubles(9),)).mode == mode


def test_backward_that_cannot_be_batched_goes_row_by_row():
    """A backward formula that vmap cannot run ends on the plain loop."""

    class Reader(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2 if grad.sum().item() > 0 else -grad

    numbers = compute(Reader.apply, (doubles(5),), ComputeOptions("reverse"))
    assert numbers.mode == "rows" and numbers.passes == 5
    assert numbers.notes == (
        "not batched: it reads a value with .item() or float(); computed row by row instead",
    )
    assert numbers.matrix.diagonal().tolist() == [2] * 5


class WritesIntoItsGradient(torch.autograd.Function):
    """2x, whose backward formula writes into the direction that it is given."""

    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, direction):
        return direction.mul_(2)


def test_a_backward_formula_may_write_into_its_direction():
    """Directions are kept for later calls, of this function and of others."""
    x = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    for _ in range(3):
        twice = compute(WritesIntoItsGradient.apply, (x,)).matrix
        assert torch.equal(twice, 2 * torch.eye(3, dtype=torch.float64))
        assert torch.equal(compute(lambda x: 1 * x, (x,)).matrix, torch.eye(3, dtype=torch.float64))


def test_a_function_may_begin_to_draw_and_to_return_more():
    """Earlier calls decide how a Jacobian is computed, never what it is."""
    tuning, sizes = Tuning(), iter((3, 3, 40))

    def function(x):
        size = next(sizes)
        return torch.rand(40, dtype=x.dtype)[:size] * x.sum() if size > 3 else x.sin()

    x = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    for size in (3, 3):
        assert compute(function, (x,), tuning=tuning).m == size
    found = compute(function, (x,), tuning=tuning)
    assert torch.allclose(found.matrix.sum(1), 3 * found.outputs.leaves[0].detach() / x.sum())


def test_the_users_errors_are_the_users():
    """An exception inside the function comes out as it is, with its own traceback."""

    def broken(x):
        return x / {}["missing"]

    with pytest.raises(KeyError, match="missing") as error:
        compute(broken, (doubles(3),))
    assert error.traceback[-1].name == "broken"

    def spoiled(x):
        y = x.exp()
        z = y.sin()
        y.add_(1)
        return z

    with pytest.raises(RuntimeError, match=r"modified by an inplace operation"):
        compute(spoiled, (doubles(3),), ComputeOptions(create_graph=True))


def test_the_function_seems_to_run_once(capsys):
    """Prints and warnings appear once, and random numbers are those of the one run."""

    def noisy(x):
        print("running")
        warnings.warn("mine", stacklevel=1)
        return torch.outer(x, torch.arange(20.0, dtype=x.dtype)) * torch.rand(20, dtype=x.dtype)

    x = doubles(2)
    torch.manual_seed(3)
    factors = torch.rand(20, dtype=torch.float64)
    after = torch.rand(1)
    for strategy in ("forward", "rows"):
        torch.manual_seed(3)
        with pytest.warns(UserWarning, match="mine") as seen:
            found = compute(lifted(noisy), (x,), ComputeOptions(strategy))
        assert len(seen) == 1
        assert capsys.readouterr().out == "running\n"
        block = found.blocks[0][0]
        torch.testing.assert_close(
            block[1, :, 1], torch.arange(20.0, dtype=torch.float64) * factors
        )
        assert torch.equal(torch.rand(1), after)


def test_a_module_and_its_dropout():
    """A model runs, in training mode too, and its Jacobian belongs to the value that is shown."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 40), nn.Dropout(0.5), nn.Tanh())
    found = compute(model, (torch.ones(2),), ComputeOptions("forward"))
    silent = found.outputs.leaves[0] == 0
    assert silent.any() and not silent.all()
    assert not found.blocks[0][0][silent].any()
    assert found.blocks[0][0][~silent].all()


def test_forward_mode_respects_no_grad_inside():
    """What torch's graph does not reach is zero in auto, whichever mode was taken."""

    def function(x):
        with torch.no_grad():
            return torch.outer(x, torch.arange(20.0, dtype=x.dtype))

    found = compute(function, (doubles(2),))
    assert found.connected == ((False,),)
    assert not found.matrix.any()


def test_a_gradient_inside_the_function():
    """Functions that call autograd themselves (a force from a potential) work."""

    def force(x):
        return -torch.autograd.grad((x**4).sum(), x, create_graph=True)[0]

    x = doubles(3)
    for strategy in STRATEGIES:
        found = compute(force, (x,), ComputeOptions(strategy))
        torch.testing.assert_close(found.matrix, torch.diag(-12 * x**2))


def first_mode(m, n, options=DEFAULTS, *, width=1):
    """Return the first mode for an m × n Jacobian of a function with a wide tensor inside."""

    def function(x):
        return x.sum().expand(width).sum().expand(m)

    with recording():
        evaluation = evaluate(function, (torch.ones(n),), create_graph=options.create_graph)
    return fallbacks(options, evaluation)[0]


def test_the_choice_is_a_table():
    """Sizes and the graph decide for "auto"; every strategy has modes, and ends in plain rows."""
    assert first_mode(5, 784) is REVERSE
    assert first_mode(4, 784) is ROWS
    assert first_mode(1, 784) is ROWS
    assert first_mode(2000, 10) is FORWARD
    assert first_mode(2000, 1) is COLUMNS
    assert first_mode(2000, 10, ComputeOptions(vectorize=False)) is COLUMNS
    assert first_mode(2000, 10, ComputeOptions(create_graph=True)) is REVERSE
    assert first_mode(500, 500, ComputeOptions(strict=True)) is ROWS
    assert first_mode(500, 500) is REVERSE
    assert all(modes[-1] is ROWS for modes in FALLBACKS.values())


def test_columns_are_for_what_is_tall_and_large():
    """Where all rows fit into a small batch, the function is not run again."""
    assert first_mode(100, 1) is REVERSE
    assert first_mode(100, 1, ComputeOptions(vectorize=False)) is COLUMNS
    assert first_mode(20, 1, width=10_000) is COLUMNS


@pytest.mark.parametrize("strategy", FALLBACKS)
def test_modes_have_words_for_notes(strategy):
    """What may fail says how, and what is not a plain backward pass has a name for the check."""
    *earlier, last = FALLBACKS[strategy]
    assert last is ROWS and not last.method and not last.batched
    assert all(mode.failed and mode.instead and mode.method for mode in earlier)
    for mode in (*earlier, last):
        assert mode.passes(3, 2) == (2 if mode.directions == "columns" else 3)


def test_options_are_checked_where_they_are_made():
    """An unknown strategy and a chunk of nothing are refused with what to write."""
    with pytest.raises(ValueError, match="Expected strategy to be one of auto, forward, reverse"):
        compute(lambda x: x, (doubles(1),), ComputeOptions("sideways"))
    for wrong in (0, -1, 1.5, "a"):
        with pytest.raises(ValueError, match=f"integer greater than 0; found {wrong!r}"):
            compute(lambda x: x, (doubles(1),), ComputeOptions(chunk_size=wrong))


def spectra(x):
    """Return outputs that share nothing but the input."""
    matrix, identity = torch.outer(x, x), torch.eye(len(x), dtype=x.dtype)
    return tuple(torch.linalg.eigvalsh(matrix + k * identity).sum() for k in range(200))


def heads(x):
    """Return outputs that share nearly all that is computed."""
    for _ in range(100):
        x = torch.tanh(x) * 1.1
    return tuple((k * x).sum() for k in range(60))


class Operations(TorchDispatchMode):
    """Counts what torch computes."""

    count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += 1
        return func(*args, **(kwargs or {}))


def test_outputs_that_share_little_are_taken_row_by_row(monkeypatch):
    """A batch goes through everything, a row through what its output needs: passes are measured."""

    def cost(run, evaluation):
        with Operations() as operations:
            run()
        return operations.count

    monkeypatch.setattr(profiling, "_timed", cost)
    x = doubles(80)
    assert compute(spectra, (x,)).mode == "rows"
    with torch.enable_grad():
        assert outputs_share_little(evaluate(spectra, (x,), create_graph=False))
        assert not outputs_share_little(evaluate(heads, (doubles(40),), create_graph=False))
        one = evaluate(lambda x: torch.stack(spectra(x)), (x,), create_graph=False)
        assert not outputs_share_little(one)  # one output has nothing to share


def test_a_batch_of_one_row_goes_through_its_output_alone():
    """What takes long starts with a plain row, which batches have to beat."""
    passes = []

    def function(x):
        dear = x.exp()
        dear.register_hook(passes.append)
        return x.sin(), dear.sum()

    with torch.enable_grad():
        evaluation = evaluate(function, (doubles(5),), create_graph=False)
        blocks = by_reverse(evaluation, ComputeOptions(chunk_size=1)).blocks
    assert len(passes) == 1
    torch.testing.assert_close(blocks[0][0], torch.diag(doubles(5).cos()))


def test_passes_are_counted():
    """The cost is the number of vector products: rows, or columns in forward mode."""
    assert compute(lambda x: x[:3], (doubles(8),)).passes == 3
    found = compute(lambda x: x.repeat(200), (doubles(2),))
    assert (found.mode, found.passes) == ("forward", 2)


def test_matrix_is_blocks_flattened():
    """Outputs flattened by inputs flattened, in the order of both."""
    function, inputs = FUNCTIONS["two and two"]
    numbers = compute(function, inputs)
    assert numbers.matrix.shape == (6, 12)
    torch.testing.assert_close(numbers.matrix[4:, :6], numbers.blocks[1][0].reshape(2, 6))
    torch.testing.assert_close(numbers.matrix[:4, 6:], numbers.blocks[0][1].reshape(4, 6))


def test_what_does_not_fit_is_refused_before_it_is_computed():
    """A Jacobian too large for memory is refused with its size and what to write."""
    runs = []

    def function(x):
        runs.append(1)
        return torch.outer(x, x)

    with pytest.raises(SizeError, match=r"this one is 250000 × 500, 1.0 GB; write --wrt"):
        compute(function, (doubles(500),), ComputeOptions("reverse"), memory=10**8)
    assert runs == [1]
    with pytest.raises(MemoryError, match=r"--mode sparse .*--chunk"):
        compute(lambda x: x, (torch.zeros(1).expand(10**7),), ComputeOptions("reverse"))  # 400 TB


def test_sizes_are_readable():
    """Bytes have a unit and one decimal."""
    assert [readable(size) for size in (0, 999, 80_000_000_000, 4e14)] == [
        "0 B",
        "999 B",
        "80.0 GB",
        "400.0 TB",
    ]


def split(total, size=10, **options):
    """Return the batches for a function of some components that was run once."""
    evaluation = evaluate(torch.sin, (doubles(size),), create_graph=False)
    return list(batches(evaluation, total, **options))


def test_batches_cover_everything_once():
    """Batches are adjacent, complete, and as long as asked for."""
    assert split(10, chunk_size=4, seconds=1.0) == [(0, 4), (4, 8), (8, 10)]
    assert split(0, chunk_size=None, seconds=0.0) == []
    assert split(500, 500, chunk_size=None, seconds=1e-5) == [(0, 500)]
    slow = split(5, chunk_size=None, seconds=10.0)
    assert slow[0] == (0, 1) and slow[-1][1] == 5


def sizes(cost, *, ceiling=1000, seconds=1e-2, count=12):
    """Return the sizes of batches whose rows cost `cost(size)` seconds each."""
    batch, found = AdaptiveBatchSize(ceiling, seconds), []
    for _ in range(count):
        found.append(batch.size)
        batch.record(batch.size, batch.size * cost(batch.size))
    return found


def test_batches_grow_while_their_rows_get_cheaper():
    """By leaps, past sizes that are slow, and never to what would keep an interrupt waiting."""
    assert sizes(lambda size: 1e-2)[-1] <= MAX_BATCH_SECONDS / 1e-2
    assert sizes(lambda size: 1e-2 / size)[-1] == 1000
    few_are_slow = sizes(lambda size: {1: 0.01}.get(size, 0.1 if size < 16 else 2e-4))
    assert few_are_slow[-1] >= 16 and not any(1 < size < 16 for size in few_are_slow)
    assert sizes(lambda size: 1e-3 * size)[-1] <= 16
    assert sizes(lambda size: 0.5, seconds=1e-3)[-1] == 1
    long = [size * 0.03 for size in sizes(lambda size: 0.03)[1:]]
    assert max(long) <= 2 * MAX_BATCH_SECONDS


def test_memory_bounds_a_batch_by_the_widest_tensor_on_the_way():
    """A convolution's many channels count, not only inputs and outputs."""

    def wide(x):
        return (x[:, None] * torch.ones(1, 10_000, dtype=x.dtype)).sin().sum(1)

    evaluation = evaluate(wide, (doubles(50),), create_graph=False)
    assert evaluation.graph.widest == 500_000
    assert ceiling(evaluation) <= MAX_INTERMEDIATE_SCALARS // 500_000


def test_an_interrupt_stops_within_a_second():
    """A long computation ends soon after ■, and the next one works."""
    weights = torch.randn(1500, 1500)

    def slow(x):
        for _ in range(20):
            x = torch.tanh(weights @ x)
        return x

    compute(slow, (torch.randn(1500),))  # torch imports parts of itself on first use
    stopped = []

    def press():
        stopped.append(time.monotonic())
        _thread.interrupt_main()

    timer = threading.Timer(0.7, press)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt, match=r"^$"):
            for _ in range(50):
                compute(slow, (torch.randn(1500),))
    finally:
        timer.cancel()
    assert time.monotonic() - stopped[0] < 1.5
    assert compute(torch.sin, (torch.zeros(2),)).matrix.tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(("function", "inputs"), FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_finite_differences_agree(function, inputs):
    """Finite differences agree with torch within the error they claim, and claim a small one."""
    inputs = inputs if isinstance(inputs, tuple) else (inputs,)
    found = differences(function, inputs)
    matrix = compute(function, inputs).matrix
    matrix = matrix.detach().double().numpy()
    assert found.value.shape == found.error.shape == matrix.shape
    assert found.dtype == torch.float64
    assert (abs(found.value - matrix) <= 1e-9 + 10 * found.error).all()
    assert (found.error < 1e-6 * (1 + abs(matrix))).all()


def test_finite_differences_near_the_edge_of_the_domain():
    """Small inputs of log are stepped with small steps; at the edge itself nothing is claimed."""
    found = differences(torch.log, (torch.tensor([1e-6, 0.3], dtype=torch.float64),))
    assert found.value[0, 0] == pytest.approx(1e6, rel=1e-6)
    edge = differences(torch.sqrt, (torch.tensor([0.0], dtype=torch.float64),))
    assert not np.isfinite(edge.error).any()


def test_finite_differences_of_functions_with_weights_in_float32():
    """They are widened to float64, what a call writes to as it is; explicit casts are followed."""
    weight = torch.rand(3, 2)

    def filled(x):
        out = torch.zeros(3)
        out[:] = weight @ torch.sin(x)
        return out

    def cast(x):
        return weight @ torch.sin(x.to(weight.dtype))

    x = torch.rand(2)
    truth = weight * torch.cos(x)
    for function, allowed in ((filled, 1e-6), (cast, 1e-2)):
        found = differences(function, (x,))
        assert np.allclose(found.value, truth, atol=allowed)
        assert found.decisive.all() == (function is filled)
    recurrent = nn.LSTM(2, 3)
    assert differences(lambda x: recurrent(x)[0], (torch.rand(1, 2),)).dtype is torch.float64


def test_finite_differences_of_slow_functions_are_not_begun():
    """A function too slow for its columns has no estimate rather than half of one."""
    assert differences(torch.sin, (doubles(1000),), cpu_seconds=0.01) is None


def test_finite_differences_see_through_cuts():
    """They trust no graph: a detached factor is differentiated all the same."""
    found = differences(lambda x: x * x.detach(), (torch.tensor([3.0]),))
    assert found.value.item() == pytest.approx(6, rel=1e-9)


def test_finite_differences_of_random_functions_hold_the_numbers_still():
    """Each evaluation draws the same random numbers."""
    x = doubles(1)
    torch.manual_seed(5)
    factor = torch.rand(1, dtype=torch.float64).item()
    torch.manual_seed(5)
    found = differences(lambda x: x * torch.rand(1, dtype=x.dtype), (x,))
    assert found.value.item() == pytest.approx(factor, rel=1e-9)


# ── modes that only a measurement tells apart ────────────────────────────────────────────────


@pytest.mark.parametrize(
    "function",
    [
        lambda x, y: (x @ y.T, y.detach() * 2, (x * y).sum()),
        lambda x, y: {"a": x.exp(), "b": torch.zeros(0, dtype=torch.float64), "c": y},
    ],
)
def test_the_pullback_brings_what_reverse_mode_does(function):
    """Several inputs and outputs, detached and empty ones too."""
    tensors = torch.rand(3, 4, dtype=torch.float64), torch.rand(3, 4, dtype=torch.float64)
    with torch.enable_grad():
        evaluation = evaluate(function, tensors, create_graph=False)
        one, other = by_reverse(evaluation).blocks, by_vjp(evaluation).blocks
    for mine, theirs in zip(one, other, strict=True):
        for block, same in zip(mine, theirs, strict=True):
            torch.testing.assert_close(block, same)


def test_the_quicker_mode_backwards_is_found_by_taking_both(monkeypatch):
    """Each is taken for whole calls, then the one that took less time; all give the same."""
    monkeypatch.setattr(tuning, "MIN_SECONDS_TO_PROFILE", 0.0)
    monkeypatch.setattr(tuning, "MIN_SECONDS_TO_LOAD", 0.0)
    known, x = Tuning(), torch.rand(5, 5, dtype=torch.float64)
    found = [compute(lambda x: x @ x, (x,), tuning=known).matrix for _ in range(8)]
    for matrix in found[1:]:
        torch.testing.assert_close(matrix, found[0])
    tried = known.of([x], "auto", None).tried
    assert {mode: len(times) for mode, times in tried.items()} == {REVERSE: 2, VJP: 2}


@pytest.mark.parametrize(
    ("times", "first", "other"), [(100, "forward", "reverse"), (10, "reverse", "forward")]
)
def test_the_other_mode_is_tried_where_the_first_takes_long(monkeypatch, times, first, other):
    """Each has two whole calls, where a few rows in a batch take much less than all columns."""
    monkeypatch.setattr(tuning, "MIN_SECONDS_TO_PROFILE", 0.0)
    monkeypatch.setattr(tuning, f"{other}_may_pay", lambda *_: True)
    known, x = Tuning(), torch.rand(4, dtype=torch.float64)
    found = [compute(lambda x: x.repeat(times) ** 2, (x,), tuning=known) for _ in range(8)]
    for numbers in found[1:]:
        torch.testing.assert_close(numbers.matrix, found[0].matrix)
    assert [numbers.mode for numbers in found[:3]] == [first, first, other]
    tried = known.of([x], "auto", None).tried
    assert len(tried[FORWARD]) == len(tried[REVERSE]) == 2


@pytest.mark.parametrize(("seconds", "pays"), [(1e3, True), (1e-9, False)])
def test_the_other_mode_is_not_tried_where_it_takes_longer(seconds, pays):
    """A few rows, or all columns, are timed first: they have to be quicker."""
    with torch.enable_grad():
        evaluation = evaluate(lambda x: x.repeat(10) ** 2, (doubles(4),), create_graph=False)
        assert forward_may_pay(evaluation, seconds) is pays
    assert reverse_may_pay(evaluation, seconds) is pays


def test_one_slow_call_of_a_quick_function_tries_no_other_mode():
    """A pause in between is no reason to load what `torch.func.vjp` needs."""
    tuned = Tuning().of([doubles(5)], "auto")
    for seconds in (1e-4, 3.0, 3.0):
        tuned.count(seconds)
    with torch.enable_grad():
        evaluation = evaluate(torch.sin, (doubles(5),), create_graph=False)
    assert tuned.order(evaluation) is None and tuned.taken is None
