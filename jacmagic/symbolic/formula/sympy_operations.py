"""Graph operations in SymPy: a table for its normal form, one for the user's.

`CANONICAL` lets SymPy put every expression into its normal order; `WRITTEN` keeps the order and the
brackets of the code (`x3*x1` stays x₃x₁, `10*(y - x)` stays a product).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import partial
from functools import reduce as fold
from typing import Any

import sympy
from sympy.functions.elementary.piecewise import ExprCondPair

from jacmagic.symbolic.formula.sympy_names import NamedNumber

_AS_IS: dict[str, bool] = {"evaluate": False}
_HALF = sympy.Rational(1, 2)


def cases(*pairs: tuple[Any, Any]) -> sympy.Expr:
    """Return `sympy.Piecewise(*pairs)` with nothing evaluated.

    `evaluate=False` leaves the pairs alone, but SymPy still rewrites a condition that contains a
    piecewise expression, by solving for it: that may recurse without end, or divide by zero.

    Args:
        *pairs: (value, condition); the last condition may be True.
    """
    arguments = [
        sympy.Basic.__new__(ExprCondPair, sympy.sympify(value), sympy.sympify(condition))
        for value, condition in pairs
    ]
    if arguments[0].args[1] == sympy.true:
        return arguments[0].args[0]
    return sympy.Basic.__new__(sympy.Piecewise, *arguments)


def replaced(expression: sympy.Expr, parts: Mapping[Any, sympy.Expr]) -> sympy.Expr:
    """Return an expression with other parts, in the same order and without evaluation."""
    if expression in parts:
        return parts[expression]
    if not expression.args:
        return expression
    arguments = [replaced(part, parts) for part in expression.args]
    as_is = isinstance(expression, sympy.Add | sympy.Mul | sympy.Pow)
    return expression.func(*arguments, **(_AS_IS if as_is else {}))


# NOTE [Nothing is distributed]: SymPy multiplies a number into a sum, 2(x + y) → 2x + 2y. Its own
# switch against that empties all its caches, and its odd functions recurse without end while it is
# off. A product of a number and a sum is therefore left unevaluated, and stays so in larger ones.


def _times(a: sympy.Expr, b: sympy.Expr) -> sympy.Expr:
    """Return a·b, undistributed where a number multiplies a sum."""
    if b.is_Number and a.is_Add:
        a, b = b, a
    if a.is_Number and b.is_Add and a not in (0, 1):
        return sympy.Mul(a, b, **_AS_IS)
    return a * b


_MAX_TERMS = 6  # of a sum whose function SymPy evaluates: its search grows fast with them


def _of(function: Callable[..., Any]) -> Callable[[sympy.Expr], Any]:
    """Wrap a function of one argument: unevaluated of long sums, where SymPy is slow."""

    def apply(x: sympy.Expr) -> Any:
        return function(x, evaluate=not (x.is_Add and len(x.args) > _MAX_TERMS))

    return apply


_SAME_NAME = "exp log sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf erfc"
_LOGIC = "lt le gt ge eq ne and or not"

# SymPy's own function of each operation that it has.
_SYMPY: dict[str, Any] = {
    **{name: getattr(sympy, name) for name in (*_SAME_NAME.split(), "atan2", "sign", "floor")},
    **{name: getattr(sympy, name) for name in ("digamma", "polygamma", "erfinv", "zeta")},
    **{name: getattr(sympy, name.capitalize()) for name in (*_LOGIC.split(), "max", "min", "abs")},
    **{name: getattr(sympy, name.capitalize()) for name in ("add", "mul", "pow")},
    "ceil": sympy.ceiling,
}

CANONICAL: dict[str, Callable[..., Any]] = {
    **_SYMPY,
    "add": operator.add,
    "sum": sympy.Add,
    "sub": lambda a, b: a + _times(sympy.S.NegativeOne, b),
    "mul": _times,
    "div": lambda a, b: _times(1 / b, a) if b.is_Number and a.is_Add and b != 0 else a / b,
    "neg": lambda a: _times(sympy.S.NegativeOne, a),
    "pow": operator.pow,
    "sqrt": sympy.sqrt,
    **{name: _of(getattr(sympy, name)) for name in _SAME_NAME.split()},
    "expm1": lambda x: sympy.exp(x) - 1,
    "log1p": lambda x: sympy.log(1 + x),
    "sigmoid": lambda x: 1 / (1 + sympy.exp(-x)),
    "lgamma": lambda x: sympy.log(sympy.Abs(sympy.gamma(x))),
    **{
        f"{kind}{n}": partial(getattr(sympy, f"bessel{kind}"), n) for kind in "ijyk" for n in (0, 1)
    },
    "gammainc": lambda a, x: sympy.lowergamma(a, x) / sympy.gamma(a),
    "gammaincc": lambda a, x: sympy.uppergamma(a, x) / sympy.gamma(a),
    "mod": lambda a, b: a - b * sympy.floor(a / b),
    "relu": lambda x: sympy.Max(0, x),
    "clamp": lambda x, low, high: sympy.Min(high, sympy.Max(low, x)),
    "where": lambda condition, a, b: sympy.Piecewise((a, condition), (b, True)),
}


def _minus(term: sympy.Expr) -> sympy.Expr:
    """Return −term without building −(−…)."""
    if term.is_Number:
        return -term
    if term.is_Add:
        return sympy.Mul(-1, term, **_AS_IS)
    if term.is_Mul and term.args[0].is_Number:
        rest = term.args[1:] if term.args[0] == -1 else (-term.args[0], *term.args[1:])
        return rest[0] if len(rest) == 1 else sympy.Mul(*rest, **_AS_IS)
    return sympy.Mul(-1, *(term.args if term.is_Mul else (term,)), **_AS_IS)


def _sum(a: sympy.Expr, b: sympy.Expr) -> sympy.Expr:
    return sympy.Add(*(a.args if a.is_Add else (a,)), *(b.args if b.is_Add else (b,)), **_AS_IS)


def _difference(a: sympy.Expr, b: sympy.Expr) -> sympy.Expr:
    subtracted = [_minus(term) for term in b.args] if b.is_Add else [_minus(b)]
    return sympy.Add(*(a.args if a.is_Add else (a,)), *subtracted, **_AS_IS)


def _product(a: sympy.Expr, b: sympy.Expr) -> sympy.Expr:
    if (b.is_Number and not a.is_Number) or (_is_numeral(b) and not a.is_number):
        a, b = b, a
    factors = (*(a.args if a.is_Mul else (a,)), *(b.args if b.is_Mul else (b,)))
    if len(factors) > 1 and factors[0].is_Number and factors[1].is_Number:
        factors = (factors[0] * factors[1], *factors[2:])
    return sympy.Mul(*factors, **_AS_IS) if len(factors) > 1 else factors[0]


def _is_numeral(value: sympy.Expr) -> bool:
    """Whether a number is written in digits, or is π; a named constant stands where it stood."""
    return bool(value.is_number and not value.atoms(NamedNumber))


def _quotient(a: sympy.Expr, b: sympy.Expr) -> sympy.Expr:
    below = sympy.Rational(1, b) if b.is_Integer else sympy.Pow(b, -1, **_AS_IS)
    if a == 1:
        return below
    if b.is_Integer:
        return _product(below, a)
    return sympy.Mul(*(a.args if a.is_Mul else (a,)), below, **_AS_IS)


def _as_is(names: str) -> dict[str, Callable[..., Any]]:
    """Return SymPy's functions of some operations, without evaluation."""
    return {name: partial(_SYMPY[name], **_AS_IS) for name in names.split()}


WRITTEN: dict[str, Callable[..., Any]] = {
    **CANONICAL,
    "add": _sum,
    "sum": lambda *terms: fold(_sum, terms),
    "sub": _difference,
    "mul": _product,
    "div": _quotient,
    "neg": _minus,
    "sqrt": lambda x: sympy.Pow(x, _HALF, **_AS_IS),
    "expm1": lambda x: _sum(sympy.exp(x, **_AS_IS), sympy.S.NegativeOne),
    "log1p": lambda x: sympy.log(_sum(sympy.S.One, x), **_AS_IS),
    **_as_is("pow exp log abs max min sin cos tan asin acos atan sinh cosh tanh erf erfc"),
    "relu": lambda x: sympy.Max(0, x, **_AS_IS),
}


# The fallback where SymPy fails at comparing arguments and conditions.
UNEVALUATED: dict[str, Callable[..., Any]] = {
    **_as_is("max min abs sign floor ceil exp lt le gt ge eq ne and or add mul pow log"),
    "where": lambda condition, a, b: cases((a, condition), (b, True)),
    "relu": lambda x: sympy.Max(0, x, **_AS_IS),
    "clamp": lambda x, low, high: sympy.Min(high, sympy.Max(low, x, **_AS_IS), **_AS_IS),
}
