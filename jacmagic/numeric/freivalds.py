"""Freivalds' check: a random combination of rows against one backward pass.

NOTE [Freivalds]: a matrix M that came by another way than plain backward passes is right if, for a
random u, uᵀ·M equals uᵀ·J, and uᵀ·J is what one plain backward pass gives (Freivalds 1977). An
error goes unseen only if the u at hand happens to cancel it; u is drawn from a generator of its own
with a fixed seed, so that a run can be repeated.

NOTE [Scales]: every row counts alike. u divides each row by the power of two of its largest entry,
and columns are compared one by one; so the answer is the same whatever powers of two multiply
outputs and inputs. An entry that is still hidden, as its row is small in a column where another row
is large, is looked at in a pass of its own, if there are few.

NOTE [Rounding]: a sum of m products of rounded numbers is off by about √m · eps of the sum of their
sizes (Higham and Mary 2019). What the function itself rounds cannot be read off the matrix; where
the difference is larger, it is measured: backward passes along multiples c·u, which are exact, give
c · (uᵀ·J) but for the rounding on the way.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import torch
from torch import Tensor

from jacmagic.numeric.engine import Rows, backward

SUM_ROUNDINGS = 8.0  # times the expected rounding of a sum that is allowed
ENTRY_ROUNDINGS = 4.0  # added to √m: roundings of an entry before it is summed
NOISE_FACTOR = 32.0  # times the measured rounding of the function itself that is allowed
NOISE_MULTIPLES = (1.375, 1.15625, 1.71875, 1.28125, 1.59375, 1.84375)  # of u, few bits each
MAX_ENTRIES_FOR_HIDDEN = 2**16  # entries up to which hidden ones are looked for
MAX_HIDDEN_ROWS = 4  # rows with hidden entries that have a pass of their own

Answer = Literal["equal", "different", "not finite"]


class Matrix(Protocol):
    """A Jacobian (m, n) as it was computed."""

    def largest(self) -> np.ndarray:
        """(m,) the largest absolute value in each row, float64."""

    def combined(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """uᵀ·M and |u|ᵀ·|M|, (n,) float64 each."""

    def hidden(self, u: np.ndarray, allowed: np.ndarray) -> list[int]:
        """Rows i with an entry for which 0 < |uᵢ·Mᵢⱼ| ≤ allowedⱼ; none where M is large."""


@dataclass(frozen=True)
class ProductCheck:
    """The comparison of uᵀ·M with uᵀ·J.

    Attributes:
        gap: (n,) the absolute difference.
        allowed: (n,) what rounding may make of it; nan where something is not finite.
        reached: for each input whether torch's graph leads to it from any output.
    """

    gap: np.ndarray
    allowed: np.ndarray
    reached: tuple[bool, ...]

    @functools.cached_property
    def answer(self) -> Answer:
        """The verdict; "not finite" where a product proves nothing."""
        with np.errstate(invalid="ignore"):
            spare = self.allowed - self.gap
        if (spare >= 0).all():
            return "equal"
        return "not finite" if np.isnan(spare).any() else "different"

    @property
    def where_finite(self) -> ProductCheck:
        """The same for the columns in which all is finite."""
        finite = np.isfinite(self.allowed) & np.isfinite(self.gap)
        return ProductCheck(self.gap[finite], self.allowed[finite], self.reached)


def check(leaves: Sequence[Tensor], inputs: Sequence[Tensor], matrix: Matrix) -> ProductCheck:
    """Compare a Jacobian with plain backward passes, see the notes above.

    Args:
        leaves: the outputs, attached to `inputs`; m components in all.
        inputs: n components in all.
        matrix: the Jacobian in question.

    Returns:
        The comparison with one random combination of all rows; with one row where that differs.

    Raises:
        RuntimeError: torch cannot go backwards from these outputs.
    """
    passes = _Passes(leaves, inputs, matrix)
    if not passes.size:
        return ProductCheck(np.zeros(0), np.zeros(0), (False,) * len(inputs))
    u = passes.direction()
    whole = passes.compare(u)
    if whole.answer != "equal":
        return whole
    for row in matrix.hidden(u, whole.allowed)[:MAX_HIDDEN_ROWS]:
        alone = np.zeros_like(u)
        alone[row] = u[row]
        one = passes.compare(alone)
        if one.answer != "equal":
            return one
    return whole


def equal(one: Matrix, other: Matrix, leaves: Sequence[Tensor], inputs: Sequence[Tensor]) -> bool:
    """Whether two Jacobians at the same point differ by rounding alone."""
    passes = _Passes(leaves, inputs, other)
    if not passes.size:
        return True
    u = passes.direction()
    (product, sizes), (truth, _) = one.combined(u), other.combined(u)
    return ProductCheck(np.abs(product - truth), passes.rounding(u, sizes), ()).answer == "equal"


class _Passes:
    """Plain backward passes along combinations of the rows of a matrix."""

    def __init__(self, leaves: Sequence[Tensor], inputs: Sequence[Tensor], matrix: Matrix) -> None:
        self.leaves, self.inputs, self.matrix = leaves, inputs, matrix
        floats = [torch.finfo(tensor.dtype) for tensor in (*leaves, *inputs)]
        self.shortest = max(floats, key=lambda kind: kind.eps)
        self.reached: tuple[bool, ...] = (False,) * len(inputs)
        self.size = sum(map(Tensor.numel, leaves)) * sum(map(Tensor.numel, inputs))

    def direction(self) -> np.ndarray:
        """u, (m,) float64: random signs and sizes, over the power of two of each row."""
        largest = self.matrix.largest()
        bits = int(-math.log2(self.shortest.eps)) // 2
        powers = np.frexp(largest)[1]
        if not (largest.min() > 0 and largest.max() < math.inf):
            usable = (largest > 0) & np.isfinite(largest)
            least = int(powers[usable].min()) if usable.any() else 0
            powers = np.where(usable, powers, least)  # a zero on the scale of the smallest row
        most = int(math.log2(self.shortest.max)) // 2
        return np.ldexp(_random(len(largest), bits), -np.minimum(np.maximum(powers, -most), most))

    @np.errstate(all="ignore")
    def compare(self, u: np.ndarray) -> ProductCheck:
        """Compare the two products within the bound of rounding."""
        truth = self.backward(u)
        product, sizes = self.matrix.combined(u)
        gap = np.abs(product - truth)
        allowed = self.rounding(u, sizes)
        comparison = ProductCheck(gap, allowed + 0 * truth, self.reached)
        if comparison.answer != "different":
            return comparison
        noise = np.zeros_like(truth)
        for c in NOISE_MULTIPLES:  # the function's own rounding, which only grows
            noise = np.maximum(noise, np.abs(self.backward(c * u) - c * truth))
            share = (noise / sizes)[sizes > 0]
            usual = float(np.quantile(share, 0.9)) if 0 < len(share) <= 2**20 else 0.0
            more = allowed + NOISE_FACTOR * (noise + usual * sizes)
            comparison = ProductCheck(gap, more, self.reached)
            if comparison.answer != "different":
                break
        return comparison

    def rounding(self, u: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """(n,) the rounding error allowed for sums of products of these sizes."""
        least = self.shortest.smallest_normal * self.shortest.eps
        terms = SUM_ROUNDINGS * (math.sqrt(len(u)) + ENTRY_ROUNDINGS)
        return np.asarray(terms * (self.shortest.eps * sizes + least * np.abs(u).sum()))

    def backward(self, u: np.ndarray) -> np.ndarray:
        """uᵀ·J by one plain backward pass, (n,) float64."""
        attached, directions, start = [], [], 0
        for leaf in self.leaves:
            part = u[start : (start := start + leaf.numel())]
            if leaf.requires_grad and leaf.numel():
                attached.append(leaf)
                direction = torch.from_numpy(part).view(leaf.shape)
                directions.append(direction.to(leaf.device, leaf.dtype))
        rows: Rows = (None,) * len(self.inputs)
        if attached:
            rows = backward(attached, self.inputs, directions)
        self.reached = tuple([row is not None for row in rows])
        parts = [
            np.zeros(tensor.numel()) if row is None else array_of(row).reshape(-1)
            for row, tensor in zip(rows, self.inputs, strict=True)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


def directions(largest: np.ndarray) -> np.ndarray:
    """Draw random numbers, each over its size's power of two; odd sizes count as 1."""
    usable = (largest > 0) & np.isfinite(largest)
    return np.ldexp(_random(len(largest), 12), -np.where(usable, np.frexp(largest)[1], 0))


@functools.lru_cache(maxsize=16)
def _random(count: int, bits: int) -> np.ndarray:
    """Draw numbers from ±[1, 2) with so many bits, from a fixed seed."""
    generator = torch.Generator().manual_seed(0)
    draws = torch.randint(2**bits, (2, count), generator=generator, dtype=torch.int64).numpy()
    signs = 1 - 2 * (draws[0] % 2)
    return np.asarray(signs * (1 + draws[1] / 2**bits))


def array_of(tensor: Tensor) -> np.ndarray:
    """Return a tensor as a float64 array, which may share its memory."""
    return np.asarray(tensor.detach().to("cpu", torch.float64).resolve_neg().numpy())
