"""Sparse mode: a Jacobian of known pattern from a few products, entries only.

`sparsity` finds the pattern and the groups of columns and rows that may be added up; here the
products are taken (J·s with dual numbers or, where an operation has no forward formula, by a double
backward pass; sᵀ·J backwards) and the entries are picked out of them. Memory is proportional to the
entries and to passes · (m + n), never to m · n.

Whatever the rules of `sparsity` may get wrong, and whatever may have changed since they were asked,
shows when the entries are checked by a backward pass, see NOTE [Freivalds] in `freivalds`. That is
done at every point.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.numeric.entries import Sparse, SparsePlan
from jacmagic.numeric.evaluation import Evaluation, evaluate
from jacmagic.numeric.freivalds import MAX_ENTRIES_FOR_HIDDEN, ProductCheck, array_of, check
from jacmagic.numeric.memory import allowance
from jacmagic.numeric.modes.rows import plain_row
from jacmagic.numeric.products import backward_products, forward_products
from jacmagic.numeric.progress import progress
from jacmagic.numeric.sparsity import MAX_ENTRIES, Pattern, Plan, detect, plan

# Below these sizes the dense modes are about as quick; `make bench` compares both.
MIN_ENTRIES = 250_000  # m · n from which looking for zeros may pay
MIN_ROWS_OR_COLUMNS = 64  # below which the dense modes need few passes anyway
MIN_GAIN = 4  # times fewer passes than the dense modes take
MAX_SECONDS_OF_SEARCH = 0.25  # for the pattern, whatever the dense modes would take
BYTES_PER_ENTRY = 32  # with its indices and the buffers of the search


class NotSparse(Exception):
    """No entries in sparse mode; the message says why in a few words."""


# ── finding the scheme ────────────────────────────────────────────────────────────────────────


def worth_trying(evaluation: Evaluation) -> bool:
    """Whether a Jacobian is large enough both ways for sparse mode to be quicker."""
    m, n = evaluation.size
    return m * n >= MIN_ENTRIES and min(m, n) >= MIN_ROWS_OR_COLUMNS


def find_plan(evaluation: Evaluation, *, insist: bool, memory: int | None = None) -> SparsePlan:
    """Detect the sparsity pattern by one more run, and colour it.

    Args:
        evaluation: the plain run.
        insist: look on where the dense modes would probably be quicker.
        memory: bytes the entries and their indices may take; by default a quarter of what is free.

    Raises:
        NotSparse: the function cannot be followed, or nothing is gained.
    """
    m, n = evaluation.size
    if evaluation.graph.written_by_hand:
        raise NotSparse("a custom autograd.Function or a compiled function hides its dependences")
    most = min(MAX_ENTRIES, allowance(evaluation.inputs[0].device, memory) // BYTES_PER_ENTRY)
    dense_seconds = evaluation.seconds * min(m, n)
    with evaluation.again():
        pattern = detect(
            evaluation.leaves,
            evaluation.inputs,
            most=most if insist else min(most, m * n // 8 + 8 * (m + n)),
            seconds=float("inf") if insist else MAX_SECONDS_OF_SEARCH + dense_seconds / 2,
        )
    if not isinstance(pattern, Pattern):
        raise NotSparse(pattern.reason)
    entries = int(pattern.matrix.nnz)
    fullest = entries / max(1, min(m, n))  # no fewer passes than entries in a row, on average
    if not insist and MIN_GAIN * fullest > min(m, n):
        raise NotSparse(f"{entries} of its {m} × {n} entries may differ from zero")
    planned = plan(pattern.matrix)
    if not insist and MIN_GAIN * planned.passes > min(m, n):
        raise NotSparse(f"it would take {planned.passes} passes")
    return _ready(planned, pattern, evaluation)


def _ready(planned: Plan, pattern: Pattern, evaluation: Evaluation) -> SparsePlan:
    device = evaluation.inputs[0].device

    def moved(array: np.ndarray) -> Tensor:
        return torch.as_tensor(array, dtype=torch.int64, device=device)

    leaves = tuple(leaf.detach() for leaf in evaluation.outputs.leaves)
    return SparsePlan(
        planned,
        pattern.steady,
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
        coloured = (part >= 0).nonzero().squeeze(1)
        seed[part[coloured], coloured] = 1
        seeds.append(seed.view(count, *tensor.shape))
    return tuple(seeds)


# ── the products ──────────────────────────────────────────────────────────────────────────────


def by_sparse(
    evaluation: Evaluation, scheme: SparsePlan, *, chunk_size: int | None = None
) -> Sparse:
    """Compute the entries of a known pattern, and check them by a backward pass.

    Args:
        evaluation: the plain run.
        scheme: how to compute them.
        chunk_size: products at a time.

    Raises:
        NotSparse: they are not those of plain backward passes.
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
    return _confirmed(evaluation, Sparse(scheme, flat.index_select(0, scheme.source).to(dtype)))


# ── the check ─────────────────────────────────────────────────────────────────────────────────


class Entries:
    """The entries of a sparse Jacobian, read as a matrix (m, n), in NumPy: its calls are short."""

    def __init__(self, sparse: Sparse) -> None:
        """Read entries of any dtype; they are combined in float64."""
        pattern = sparse.scheme.plan.pattern
        self.shape, self.starts, self.columns = pattern.shape, pattern.indptr, pattern.indices
        self.rows = sparse.scheme.row_indices
        self.values = array_of(sparse.values)

    def largest(self) -> np.ndarray:
        """(m,) the largest absolute value in each row, float64."""
        computed, filled = np.zeros(self.shape[0]), self.starts[:-1] < self.starts[1:]
        if len(self.values):
            computed[filled] = np.maximum.reduceat(np.abs(self.values), self.starts[:-1][filled])
        return computed

    def _terms(self, u: np.ndarray) -> np.ndarray:
        return self.values * u[self.rows]

    def combined(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """uᵀ·M and |u|ᵀ·|M|, (n,) float64 each."""
        terms = self._terms(u)
        first, second = (
            np.bincount(self.columns, t, self.shape[1]) for t in (terms, np.abs(terms))
        )
        return first, second

    def hidden(self, u: np.ndarray, allowed: np.ndarray) -> list[int]:
        """Rows i with an entry for which 0 < |uᵢ·Mᵢⱼ| ≤ allowedⱼ; none where M is large."""
        if len(self.values) > MAX_ENTRIES_FOR_HIDDEN:
            return []
        sizes = np.abs(self._terms(u))
        hidden = (sizes > 0) & (sizes <= allowed[self.columns])
        return np.unique(self.rows[hidden]).tolist() if hidden.any() else []


def _confirmed(evaluation: Evaluation, sparse: Sparse) -> Sparse:
    """Return the entries, with plain rows where something is not finite."""
    leaves, inputs = evaluation.outputs.leaves, evaluation.inputs
    comparison = check(leaves, inputs, Entries(sparse))
    if comparison.answer == "not finite":
        sparse = _repaired(evaluation, sparse, comparison)
        comparison = check(leaves, inputs, Entries(sparse)).where_finite
    if comparison.answer == "different":
        raise NotSparse("its entries do not add up to torch's own product")
    return sparse


def _repaired(evaluation: Evaluation, sparse: Sparse, comparison: ProductCheck) -> Sparse:
    """Replace rows with entries that are not finite by plain backward passes."""
    scheme, values = sparse.scheme, sparse.values.clone()
    entries = Entries(sparse)
    with np.errstate(invalid="ignore"):
        finite = np.isfinite(comparison.allowed - comparison.gap)
    odd = ~finite[entries.columns] | ~np.isfinite(entries.values)
    rows = np.unique(entries.rows[odd]).tolist()
    with progress(len(rows)) as done:
        for count, row in enumerate(rows):
            start, stop = scheme.starts[row : row + 2].tolist()
            plain = plain_row(evaluation, row)
            values[start:stop] = plain[scheme.columns[start:stop]].to(values.dtype)
            done(count + 1)
    return Sparse(scheme, values)


def gap_of_product(
    function: Callable[..., Any], tensors: Sequence[Tensor], sparse: Sparse
) -> tuple[float, float]:
    """Return the worst gap between the entries' uᵀ·J and torch's, and its bound.

    Rows are divided by their largest entries' powers of two before they are combined.
    """
    with torch.inference_mode(False), torch.enable_grad():
        evaluation = evaluate(function, tuple(tensors), create_graph=False)
        leaves = evaluation.outputs.leaves
        comparison = check(leaves, evaluation.inputs, Entries(sparse)).where_finite
    if not len(comparison.gap):
        return 0.0, 0.0
    worst = int((comparison.gap - comparison.allowed).argmax())
    return float(comparison.gap[worst]), float(comparison.allowed[worst])
