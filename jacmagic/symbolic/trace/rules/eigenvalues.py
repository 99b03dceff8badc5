"""Rules for eigenvalues, singular values and exponentials of matrices.

LAPACK reads one triangle of a symmetric matrix while torch's gradient treats both alike; so does
the formula, which takes (aᵢⱼ + aⱼᵢ)/2 where the two are written differently, and assumes that they
are equal. A matrix whose numbers are not symmetric is refused: there value and gradient of torch do
not belong together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.symbolic.graph import ONE, ZERO, Graph
from jacmagic.symbolic.trace.rules.arrays import MAX_RELATIVE_ROUNDING, norm
from jacmagic.symbolic.trace.rules.matrices import batched
from jacmagic.symbolic.trace.rules.products import matmul
from jacmagic.symbolic.trace.rules.selections import Operands, Selection

_MAX_ROWS = 4  # of Cholesky's factor, whose roots nest as deep as it has rows


def _alike(g: Graph, u: int, v: int) -> bool:
    """Whether two nodes are one, up to the order of sums and products."""
    if u == v:
        return True
    if g.operations[u] != g.operations[v] or g.operations[u] not in ("add", "mul"):
        return False
    (a, b), (c, d) = g.operands(u), g.operands(v)
    return (_alike(g, a, c) and _alike(g, b, d)) or (_alike(g, a, d) and _alike(g, b, c))


def _symmetric(
    g: Graph, operation: str, nodes: np.ndarray, numbers: np.ndarray
) -> tuple[np.ndarray, list[int]]:
    """Return a symmetric matrix, and the condition that it is symmetric."""
    size = np.abs(numbers)
    ends = np.diagonal(size, axis1=-2, axis2=-1)
    bound = MAX_RELATIVE_ROUNDING * (size + ends[..., :, None] + ends[..., None, :])
    if not (np.abs(numbers - np.swapaxes(numbers, -1, -2)) <= bound).all():
        raise Unsupported(operation, "reads one triangle of a matrix that is not symmetric")
    result, conditions = nodes.copy(), []
    for index in np.ndindex(*nodes.shape[:-2]):
        for i, j in zip(*np.triu_indices(nodes.shape[-1], 1), strict=True):
            upper, lower = (*index, i, j), (*index, j, i)
            u, v = int(nodes[upper]), int(nodes[lower])
            if _alike(g, u, v):
                result[upper] = v
                continue
            result[upper] = result[lower] = g.div(g.add(u, v), g.number(2))
            diagonal = np.diagonal(nodes[index])
            conditions.append(_equal(g, u, v, [int(diagonal[i]), int(diagonal[j])]))
    return result, conditions


def _equal(g: Graph, u: int, v: int, ends: list[int]) -> int:
    """u = v; where they are computed, up to rounding on the scale of the diagonal."""
    if not (g.operands(u) or g.operands(v)):
        return g.apply("eq", u, v)
    scale = g.total(g.apply("abs", node) for node in (v, *ends))
    return g.apply("le", g.apply("abs", g.sub(u, v)), g.mul(g.number(MAX_RELATIVE_ROUNDING), scale))


def _lower_factor(g: Graph, m: np.ndarray) -> np.ndarray:
    """Cholesky's factor, column by column."""
    if len(m) > _MAX_ROWS:
        raise Unsupported("cholesky", f"of a matrix larger than {_MAX_ROWS}×{_MAX_ROWS}")
    result = np.full_like(m, ZERO)
    for j in range(len(m)):
        for i in range(j, len(m)):
            inner = g.total(g.mul(int(result[i, k]), int(result[j, k])) for k in range(j))
            if i == j:
                inner = g.total(g.square(int(result[j, k])) for k in range(j))
            rest = g.sub(int(m[i, j]), inner)
            result[i, j] = g.apply("sqrt", rest) if i == j else g.div(rest, int(result[j, j]))
    return result


def _cholesky(
    g: Graph, operands: Operands, a: np.ndarray, *, upper: bool = False, **_: Any
) -> Selection:
    whole, conditions = _symmetric(g, "cholesky", a, operands.inputs[0])
    result = batched(lambda m: _lower_factor(g, m), whole)
    return Selection((np.swapaxes(result, -1, -2) if upper else result, np.array(ZERO)), conditions)


def _two_roots(g: Graph, a: int, b: int, c: int) -> tuple[int, int]:
    """Return the eigenvalues of [[a, b], [b, c]], (a + c)/2 ∓ √(((a − c)/2)² + b²)."""
    two = g.number(2)
    center = g.div(g.add(a, c), two)
    radius = g.apply("sqrt", g.add(g.square(g.div(g.sub(a, c), two)), g.square(b)))
    return g.sub(center, radius), g.add(center, radius)


def _eigenvalues(g: Graph, m: np.ndarray) -> np.ndarray:
    if len(m) > 2:
        raise Unsupported("eigh", "of a matrix larger than 2×2 has no closed form worth reading")
    if len(m) < 2:
        return np.diagonal(m)
    return np.array(_two_roots(g, int(m[0, 0]), int(m[0, 1]), int(m[1, 1])), dtype=np.int64)


def _eigh(g: Graph, operands: Operands, a: np.ndarray, *_: Any) -> Selection:
    whole, conditions = _symmetric(g, "eigh", a, operands.inputs[0])
    values = batched(lambda m: _eigenvalues(g, m), whole)
    return Selection((values, None), conditions, poison=True)


def _singular_values(g: Graph, m: np.ndarray) -> np.ndarray:
    """√ of the eigenvalues of A Aᵀ, largest first."""
    rows = m if m.shape[0] <= m.shape[1] else m.T
    if len(rows) > 2:
        raise Unsupported("svd", "of a matrix larger than 2×n has no closed form worth reading")
    if len(rows) < 2:
        return np.array([norm(g, row.tolist(), 2) for row in rows], dtype=np.int64)
    gram = matmul(g, rows, rows.T)
    small, large = _two_roots(g, int(gram[0, 0]), int(gram[0, 1]), int(gram[1, 1]))
    return np.array([g.apply("sqrt", large), g.apply("sqrt", small)], dtype=np.int64)


def _square_root(g: Graph, m: np.ndarray, root: int) -> np.ndarray:
    """Return √A = (A + √det A·I)/√(tr A + 2√det A) of a positive 2×2 matrix, given √det A."""
    (a, b), (c, d) = m.tolist()
    size = g.apply("sqrt", g.add(g.add(a, d), g.mul(g.number(2), root)))
    result = [[g.add(a, root), b], [c, g.add(d, root)]]
    return np.array([[g.div(node, size) for node in row] for row in result], dtype=np.int64)


def _area(g: Graph, m: np.ndarray) -> int:
    (a, b), (c, d) = m.tolist()
    return g.sub(g.mul(a, d), g.mul(b, c))


def _matrix_root(g: Graph, operands: Operands, a: np.ndarray) -> Selection:
    if a.shape[-1] != 2:
        raise Unsupported("matrix_sqrth", "has a closed form for 2×2 matrices")
    whole, conditions = _symmetric(g, "matrix_sqrth", a, operands.inputs[0])
    result = batched(lambda m: _square_root(g, m, g.apply("sqrt", _area(g, m))), whole)
    return Selection((result,), conditions)


def _polar(g: Graph, operands: Operands, a: np.ndarray) -> Selection:
    """Return U and H of A = U H: H = √(AᵀA), of which det H = |det A|, and U = A H⁻¹."""
    if a.shape[-2:] != (2, 2):
        raise Unsupported("polar", "has a closed form for 2×2 matrices")
    numbers = operands.inputs[0]
    if (numbers[..., 0, 0] * numbers[..., 1, 1] == numbers[..., 0, 1] * numbers[..., 1, 0]).any():
        raise Unsupported("polar", "has no closed form of a singular matrix")

    def stretch(m: np.ndarray) -> np.ndarray:
        return _square_root(g, matmul(g, m.T, m), g.apply("abs", _area(g, m)))

    def rotation(m: np.ndarray) -> np.ndarray:
        (a, b), (c, d) = stretch(m).tolist()
        adjugate = np.array([[d, g.neg(b)], [g.neg(c), a]], dtype=np.int64)
        size = g.apply("abs", _area(g, m))
        product = matmul(g, m, adjugate)
        return np.array([[g.div(u, size) for u in row] for row in product.tolist()], dtype=np.int64)

    return Selection((batched(rotation, a), batched(stretch, a)))


def _exponential(g: Graph, m: np.ndarray) -> np.ndarray | None:
    """e^A where it has a short form: diagonal, nilpotent and skew-symmetric matrices; else None."""
    size = len(m)
    off = m[~np.eye(size, dtype=bool)]
    unit = np.where(np.eye(size, dtype=bool), ONE, ZERO)
    if not off.any():
        grown = [g.apply("exp", int(d)) for d in np.diagonal(m)]
        return np.where(np.eye(size, dtype=bool), np.array(grown, dtype=np.int64), ZERO)
    if not m[np.triu_indices(size)].any() or not m[np.tril_indices(size)].any():
        return _series(g, m, unit)
    skew = all(m[i, j] == g.neg(int(m[j, i])) for i, j in np.ndindex(*m.shape))
    return _rotation(g, m, unit) if skew and size <= 3 else None


def _series(g: Graph, m: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Σ Aᵏ/k!, which ends because Aⁿ = 0."""
    result, power, factorial = unit.copy(), m, 1
    for k in range(1, len(m)):
        factorial *= k
        for index in np.ndindex(*m.shape):
            term = g.div(int(power[index]), g.number(factorial))
            result[index] = g.add(int(result[index]), term)
        power = matmul(g, power, m)
    return result


def _rotation(g: Graph, m: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Return a plane rotation, or Rodrigues' I + sin θ/θ·K + (1 − cos θ)/θ²·K²."""
    if len(m) == 2:
        angle = int(m[1, 0])
        c, s = g.apply("cos", angle), g.apply("sin", angle)
        return np.array([[c, g.neg(s)], [s, c]], dtype=np.int64)
    angle = norm(g, [int(m[2, 1]), int(m[0, 2]), int(m[1, 0])], 2)
    first = g.div(g.apply("sin", angle), angle)
    second = g.div(g.sub(ONE, g.apply("cos", angle)), g.square(angle))
    squared, result = matmul(g, m, m), unit.copy()
    for index in np.ndindex(*m.shape):
        linear = g.add(int(unit[index]), g.mul(first, int(m[index])))
        result[index] = g.add(linear, g.mul(second, int(squared[index])))
    return result


def _of_two(g: Graph, m: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, int]:
    """e^s (cosh q·I + sinh q/q·(A − sI)), s = tr A/2, q² = −det(A − sI)."""
    (a, b), (c, d) = m.tolist()
    (p, q), (r, s) = numbers.tolist()
    two = g.number(2)
    half, bend = g.div(g.sub(a, d), two), g.mul(b, c)
    inside, discriminant = g.add(g.square(half), bend), ((p - s) / 2) ** 2 + q * r
    if discriminant == 0:
        raise Unsupported("matrix_exp", "has no closed form here where two eigenvalues meet")
    grows = discriminant > 0
    root = half if bend == ZERO else g.apply("sqrt", inside if grows else g.neg(inside))
    even = g.apply("cosh" if grows else "cos", root)
    odd = g.div(g.apply("sinh" if grows else "sin", root), root)
    size = g.apply("exp", g.div(g.add(a, d), two))
    inner = [[g.add(even, g.mul(odd, half)), g.mul(odd, b)],
             [g.mul(odd, c), g.sub(even, g.mul(odd, half))]]  # fmt: skip
    result = [[g.mul(size, node) for node in row] for row in inner]
    relation = "ne" if bend == ZERO else "gt" if grows else "lt"
    return np.array(result, dtype=np.int64), g.apply(relation, inside, ZERO)


def _matrix_exp(g: Graph, operands: Operands, a: np.ndarray) -> Selection:
    conditions: list[int] = []

    def one(m: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        if len(m) == 3 and not numbers.any():
            raise Unsupported("matrix_exp", "has no closed form here where the angle is 0")
        short = _exponential(g, m)
        if short is not None:
            return short
        if len(m) != 2:
            raise Unsupported(
                "matrix_exp",
                "has a closed form for 2×2 matrices, and larger ones that are diagonal, strictly "
                "triangular or skew-symmetric (3×3)",
            )
        result, condition = _of_two(g, m, numbers)
        conditions.append(condition)
        return result

    return Selection((batched(one, a, operands.inputs[0]),), conditions)


EIGENVALUES: dict[str, Callable[..., Selection]] = {
    "linalg_cholesky_ex": _cholesky,
    "cholesky": lambda g, operands, a, upper=False: _cholesky(g, operands, a, upper=upper),
    "_linalg_eigh": _eigh,
    "_linalg_svd": lambda g, operands, a, *_, **__: Selection(
        (None, batched(lambda m: _singular_values(g, m), a), None), poison=True
    ),
    "linalg_matrix_exp": _matrix_exp,
    "linalg_matrix_sqrth": _matrix_root,
    "linalg_polar": _polar,
}
