"""The differential of a matrix or vector by a matrix: Σ X dA Y + Σ X dAᵀ Y.

With entries in row-major order X dA Y is the Jacobian X ⊗ Yᵀ. Source: J. R. Magnus and
H. Neudecker, Matrix Differential Calculus (2019), chapters 2 and 9.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from jacmagic.symbolic.matrices import expressions as e
from jacmagic.symbolic.matrices.derivative import NoForm
from jacmagic.symbolic.matrices.evaluation import evaluate
from jacmagic.symbolic.matrices.expressions import Expression
from jacmagic.symbolic.matrices.gradient import depends
from jacmagic.symbolic.matrices.linear_algebra import kron


@dataclass(frozen=True)
class Term:
    """X dA Y, or X dAᵀ Y.

    Attributes:
        left: X.
        right: Y.
        turned: whether dA is transposed.
    """

    left: Expression
    right: Expression
    turned: bool = False


def differential(expression: Expression, name: str) -> list[Term] | None:
    """Differentiate a matrix or vector by a matrix; None where there is no such form."""
    try:
        return _terms(expression, name)
    except NoForm:
        return None


def _terms(u: Expression, name: str) -> list[Term]:
    if not depends(u, name):
        return []
    if u.operation == "input":
        rows, columns = u.shape
        return [Term(e.identity(rows), e.identity(columns))]
    if u.operation == "add":
        return [term for part in u.arguments for term in _terms(part, name)]
    if u.operation == "neg":
        return [replace(term, left=e.neg(term.left)) for term in _terms(u.arguments[0], name)]
    if u.operation == "scale" and not depends(u.arguments[0], name):
        c, v = u.arguments
        return [replace(term, left=e.scale(c, term.left)) for term in _terms(v, name)]
    if u.operation == "matmul":
        return _product(u, name)
    if u.operation == "transpose" and len(u.arguments[0].shape) == 2:
        inner = _terms(u.arguments[0], name)
        return [Term(e.transpose(t.right), e.transpose(t.left), not t.turned) for t in inner]
    if u.operation == "inv":
        inner = _terms(u.arguments[0], name)
        return [
            replace(t, left=e.neg(e.matmul(u, t.left)), right=e.matmul(t.right, u)) for t in inner
        ]
    raise NoForm


def _product(u: Expression, name: str) -> list[Term]:
    """d(AB) = dA·B + A·dB, a vector B as a column."""
    a, b = u.arguments
    if len(a.shape) != 2:
        raise NoForm
    right = e.column(b) if len(b.shape) == 1 else b
    first = [replace(t, right=e.matmul(t.right, right)) for t in _terms(a, name)]
    return first + [replace(t, left=e.matmul(a, t.left)) for t in _terms(b, name)]


def as_jacobian(terms: list[Term]) -> Expression | None:
    """Return Σ X ⊗ Yᵀ; None where dA is transposed in a term."""
    if not terms or any(term.turned for term in terms):
        return None
    return reduce(e.add, (kron(term.left, e.transpose(term.right)) for term in reversed(terms)))


def as_sum(terms: list[Term], name: str, shape: e.Shape) -> Expression:
    """Return Σ X dA Y as an expression in the matrix dA."""
    small = Expression("differential", (), shape, name)
    middle = {False: small, True: e.transpose(small)}
    return reduce(e.add, (e.matmul(e.matmul(t.left, middle[t.turned]), t.right) for t in terms))


def numbers_of(terms: list[Term], shape: e.Shape, point: Mapping[str, np.ndarray]) -> np.ndarray:
    """Evaluate the Jacobian (m, n) of a differential by a matrix of some shape."""
    rows, columns = shape
    swap = np.arange(rows * columns).reshape(rows, columns).T.reshape(-1)
    total: np.ndarray | float = 0.0
    for term in terms:
        left, right = (evaluate(part, point) for part in (term.left, term.right))
        matrix = np.kron(left, right.T)
        if term.turned:
            back = np.empty_like(matrix)
            back[:, swap] = matrix
            matrix = back
        total = total + matrix
    return np.asarray(total)
