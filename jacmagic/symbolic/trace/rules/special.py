"""Rules for special functions: error, gamma, Bessel, orthogonal polynomials.

Formulas after the NIST Digital Library of Mathematical Functions, https://dlmf.nist.gov.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.symbolic.graph import ONE, ZERO, Graph
from jacmagic.symbolic.trace.rules.arrays import Nodes, Rule, each, elementwise, named

_ROOT_TWO = math.sqrt(2)


def _scaled_bessel(name: str) -> Callable[[Graph, int], int]:
    """e^(−|x|)·I(x)."""
    return lambda g, u: g.mul(g.apply("exp", g.neg(g.apply("abs", u))), g.apply(name, u))


def _scaled_error(g: Graph, u: int) -> int:
    """e^(x²)·erfc(x)."""
    return g.mul(g.apply("exp", g.square(u)), g.apply("erfc", u))


def _log_normal(g: Graph, u: int) -> int:
    """ln Φ(x), Φ(x) = erfc(−x/√2)/2."""
    tail = g.apply("erfc", g.neg(g.div(u, g.number(_ROOT_TWO))))
    return g.apply("log", g.div(tail, g.number(2)))


def _many_gammas(g: Graph, x: Nodes, p: int) -> np.ndarray:
    """ln Γₚ(x) = p(p−1)/4·ln π + Σⱼ ln Γ(x − j/2), §35.3."""
    start = g.number(p * (p - 1) / 4 * math.log(math.pi))

    def formula(u: int) -> int:
        terms = [g.apply("lgamma", g.sub(u, g.number(j / 2))) for j in range(p)]
        return g.add(g.total(terms), start)

    return each(g, formula, x)


def _fixed_first(name: str, symbol: str) -> Rule:
    """Return the rule of a function that has no derivative by its first argument."""

    def formula(g: Graph, order: int, x: int) -> int:
        if g.value(order) is None:
            raise Unsupported(name, f"by its {symbol} has no closed form; let {symbol} be a number")
        return g.apply(name, order, x)

    return elementwise(formula)


def _normal_quantile(g: Graph, p: int) -> int:
    """Φ⁻¹(p) = √2·erf⁻¹(2p − 1)."""
    inside = g.sub(g.mul(g.number(2), p), ONE)
    return g.mul(g.number(_ROOT_TWO), g.apply("erfinv", inside))


def _unscaled(name: str) -> Callable[[Graph, int], int]:
    """e^x·K(x)."""
    return lambda g, u: g.mul(g.apply("exp", u), g.apply(name, u))


def _sinc(g: Graph, u: int) -> int:
    return g.where(g.apply("eq", u, ZERO), ONE, g.div(g.apply("sin", u), u))


Step = Callable[[Graph, int, int, int, int], int]


def _polynomial(first: Callable[[Graph, int], int], step: Step) -> Rule:
    """Return the rule of orthogonal polynomials by their recurrence, §18.9."""

    def at(g: Graph, x: int, degree: int) -> int:
        before, now = ONE, first(g, x)
        for k in range(1, degree):
            before, now = now, step(g, x, k, now, before)
        return now if degree else before

    def rule(g: Graph, x: Nodes, n: Any) -> np.ndarray:
        degrees = (
            [g.value(int(d)) for d in np.asarray(n).flat] if isinstance(n, np.ndarray) else [n]
        )
        if len(degrees) != 1 or not isinstance(degrees[0], int) or not 0 <= degrees[0] <= 32:
            raise Unsupported("special", "polynomials need one whole degree between 0 and 32")
        return each(g, lambda u: at(g, u, int(degrees[0] or 0)), x)

    return rule


def _chebyshev(g: Graph, x: int, k: int, now: int, before: int) -> int:
    """2x·pₖ − pₖ₋₁."""
    return g.sub(g.mul(g.mul(g.number(2), x), now), before)


def _legendre(g: Graph, x: int, k: int, now: int, before: int) -> int:
    """((2k+1)x·pₖ − k·pₖ₋₁)/(k+1)."""
    top = g.sub(g.mul(g.mul(g.number(2 * k + 1), x), now), g.mul(g.number(k), before))
    return g.div(top, g.number(k + 1))


def _laguerre(g: Graph, x: int, k: int, now: int, before: int) -> int:
    """((2k+1−x)·pₖ − k·pₖ₋₁)/(k+1)."""
    top = g.sub(g.mul(g.sub(g.number(2 * k + 1), x), now), g.mul(g.number(k), before))
    return g.div(top, g.number(k + 1))


def _hermite(g: Graph, x: int, k: int, now: int, before: int) -> int:
    """2x·pₖ − 2k·pₖ₋₁."""
    return g.sub(g.mul(g.mul(g.number(2), x), now), g.mul(g.number(2 * k), before))


def _itself(g: Graph, x: int) -> int:
    return x


def _double(g: Graph, x: int) -> int:
    return g.mul(g.number(2), x)


SPECIAL: dict[str, Rule] = {
    "erf": named("erf"),
    "erfc": named("erfc"),
    "special_erfcx": elementwise(_scaled_error),
    "special_log_ndtr": elementwise(_log_normal),
    "lgamma": named("lgamma"),
    "digamma": named("digamma"),
    "polygamma": lambda g, n, x: (
        each(g, lambda u: g.apply("polygamma", g.number(n), u), x) if n else named("digamma")(g, x)
    ),
    "mvlgamma": _many_gammas,
    "i0": named("i0"),
    "special_i1": named("i1"),
    "special_i0e": elementwise(_scaled_bessel("i0")),
    "special_i1e": elementwise(_scaled_bessel("i1")),
    "special_modified_bessel_i0": named("i0"),
    "special_modified_bessel_i1": named("i1"),
    "special_bessel_j0": named("j0"),
    "special_bessel_j1": named("j1"),
    "special_bessel_y0": named("y0"),
    "special_bessel_y1": named("y1"),
    "special_modified_bessel_k0": named("k0"),
    "special_modified_bessel_k1": named("k1"),
    "special_scaled_modified_bessel_k0": elementwise(_unscaled("k0")),
    "special_scaled_modified_bessel_k1": elementwise(_unscaled("k1")),
    "erfinv": named("erfinv"),
    "special_ndtri": elementwise(_normal_quantile),
    "special_zeta": _fixed_first("zeta", "order"),
    "igamma": _fixed_first("gammainc", "first argument"),
    "igammac": _fixed_first("gammaincc", "first argument"),
    "special_spherical_bessel_j0": elementwise(_sinc),
    "special_chebyshev_polynomial_t": _polynomial(_itself, _chebyshev),
    "special_chebyshev_polynomial_u": _polynomial(_double, _chebyshev),
    "special_chebyshev_polynomial_v": _polynomial(
        lambda g, x: g.sub(_double(g, x), ONE), _chebyshev
    ),
    "special_chebyshev_polynomial_w": _polynomial(
        lambda g, x: g.add(_double(g, x), ONE), _chebyshev
    ),
    "special_hermite_polynomial_h": _polynomial(_double, _hermite),
    "special_hermite_polynomial_he": _polynomial(
        _itself, lambda g, x, k, p, q: g.sub(g.mul(x, p), g.mul(g.number(k), q))
    ),
    "special_legendre_polynomial_p": _polynomial(_itself, _legendre),
    "special_laguerre_polynomial_l": _polynomial(lambda g, x: g.sub(ONE, x), _laguerre),
}
