"""Manifolds: rotations, poses and unit quaternions by their tangent spaces.

The derivative by a rotation R is that by a small rotation vector δ beside it: R exp(δ^) ("right",
in the body's frame) or exp(δ^) R ("left", in the world's). The exponential is taken as it is
defined, so that values off δ = 0 lie on the manifold too. Source: J. Solà, J. Deray, D. Atchuthan,
A micro Lie theory for state estimation in robotics (2018), https://arxiv.org/abs/1812.01537.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from jacmagic.errors import PointError

SIDES = ("right", "left")

# cross products: entry (i, j) of the matrix of e_k ×, as (k, i, j) → ±1
_CROSS = np.zeros((3, 3, 3))
for _i, _j, _k in itertools.permutations(range(3)):
    _CROSS[_k, _i, _j] = (_i - _j) * (_j - _k) * (_k - _i) / 2 * -1


@dataclass(frozen=True)
class Term:
    """One monomial of a matrix entry (row, column): coefficient · Π values[index]."""

    row: int
    column: int
    coefficient: float
    indices: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Manifold:
    """A manifold with the side on which its tangent vectors act.

    Attributes:
        name: "SO3", "SE3", "quat" or "quat_xyzw".
        side: "right" or "left".
        shape: of a value.
        axes: names of the tangent vector's components, a letter and an axis each.
        generators: matrices (k, a, a): the derivative of a flattened value by δₖ is the k-th one
            times the value.
        inverse: the entries (k, a) of a matrix from a change of a value to its tangent vector.
        rule: how δ changes a value, whose name stands in braces.
        order: of the components of δ or of the value, where that is a convention too; else "".
    """

    name: str
    side: str
    shape: tuple[int, ...]
    axes: tuple[tuple[str, str], ...]
    generators: np.ndarray
    inverse: tuple[Term, ...]
    rule: str
    order: str = ""

    def law(self, name: str) -> str:
        """Return how δ changes a value: "R ← R exp(δ^)"."""
        order = f" with {self.order.format(name)}" if self.order else ""
        return f"{name} ← {self.rule.format(name)}{order}"

    @property
    def spelled(self) -> str:
        """How it is written in `wrt`."""
        return f"{self.name}:{self.side}"

    @property
    def basis(self) -> tuple[Term, ...]:
        """The entries (a, k) of the derivative of a value by δ."""
        return tuple(
            Term(int(a), int(k), float(self.generators[k, a, b]), (int(b),))
            for k, a, b in zip(*np.nonzero(self.generators), strict=True)
        )

    def retract(self, base: Tensor, delta: Tensor) -> Tensor:
        """Return the value that a tangent vector leads to, by the matrix exponential."""
        generators = torch.as_tensor(self.generators, dtype=base.dtype, device=base.device)
        turned = torch.linalg.matrix_exp(torch.tensordot(delta, generators, 1))
        return (turned @ base.reshape(-1)).reshape(base.shape)

    def coordinates(self, base: Tensor, value: Tensor) -> Tensor:
        """Return the tangent vector at `base` of a value beside it, to first order."""
        matrix = torch.as_tensor(self.inverse_at(base), dtype=value.dtype, device=value.device)
        return matrix @ (value - base).reshape(-1)

    def inverse_at(self, base: Tensor) -> np.ndarray:
        """Return the matrix (k, a) of the tangent vectors of changes at a value."""
        return evaluated(self.inverse, (len(self.axes), base.numel()), base)

    def require(self, value: Tensor, name: str) -> None:
        """Refuse a value that is not on the manifold, but for half the digits of its dtype.

        Raises:
            PointError: the shape or the value is wrong.
        """
        if tuple(value.shape) != self.shape:
            raise PointError(
                f"expected {name} of shape {self.shape} on {self.name}; found "
                f"{tuple(value.shape)}; write one {_NOUNS[self.name]}"
            )
        distance, write = _distance(self.name, value.detach().double(), name)
        if not distance <= math.sqrt(torch.finfo(value.dtype).eps):
            raise PointError(
                f"expected a {_NOUNS[self.name]} for {name}; found one that is off by "
                f"{distance:.2g}; write {write}"
            )


_NOUNS = {
    "SO3": "rotation matrix",
    "SE3": "pose, a 4 × 4 matrix with a rotation and the last row 0 0 0 1",
    "quat": "unit quaternion, w first",
    "quat_xyzw": "unit quaternion, w last",
}


def _distance(manifold: str, value: Tensor, name: str) -> tuple[float, str]:
    """Return how far a value is off its manifold, and what to write instead."""
    if manifold.startswith("quat"):
        return abs(float(value @ value) - 1), f"{name} / {name}.norm()"
    rotation = value[:3, :3]
    off = float((rotation.T @ rotation - torch.eye(3, dtype=value.dtype)).abs().max())
    if float(torch.linalg.det(rotation)) < 0:
        off = max(off, 2.0)
    if manifold == "SE3":
        row = torch.tensor([0.0, 0.0, 0.0, 1.0], dtype=value.dtype)
        off = max(off, float((value[3] - row).abs().max()))
    return off, "U @ Vh with U, s, Vh = torch.linalg.svd(R), whose determinant is 1"


def evaluated(terms: tuple[Term, ...], shape: tuple[int, int], value: Tensor) -> np.ndarray:
    """Return the numbers of a matrix of terms at a value."""
    numbers = value.detach().reshape(-1).double().cpu().numpy()
    matrix = np.zeros(shape)
    for term in terms:
        matrix[term.row, term.column] += term.coefficient * np.prod(numbers[list(term.indices)])
    return matrix


# ── the table ─────────────────────────────────────────────────────────────────────────────────


def _acting(matrices: np.ndarray, side: str) -> np.ndarray:
    """Return how matrices G act on a flattened square X: X G from the right, G X from the left."""
    identity = np.eye(matrices.shape[1])
    if side == "right":
        return np.stack([np.kron(identity, g.T) for g in matrices])
    return np.stack([np.kron(g, identity) for g in matrices])


def _least_squares(generators: np.ndarray, weights: np.ndarray) -> tuple[Term, ...]:
    """Return the terms of Bᵀ/weights, the inverse where the columns of B are orthogonal."""
    return tuple(
        Term(int(k), int(a), float(generators[k, a, b] / weights[k]), (int(b),))
        for k, a, b in zip(*np.nonzero(generators), strict=True)
    )


def _so3(side: str) -> Manifold:
    generators = _acting(_CROSS, side)
    rule = "{} exp(δ^)" if side == "right" else "exp(δ^) {}"
    axes = tuple(("δ", axis) for axis in "xyz")
    inverse = _least_squares(generators, np.full(3, 2.0))
    return Manifold("SO3", side, (3, 3), axes, generators, inverse, rule)


def _se3(side: str) -> Manifold:
    matrices = np.zeros((6, 4, 4))
    matrices[:3, :3, :3] = _CROSS
    for k in range(3):
        matrices[3 + k, k, 3] = 1
    generators = _acting(matrices, side)
    axes = tuple((letter, axis) for letter in "ωv" for axis in "xyz")
    weights = np.array([2.0, 2, 2, 1, 1, 1])
    inverse = _least_squares(generators, weights) if side == "right" else _left_pose(generators)
    rule = "{} exp(δ^)" if side == "right" else "exp(δ^) {}"
    order = "δ = (ω, v), rotation first"
    return Manifold("SE3", side, (4, 4), axes, generators, inverse, rule, order)


def _left_pose(generators: np.ndarray) -> tuple[Term, ...]:
    """Return the terms for dT = δ^ T: ω from the rotation, then v = dt − ω × t."""
    turning = [
        term
        for term in _least_squares(generators, np.full(6, 2.0))
        if term.row < 3 and term.column % 4 < 3
    ]
    terms = [*turning, *(Term(3 + k, 4 * k + 3, 1.0, ()) for k in range(3))]
    for term in turning:  # (ω × t)ᵢ = Σ (e_k × )ᵢⱼ ωₖ tⱼ
        for i, j in zip(*np.nonzero(_CROSS[term.row]), strict=True):
            factor = -float(_CROSS[term.row, i, j]) * term.coefficient
            terms.append(Term(3 + int(i), term.column, factor, (*term.indices, 4 * int(j) + 3)))
    return tuple(terms)


def _quaternion(side: str, w_first: bool) -> Manifold:
    """Return unit quaternions, whose tangent vector is a rotation vector: q ⊗ exp(δ/2)."""
    generators = np.zeros((3, 4, 4))  # on (w, x, y, z): half of q ⊗ e_k, or of e_k ⊗ q
    for k in range(3):
        generators[k, 0, 1 + k], generators[k, 1 + k, 0] = -0.5, 0.5
        sign = -1 if side == "right" else 1  # q × e_k = −e_k × q
        generators[k, 1:, 1:] = sign * 0.5 * _CROSS[k]
    if not w_first:
        order = [1, 2, 3, 0]
        generators = generators[:, order][:, :, order]
    rule = "{} ⊗ exp(δ/2)" if side == "right" else "exp(δ/2) ⊗ {}"
    axes = tuple(("δ", axis) for axis in "xyz")
    inverse = _least_squares(generators, np.full(3, 0.25))
    name = "quat" if w_first else "quat_xyzw"
    written = "{} = (w, x, y, z)" if w_first else "{} = (x, y, z, w)"
    return Manifold(name, side, (4,), axes, generators, inverse, rule, written)


MANIFOLDS: dict[str, Manifold] = {
    manifold.spelled: manifold
    for side in SIDES
    for manifold in (
        _so3(side),
        _se3(side),
        _quaternion(side, w_first=True),
        _quaternion(side, w_first=False),
    )
}
