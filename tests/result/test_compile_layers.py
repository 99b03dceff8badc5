"""Layers of networks and long loops, compiled: machine code, with the numbers of `jacobian()`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import jacmagic

DOUBLE = torch.float64
RANDOM = torch.Generator().manual_seed(0)


def draw(*shape: int) -> Tensor:
    """Return normal numbers."""
    return torch.randn(*shape, dtype=DOUBLE, generator=RANDOM)


FILTERS, BIAS, SECOND, EACH = draw(4, 2, 3, 3) / 3, draw(4), draw(3, 4, 2, 2), draw(4, 1, 3, 3)
TRANSPOSED, GROUPED = draw(2, 3, 3), draw(4, 2, 3, 3)
SIGNAL, SERIES = draw(2, 3, 8), draw(1, 2, 5)
LSTM, GRU = torch.nn.LSTM(3, 4, dtype=DOUBLE), torch.nn.GRU(3, 4, dtype=DOUBLE)

LAYERS: dict[str, tuple[int, Callable[[Tensor], Tensor]]] = {
    "convolution": (
        72,
        lambda x: F.conv2d(x.reshape(1, 2, 6, 6), FILTERS, BIAS, padding=1, stride=2) ** 2,
    ),
    "two convolutions": (
        72,
        lambda x: F.conv2d(
            torch.tanh(F.conv2d(x.reshape(1, 2, 6, 6), FILTERS, BIAS)), SECOND, dilation=2
        ),
    ),
    "depthwise convolution": (
        100,
        lambda x: F.conv2d(x.sin().reshape(1, 4, 5, 5), EACH, groups=4, padding="same"),
    ),
    "convolution by its weights": (
        20,
        lambda k: F.conv1d(SIGNAL, k[:18].reshape(2, 3, 3), k[18:]) ** 2,
    ),
    "transposed convolution": (10, lambda x: F.conv_transpose1d(x.reshape(1, 2, 5), TRANSPOSED)),
    "transposed convolution in groups": (
        36,
        lambda x: F.conv_transpose2d(
            x.sin().reshape(1, 4, 3, 3), GROUPED, stride=2, padding=1, output_padding=1, groups=2
        ),
    ),
    "transposed convolution by its weights": (
        18,
        lambda k: F.conv_transpose1d(SERIES, k.reshape(2, 3, 3)) ** 2,
    ),
    "average": (72, lambda x: F.avg_pool2d(x.reshape(2, 6, 6) ** 2, 3, stride=2, padding=1)),
    "average of a line": (12, lambda x: F.avg_pool1d(x.reshape(1, 2, 6) ** 2, 2)),
    "layer norm": (6, lambda x: F.layer_norm(x**2, (6,))),
    "batch norm": (12, lambda x: F.batch_norm(x.reshape(3, 4), None, None, training=True)),
    "group norm": (24, lambda x: F.group_norm(x.reshape(2, 4, 3), 2)),
    "distances": (8, lambda x: torch.cdist(x.reshape(4, 2), x.reshape(4, 2)[:3] / 2).exp()),
    "hypot and remainder": (6, lambda x: torch.hypot(x[:3], x[3:]) % 1.7),
    "maximum norm": (6, lambda x: torch.stack([x.abs().amax(), x.norm()])),
    "padding": (3, lambda x: F.pad(x**2, (1, 2), value=3.0)),
    "LSTM": (15, lambda x: LSTM(x.reshape(5, 3))[0]),
    "GRU": (15, lambda x: GRU(x.reshape(5, 3))[0]),
}


def require_loops(function: Callable[[Tensor], Tensor], x: Tensor) -> None:
    """Require machine code that gives the numbers of `jacobian()` at three points."""
    compiled = jacmagic.compile(function, x, backend="graph")
    assert " by " in repr(compiled).splitlines()[1]  # the C compiler
    for point in (x, x + 0.01 * draw(*x.shape).to(x), x / 3):
        wanted = jacmagic.jacobian(function, point).matrix
        bound = 1e-12 if x.dtype is DOUBLE else 1e-5
        assert (compiled(point) - wanted).abs().max() <= bound * wanted.abs().max()


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name: str) -> None:
    """A layer is machine code and not a list of torch's operations."""
    count, layer = LAYERS[name]
    require_loops(layer, draw(count))


def test_a_layer_in_single_precision() -> None:
    """Counts and masks widen no type."""
    weights = FILTERS.float()
    require_loops(
        lambda x: F.layer_norm(F.conv2d(x.reshape(1, 2, 6, 6), weights), (4,)), draw(72).float()
    )


def test_a_long_integration() -> None:
    """Thousands of steps on few numbers are machine code: their calls are data."""

    def orbit(s: Tensor) -> Tensor:
        position, velocity = s[:2], s[2:]
        for _ in range(300):
            velocity = velocity - 0.01 * position / position.norm() ** 3
            position = position + 0.01 * velocity
        return torch.cat([position, velocity])

    require_loops(orbit, torch.tensor([1.0, 0.0, 0.0, 1.1], dtype=DOUBLE))


def test_steps_that_all_differ() -> None:
    """A simulation that keeps all states takes hundreds of functions."""

    def simulation(u: Tensor) -> Tensor:
        state, states = torch.tensor([0.0, 0.1], dtype=DOUBLE), []
        for force in u:
            rate = torch.stack([state[1], torch.sin(state[0]) + force * torch.cos(state[0])])
            state = state + 0.05 * rate
            states.append(state)
        return torch.cat(states)

    require_loops(simulation, draw(30) / 5)


def test_products_of_constants_and_of_numbers() -> None:
    """A product that reads a table and one that reads a buffer are two functions."""
    constant = draw(8, 8) / 3

    def products(x: Tensor) -> Tensor:
        square = x.reshape(8, 8)
        return (torch.tanh(constant @ square) @ square).sum(0)

    require_loops(products, draw(64))
