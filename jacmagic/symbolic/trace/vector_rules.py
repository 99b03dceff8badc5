"""Rules from ATen operations to expressions of whole vectors and matrices.

`RULES[name](*arguments)` gets the expressions of an operation's tensors, other arguments as they
are. What it does not understand raises `Unknown`, and the result has no such expression.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from jacmagic.symbolic.matrices import Expression, apply, number
from jacmagic.symbolic.matrices import expressions as e

_FUNCTIONS = "sin cos exp log sinh cosh tanh sigmoid relu abs sqrt reciprocal square".split()
_SAME = frozenset("clone alias detach lift_fresh contiguous expand".split())
_POWERS: dict[float, str] = {2: "square", 3: "cube", 0.5: "sqrt", -1: "reciprocal"}


class Unknown(Exception):
    """An operand or operation without an expression of whole vectors and matrices."""


def _expression(value: Any) -> Expression:
    if isinstance(value, Expression):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unknown
    return number(value)


def _add(a: Any, b: Any, *_: Any) -> Expression:
    a, b = _expression(a), _expression(b)
    if a.shape != b.shape:
        a, b = (e.scale(x, e.ones(y.shape)) if not x.shape else x for x, y in ((a, b), (b, a)))
    if a.shape != b.shape:
        raise Unknown
    return e.add(a, b)


def _mul(a: Any, b: Any) -> Expression:
    a, b = _expression(a), _expression(b)
    if not a.shape or not b.shape:
        return e.scale(a, b) if not a.shape else e.scale(b, a)
    if a.shape != b.shape or len(a.shape) != 1:
        raise Unknown
    return apply("square", a) if a == b else e.times(a, b)


def _div(a: Any, b: Any) -> Expression:
    a, b = _expression(a), _expression(b)
    if b.shape:
        return _mul(a, apply("reciprocal", b))
    return e.scale(e.inverse(b), a)


def _pow(a: Any, n: Any) -> Expression:
    if isinstance(n, Expression) and n.operation == "number":
        n = n.value
    if isinstance(n, bool) or not isinstance(n, int | float) or not isinstance(a, Expression):
        raise Unknown
    if not a.shape:
        return e.power(a, n)
    if n not in _POWERS:
        raise Unknown
    return apply(_POWERS[n], a)


def _mv(a: Expression, x: Expression) -> Expression:
    return e.matmul(a, x)


def _mm(a: Expression, b: Expression) -> Expression:
    """Return a row times a matrix: xᵀB is the row of Bᵀx."""
    if a.operation == "transpose" and len(a.arguments[0].shape) == 1:
        return e.transpose(e.matmul(e.transpose(b), a.arguments[0]))
    raise Unknown


def _addmm(b: Expression, row: Expression, a: Expression) -> Expression:
    """Return a row times a matrix, plus a vector."""
    return e.transpose(_add(_as_vector(_mm(row, a)), b))


def _view(x: Expression, size: Sequence[int]) -> Expression:
    """Return a vector as a row, a row as a vector, or nothing new."""
    if len(x.shape) == 1 and len(size) == 2 and size[0] == 1:
        return _unsqueeze(x, 0)
    return _squeeze(x) if len(x.shape) == 2 and len(size) == 1 else x


def _unsqueeze(x: Expression, axis: int) -> Expression:
    if len(x.shape) != 1 or axis != 0:
        raise Unknown
    return Expression("transpose", (x,), (1, *x.shape))


def _squeeze(x: Expression, *_: Any) -> Expression:
    """Return a row as a vector again."""
    if x.shape[:1] != (1,):
        raise Unknown
    return _as_vector(x)


def _as_vector(row: Expression) -> Expression:
    """Return the vector whose row this is: (xᵀB) → Bᵀx."""
    if row.operation == "matmul":
        left, right = row.arguments
        return e.matmul(e.transpose(right), _as_vector(left))
    if row.operation in ("scale", "neg"):
        inner = _as_vector(row.arguments[-1])
        return e.neg(inner) if row.operation == "neg" else e.scale(row.arguments[0], inner)
    if row.operation == "add" and len(row.shape) == 2:
        return e.add(*map(_as_vector, row.arguments))
    if row.operation == "transpose" and len(row.arguments[0].shape) == 1:
        return row.arguments[0]
    raise Unknown


def _transpose(a: Expression, *_: Any) -> Expression:
    if len(a.shape) != 2:
        raise Unknown
    return e.transpose(a)


def _sum(x: Expression, *rest: Any) -> Expression:
    if len(x.shape) != 1 or any(value not in (None, [], (), 0, [0], False) for value in rest):
        raise Unknown
    return e.of_vector("sum", x)


def _norm(x: Expression, p: Any = 2, *rest: Any) -> Expression:
    if len(x.shape) != 1 or p != 2 or any(value not in (None, [0], False) for value in rest):
        raise Unknown
    return e.of_vector("norm", x)


def _softmax(x: Expression, *_: Any) -> Expression:
    if len(x.shape) != 1:
        raise Unknown
    return e.of_vector("softmax", x)


def _same(x: Expression, *_: Any) -> Expression:
    return x


RULES: dict[str, Callable[..., Expression]] = {
    "add": _add,
    "sub": lambda a, b, *_: _add(a, e.neg(_expression(b))),
    "rsub": lambda a, b, *_: _add(b, e.neg(_expression(a))),
    "mul": _mul,
    "div": _div,
    "neg": lambda a: e.neg(a),
    "pow": _pow,
    "mv": _mv,
    "mm": _mm,
    "addmm": _addmm,
    "view": _view,
    "_unsafe_view": _view,
    "reshape": _view,
    "addmv": lambda b, a, x: _add(b, e.matmul(a, x)),
    "dot": lambda a, b: e.of_vector("dot", a, b),
    "t": _transpose,
    "transpose": _transpose,
    "permute": _transpose,
    "unsqueeze": _unsqueeze,
    "squeeze": _squeeze,
    "sum": _sum,
    "mean": lambda x, *rest: e.scale(number(1 / x.shape[0]), _sum(x, *rest)),
    "linalg_vector_norm": _norm,
    "_softmax": _softmax,
    **{name: partial(apply, name) for name in _FUNCTIONS},
    **dict.fromkeys(_SAME, _same),
}
