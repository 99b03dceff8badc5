"""Special functions in float64: Bessel functions I and J, derivatives of ln Γ.

Bessel functions after the NIST Digital Library of Mathematical Functions: the series 10.2.2 and
10.25.2, Bessel's integral 10.9.2 by the trapezoidal rule, which for a periodic integrand converges
faster than any power, and Hankel's expansion 10.17.3 for large arguments. None of them raises.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

_OVERFLOW = 713.9  # I₀ and I₁ exceed the largest float64 from here on
_FAR = 2_000.0
_MAX_STEPS = 1e6  # of a recurrence, some 0.1 s
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)  # B₂ B₄ …


def _series(order: int, x: float, sign: int) -> float:
    """Σ signᵏ (x/2)²ᵏ⁺ⁿ / (k! (k+n)!)."""
    term = total = (x / 2) ** order
    square, k = sign * (x / 2) ** 2, 0
    while abs(term) > 1e-17 * abs(total):
        k += 1
        term *= square / (k * (k + order))
        total += term
    return total


def _hankel(order: int, x: float) -> float:
    """Hankel's expansion, whose fourth term is below the last digit for |x| > `_FAR`."""
    m, phase = 4 * order**2, x - (order / 2 + 0.25) * math.pi
    even = 1 - (m - 1) * (m - 9) / (2 * (8 * x) ** 2)
    odd = (m - 1) / (8 * x) - (m - 1) * (m - 9) * (m - 25) / (6 * (8 * x) ** 3)
    return math.sqrt(2 / (math.pi * x)) * (math.cos(phase) * even - math.sin(phase) * odd)


def bessel_i(order: int) -> Callable[[float], float]:
    """Return the modified Bessel function I of order 0 or 1."""

    def evaluate(x: float) -> float:
        if abs(x) > _OVERFLOW:
            return math.copysign(math.inf, x) if order else math.inf
        return _series(order, x, 1)

    return evaluate


def bessel_j(order: int) -> Callable[[float], float]:
    """Return the Bessel function J of order 0 or 1."""

    def evaluate(x: float) -> float:
        size, parity = abs(x), -1 if order and x < 0 else 1
        if size != size or size <= 1:
            return _series(order, x, -1)
        if size > _FAR:
            return parity * (_hankel(order, size) if size < 1e15 else 0.0)
        points = int(size) + 60
        angle = (np.arange(points) + 0.5) * (math.pi / points)
        return parity * float(np.cos(order * angle - size * np.sin(angle)).mean())

    return evaluate


def polygamma(order: float, x: float) -> float:
    """Return the n-th derivative of the digamma function ψ; nan at its poles and without an n.

    The recurrence 5.15.5 leads to an argument where the expansion 5.15.8 (for ψ 5.11.2) is exact
    to the last digit.
    """
    if not (order >= 0 and math.isfinite(order) and order == int(order)):
        return math.nan
    n = int(order)
    if not math.isfinite(x) or n > 100:
        return (0.0 if n else math.inf) if x == math.inf else math.nan
    if (x <= 0 and x == math.floor(x)) or x < -_MAX_STEPS:
        return math.nan
    steps = max(0, math.ceil(16 + n - x))
    with np.errstate(all="ignore"):
        below = math.fsum(((x + np.arange(steps)) ** -(n + 1.0)).tolist())
        return float(_raised(n, np.float64(x + steps), below))


def _raised(n: int, y: float, below: float) -> float:
    """Return ψ⁽ⁿ⁾ by its expansion at a large y and the recurrence's terms below it."""
    if n == 0:
        tail = (b / (2 * k * y ** (2 * k)) for k, b in enumerate(BERNOULLI, 1))
        return np.log(y) - 1 / (2 * y) - sum(tail) - below
    tail = (
        b * np.exp(math.lgamma(2 * k + n) - math.lgamma(2 * k + 1) - (2 * k + n) * np.log(y))
        for k, b in enumerate(BERNOULLI, 1)
    )
    factorial = math.gamma(n + 1)
    ahead = factorial / n / y**n + factorial / (2 * y ** (n + 1)) + sum(tail)
    return (-1) ** (n + 1) * (ahead + factorial * below)
