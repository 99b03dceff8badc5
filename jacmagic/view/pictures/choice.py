"""Which pictures a function has, and which of its inputs and outputs each shows first.

The browser reads the same choice from `spec.pictures`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jacmagic.result.core import JacobianResult

VISIBLE_SINE = 1 / 300  # sine of the angle between two arrows that a picture 300 pixels wide shows


class Axes(NamedTuple):
    """Indices of the inputs and outputs that a picture shows.

    Of level lines without outputs, the height is the function whose Hessian it is.
    """

    inputs: list[int]
    outputs: list[int]


def pictures_of(jacobian: JacobianResult) -> dict[str, Axes]:
    """Return the kinds of picture that a function has, the usual one first, with their axes."""
    if len(jacobian.problem.movable) < jacobian.shape[1]:  # vectors tangent to a manifold
        return {"matrix": Axes([], [])}
    is_hessian = jacobian.problem.potential is not None
    return {
        kind: Axes([], []) if kind == "matrix" else axes_of(jacobian, kind)
        for kind in kinds_of(*jacobian.shape, is_hessian=is_hessian)
    }


def kinds_of(m: int, n: int, *, is_hessian: bool = False) -> tuple[str, ...]:
    """Return the kinds of picture for m outputs and n inputs, the usual one first."""
    if n == 1:
        return ("graph", "space", "matrix") if m > 2 else ("graph",)
    if m == 1:
        return "levels", "graph", "matrix"
    plane = ("map", "field") if m == n else ("map",)
    if is_hessian:
        return "levels", *plane, "matrix"
    if m < 3:
        return (*plane, "matrix")
    return ("space", *plane, "matrix") if m == 3 and n <= 3 else (*plane, "space", "matrix")


def axes_of(
    jacobian: JacobianResult,
    kind: str,
    inputs: Sequence[int] | None = None,
    outputs: Sequence[int] | None = None,
) -> Axes:
    """Return inputs whose columns of J are independent, and outputs whose rows are.

    They are the first that are independent at the point, else by their pattern, else not zero.

    Args:
        jacobian: the result at the point.
        kind: a picture that is not of the whole matrix.
        inputs: indices that are wanted.
        outputs: indices that are wanted.
    """
    values = jacobian._array
    pattern = jacobian.pattern.cpu().numpy()
    across, up = _counts(kind, jacobian)
    rows = slice(None) if outputs is None else list(outputs)
    columns = _first(values[rows], pattern[rows], across) if inputs is None else list(inputs)
    if outputs is None:
        outputs = _first(values[:, columns].T, pattern[:, columns].T, up)
    return Axes(columns, list(outputs))


def block_words(jacobian: JacobianResult, kind: str, axes: Axes) -> list[str]:
    """Return what a picture of some inputs and outputs leaves out; see `static/slice.mjs`."""
    m, n = jacobian.shape
    rows = ", ".join(jacobian.rows[i].unicode for i in axes.outputs)
    columns = ", ".join(jacobian.columns[j].unicode for j in axes.inputs)
    drawn, has_constants = len(axes.outputs), len(axes.inputs) < n
    words = []
    if kind in ("graph", "levels"):
        words = [f"Of {m} outputs it shows {rows}."] if 0 < drawn < m else []
    elif drawn < m or has_constants:
        words = [f"Here J is the block of ({rows}) by ({columns})."]
    return [*words, *(["The other inputs are held."] if has_constants else [])]


def _counts(kind: str, jacobian: JacobianResult) -> tuple[int, int]:
    """Return how many inputs and outputs a picture has at most."""
    if kind == "graph":
        return 1, 2 if jacobian.shape[1] == 1 else 1
    height = 1 if jacobian.problem.potential is None else 0
    return {"levels": (2, height), "space": (3, 3)}.get(kind, (2, 2))


def _first(values: np.ndarray, pattern: np.ndarray, count: int) -> list[int]:
    """Return indices of columns."""
    chosen: list[int] = []
    generic = pattern * np.random.default_rng(0).uniform(1, 2, pattern.shape)
    for matrix in (np.where(np.isfinite(values), values, 0.0), generic):
        chosen += _independent(matrix, chosen, count - len(chosen))
    is_zero = [not column.any() for column in pattern.T]
    order = sorted(range(len(is_zero)), key=lambda k: (k not in chosen, is_zero[k]))
    return sorted(order[:count])


def _independent(matrix: np.ndarray, chosen: Sequence[int], count: int) -> list[int]:
    """Return the first columns that are visibly no combination of those before."""
    sizes = np.abs(matrix).max(axis=0, initial=0.0)
    rest = matrix / np.where(sizes > 0, sizes, 1)  # lengths of 1e200 have no squares
    rest /= np.maximum(np.linalg.norm(rest, axis=0), 1)
    independent: list[int] = []
    for k in chosen:
        rest = _without(rest, k)
    while (
        len(independent) < count and (visible := np.linalg.norm(rest, axis=0) > VISIBLE_SINE).any()
    ):
        independent.append(int(visible.argmax()))
        rest = _without(rest, independent[-1])
    return independent


def _without(columns: np.ndarray, k: int) -> np.ndarray:
    """Return the parts of columns that are orthogonal to one of them."""
    direction = columns[:, k] / (np.linalg.norm(columns[:, k]) or 1)
    return columns - np.outer(direction, direction @ columns)
