"""Rules for special functions: error, gamma, Bessel, orthogonal polynomials.

Formulas after the NIST Digital Library of Mathematical Functions, https://dlmf.nist.gov.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, special

from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.symbolic.graph import Graph
from jacmagic.symbolic.trace.rules.arrays import Nodes, Rule, each, elementwise, named
from jacmagic.symbolic.trace.rules.formula import Formula, formulas


def _fixed_first(name: str, symbol: str) -> Rule:
    """Return the rule of a function that has no derivative by its first argument."""

    def formula(g: Graph, order: int, x: int) -> int:
        if g.value(order) is None:
            raise Unsupported(name, f"by its {symbol} has no closed form; let {symbol} be a number")
        return g.apply(name, order, x)

    return elementwise(formula)


def _polynomial(
    first: Callable[[Tensor], Tensor], step: Callable[[Tensor, int, Tensor, Tensor], Tensor]
) -> Formula:
    """Return the formula of orthogonal polynomials by their recurrence, §18.9.

    Args:
        first: from x to p₁.
        step: from x, k, pₖ and pₖ₋₁ to pₖ₊₁.
    """

    def compute(x: Tensor, n: Any) -> Tensor:
        before, now = torch.ones_like(x), first(x)
        for k in range(1, int(n)):
            before, now = now, step(x, k, now, before)
        return now if int(n) else before

    return Formula(compute, _has_degree)


def _has_degree(g: Graph, numbers: Any, x: Nodes, n: Any) -> None:
    degree = g.value(int(n)) if np.size(n) == 1 and isinstance(n, np.ndarray) else n
    if not isinstance(degree, int) or not 0 <= degree <= 32:
        raise Unsupported("special", "polynomials need one whole degree between 0 and 32")


def _chebyshev(x: Tensor, k: int, now: Tensor, before: Tensor) -> Tensor:
    return 2 * x * now - before


SPECIAL: dict[str, Rule | Formula] = {
    **{name: named(name) for name in "erf erfc lgamma digamma i0 erfinv".split()},
    **{f"special_bessel_{kind}{n}": named(f"{kind}{n}") for kind in "jy" for n in (0, 1)},
    **{f"special_modified_bessel_{kind}{n}": named(f"{kind}{n}") for kind in "ik" for n in (0, 1)},
    "special_i1": named("i1"),
    "polygamma": lambda g, n, x: (
        each(g, lambda u: g.apply("polygamma", g.number(n), u), x) if n else named("digamma")(g, x)
    ),
    "special_zeta": _fixed_first("zeta", "order"),
    "igamma": _fixed_first("gammainc", "first argument"),
    "igammac": _fixed_first("gammaincc", "first argument"),
    **formulas(
        special_erfcx=lambda x: (x**2).exp() * x.erfc(),
        special_log_ndtr=lambda x: (torch.erfc(-(x / math.sqrt(2))) / 2).log(),
        special_ndtri=lambda p: math.sqrt(2) * torch.erfinv(2 * p - 1),
        special_i0e=lambda x: (-x.abs()).exp() * x.i0(),
        special_i1e=lambda x: (-x.abs()).exp() * special.i1(x),
        special_scaled_modified_bessel_k0=lambda x: x.exp() * special.modified_bessel_k0(x),
        special_scaled_modified_bessel_k1=lambda x: x.exp() * special.modified_bessel_k1(x),
        special_spherical_bessel_j0=lambda x: torch.where(x == 0, 1, x.sin() / x),
    ),
    "special_chebyshev_polynomial_t": _polynomial(lambda x: x, _chebyshev),
    "special_chebyshev_polynomial_u": _polynomial(lambda x: 2 * x, _chebyshev),
    "special_chebyshev_polynomial_v": _polynomial(lambda x: 2 * x - 1, _chebyshev),
    "special_chebyshev_polynomial_w": _polynomial(lambda x: 2 * x + 1, _chebyshev),
    "special_hermite_polynomial_h": _polynomial(
        lambda x: 2 * x, lambda x, k, now, before: 2 * x * now - 2 * k * before
    ),
    "special_hermite_polynomial_he": _polynomial(
        lambda x: x, lambda x, k, now, before: x * now - k * before
    ),
    "special_legendre_polynomial_p": _polynomial(
        lambda x: x, lambda x, k, now, before: ((2 * k + 1) * x * now - k * before) / (k + 1)
    ),
    "special_laguerre_polynomial_l": _polynomial(
        lambda x: 1 - x, lambda x, k, now, before: ((2 * k + 1 - x) * now - k * before) / (k + 1)
    ),
}
