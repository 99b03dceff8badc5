"""The gradient of a number by a matrix, in the matrix's shape: reverse mode on expressions.

With ⟨G, dU⟩ for the contribution of a part U: ⟨G, dA·B⟩ = ⟨G·Bᵀ, dA⟩, d ln|det A| = ⟨A⁻ᵀ, dA⟩,
dA⁻¹ = −A⁻¹ dA A⁻¹. Formulas: K. B. Petersen and M. S. Pedersen, The Matrix Cookbook (2012),
section 2.
"""

from __future__ import annotations

from collections.abc import Callable

from jacmagic.symbolic.matrices import expressions as e
from jacmagic.symbolic.matrices.derivative import NoForm
from jacmagic.symbolic.matrices.elementwise import ELEMENTWISE
from jacmagic.symbolic.matrices.expressions import Expression
from jacmagic.symbolic.matrices.linear_algebra import inv

Adjoints = tuple[Expression, ...]  # of a part's arguments


def gradient(expression: Expression, name: str) -> Expression | None:
    """Differentiate a number by an input; None where the result is not an expression.

    Returns:
        the gradient in the input's shape.
    """
    try:
        return _sum(expression, e.number(1), name)
    except NoForm:
        return None


def depends(expression: Expression, name: str) -> bool:
    """Whether an input is in an expression."""
    if expression.operation == "input":
        return expression.name == name
    return any(depends(argument, name) for argument in expression.arguments)


def _sum(u: Expression, g: Expression, name: str) -> Expression | None:
    """Return what a part with the adjoint G contributes; None where it does not depend."""
    if not depends(u, name):
        return None
    if u.operation == "input":
        return g
    rule = _RULES.get(u.operation)
    if rule is None:
        raise NoForm
    total: Expression | None = None
    for argument, adjoint in zip(u.arguments, rule(u, g), strict=False):
        term = _sum(argument, adjoint, name)
        if term is not None:
            total = term if total is None else e.add(total, term)
    return total


def _scale(u: Expression, g: Expression) -> Adjoints:
    c, v = u.arguments
    if v.shape:
        inner = e.of_vector("sum", e.times(g, v))
        if v.operation == "ones":
            inner = e.of_vector("sum", g)
        return inner, e.scale(c, g)
    return e.scale(g, v), e.scale(g, c)


def _matmul(u: Expression, g: Expression) -> Adjoints:
    a, b = u.arguments
    if len(a.shape) != 2:
        raise NoForm
    if len(b.shape) == 1:
        return e.matmul(e.column(g), e.transpose(b)), e.matmul(e.transpose(a), g)
    return e.matmul(g, e.transpose(b)), e.matmul(e.transpose(a), g)


def _transpose(u: Expression, g: Expression) -> Adjoints:
    if len(u.arguments[0].shape) != 2:
        raise NoForm
    return (e.transpose(g),)


def _inverse(u: Expression, g: Expression) -> Adjoints:
    turned = e.transpose(u)
    return (e.neg(e.matmul(e.matmul(turned, g), turned)),)


def _power(u: Expression, g: Expression) -> Adjoints:
    base, n = u.arguments
    return (e.scale(g, e.scale(n, e.power(base, n.value - 1))),)


_RULES: dict[str, Callable[[Expression, Expression], Adjoints]] = {
    "add": lambda u, g: (g, g),
    "neg": lambda u, g: (e.neg(g),),
    "scale": _scale,
    "matmul": _matmul,
    "transpose": _transpose,
    "dot": lambda u, g: (e.scale(g, u.arguments[1]), e.scale(g, u.arguments[0])),
    "times": lambda u, g: (e.times(g, u.arguments[1]), e.times(g, u.arguments[0])),
    "apply": lambda u, g: (
        (e.times if u.shape else e.scale)(g, ELEMENTWISE[u.name].derivative(u.arguments[0])),
    ),
    "sum": lambda u, g: (e.scale(g, e.ones(u.arguments[0].shape)),),
    "norm": lambda u, g: (e.scale(e.scale(g, e.inverse(u)), u.arguments[0]),),
    "trace": lambda u, g: (e.scale(g, e.identity(u.arguments[0].shape[0])),),
    "det": lambda u, g: (e.scale(g, e.scale(u, e.transpose(inv(u.arguments[0])))),),
    "logdet": lambda u, g: (e.scale(g, e.transpose(inv(u.arguments[0]))),),
    "inv": _inverse,
    "inverse": lambda u, g: (e.neg(e.scale(g, e.power(u.arguments[0], -2))),),
    "power": _power,
    "logsumexp": lambda u, g: (e.scale(g, e.of_vector("softmax", u.arguments[0])),),
}
