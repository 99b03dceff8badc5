"""The chain rule of matrix expressions: derivatives of vectors and numbers.

A derivative is always a matrix: (m, n) of a vector by a vector, one row for a number, one column by
a number. Formulas: K. B. Petersen and M. S. Pedersen, The Matrix Cookbook (2012), sections 2 and 9.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from jacmagic.symbolic.matrices import expressions as e
from jacmagic.symbolic.matrices.elementwise import ELEMENTWISE
from jacmagic.symbolic.matrices.expressions import Expression


class NoForm(Exception):
    """A derivative that is not a matrix expression of these operations."""


def derivative(expression: Expression, name: str) -> Expression | None:
    """Differentiate by an input; None where the result is not a matrix expression."""
    try:
        return _gathered(_derive(expression, name))
    except NoForm:
        return None


def _size(shape: tuple[int, ...]) -> int:
    return shape[0] if shape else 1


def _width(expression: Expression, name: str) -> int | None:
    """Return the input's number of components; None for an independent expression."""
    if expression.operation == "input":
        return _size(expression.shape) if expression.name == name else None
    widths = [_width(argument, name) for argument in expression.arguments]
    return next((width for width in widths if width is not None), None)


def _derive(u: Expression, name: str) -> Expression:
    width = _width(u, name)
    if width is None:
        raise NoForm  # a block of zeros is written elsewhere
    if len(u.shape) > 1:
        raise NoForm
    if u.operation == "input":
        return e.identity(width)
    if u.operation not in _RULES:
        raise NoForm
    return _RULES[u.operation](u, lambda part: _part(part, name, width))


Derive = Callable[[Expression], Expression]


def _part(u: Expression, name: str, width: int) -> Expression:
    """Return the derivative of a part, which may be constant."""
    if _width(u, name) is None:
        return e.zero((_size(u.shape), width))
    return _derive(u, name)


def _scale(u: Expression, d: Derive) -> Expression:
    c, v = u.arguments
    slope = d(c)
    if slope.operation == "zero":
        return e.scale(c, d(v))
    if not v.shape:
        return e.add(e.scale(c, d(v)), e.scale(v, slope))
    return e.add(e.scale(c, d(v)), e.matmul(e.column(v), slope))


def _matmul(u: Expression, d: Derive) -> Expression:
    a, x = u.arguments
    if len(a.shape) != 2 or len(x.shape) != 1 or d(a).operation != "zero":
        raise NoForm
    return e.matmul(a, d(x))


def _apply(u: Expression, d: Derive) -> Expression:
    (v,) = u.arguments
    slope = ELEMENTWISE[u.name].derivative(v)
    return e.matmul(e.diag(slope), d(v)) if v.shape else e.scale(slope, d(v))


def _sum(u: Expression, d: Derive) -> Expression:
    (v,) = u.arguments
    if len(v.shape) != 1:
        raise NoForm
    return e.matmul(e.transpose(e.ones(v.shape)), _gathered(d(v)))


def _softmax(u: Expression, d: Derive) -> Expression:
    (v,) = u.arguments
    outer = e.matmul(e.column(u), e.transpose(u))
    return e.matmul(e.add(e.diag(u), e.neg(outer)), d(v))


_RULES: dict[str, Callable[[Expression, Derive], Expression]] = {
    "add": lambda u, d: e.add(d(u.arguments[0]), d(u.arguments[1])),
    "neg": lambda u, d: e.neg(d(u.arguments[0])),
    "scale": _scale,
    "matmul": _matmul,
    "dot": lambda u, d: e.add(
        *(e.matmul(e.transpose(a), d(b)) for a, b in (u.arguments, u.arguments[::-1]))
    ),
    "apply": _apply,
    "times": lambda u, d: e.add(
        *(e.matmul(e.diag(b), d(a)) for a, b in (u.arguments, u.arguments[::-1]))
    ),
    "sum": _sum,
    "norm": lambda u, d: e.scale(
        e.inverse(u), e.matmul(e.transpose(u.arguments[0]), d(u.arguments[0]))
    ),
    "logsumexp": lambda u, d: e.matmul(
        e.transpose(e.of_vector("softmax", u.arguments[0])), d(u.arguments[0])
    ),
    "softmax": _softmax,
    "inverse": lambda u, d: e.neg(e.scale(e.power(u.arguments[0], -2), d(u.arguments[0]))),
    "power": lambda u, d: e.scale(
        e.scale(u.arguments[1], e.power(u.arguments[0], u.arguments[1].value - 1)),
        d(u.arguments[0]),
    ),
}


# ── common factors ────────────────────────────────────────────────────────────────────────────


def _gathered(a: Expression) -> Expression:
    """xᵀA + xᵀB = xᵀ(A + B), and the same for a factor on the right."""
    if a.operation == "add":
        left, right = map(_gathered, a.arguments)
        return _common(left, right) or e.add(left, right)
    if a.operation in e.FACTORS:
        return e.with_factor(a, _gathered(a.arguments[-1]))
    return a


def _common(a: Expression, b: Expression) -> Expression | None:
    """Return the sum with a common factor taken out; None where there is none."""
    if a.operation == b.operation == "scale" and a.arguments[0] == b.arguments[0]:
        return e.scale(a.arguments[0], _gathered(e.add(a.arguments[1], b.arguments[1])))
    if b.operation == "neg" and a.operation != "neg":
        first, second = e.factors_of(a), e.factors_of(b.arguments[0])
        if len(first) < 2 or len(second) < 2 or first[-1] != second[-1]:
            return None
        return e.matmul(e.add(_product(first[:-1]), e.neg(_product(second[:-1]))), first[-1])
    first, second = e.factors_of(a), e.factors_of(b)
    if len(first) < 2 or len(second) < 2 or a == b:
        return None
    if first[0] == second[0]:
        return e.matmul(first[0], e.add(_product(first[1:]), _product(second[1:])))
    if first[-1] == second[-1] and first[0].operation != "column":
        return e.matmul(e.add(_product(first[:-1]), _product(second[:-1])), first[-1])
    return None


def _product(factors: list[Expression]) -> Expression:
    return functools.reduce(e.matmul, factors)
