"""Freivalds' check of a Jacobian: a random combination of its rows against one backward pass.

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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor

SAFETY = 8.0  # times the expected rounding of a sum that is allowed
OWN = 4.0  # added to √m: roundings of an entry before it is summed
NOISE = 32.0  # times the measured rounding of the function itself that is allowed
MULTIPLES = (1.375, 1.15625, 1.71875, 1.28125, 1.59375, 1.84375)  # of u, few bits each
SMALL = 2**16  # entries up to which hidden ones are looked for
HIDDEN_ROWS = 4  # rows with hidden entries that have a pass of their own

Answer = Literal["equal", "different", "not finite"]


class Matrix(Protocol):
    """A Jacobian (m, n) as it was computed."""

    def largest(self) -> Tensor:
        """(m,) the largest absolute value in each row, float64."""

    def combined(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """uᵀ·M and |u|ᵀ·|M|, (n,) float64 each."""

    def hidden(self, u: Tensor, allowed: Tensor) -> list[int]:
        """Rows i with an entry for which 0 < |uᵢ·Mᵢⱼ| ≤ allowedⱼ; none where M is large."""


@dataclass(frozen=True)
class Comparison:
    """uᵀ·M beside uᵀ·J.

    Attributes:
        gap: (n,) the absolute difference.
        allowed: (n,) what rounding may make of it; nan where something is not finite.
        reached: for each input whether torch's graph leads to it from any output.
    """

    gap: Tensor
    allowed: Tensor
    reached: tuple[bool, ...]

    @property
    def answer(self) -> Answer:
        """Whether the difference is rounding; "not finite" where a product proves nothing."""
        spare = self.allowed - self.gap
        if bool((spare >= 0).all()):
            return "equal"
        return "not finite" if bool(spare.isnan().any()) else "different"

    @property
    def where_finite(self) -> Comparison:
        """The same for the columns in which all is finite."""
        told = (self.allowed - self.gap).isfinite()
        return Comparison(self.gap[told], self.allowed[told], self.reached)


def check(leaves: Sequence[Tensor], inputs: Sequence[Tensor], matrix: Matrix) -> Comparison:
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
        return Comparison(torch.zeros(0), torch.zeros(0), (False,) * len(inputs))
    u = passes.direction()
    whole = passes.compare(u)
    if whole.answer != "equal":
        return whole
    for row in matrix.hidden(u, whole.allowed)[:HIDDEN_ROWS]:
        alone = torch.zeros_like(u)
        alone[row] = u[row]
        one = passes.compare(alone)
        if one.answer != "equal":
            return one
    return whole


def equal(one: Matrix, other: Matrix, leaves: Sequence[Tensor], inputs: Sequence[Tensor]) -> bool:
    """Whether two Jacobians of the same function at the same point differ by the sums' rounding."""
    passes = _Passes(leaves, inputs, other)
    if not passes.size:
        return True
    u = passes.direction()
    (mine, sizes), (truth, _) = one.combined(u), other.combined(u)
    return Comparison((mine - truth).abs(), passes.rounding(u, sizes), ()).answer == "equal"


class _Passes:
    """Plain backward passes along combinations of the rows of a matrix."""

    def __init__(self, leaves: Sequence[Tensor], inputs: Sequence[Tensor], matrix: Matrix) -> None:
        self.leaves, self.inputs, self.matrix = leaves, inputs, matrix
        floats = [torch.finfo(tensor.dtype) for tensor in (*leaves, *inputs)]
        self.shortest = max(floats, key=lambda kind: kind.eps)
        self.reached: tuple[bool, ...] = (False,) * len(inputs)
        self.size = sum(map(Tensor.numel, leaves)) * sum(map(Tensor.numel, inputs))

    def direction(self) -> Tensor:
        """u, (m,) float64: random signs and sizes, over the power of two of each row."""
        largest = self.matrix.largest()
        bits = int(-math.log2(self.shortest.eps)) // 2
        signs = _random(len(largest), bits).to(largest.device)
        powers = torch.frexp(largest).exponent
        known = (largest > 0) & largest.isfinite()
        if not bool(known.all()):  # a zero is compared on the scale of the smallest row
            least = int(powers[known].min()) if bool(known.any()) else 0
            powers = torch.where(known, powers, least)
        most = int(math.log2(self.shortest.max)) // 2
        return torch.ldexp(signs, -powers.clamp(-most, most))

    def compare(self, u: Tensor) -> Comparison:
        """The two products, and how far apart rounding may set them."""
        truth = self.backward(u)
        mine, sizes = self.matrix.combined(u)
        gap = (mine - truth).abs()
        allowed = self.rounding(u, sizes)
        found = Comparison(gap, allowed + 0 * truth, self.reached)
        if found.answer != "different":
            return found
        noise = self._noise(u, truth)
        share = (noise / sizes)[sizes > 0]
        usual = float(share.quantile(0.9)) if 0 < len(share) <= 2**20 else 0.0
        return Comparison(gap, allowed + NOISE * (noise + usual * sizes), self.reached)

    def rounding(self, u: Tensor, sizes: Tensor) -> Tensor:
        """(n,) what sums of products of these sizes may be off by."""
        least = self.shortest.smallest_normal * self.shortest.eps
        terms = SAFETY * (math.sqrt(len(u)) + OWN)
        return terms * (self.shortest.eps * sizes + least * u.abs().sum())

    def _noise(self, u: Tensor, truth: Tensor) -> Tensor:
        """(n,) what rounding makes of c·u where c·(uᵀ·J) is expected, the largest of some c."""
        gaps = [(self.backward(c * u) - c * truth).abs() for c in MULTIPLES]
        return torch.stack(gaps).amax(0)

    def backward(self, u: Tensor) -> Tensor:
        """uᵀ·J by one plain backward pass, (n,) float64."""
        sizes = [leaf.numel() for leaf in self.leaves]
        pairs = [
            (leaf, part.reshape(leaf.shape).to(leaf.dtype))
            for leaf, part in zip(self.leaves, u.split(sizes), strict=True)
            if leaf.requires_grad and leaf.numel()
        ]
        rows: Sequence[Tensor | None] = [None] * len(self.inputs)
        if pairs:
            attached, directions = zip(*pairs, strict=True)
            rows = torch.autograd.grad(
                attached, self.inputs, directions, retain_graph=True, allow_unused=True
            )
        self.reached = tuple(row is not None for row in rows)
        return torch.cat(
            [
                u.new_zeros(tensor.numel()) if row is None else row.detach().reshape(-1).to(u.dtype)
                for row, tensor in zip(rows, self.inputs, strict=True)
            ]
        )


def directions(largest: Tensor) -> Tensor:
    """Random numbers, each over the power of two of a size; a size of 0 or not finite is as 1."""
    known = (largest > 0) & largest.isfinite()
    powers = torch.where(known, torch.frexp(largest).exponent, 0)
    return torch.ldexp(_random(len(largest), 12).to(largest.device), -powers)


@functools.lru_cache(maxsize=16)
def _random(count: int, bits: int) -> Tensor:
    """Numbers of random signs, of sizes from 1 to 2, of so many bits; always the same ones."""
    generator = torch.Generator().manual_seed(0)
    draws = torch.randint(2**bits, (2, count), generator=generator, dtype=torch.int64)
    signs = 1 - 2 * (draws[0] % 2)
    return signs * (1 + draws[1].double() / 2**bits)


# ── dense matrices ────────────────────────────────────────────────────────────────────────────

SLAB = 2**18  # scalars of a matrix that are looked at together, so that they stay in the cache
COPIED = 2**20  # scalars up to which the blocks of many outputs are copied into one matrix


class Dense:
    """The blocks of a Jacobian, read as a matrix."""

    def __init__(self, blocks: Sequence[Sequence[Tensor]], leaves: Sequence[Tensor]) -> None:
        """`blocks[i][j]` has the shape of leaf i followed by that of input j."""
        rows = [
            torch.cat(parts, 1) if len(parts) > 1 else parts[0]
            for row, leaf in zip(blocks, leaves, strict=True)
            for parts in ([block.detach().reshape(leaf.numel(), -1) for block in row],)
            if leaf.numel()
        ]
        if len(rows) > 1 and sum(map(Tensor.numel, rows)) <= COPIED:
            rows = [torch.cat(rows)]
        self._slabs = [slab for part in rows for slab in self._cut(part)]

    @staticmethod
    def _cut(part: Tensor) -> Iterator[Tensor]:
        if part.dtype not in (torch.float32, torch.float64):
            part = part.float()
        return iter(part.split(max(1, SLAB // max(1, part.shape[1]))))

    def largest(self) -> Tensor:
        """(m,) the largest absolute value in each row, float64."""
        return torch.cat([slab.abs().amax(1) for slab in self._slabs]).double()

    def combined(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """uᵀ·M and |u|ᵀ·|M|, (n,) float64 each."""
        mine, sizes = u.new_zeros(()), u.new_zeros(())
        for slab, part in zip(self._slabs, u.split(list(map(len, self._slabs))), strict=True):
            weights = part.to(slab.dtype)
            mine = mine + (weights @ slab).double()
            sizes = sizes + (weights.abs() @ slab.abs()).double()
        return mine, sizes

    def hidden(self, u: Tensor, allowed: Tensor) -> list[int]:
        """Rows i with an entry for which 0 < |uᵢ·Mᵢⱼ| ≤ allowedⱼ; none where M is large."""
        if sum(map(Tensor.numel, self._slabs)) > SMALL:
            return []
        matrix = torch.cat(self._slabs) if len(self._slabs) > 1 else self._slabs[0]
        sizes = (u[:, None] * matrix).abs()
        found = ((sizes <= allowed) & (sizes > 0)).any(1)
        return [] if not bool(found.any()) else found.nonzero().flatten().tolist()
