"""Rules from ATen operations to expressions of whole vectors and matrices.

`RULES[name](*arguments)` gets the expressions of an operation's tensors, other arguments as they
are. What it does not understand raises `Unknown`, and the result has no such expression.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from jacmagic.symbolic.matrices import expressions as e
from jacmagic.symbolic.matrices.elementwise import apply
from jacmagic.symbolic.matrices.expressions import Expression, number
from jacmagic.symbolic.matrices.linear_algebra import as_vector, inv, number_of

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
    if a.shape != b.shape:
        raise Unknown
    return apply("square", a) if a == b else e.times(a, b)


def _div(a: Any, b: Any) -> Expression:
    a, b = _expression(a), _expression(b)
    if b.shape:
        return _mul(a, apply("reciprocal", b))
    if a.operation == "apply" and a.name == "exp" and b == e.of_vector("sum", a):
        return _softmax(a.arguments[0])
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


def _mm(a: Expression, b: Expression) -> Expression:
    """Return a product; a row times a matrix, xᵀB, is the row of Bᵀx."""
    if a.operation == "transpose" and len(a.arguments[0].shape) == 1:
        return e.transpose(e.matmul(e.transpose(b), a.arguments[0]))
    return e.matmul(a, b)


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
    vector = as_vector(row)
    if vector is None:
        raise Unknown
    return vector


def _transpose(a: Expression, *axes: Any) -> Expression:
    order = axes[0] if axes and isinstance(axes[0], Sequence) else axes
    if len(a.shape) != 2 or (order and sorted(axis % 2 for axis in order) != [0, 1]):
        raise Unknown
    if axes and axes[0] is order and [axis % 2 for axis in order] == [0, 1]:
        return a
    return e.transpose(a)


def _sum(x: Expression, *rest: Any) -> Expression:
    whole = (None, [], (), 0, [0], -1, [-1], False) if len(x.shape) == 1 else (None, [], (), False)
    if not x.shape or any(not _is_among(value, whole) for value in rest):
        raise Unknown
    return e.of_vector("sum", x)


def _is_among(value: Any, allowed: Sequence[Any]) -> bool:
    """Whether a value is one of others, with its type: 0 is not False."""
    return any(type(value) is type(one) and value == one for one in allowed)


def _norm(x: Expression, p: Any = 2, *rest: Any) -> Expression:
    axes = (None, [0], [-1], False) if len(x.shape) == 1 else (None, [0, 1], False)
    if not x.shape or p != 2 or any(not _is_among(value, axes) for value in rest):
        raise Unknown
    return e.of_vector("norm", x)


def _softmax(x: Expression, *_: Any) -> Expression:
    if len(x.shape) != 1:
        raise Unknown
    return e.of_vector("softmax", _unshifted(x)[0])


def _unshifted(x: Expression) -> tuple[Expression, Expression]:
    """Return v and c of a vector v − c·1."""
    for one, other in (x.arguments, x.arguments[::-1]) if x.operation == "add" else ():
        inner = other.arguments[0] if other.operation == "neg" else other
        if inner.operation == "scale" and inner.arguments[1].operation == "ones":
            c = inner.arguments[0]
            return one, c if other.operation == "neg" else e.neg(c)
    return x, number(0)


def _logsumexp(x: Expression, *_: Any) -> Expression:
    if len(x.shape) != 1:
        raise Unknown
    v, c = _unshifted(x)
    rest = e.of_vector("logsumexp", v)
    return rest if e.is_number(c, 0) else e.add(rest, e.neg(c))


def _log_softmax(x: Expression, *_: Any) -> Expression:
    v = _unshifted(x)[0]
    return e.add(v, e.neg(e.scale(_logsumexp(v), e.ones(v.shape))))


def _log(x: Expression) -> Expression:
    """Return ln x; of a sum of exponentials or of a determinant by its name."""
    size = x.arguments[0] if x.operation == "apply" and x.name == "abs" else x
    if size.operation == "det":
        return number_of("logdet", size.arguments[0])
    total = x.arguments[0] if x.operation == "sum" else x
    if not x.shape and total.operation == "apply" and total.name == "exp" and total.shape:
        return _logsumexp(total.arguments[0])
    return apply("log", x)


def _maximum(x: Expression, *rest: Any) -> Expression:
    if len(x.shape) != 1 or any(not _is_among(v, (None, [], [0], 0, -1, False)) for v in rest):
        raise Unknown
    return e.of_vector("max", x)


def _cross_entropy(z: Expression, y: Expression, *rest: Any) -> Expression:
    """Return the mean or sum of ln(1 + eᶻ) − y·z, without weights."""
    reduction = rest[2] if len(rest) > 2 else 1
    if any(value is not None for value in rest[:2]) or reduction not in (1, 2):
        raise Unknown
    losses = _add(apply("softplus", z), e.neg(_mul(y, z)))
    return _mean(losses) if reduction == 1 and losses.shape else e.of_vector("sum", losses)


def _squared_error(x: Expression, y: Expression, reduction: int = 1) -> Expression:
    """Return the mean or sum of (x − y)²."""
    squares = apply("square", _add(x, e.neg(y)))
    if reduction not in (1, 2):
        return squares
    return _mean(squares) if reduction == 1 else e.of_vector("sum", squares)


def _mean(x: Expression, *rest: Any) -> Expression:
    return e.scale(number(1 / math.prod(x.shape)), _sum(x, *rest))


def _square(a: Expression) -> Expression:
    if len(a.shape) != 2 or a.shape[0] != a.shape[1]:
        raise Unknown
    return a


RULES: dict[str, Callable[..., Expression | tuple[Expression | None, ...]]] = {
    "add": _add,
    "sub": lambda a, b, *_: _add(a, e.neg(_expression(b))),
    "rsub": lambda a, b, *_: _add(b, e.neg(_expression(a))),
    "mul": _mul,
    "div": _div,
    "neg": lambda a: e.neg(a),
    "pow": _pow,
    "mv": lambda a, x: e.matmul(a, x),
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
    "mean": _mean,
    "linalg_vector_norm": _norm,
    "_softmax": _softmax,
    "_log_softmax": _log_softmax,
    "logsumexp": _logsumexp,
    "max": _maximum,
    "amax": _maximum,
    "max.dim": lambda x, *rest: (_maximum(x, *rest), None),
    "where": lambda a, b: b,
    "softplus": lambda x: apply("softplus", x),
    "binary_cross_entropy_with_logits": _cross_entropy,
    "mse_loss": _squared_error,
    "trace": lambda a: number_of("trace", _square(a)),
    "_linalg_det": lambda a: (number_of("det", _square(a)), None, None),
    "_linalg_slogdet": lambda a: (None, number_of("logdet", _square(a)), None, None),
    "linalg_inv_ex": lambda a, *_: (inv(_square(a)), None),
    "_linalg_solve_ex": lambda a, b, *_: (e.matmul(inv(_square(a)), b), None, None, None),
    **{name: partial(apply, name) for name in _FUNCTIONS},
    "log": _log,
    **dict.fromkeys(_SAME, lambda x, *_: x),
}
