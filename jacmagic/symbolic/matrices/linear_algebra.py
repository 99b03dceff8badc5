"""Inverse, determinant, trace and Kronecker product, as expressions that simplify."""

from __future__ import annotations

from jacmagic.symbolic.matrices.expressions import (
    FACTORS,
    Expression,
    add,
    identity,
    matmul,
    transpose,
    with_factor,
    zero,
)


def inv(a: Expression) -> Expression:
    """Return A⁻¹."""
    if a.operation == "inv":
        return a.arguments[0]
    return a if a.operation == "identity" else Expression("inv", (a,), a.shape)


def number_of(operation: str, a: Expression) -> Expression:
    """Return det A, ln|det A| or tr A ("det", "logdet", "trace")."""
    return Expression(operation, (a,))


def kron(a: Expression, b: Expression) -> Expression:
    """Return A ⊗ B; numbers and signs move outwards."""
    shape = (a.shape[0] * b.shape[0], a.shape[1] * b.shape[1])
    for part in (a, b):
        if part.operation == "zero":
            return zero(shape)
        if part.operation in FACTORS:
            inner = part.arguments[-1]
            return with_factor(part, kron(inner, b) if part is a else kron(a, inner))
    if a.operation == b.operation == "identity":
        return identity(shape[0])
    return Expression("kron", (a, b), shape)


def as_vector(row: Expression) -> Expression | None:
    """Return the vector whose row this is, (xᵀB) → Bᵀx; None for other matrices of one row."""
    if row.operation == "matmul":
        left, right = row.arguments
        inner = as_vector(left)
        return None if inner is None else matmul(transpose(right), inner)
    if row.operation in FACTORS:
        inner = as_vector(row.arguments[-1])
        return None if inner is None else with_factor(row, inner)
    if row.operation == "add" and len(row.shape) == 2:
        first, second = map(as_vector, row.arguments)
        return None if first is None or second is None else add(first, second)
    if row.operation == "transpose" and len(row.arguments[0].shape) == 1:
        return row.arguments[0]
    return None
