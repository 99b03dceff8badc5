"""SymPy expressions evaluated as floats, independently of the graph and its tape.

Shared parts are evaluated once: the time grows with the distinct parts of an expression. Only real
numbers have values: complex intermediate results are nan.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import mpmath
import numpy as np
import sympy

from jacmagic.symbolic.formula.sympy_names import NamedNumber, sigmoid
from jacmagic.symbolic.graph.operations import OPERATIONS


class Unknown(Exception):
    """An expression with a function that has no value here."""


def _power(base: float, exponent: float) -> float:
    if base == 0 and exponent < 0:
        return math.inf
    result = base**exponent
    return math.nan if isinstance(result, complex) else result


def _special(name: str) -> Callable[..., float]:
    """Return a function of mpmath's, in float arithmetic."""
    return lambda *arguments: float(getattr(mpmath, name)(*arguments).real)


_ALIKE = (
    "log sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh erf erfc"
).split()  # of one name in SymPy and `math`

FUNCTIONS: dict[Any, Callable[..., float]] = {
    sympy.Add: lambda *terms: math.fsum(terms) if all(map(math.isfinite, terms)) else sum(terms),
    sympy.Mul: lambda *factors: math.prod(factors),
    sympy.Pow: _power,
    sympy.exp: math.exp,
    sympy.Abs: abs,
    sympy.sign: OPERATIONS["sign"].evaluate,
    sympy.floor: math.floor,
    sympy.ceiling: math.ceil,
    sympy.Max: max,
    sympy.Min: min,
    sympy.Heaviside: lambda x, half=0.5: 1.0 if x > 0 else half if x == 0 else 0.0,
    sigmoid: OPERATIONS["sigmoid"].evaluate,
    **{
        getattr(sympy, name.capitalize()): getattr(operator, name)
        for name in ("lt", "le", "gt", "ge", "eq", "ne")
    },
    sympy.And: lambda *parts: all(parts),
    sympy.Or: lambda *parts: any(parts),
    sympy.Not: operator.not_,
    sympy.polygamma: _special("psi"),
    sympy.digamma: _special("digamma"),
    sympy.zeta: _special("zeta"),
    sympy.gamma: _special("gamma"),
    sympy.lowergamma: lambda a, x: float(mpmath.gammainc(a, 0, x)),
    sympy.uppergamma: lambda a, x: float(mpmath.gammainc(a, x)),
    sympy.erfinv: _special("erfinv"),
    **{getattr(sympy, f"bessel{kind}"): _special(f"bessel{kind}") for kind in "ijyk"},
    sympy.sec: lambda x: 1 / math.cos(x),
    sympy.csc: lambda x: 1 / math.sin(x),
    sympy.cot: lambda x: 1 / math.tan(x),
    **{getattr(sympy, name): getattr(math, name) for name in _ALIKE},
}


def evaluate(expressions: Iterable[Any], numbers: Mapping[Any, float]) -> np.ndarray:
    """Return the float64 values of some expressions, nan where one has none.

    Args:
        expressions: SymPy expressions, k of them.
        numbers: the number of each free symbol.

    Raises:
        Unknown: an expression holds a function that is not in `FUNCTIONS`.
    """
    values: dict[Any, float] = dict(numbers)
    return np.array([_value(expression, values) for expression in expressions], dtype=float)


def _value(root: Any, values: dict[Any, float]) -> float:
    """Evaluate an expression without recursion."""
    waiting = [root]
    while waiting:
        part = waiting[-1]
        if part in values:
            waiting.pop()
        elif not part.args or isinstance(part, NamedNumber):
            values[part] = _leaf(part)
        elif missing := [p for p in _parts(part) if p not in values]:
            waiting.extend(missing)
        else:
            values[part] = _applied(part, values)
    return values[root]


def _parts(part: Any) -> Iterable[Any]:
    """Return the arguments of a part; of a Piecewise, all conditions and values."""
    if isinstance(part, sympy.Piecewise):
        return [inner for case in part.args for inner in case.args]
    return part.args


def _leaf(part: Any) -> float:
    if part in (sympy.true, sympy.false):
        return float(part is sympy.true)
    try:
        return float(part)
    except TypeError:
        raise Unknown(str(part)) from None


def _applied(part: Any, values: Mapping[Any, float]) -> float:
    if isinstance(part, sympy.Piecewise):
        chosen = (values[value] for value, condition in part.args if values[condition])
        return next(chosen, math.nan)
    function = FUNCTIONS.get(part.func)
    if function is None:
        raise Unknown(part.func.__name__)
    try:
        return float(function(*(values[inner] for inner in part.args)))
    except (ValueError, ZeroDivisionError, OverflowError):
        return math.nan
