"""The timed functions, each written once with operations that all peers have.

`ops` is a peer's own arithmetic: `sin`, `exp`, `tanh`, `relu`, `sum`, `shift` (a periodic roll),
`constant` (an array of numbers as the peer's own) and `matrix` (a piece of a vector, row-major).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """One function.

    Attributes:
        name: for the table.
        inputs: n.
        outputs: m.
        build: from a peer's operations to the function of one vector.
        quick: whether it belongs to the quick run.
    """

    name: str
    inputs: int
    outputs: int
    build: Callable[[Any], Callable[[Any], Any]]
    quick: bool = False

    def point(self) -> np.ndarray:
        """Where it is differentiated, (n,)."""
        return np.random.default_rng(0).uniform(0.2, 1.0, self.inputs)


def _weights(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=shape) / np.sqrt(shape[-1])


def _seed(ops: Any) -> Callable[[Any], Any]:
    return lambda x: ops.cat([x[0:1] + x[1:2], x[2:3] * x[0:1], x[1:2] * x[1:2] * x[1:2]])


def _softmax(ops: Any) -> Callable[[Any], Any]:
    return lambda x: ops.exp(x) / ops.sum(ops.exp(x))


def _network(ops: Any) -> Callable[[Any], Any]:
    a, b = ops.constant(_weights(128, 784)), ops.constant(_weights(10, 128))
    return lambda x: b @ ops.relu(a @ x)


def _tall(ops: Any) -> Callable[[Any], Any]:
    a = ops.constant(_weights(2000, 10))
    return lambda x: ops.sin(a @ x)


def _elementary(ops: Any) -> Callable[[Any], Any]:
    return lambda x: ops.sin(x) * ops.exp(-ops.shift(x, 1)) + ops.cos(ops.shift(x, 2))


def _tridiagonal(ops: Any) -> Callable[[Any], Any]:
    return lambda x: ops.shift(x, 1) - 2 * x + ops.shift(x, -1) + x * x * x


def _brusselator(ops: Any) -> Callable[[Any], Any]:
    side = 64
    size = side * side

    def spread(u: Any) -> Any:
        around = ops.shift(u, 1) + ops.shift(u, -1) + ops.shift(u, side) + ops.shift(u, -side)
        return 0.02 * (around - 4 * u)

    def rates(x: Any) -> Any:
        u, v = x[:size], x[size:]
        meet = u * u * v
        return ops.cat([1 + meet - 4.4 * u + spread(u), 3.4 * u - meet + spread(v)])

    return rates


def _heat(ops: Any) -> Callable[[Any], Any]:
    side = 64

    def rates(u: Any) -> Any:
        around = ops.shift(u, 1) + ops.shift(u, -1) + ops.shift(u, side) + ops.shift(u, -side)
        return (around - 4 * u) * (1 + 0.1 * u * u)

    return rates


def _blocks(ops: Any) -> Callable[[Any], Any]:
    weights = ops.constant(_weights(8, 8))

    def batch(x: Any) -> Any:
        return ops.flat(ops.tanh(ops.matrix(x, 0, 500, 8) @ weights))

    return batch


def _arrow(ops: Any) -> Callable[[Any], Any]:
    def arrow(x: Any) -> Any:
        tip, shaft = x[0:1], x[1:]
        return ops.cat([ops.flat(ops.sum(x * x)), shaft * shaft * shaft + tip * shaft])

    return arrow


def _parameters(ops: Any) -> Callable[[Any], Any]:
    data = ops.constant(np.random.default_rng(2).normal(size=(10, 8)))

    def network(x: Any) -> Any:
        a, b = ops.matrix(x, 0, 32, 10), ops.matrix(x, 320, 3, 32)
        return ops.flat(b @ ops.tanh(a @ data))

    return network


def _dense(ops: Any) -> Callable[[Any], Any]:
    a = ops.constant(_weights(200, 200))
    return lambda x: ops.tanh(a @ x)


def _rosenbrock(ops: Any) -> Callable[[Any], Any]:
    def gradient(x: Any) -> Any:
        a, b = x[:-1], x[1:]
        rest, none = b - a * a, 0 * x[:1]
        return ops.cat([-400 * a * rest - 2 * (1 - a), none]) + ops.cat([none, 200 * rest])

    return gradient


def _square(ops: Any) -> Callable[[Any], Any]:
    def square(x: Any) -> Any:
        matrix = ops.matrix(x, 0, 12, 12)
        return ops.flat(matrix @ matrix)

    return square


def _arm(ops: Any) -> Callable[[Any], Any]:
    def hand(x: Any) -> Any:
        angle = x[0:1]
        across, up = ops.cos(angle), ops.sin(angle)
        for k in range(1, 6):
            angle = angle + x[k : k + 1]
            length = 1 + 0.1 * k
            across, up = across + length * ops.cos(angle), up + length * ops.sin(angle)
        return ops.cat([across, up, angle])

    return hand


def _layers(ops: Any) -> Callable[[Any], Any]:
    a, b, c = (ops.constant(_weights(*shape)) for shape in ((64, 32), (64, 64), (20, 64)))
    return lambda x: ops.tanh(c @ ops.tanh(b @ ops.tanh(a @ x)))


def _predators(ops: Any) -> Callable[[Any], Any]:
    def rates(x: Any) -> Any:
        u, v = x[:3000], x[3000:]
        spread = 0.1 * (ops.shift(u, 1) - 2 * u + ops.shift(u, -1))
        return ops.cat([u * (1 - v) + spread, v * (u - 1) * ops.exp(-v)])

    return rates


def _normed(ops: Any) -> Callable[[Any], Any]:
    a = ops.constant(_weights(100, 100))

    def normed(x: Any) -> Any:
        y = a @ x
        return ops.sin(y / (1 + ops.sum(y * y)))

    return normed


CASES = (
    Case("three by three", 3, 3, _seed, quick=True),
    Case("softmax of 500", 500, 500, _softmax, quick=True),
    Case("network 784 → 10", 784, 10, _network, quick=True),
    Case("tall 10 → 2000", 10, 2000, _tall, quick=True),
    Case("elementary 100 → 100", 100, 100, _elementary, quick=True),
    Case("dense 200 → 200", 200, 200, _dense, quick=True),
    Case("network by 416 parameters", 416, 24, _parameters),
    Case("tridiagonal 1000", 1000, 1000, _tridiagonal, quick=True),
    Case("tridiagonal 4000", 4000, 4000, _tridiagonal),
    Case("tridiagonal 10,000", 10_000, 10_000, _tridiagonal),
    Case("heat 64 × 64", 4096, 4096, _heat),
    Case("block-diagonal batch of 500", 4000, 4000, _blocks),
    Case("arrow 4000", 4000, 4000, _arrow),
    Case("Brusselator 2 × 64 × 64", 8192, 8192, _brusselator),
    Case("Rosenbrock gradient 2000", 2000, 2000, _rosenbrock),
    Case("matrix square 12 × 12", 144, 144, _square),
    Case("arm 6 → 3", 6, 3, _arm),
    Case("three layers 32 → 20", 32, 20, _layers),
    Case("predators 2 × 3000", 6000, 6000, _predators),
    Case("normed 100 → 100", 100, 100, _normed),
)
