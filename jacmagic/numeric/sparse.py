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

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.numeric.entries import Scheme, Sparse
from jacmagic.numeric.evaluation import Evaluation, evaluate, written_by_hand
from jacmagic.numeric.memory import allowance
from jacmagic.numeric.products import backward_products, forward_products
from jacmagic.sparsity import Pattern, Plan, detect, plan

LARGE = 250_000  # entries from which looking for zeros may pay
NARROW = 64  # rows or columns below which the dense roads need few passes anyway
GAIN = 4  # how many times fewer passes than the dense roads need make it worth while
_PATIENCE = 0.25  # seconds that finding the pattern may always take
_MOST = 2**27  # entries that are followed at most
_BYTES = 32  # that an entry, its places and what is needed on the way take


class NotSparse(Exception):
    """The sparse road is closed; the message says why in a few words."""


# ── finding the scheme ────────────────────────────────────────────────────────────────────────


def worth_trying(evaluation: Evaluation) -> bool:
    """Whether a Jacobian is large enough both ways for the sparse road to be quicker."""
    m, n = evaluation.size
    return m * n >= LARGE and min(m, n) >= NARROW


def find_scheme(evaluation: Evaluation, *, insist: bool, memory: int | None = None) -> Scheme:
    """Run the function once more, on sets of inputs, and group what may be computed together.

    Args:
        evaluation: the plain run.
        insist: look on where the dense roads would probably be quicker.
        memory: bytes the entries and their places may take; by default a quarter of what is free.

    Raises:
        NotSparse: the function cannot be followed, or nothing is gained.
    """
    m, n = evaluation.size
    if written_by_hand(evaluation):
        raise NotSparse("a custom autograd.Function or a compiled function hides its dependences")
    most = min(_MOST, allowance(evaluation.inputs[0].device, memory) // _BYTES)
    dense_seconds = evaluation.seconds * min(m, n)
    with evaluation.again():
        found = detect(
            evaluation.leaves,
            evaluation.inputs,
            most=most if insist else min(most, m * n // 8 + 8 * (m + n)),
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
        products.append(forward_products(evaluation, scheme.forward, chunk_size).reshape(-1))
    if scheme.plan.backward:
        products.append(backward_products(evaluation, scheme.backward, chunk_size).reshape(-1))
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


# ── the check ─────────────────────────────────────────────────────────────────────────────────


def _confirmed(evaluation: Evaluation, sparse: Sparse) -> bool:
    """Whether the entries, times a random direction, are torch's product from the other side."""
    gap, allowed = _residual(evaluation, sparse)
    return not bool((gap > allowed).any())


def gap_of_product(
    function: Callable[..., Any], tensors: Sequence[Tensor], sparse: Sparse
) -> tuple[float, float]:
    """The largest gap between the entries' uᵀ·J and torch's own, and how large it may be there."""
    with torch.inference_mode(False), torch.enable_grad():
        evaluation = evaluate(function, tuple(tensors), create_graph=False)
        gap, allowed = _residual(evaluation, sparse)
    worst = int((gap - allowed).argmax()) if len(gap) else 0
    return (
        (float(gap.max()), float(gap.max() + allowed[worst] - gap[worst]))
        if len(gap)
        else (0.0, 0.0)
    )


def _residual(evaluation: Evaluation, sparse: Sparse) -> tuple[Tensor, Tensor]:
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
        truth = backward_products(evaluation, tuple(pieces), 1)[0].double()
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
