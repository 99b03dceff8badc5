"""Special functions in float64 from integrals and sums: erf⁻¹, Y, K, ζ and P.

After the NIST Digital Library of Mathematical Functions: Y from the series 10.8.1, Schläfli's
integrals 10.9.7 by Gauss's rule and Hankel's expansion 10.17.4; K from 10.32.9 by the trapezoidal
rule, which for such an integrand converges faster than any power; Hurwitz's ζ by the sum of Euler
and Maclaurin 25.11.9; the incomplete gamma function by 8.7.1 and the fraction 8.9.2. None raises;
outside their domain they are torch's values: nan, or an infinity at a pole.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from statistics import NormalDist

import numpy as np

from jacmagic.symbolic.graph.special import BERNOULLI

_SERIES_BELOW, _HANKEL_FROM = 4.0, 30.0  # where the methods for Y lose digits
_MAX_STEPS = 1_000_000  # terms of ζ summed one by one, some 0.3 s
_MAX_ARGUMENT = 1e15  # beyond it float64 loses the phase of an oscillation
_MAX_TERMS = 100_000  # of a series or a fraction, some 20 ms
_TINY = 1e-300  # for a zero denominator in Lentz's method


def inverse_erf(y: float) -> float:
    """Return erf⁻¹(y) by Wichura's algorithm AS 241, and Newton's steps for small y."""
    if not abs(y) < 1:
        return math.copysign(math.inf, y) if abs(y) == 1 else math.nan
    if y == 0:
        return y
    x = -NormalDist().inv_cdf((1 - abs(y)) / 2) / math.sqrt(2)
    if abs(y) < 0.5:
        for _ in range(2):
            x -= (math.erf(x) - abs(y)) * math.exp(x * x) * math.sqrt(math.pi) / 2
    return math.copysign(x, y)


# ── Bessel functions of the second kind ───────────────────────────────────────────────────────


def bessel_y(order: int) -> Callable[[float], float]:
    """Return the Bessel function Y of order 0 or 1."""

    def evaluate(x: float) -> float:
        if not x > 0 or x == math.inf:
            return -math.inf if x == 0 else 0.0 if x == math.inf else math.nan
        if x < _SERIES_BELOW:
            return _y_series(order, x)
        if x < _HANKEL_FROM:
            return _y_integrals(order, x)
        return _y_far(order, x) if x < _MAX_ARGUMENT else 0.0

    return evaluate


def _y_series(order: int, x: float) -> float:
    """10.8.1 for n = 0 and 1; ψ(k+1) = −γ + 1 + 1/2 + … + 1/k."""
    quarter, half = -((x / 2) ** 2), x / 2
    term, harmonic, k = half**order, 0.0, 0
    first = total = 0.0
    while k < 4 or abs(term) > 1e-18 * abs(first):
        psi = 2 * (harmonic - np.euler_gamma) + (1 / (k + 1) if order else 0.0)
        first += term
        total += psi * term
        k += 1
        harmonic += 1 / k
        term *= quarter / (k * (k + order))
    pole = -2 / (math.pi * x) if order else 0.0
    return pole + (2 * math.log(half) * first - total) / math.pi


@cache
def _gauss(points: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss's nodes and weights on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(points)
    return (nodes + 1) / 2, weights / 2


def _y_integrals(order: int, x: float) -> float:
    """Return Y by Schläfli's integrals, 10.9.7.

    1/π ∫₀^π sin(x sin θ − nθ) dθ − 1/π ∫₀^∞ (e^(nt) + (−1)ⁿ e^(−nt)) e^(−x sinh t) dt.
    """
    nodes, weights = _gauss(64)
    angle = math.pi * nodes
    turning = math.pi * float(np.sin(x * np.sin(angle) - order * angle) @ weights)
    last = math.asinh(45 / x)
    t = last * nodes
    factor = 2 * np.sinh(t) if order else 2.0
    falling = last * float((factor * np.exp(-x * np.sinh(t))) @ weights)
    return (turning - falling) / math.pi


def _y_far(order: int, x: float) -> float:
    """Hankel's expansion, to its smallest term."""
    parts, term = [0.0, 0.0], 1.0
    for k in range(60):
        parts[k % 2] += term if k % 4 < 2 else -term
        following = term * (4 * order**2 - (2 * k + 1) ** 2) / ((k + 1) * 8 * x)
        if abs(following) < 1e-18 or abs(following) > abs(term):
            break
        term = following
    phase = x - (order / 2 + 0.25) * math.pi
    even, odd = parts
    return math.sqrt(2 / (math.pi * x)) * (math.sin(phase) * even + math.cos(phase) * odd)


def bessel_k(order: int) -> Callable[[float], float]:
    """Return Kₙ for n = 0 or 1: e^(−x) ∫₀^∞ e^(−x(cosh t − 1)) cosh nt dt."""

    def evaluate(x: float) -> float:
        if not x > 0 or x == math.inf:
            return math.inf if x == 0 else 0.0 if x == math.inf else math.nan
        if order and x < 1e-8:
            return 1 / x
        step = min(0.2, 0.5 / math.sqrt(x))
        last = math.acosh(1 + 45 / x) if x > 1e-290 else 700.0
        t = np.arange(int(last / step) + 12) * step
        with np.errstate(all="ignore"):
            heights = np.exp(-x * 2 * np.sinh(t / 2) ** 2) * (np.cosh(t) if order else 1.0)
        heights[0] /= 2
        return float(math.exp(-x) * step * np.nan_to_num(heights).sum())

    return evaluate


# ── sums ──────────────────────────────────────────────────────────────────────────────────────


def zeta(s: float, q: float) -> float:
    """Return Hurwitz's ζ(s, q) = Σ (q + k)^(−s), s > 1; poles at s = 1, q = 0, −1, …."""
    if s == 1:
        return math.inf
    if not s > 1 or not abs(q) < _MAX_ARGUMENT:
        return math.nan
    if q <= 0 and q == math.floor(q):
        return math.inf
    if s > 1e4 or (q < 0 and s != math.floor(s)):
        return math.nan
    steps = max(0, math.ceil(18 + s - q))
    if steps > _MAX_STEPS:
        return math.nan
    with np.errstate(all="ignore"):
        start = math.fsum(((q + np.arange(steps)) ** -s).tolist()) if steps else 0.0
        y = np.float64(q + steps)
        total = start + float(y ** (1 - s) / (s - 1) + y**-s / 2)
        factor = s * y ** (-s - 1)
        for k, bernoulli in enumerate(BERNOULLI, 1):
            total += float(bernoulli * factor / math.factorial(2 * k))
            factor *= (s + 2 * k - 1) * (s + 2 * k) / y**2
        return total


def lower_gamma(a: float, x: float) -> float:
    """P(a, x) = γ(a, x)/Γ(a), the regularised lower incomplete gamma function."""
    edge = _gamma_edge(a, x, 0.0)
    if edge is not None:
        return edge
    return _gamma_series(a, x) if x < a + 1 else 1 - _gamma_fraction(a, x)


def upper_gamma(a: float, x: float) -> float:
    """Q(a, x) = Γ(a, x)/Γ(a) = 1 − P(a, x)."""
    edge = _gamma_edge(a, x, 1.0)
    if edge is not None:
        return edge
    return 1 - _gamma_series(a, x) if x < a + 1 else _gamma_fraction(a, x)


def _gamma_edge(a: float, x: float, at_zero: float) -> float | None:
    """Return the value at an end of the domain, nan outside; None inside."""
    if not (a >= 0 and x >= 0) or (a == math.inf and x == math.inf):
        return math.nan
    if a == 0:
        return math.nan if x == 0 else 1 - at_zero
    if x == 0 or a == math.inf:
        return at_zero
    return 1 - at_zero if x == math.inf else None


def _gamma_front(a: float, x: float) -> float:
    """x^a e^(−x) / Γ(a)."""
    exponent = a * math.log(x) - x - math.lgamma(a)
    return math.exp(exponent) if exponent > -745 else 0.0


def _gamma_series(a: float, x: float) -> float:
    """x^a e^(−x)/Γ(a) · Σ xⁿ / (a (a+1) … (a+n)), §8.7.1."""
    term = total = 1 / a
    for n in range(1, _MAX_TERMS):
        term *= x / (a + n)
        total += term
        if term < 1e-17 * total:
            return min(1.0, _gamma_front(a, x) * total)
    return math.nan


def _gamma_fraction(a: float, x: float) -> float:
    """Return the continued fraction 8.9.2 by Lentz's method."""
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / (b or _TINY)
    whole = d
    for n in range(1, _MAX_TERMS):
        top = -n * (n - a)
        b += 2
        d = 1 / (top * d + b or _TINY)
        c = b + top / c or _TINY
        whole *= d * c
        if abs(d * c - 1) < 1e-16:
            return min(1.0, _gamma_front(a, x) * whole)
    return math.nan
