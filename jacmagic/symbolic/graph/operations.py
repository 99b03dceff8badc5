"""The operations of the graph: arity and evaluation in floating point.

Every evaluator follows IEEE 754 as torch does: log 0 is −inf, 1/0 is inf, √−1 is nan; none raises.
Conditions are the numbers 1 (true) and 0 (false). Their derivatives are in `derivatives`, their
SymPy forms in `formula`, their source code in `codegen`.
"""

from __future__ import annotations

import importlib
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Operation:
    """The arity and evaluation of one operation.

    Attributes:
        arity: number of arguments.
        evaluate: its value in float64; total, never raises.
        condition: whether the result is a truth value.
    """

    arity: int
    evaluate: Callable[..., float]
    condition: bool = False


def _total(fast: Callable[..., float], careful: Callable[..., object]) -> Callable[..., float]:
    """Wrap a Python function; where it raises, return NumPy's IEEE 754 value."""

    def evaluate(*arguments: float) -> float:
        try:
            return fast(*arguments)
        except (ValueError, OverflowError, ZeroDivisionError):
            with np.errstate(all="ignore"):
                return float(careful(*map(np.float64, arguments)))  # type: ignore[arg-type]

    return evaluate


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def _larger(a: float, b: float) -> float:
    return math.nan if a != a or b != b else max(a, b)


def _smaller(a: float, b: float) -> float:
    return math.nan if a != a or b != b else min(a, b)


def _whole(rounding: Callable[[float], int]) -> Callable[[float], float]:
    return lambda x: float(rounding(x)) if math.isfinite(x) else x


# ── special functions, by SciPy, which is loaded when the first of them is evaluated ──────────────

_MAX_ORDER = 100  # of a derivative of ψ; the factorials of larger ones overflow


@cache
def _scipy() -> Any:
    return importlib.import_module("scipy.special")


def _special(name: str) -> Callable[..., float]:
    """Return a function of `scipy.special` by its name; nan outside of its domain, as in torch."""
    return lambda *arguments: float(getattr(_scipy(), name)(*arguments))


def _bessel(name: str) -> Callable[[float], float]:
    """Return J or Y of order 0 or 1; 0 at infinity, its limit, as in C, where SciPy has nan."""
    evaluate = _special(name)
    limits = (math.inf, -math.inf) if name.startswith("j") else (math.inf,)
    return lambda x: 0.0 if x in limits else evaluate(x)


def _polygamma(order: float, x: float) -> float:
    """Return ψ⁽ⁿ⁾(x) = (−1)ⁿ⁺¹ n! ζ(n + 1, x), DLMF 25.11.12; nan without an n."""
    if not (0 <= order <= _MAX_ORDER and order == int(order)) or x == -math.inf:
        return math.nan
    if order == 0:
        return float(_scipy().digamma(x))
    sign = (-1) ** (int(order) + 1)
    return sign * math.gamma(order + 1) * float(_scipy().zeta(order + 1, x)) + 0.0  # no −0


_SPECIAL = "digamma i0 i1 k0 k1 erfinv"  # of one argument, named as in SciPy

OPERATIONS: dict[str, Operation] = {
    "add": Operation(2, operator.add),
    "sub": Operation(2, operator.sub),
    "mul": Operation(2, operator.mul),
    "div": Operation(2, _total(operator.truediv, np.divide)),
    "neg": Operation(1, operator.neg),
    "pow": Operation(2, _total(math.pow, np.power)),
    **{
        name: Operation(1, _total(getattr(math, name), getattr(np, name)))
        for name in "sqrt exp expm1 log log1p sin cos tan sinh cosh".split()
    },
    **{
        name: Operation(1, _total(getattr(math, name), getattr(np, f"arc{name[1:]}")))
        for name in ("asin", "acos", "acosh", "atanh")
    },
    **{
        name: Operation(1, getattr(math, name)) for name in ("atan", "tanh", "asinh", "erf", "erfc")
    },
    "atan2": Operation(2, math.atan2),
    "sigmoid": Operation(1, _sigmoid),
    "lgamma": Operation(1, _total(math.lgamma, lambda x: np.inf)),
    **{name: Operation(1, _special(name)) for name in _SPECIAL.split()},
    **{name: Operation(1, _bessel(name)) for name in ("j0", "j1", "y0", "y1")},
    "polygamma": Operation(2, _polygamma),
    **{name: Operation(2, _special(name)) for name in ("zeta", "gammainc", "gammaincc")},
    "abs": Operation(1, abs),
    "sign": Operation(1, lambda x: float((x > 0) - (x < 0)) if x == x else math.nan),
    "floor": Operation(1, _whole(math.floor)),
    "ceil": Operation(1, _whole(math.ceil)),
    "mod": Operation(2, _total(operator.mod, np.mod)),
    "relu": Operation(1, lambda x: x if x != x or x > 0 else 0.0),
    "max": Operation(2, _larger),
    "min": Operation(2, _smaller),
    "clamp": Operation(3, lambda x, low, high: _smaller(_larger(x, low), high)),
    **{
        name: Operation(2, getattr(operator, name), condition=True)
        for name in ("lt", "le", "gt", "ge", "eq", "ne")
    },
    "and": Operation(2, lambda a, b: bool(a) and bool(b), condition=True),
    "or": Operation(2, lambda a, b: bool(a) or bool(b), condition=True),
    "not": Operation(1, operator.not_, condition=True),
    "where": Operation(3, lambda condition, a, b: a if condition else b),
}
