"""Special functions in float64, by SciPy, which is loaded when the first of them is evaluated.

None raises; outside their domain they are SciPy's values, as torch's are: nan, or an infinity at a
pole.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from functools import cache
from typing import Any

MAX_ORDER = 100  # of a derivative of ψ; the factorials of larger ones overflow


@cache
def _scipy() -> Any:
    return importlib.import_module("scipy.special")


def special(name: str) -> Callable[..., float]:
    """Return a function of `scipy.special` by its name."""
    return lambda *arguments: float(getattr(_scipy(), name)(*arguments))


def bessel(name: str) -> Callable[[float], float]:
    """Return J or Y of order 0 or 1; 0 at infinity, its limit, as in C, where SciPy has nan."""
    evaluate = special(name)
    limits = (math.inf, -math.inf) if name.startswith("j") else (math.inf,)
    return lambda x: 0.0 if x in limits else evaluate(x)


def polygamma(order: float, x: float) -> float:
    """Return ψ⁽ⁿ⁾(x) = (−1)ⁿ⁺¹ n! ζ(n + 1, x), DLMF 25.11.12; nan without an n."""
    if not (0 <= order <= MAX_ORDER and order == int(order)) or x == -math.inf:
        return math.nan
    if order == 0:
        return float(_scipy().digamma(x))
    sign = (-1) ** (int(order) + 1)
    return sign * math.gamma(order + 1) * float(_scipy().zeta(order + 1, x)) + 0.0  # no −0
