"""The sparse road: a Jacobian of known pattern from a few products, entries only.

`sparsity` finds the pattern and the groups of columns and rows that may be added up; here the
products are taken (J·s with dual numbers or, where an operation has no forward formula, by a double
backward pass; sᵀ·J backwards) and the entries are picked out of them. Memory is proportional to the
entries and to passes · (m + n), never to m · n.

NOTE [One random direction]: whatever the rules of `sparsity` may get wrong shows when the entries
found are multiplied with a random direction and compared with torch's own product. That is done
whenever a pattern is new, and at every point where constants that are zero were made use of.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.autograd import forward_ad

from jacmagic.numeric.evaluation import Evaluation, written_by_hand
from jacmagic.numeric.ladder import OBSTACLES
from jacmagic.numeric.memory import batches, require_room
from jacmagic.numeric.quiet import set_random_states
from jacmagic.numeric.rows import Blocks
from jacmagic.sparsity import Pattern, Plan, detect, plan

LARGE = 250_000  # entries from which looking for zeros may pay
NARROW = 64  # rows or columns below which the dense roads need few passes anyway
GAIN = 4  # how many times fewer passes than the dense roads need make it worth while
_PATIENCE = 0.25  # seconds that finding the pattern may always take
_MOST = 2**27  # entries that are followed at most


class NotSparse(Exception):
    """The sparse road is closed; the message says why in a few words."""


@dataclass(frozen=True)
class Scheme:
    """A plan made ready for torch; the same at every point while it is steady.

    Attributes:
        plan: the pattern and its colours.
        steady: whether the pattern holds wherever the function is evaluated.
        by_zeros: whether it rests on constants that are zero, which the function may yet change.
        starts: (m + 1,) where each row's entries begin, int64.
        columns: (entries,) their columns, int64.
        source: (entries,) their places among the products.
        forward: for each input, sums of columns of the identity, (passes, *input.shape).
        backward: for each output, sums of rows of the identity, (passes, *output.shape).
    """

    plan: Plan
    steady: bool
    by_zeros: bool
    starts: Tensor = field(repr=False)
    columns: Tensor = field(repr=False)
    source: Tensor = field(repr=False)
    forward: tuple[Tensor, ...] = field(repr=False)
    backward: tuple[Tensor, ...] = field(repr=False)

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n)."""
        m, n = self.plan.pattern.shape
        return int(m), int(n)

    def fits(self, evaluation: Evaluation) -> bool:
        """Whether the function still takes and returns what this scheme was made for."""
        leaves = evaluation.outputs.leaves
        return (
            [(seed.shape[1:], seed.dtype) for seed in self.forward]
            == [(tensor.shape, tensor.dtype) for tensor in evaluation.inputs]
            and [seed.shape[1:] for seed in self.backward] == [leaf.shape for leaf in leaves]
            and self.columns.device == evaluation.inputs[0].device
        )


@dataclass(frozen=True)
class Sparse:
    """The entries of a Jacobian (m, n) that may differ from zero.

    Attributes:
        scheme: where they stand, and how they are computed.
        values: (entries,) row by row.
    """

    scheme: Scheme
    values: Tensor

    @cached_property
    def tensor(self) -> Tensor:
        """A `torch.sparse_csr` tensor (m, n)."""
        return _csr(self.scheme, self.values)

    @cached_property
    def pattern(self) -> Tensor:
        """A boolean `torch.sparse_csr` tensor (m, n), True where an entry is stored."""
        return _csr(self.scheme, torch.ones_like(self.values, dtype=torch.bool))

    def blocks(self, leaves: tuple[Tensor, ...]) -> Blocks:
        """The dense matrix cut by outputs and inputs, each of the input's dtype."""
        rows = self.dense().split([leaf.numel() for leaf in leaves])
        sizes = [seed.shape[1:].numel() for seed in self.scheme.forward]
        return tuple(
            tuple(
                part.reshape(leaf.shape + seed.shape[1:]).to(seed.dtype)
                for part, seed in zip(row.split(sizes, dim=1), self.scheme.forward, strict=True)
            )
            for row, leaf in zip(rows, leaves, strict=True)
        )

    def dense(self, memory: int | None = None) -> Tensor:
        """All m · n entries.

        Raises:
            SizeError: they would not fit into `memory`, by default half of what is free.
        """
        m, n = self.scheme.shape
        require_room(m, (self.values.new_empty(1).expand(n),), memory)
        rows = torch.repeat_interleave(
            torch.arange(m, device=self.values.device), self.scheme.starts.diff()
        )
        whole = self.values.new_zeros(m, n)
        whole[rows, self.scheme.columns] = self.values
        return whole


def _csr(scheme: Scheme, values: Tensor) -> Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls its sparse layouts a beta
        return torch.sparse_csr_tensor(scheme.starts, scheme.columns, values, scheme.shape)


# ── finding the scheme ────────────────────────────────────────────────────────────────────────


def worth_trying(evaluation: Evaluation) -> bool:
    """Whether a Jacobian is large enough both ways for the sparse road to be quicker."""
    m, n = evaluation.size
    return m * n >= LARGE and min(m, n) >= NARROW


def find_scheme(evaluation: Evaluation, *, insist: bool) -> Scheme:
    """Run the function once more, on sets of inputs, and group what may be computed together.

    Args:
        evaluation: the plain run.
        insist: look on where the dense roads would probably be quicker.

    Raises:
        NotSparse: the function cannot be followed, or nothing is gained.
    """
    m, n = evaluation.size
    if written_by_hand(evaluation):
        raise NotSparse("a custom autograd.Function or a compiled function hides its dependences")
    dense_seconds = evaluation.seconds * min(m, n)
    with evaluation.again():
        found = detect(
            evaluation.leaves,
            evaluation.inputs,
            most=_MOST if insist else min(_MOST, m * n // 8 + 8 * (m + n)),
            seconds=float("inf") if insist else _PATIENCE + dense_seconds / 2,
        )
    if not isinstance(found, Pattern):
        raise NotSparse(found.reason)
    entries = int(found.matrix.nnz)
    fullest = entries / max(1, min(m, n))  # no fewer passes than entries in a row, on average
    if not insist and GAIN * fullest > min(m, n):
        raise NotSparse(f"{entries} of its {m} × {n} entries may differ from zero")
    planned = plan(found.matrix)
    if not insist and GAIN * planned.passes > min(m, n):
        raise NotSparse(f"it would take {planned.passes} passes")
    return _ready(planned, found, evaluation)


def _ready(planned: Plan, found: Pattern, evaluation: Evaluation) -> Scheme:
    device = evaluation.inputs[0].device

    def moved(array: np.ndarray) -> Tensor:
        return torch.as_tensor(array, dtype=torch.int64, device=device)

    leaves = tuple(leaf.detach() for leaf in evaluation.outputs.leaves)
    return Scheme(
        planned,
        found.steady,
        found.by_zeros,
        moved(planned.pattern.indptr),
        moved(planned.pattern.indices),
        moved(planned.source),
        _seeds(moved(planned.columns), planned.forward, evaluation.inputs),
        _seeds(moved(planned.rows), planned.backward, leaves),
    )


def _seeds(colours: Tensor, count: int, like: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """For each tensor, its part of the `count` sums of unit vectors of one colour."""
    seeds, start = [], 0
    for tensor in like:
        part = colours[start : start + tensor.numel()]
        start += tensor.numel()
        seed = tensor.detach().new_zeros(count, tensor.numel())
        places = (part >= 0).nonzero().squeeze(1)
        seed[part[places], places] = 1
        seeds.append(seed.view(count, *tensor.shape))
    return tuple(seeds)


# ── the products ──────────────────────────────────────────────────────────────────────────────


def by_sparse(
    evaluation: Evaluation, scheme: Scheme, *, chunk_size: int | None = None, check: bool = True
) -> Sparse:
    """Compute the entries of a known pattern.

    Args:
        evaluation: the plain run.
        scheme: how to compute them.
        chunk_size: products at a time.
        check: compare with a product in a random direction, see NOTE [One random direction].

    Raises:
        NotSparse: the check failed.
    """
    products = []
    if scheme.plan.forward:
        products.append(_forward(evaluation, scheme.forward, chunk_size).reshape(-1))
    if scheme.plan.backward:
        products.append(_backward(evaluation, scheme.backward, chunk_size).reshape(-1))
    dtype = evaluation.inputs[0].dtype
    for tensor in evaluation.inputs[1:]:
        dtype = torch.promote_types(dtype, tensor.dtype)
    if not products:
        flat = evaluation.inputs[0].detach().new_zeros(0)
    else:
        flat = products[0] if len(products) == 1 else torch.cat(products)
    sparse = Sparse(scheme, flat.index_select(0, scheme.source).to(dtype))
    if check and not _confirmed(evaluation, sparse):
        raise NotSparse("its entries do not add up to torch's own product")
    return sparse


def _forward(evaluation: Evaluation, seeds: tuple[Tensor, ...], chunk: int | None) -> Tensor:
    """J·s for all seeds, (passes, m): batched, one by one, or by two backward passes."""
    primals = tuple(tensor.detach() for tensor in evaluation.inputs)

    def push(*tangents: Tensor) -> Tensor:
        leaves = torch.func.jvp(evaluation.leaves, primals, tangents)[1]
        return _flat(leaves)

    def batched() -> Tensor:
        pieces = []
        for start, stop in _parts(evaluation, len(seeds[0]), chunk):
            with torch.no_grad(), evaluation.again():
                batch = [seed[start:stop] for seed in seeds]
                pieces.append(torch.func.vmap(push, randomness="same")(*batch))
        return pieces[0] if len(pieces) == 1 else torch.cat(pieces)

    def one_by_one() -> Tensor:
        rows = []
        for index, _ in _parts(evaluation, len(seeds[0]), 1):
            with torch.no_grad(), evaluation.again(), forward_ad.dual_level():
                set_random_states(primals, evaluation.random)
                duals = [
                    forward_ad.make_dual(p, s[index]) for p, s in zip(primals, seeds, strict=True)
                ]
                rows.append(_flat([_tangent(leaf) for leaf in evaluation.leaves(*duals)]))
        return torch.stack(rows)

    for way in (batched, one_by_one):
        try:
            return way()
        except OBSTACLES:
            continue
    return _twice_backward(evaluation, seeds, chunk)


def _twice_backward(evaluation: Evaluation, seeds: tuple[Tensor, ...], chunk: int | None) -> Tensor:
    """J·s as the derivative of Jᵀ·v by v, for operations that have no forward formula."""
    leaves = [leaf for leaf in evaluation.outputs.leaves if leaf.requires_grad]
    places = [torch.zeros_like(leaf, requires_grad=True) for leaf in leaves]
    pulled = torch.autograd.grad(
        leaves, evaluation.inputs, places, create_graph=True, allow_unused=True
    )
    known = [index for index, one in enumerate(pulled) if one is not None and one.requires_grad]
    rows = []
    for index, _ in _parts(evaluation, len(seeds[0]), 1):
        columns = (
            torch.autograd.grad(
                [pulled[k] for k in known],
                places,
                [seeds[k][index] for k in known],
                retain_graph=True,
                allow_unused=True,
            )
            if known
            else [None] * len(places)
        )
        found = iter(columns)
        parts = [next(found) if leaf.requires_grad else None for leaf in evaluation.outputs.leaves]
        rows.append(
            _flat(
                [
                    torch.zeros_like(leaf) if part is None else part
                    for leaf, part in zip(evaluation.outputs.leaves, parts, strict=True)
                ]
            ).detach()
        )
    return torch.stack(rows)


def _backward(evaluation: Evaluation, seeds: tuple[Tensor, ...], chunk: int | None) -> Tensor:
    """sᵀ·J for all seeds, (passes, n), batched or one by one."""
    leaves = evaluation.outputs.leaves
    reached = [k for k, leaf in enumerate(leaves) if leaf.requires_grad]

    def pull(*directions: Tensor) -> Tensor:
        rows = torch.autograd.grad(
            [leaves[k] for k in reached],
            evaluation.inputs,
            directions,
            retain_graph=True,
            allow_unused=True,
        )
        return _flat(
            [
                torch.zeros_like(tensor) if row is None else row
                for row, tensor in zip(rows, evaluation.inputs, strict=True)
            ]
        )

    pieces = []
    for start, stop in _parts(evaluation, len(seeds[0]), chunk):
        batch = [seeds[k][start:stop] for k in reached]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # vmap's remarks on its speed
                pieces.append(torch.func.vmap(pull)(*batch))
        except OBSTACLES:
            rows = [pull(*(part[k] for part in batch)) for k in range(stop - start)]
            pieces.append(torch.stack(rows))
    return torch.cat(pieces).detach()


def _parts(evaluation: Evaluation, count: int, chunk: int | None) -> Iterator[tuple[int, int]]:
    return batches(count, max(evaluation.size), chunk_size=chunk, seconds=4 * evaluation.seconds)


def _flat(tensors: Sequence[Tensor]) -> Tensor:
    """All components in one row; without a copy if there is one tensor."""
    rows = [tensor.reshape(-1) for tensor in tensors]
    return rows[0] if len(rows) == 1 else torch.cat(rows)


def _tangent(leaf: Tensor) -> Tensor:
    primal, tangent = forward_ad.unpack_dual(leaf)
    return torch.zeros_like(primal) if tangent is None else tangent


# ── the check ─────────────────────────────────────────────────────────────────────────────────


def _confirmed(evaluation: Evaluation, sparse: Sparse) -> bool:
    """Whether the entries, times a random direction, are torch's product from the other side."""
    gap, allowed = residual(evaluation, sparse)
    return not bool((gap > allowed).any())


def residual(evaluation: Evaluation, sparse: Sparse) -> tuple[Tensor, Tensor]:
    """(n,) |uᵀ·J − torch's uᵀ·J| for a random u, and what rounding may make of it; nan counts not.

    The product is a backward pass of the plain run, so it shares nothing with forward products.
    """
    generator = torch.Generator().manual_seed(0)
    m, n = sparse.scheme.shape
    u = torch.randn(m, generator=generator, dtype=torch.float64)
    device = sparse.values.device
    u = u.to(device)
    pieces, start = [], 0
    for leaf in evaluation.outputs.leaves:
        pieces.append(u[start : start + leaf.numel()].reshape(leaf.shape).to(leaf.dtype)[None])
        start += leaf.numel()
    if any(leaf.requires_grad for leaf in evaluation.outputs.leaves):
        truth = _backward(evaluation, tuple(pieces), 1)[0].double()
    else:
        truth = torch.zeros(n, dtype=torch.float64, device=device)
    rows = torch.repeat_interleave(torch.arange(m, device=device), sparse.scheme.starts.diff())
    terms = sparse.values.detach().double() * u[rows]
    found = torch.zeros_like(truth).index_add_(0, sparse.scheme.columns, terms)
    sizes = torch.zeros_like(truth).index_add_(0, sparse.scheme.columns, terms.abs())
    lowest = min(
        (leaf.dtype for leaf in (*evaluation.inputs, *evaluation.outputs.leaves)),
        key=lambda dtype: torch.finfo(dtype).bits,
    )
    eps = torch.finfo(lowest).eps
    scale = sizes + truth.abs() + torch.where(truth.isfinite(), truth.abs(), 0).mean()
    gap = torch.where(found.isfinite() & truth.isfinite(), (found - truth).abs(), 0.0)
    return gap, eps**0.5 * scale + 100 * eps
