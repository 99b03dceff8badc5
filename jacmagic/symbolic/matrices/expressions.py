"""Expressions of vectors and matrices, and constructors that simplify.

A constructor simplifies what a person would not write: I·A, 0 + A, (Aᵀ)ᵀ, a product with 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Expression:
    """An operation applied to expressions.

    Attributes:
        operation: a name of `OPERATIONS`, "apply" for a function of every element, "input",
            "constant" or "number".
        arguments: the operands.
        shape: () for a number, (n,) for a vector, (m, n) for a matrix.
        name: of an input or a constant, or of a function applied to the elements.
        value: of a constant or a number, as nested tuples; None otherwise.
        size: how many parts it has when it is written out.
    """

    operation: str
    arguments: tuple[Expression, ...] = ()
    shape: Shape = ()
    name: str = ""
    value: Any = None
    size: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Add up the sizes of the operands."""
        object.__setattr__(self, "size", 1 + sum(argument.size for argument in self.arguments))


def variable(name: str, shape: Shape) -> Expression:
    """Return an input."""
    return Expression("input", (), shape, name)


def constant(name: str, value: np.ndarray) -> Expression:
    """Return a constant that has a name."""
    return Expression("constant", (), value.shape, name, _nested(value.tolist()))


def number(value: float) -> Expression:
    """Return a number without a name."""
    return Expression("number", (), (), "", float(value))


def is_unnamed(expression: Expression) -> bool:
    """Whether an expression is a constant that the function has made, without a name so far."""
    return expression.operation == "constant" and not expression.name


def _nested(value: Any) -> Any:
    return tuple(map(_nested, value)) if isinstance(value, list) else value


def zero(shape: Shape) -> Expression:
    """Return zeros."""
    return Expression("zero", (), shape)


def ones(shape: Shape) -> Expression:
    """Return ones."""
    return Expression("ones", (), shape)


def identity(n: int) -> Expression:
    """Return the unit matrix; the number one for n = 1 stays a matrix."""
    return Expression("identity", (), (n, n))


def is_number(expression: Expression, value: float) -> bool:
    """Whether an expression is this very number."""
    return expression.operation == "number" and expression.value == value


def add(a: Expression, b: Expression) -> Expression:
    """Return a + b; what cancels is gone."""
    for one, other in ((a, b), (b, a)):
        if other == neg(one):
            return zero(a.shape) if a.shape else number(0)
        if other.operation == "add" and neg(one) in other.arguments:
            left, right = other.arguments
            return right if left == neg(one) else left
    if a.operation == "zero":
        return b
    if b.operation == "zero":
        return a
    if a == b:
        return scale(number(2), a)
    if a.operation == b.operation == "diag":
        return diag(add(a.arguments[0], b.arguments[0]))
    if a.operation == "diag" and b.operation == "neg" and b.arguments[0].operation == "diag":
        return diag(add(a.arguments[0], neg(b.arguments[0].arguments[0])))
    if _is_row(a) and _is_row(b.arguments[0] if b.operation == "neg" else b):
        second = b.arguments[0].arguments[0] if b.operation == "neg" else b.arguments[0]
        return transpose(add(a.arguments[0], neg(second) if b.operation == "neg" else second))
    return Expression("add", (a, b), a.shape or b.shape)


def _is_row(a: Expression) -> bool:
    """Whether an expression is the transpose of a vector."""
    return a.operation == "transpose" and len(a.arguments[0].shape) == 1


def neg(a: Expression) -> Expression:
    """Return −a."""
    if a.operation == "zero":
        return a
    if a.operation == "number":
        return number(-a.value)
    return a.arguments[0] if a.operation == "neg" else Expression("neg", (a,), a.shape)


def scale(c: Expression, a: Expression) -> Expression:
    """Return a number times anything; numbers are joined, signs move outwards."""
    if a.operation == "zero" or is_number(c, 1):
        return a
    if is_number(c, 0):
        return zero(a.shape)
    if is_number(c, -1):
        return neg(a)
    if a.operation == "neg":
        return neg(scale(c, a.arguments[0]))
    if c.operation == "number" and c.value < 0 and a.operation != "number":
        return neg(scale(number(-c.value), a))
    if c.operation == "neg":
        return neg(scale(c.arguments[0], a))
    if not a.shape and a.operation == "number":
        return number(c.value * a.value) if c.operation == "number" else scale(a, c)
    if a.operation == "scale" and c.operation == a.arguments[0].operation == "number":
        return scale(number(c.value * a.arguments[0].value), a.arguments[1])
    inner = a.arguments[0] if a.operation == "scale" else a
    base, n = _as_power(c)
    if inner.operation != "number" and not inner.shape and _as_power(inner)[0] == base:
        joined = power(base, n + _as_power(inner)[1])
        return scale(joined, a.arguments[1]) if a.operation == "scale" else joined
    if c.operation == "scale" and c.arguments[0].operation == "number":
        return scale(c.arguments[0], scale(c.arguments[1], a))
    if a.operation == "scale" and a.arguments[0].operation == "number":
        return scale(a.arguments[0], scale(c, a.arguments[1]))
    return Expression("scale", (c, a), a.shape)


def _as_power(c: Expression) -> tuple[Expression, float]:
    """Return a number as a base and an exponent."""
    if c.operation == "inverse":
        return c.arguments[0], -1
    return (c.arguments[0], c.arguments[1].value) if c.operation == "power" else (c, 1)


def times(u: Expression, v: Expression) -> Expression:
    """Return the product of two vectors element by element."""
    for one, other in ((u, v), (v, u)):
        if one.operation in ("ones", "zero"):
            return other if one.operation == "ones" else one
        if one.operation == "scale" and one.arguments[1].operation == "ones":
            return scale(one.arguments[0], other)
    return Expression("times", (u, v), u.shape)


FACTORS = ("neg", "scale")  # operations that a linear function leaves outside


def with_factor(a: Expression, inner: Expression) -> Expression:
    """Return −inner or c·inner, as `a` is −x or c·x."""
    return neg(inner) if a.operation == "neg" else scale(a.arguments[0], inner)


def factors_of(product: Expression) -> list[Expression]:
    """Return the factors of a product of matrices from left to right."""
    if product.operation != "matmul":
        return [product]
    return [factor for part in product.arguments for factor in factors_of(part)]


def transpose(a: Expression) -> Expression:
    """Return Aᵀ, or the row of a vector."""
    if a.operation == "transpose":
        return a.arguments[0]
    if a.operation in ("diag", "identity"):
        return a
    if a.operation in FACTORS:
        return with_factor(a, transpose(a.arguments[-1]))
    if a.operation == "add" and len(a.shape) == 2:
        left, right = map(transpose, a.arguments)
        return a if (left, right) == a.arguments[::-1] else add(left, right)
    if a.operation == "column":
        return transpose(a.arguments[0])
    if a.operation == "matmul":
        left, right = a.arguments
        if left.operation == "column" and right.operation == "transpose":  # (u vᵀ)ᵀ = v uᵀ
            inner = right.arguments[0]
            turned = column(inner) if len(inner.shape) == 1 else inner
            return matmul(turned, transpose(left.arguments[0]))
        return matmul(transpose(right), transpose(left))
    return Expression("transpose", (a,), a.shape[::-1] if len(a.shape) == 2 else (1, *a.shape))


def matmul(a: Expression, b: Expression) -> Expression:
    """Return A·B or A·v, written from left to right."""
    shape = (*a.shape[:-1], *b.shape[1:])
    if a.operation == "zero" or b.operation == "zero":
        return zero(shape)
    if a.operation == "identity":
        return b
    if b.operation == "identity":
        return a
    if (a.operation == "inv" and a.arguments == (b,)) or (
        b.operation == "inv" and b.arguments == (a,)
    ):
        return identity(a.shape[0])
    for part in (a, b):
        if part.operation in FACTORS:
            inner = part.arguments[-1]
            return with_factor(part, matmul(inner, b) if part is a else matmul(a, inner))
    if a.operation == "transpose" and a.arguments[0].operation == "ones" and b.operation == "diag":
        return transpose(b.arguments[0])  # 1ᵀ diag(v) = vᵀ
    if a.operation == b.operation == "diag":
        return diag(times(a.arguments[0], b.arguments[0]))
    if b.operation == "matmul":
        left = matmul(a, b.arguments[0])
        return Expression("matmul", (left, b.arguments[1]), shape)
    return Expression("matmul", (a, b), shape)


def diag(v: Expression) -> Expression:
    """Return the diagonal matrix of a vector."""
    if v.operation == "ones":
        return identity(v.shape[0])
    if v.operation == "zero":
        return zero((v.shape[0], v.shape[0]))
    if v.operation in FACTORS:
        return with_factor(v, diag(v.arguments[-1]))
    return Expression("diag", (v,), (v.shape[0], v.shape[0]))


def column(v: Expression) -> Expression:
    """Return a vector as a matrix of one column; factors and signs move outwards."""
    if v.operation in FACTORS:
        return with_factor(v, column(v.arguments[-1]))
    return Expression("column", (v,), (v.shape[0], 1))


def of_vector(operation: str, *vectors: Expression) -> Expression:
    """Return a number made of vectors ("sum", "dot", "norm"), or the softmax of one."""
    for k, vector in enumerate(vectors):
        if vector.operation == "neg" and operation in ("sum", "dot"):
            return neg(of_vector(operation, *vectors[:k], vector.arguments[0], *vectors[k + 1 :]))
    shape = vectors[0].shape if operation == "softmax" else ()
    return Expression(operation, vectors, shape)


def inverse(c: Expression) -> Expression:
    """Return 1/c of a number."""
    if c.operation == "number":
        return number(1 / c.value)
    return Expression("inverse", (c,))


def power(c: Expression, n: float) -> Expression:
    """Return cⁿ of a number."""
    if n in (0, 1):
        return c if n else number(1)
    if n == -1:
        return inverse(c)
    return Expression("power", (c, number(n)))
