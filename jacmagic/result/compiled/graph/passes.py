"""The computation of a Jacobian as one function of tensors, ready to be traced.

Each of `PASSES` takes the function's tensors and returns all entries in a row and all values in a
row: rows by vector-Jacobian products, columns by Jacobian-vector products, or the sums of rows and
columns of a sparse plan, from which the entries are picked.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from jacmagic.function.components import flat
from jacmagic.function.outputs import flatten
from jacmagic.function.torch_internals import forward_pass
from jacmagic.numeric.engine import Rows, batched_backward
from jacmagic.numeric.entries import SparsePlan

Traceable = Callable[..., tuple[Tensor, Tensor]]
# More rows than columns, or the reverse, up to which passes by either are measured.
MAX_SIMILAR_RATIO = 4
MAX_TRACED_ROWS = 64  # outputs up to which rows are traced one by one


@dataclass(frozen=True)
class Task:
    """What is differentiated.

    Attributes:
        by_chosen: from all tensors to the function of the chosen ones alone.
        chosen: the positions it is differentiated by.
        outputs: the shapes and dtypes of its leaves.
        inputs: the shapes and dtypes of the chosen tensors.
        device: where everything is computed.
        scheme: the sparse plan, or None for all entries.
    """

    by_chosen: Callable[[Sequence[Tensor]], Callable[..., Any]]
    chosen: tuple[int, ...]
    outputs: tuple[tuple[torch.Size, torch.dtype], ...]
    inputs: tuple[tuple[torch.Size, torch.dtype], ...]
    device: torch.device
    scheme: SparsePlan | None

    @property
    def size(self) -> tuple[int, int]:
        """(m, n)."""
        m, n = (sum(shape.numel() for shape, _ in shapes) for shapes in (self.outputs, self.inputs))
        return m, n

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array of entries: (m, n), or (entries,) of a sparse plan."""
        return self.size if self.scheme is None else (len(self.scheme.source),)

    @property
    def either_way(self) -> bool:
        """Whether sizes do not tell if rows or columns are quicker."""
        m, n = self.size
        return self.scheme is None and MAX_SIMILAR_RATIO * min(m, n) >= max(m, n)

    def leaves(self, tensors: Sequence[Tensor]) -> Callable[..., tuple[Tensor, ...]]:
        """Return the function's outputs by the chosen tensors alone."""
        function = self.by_chosen(tensors)
        return lambda *chosen: flatten(function(*chosen)).leaves

    def order(self) -> tuple[str, ...]:
        """Return the names of passes that suit it, best first."""
        if self.scheme is not None:
            return ("compressed",)
        m, n = self.size
        dense = ("columns", "rows") if n < m else ("rows", "columns")
        return (*dense, "row by row") if m <= MAX_TRACED_ROWS else dense


def rows(task: Task) -> Traceable:
    """All rows by one batched backward pass."""
    basis = _identity(task.outputs, task.device)

    def run(*tensors: Tensor) -> tuple[Tensor, Tensor]:
        products, values = _pulled(task, tensors, basis)
        return products.reshape(-1), values

    return run


def _pulled(
    task: Task, tensors: Sequence[Tensor], directions: Sequence[Tensor]
) -> tuple[Tensor, Tensor]:
    """Return products (k, n) with k directions by one batched backward pass, and the values (m,).

    `torch.func.vjp` would load torch's compiler; that follows nothing else.
    """
    leaves = task.leaves(tensors)
    if type(tensors[0]) is not Tensor:
        outputs, pull, *_ = torch.func.vjp(leaves, *[tensors[k] for k in task.chosen])
        batched = torch.func.vmap(functools.partial(pull, create_graph=False))
        return _side_by_side(task, batched(tuple(directions))), flat(outputs)
    chosen = [tensors[k].detach().requires_grad_() for k in task.chosen]
    outputs = leaves(*chosen)
    followed = [k for k, output in enumerate(outputs) if output.requires_grad]
    gradients: Rows = (None,) * len(chosen)
    if followed:
        some = [directions[k] for k in followed]
        gradients = batched_backward([outputs[k] for k in followed], chosen, some)
    zeros = [input_.new_zeros(len(directions[0]), *input_.shape) for input_ in chosen]
    blocks = [zero if row is None else row for row, zero in zip(gradients, zeros, strict=True)]
    return _side_by_side(task, blocks), flat(outputs).detach()


def columns(task: Task) -> Traceable:
    """All columns by one batched forward pass."""
    basis = _identity(task.inputs, task.device)

    def run(*tensors: Tensor) -> tuple[Tensor, Tensor]:
        chosen = tuple(tensors[k] for k in task.chosen)
        products, values = _pushed(task.leaves(tensors), chosen, basis)
        return products.T.reshape(-1).to(_widest(task.inputs)), values

    return run


def _pushed(
    leaves: Callable[..., Any], chosen: tuple[Tensor, ...], tangents: Sequence[Tensor]
) -> tuple[Tensor, Tensor]:
    """Return products (k, m) with k tangents by one batched forward pass, and the values (m,)."""

    def push(*directions: Tensor) -> tuple[Tensor, Tensor]:
        values, products = forward_pass(leaves, chosen, directions)
        return flat(products), flat(values)

    products, values = torch.func.vmap(push)(*tangents)
    return products, values[0]


def row_by_row(task: Task) -> Traceable:
    """One backward pass for each row, without torch's function transforms."""

    def run(*tensors: Tensor) -> tuple[Tensor, Tensor]:
        chosen = [tensors[k].detach().requires_grad_() for k in task.chosen]
        with torch.enable_grad():
            values = flat(task.leaves(tensors)(*chosen))
            gradients = [
                torch.autograd.grad(
                    value, chosen, retain_graph=True, allow_unused=True, materialize_grads=True
                )
                for value in values.unbind()
            ]
        stacked = [torch.stack(parts) for parts in zip(*gradients, strict=True)]
        return _side_by_side(task, stacked).reshape(-1), values.detach()

    return run


def compressed(task: Task) -> Traceable:
    """Return the entries of a sparse plan, from sums of rows and of columns."""
    scheme = task.scheme
    assert scheme is not None

    def run(*tensors: Tensor) -> tuple[Tensor, Tensor]:
        chosen = tuple(tensors[k] for k in task.chosen)
        leaves = task.leaves(tensors)
        products, values = [], None
        if scheme.plan.backward:
            part, values = _pulled(task, tensors, scheme.backward)
            products.append(part)
        if scheme.plan.forward:
            part, values = _pushed(leaves, chosen, scheme.forward)
            products.insert(0, part)
        if values is None:  # no entry at all
            values = flat(leaves(*chosen))
        entries = flat(products or [values[:0]])
        return entries.index_select(0, scheme.source).to(_widest(task.inputs)), values

    return run


PASSES: dict[str, Callable[[Task], Traceable]] = {
    "rows": rows,
    "columns": columns,
    "row by row": row_by_row,
    "compressed": compressed,
}


def _widest(tensors: Sequence[tuple[torch.Size, torch.dtype]]) -> torch.dtype:
    return functools.reduce(torch.promote_types, [dtype for _, dtype in tensors])


def _side_by_side(task: Task, blocks: Sequence[Tensor]) -> Tensor:
    """(rows, n) of one dtype, from (rows, *shape) of each input."""
    dtype = _widest(task.inputs)
    parts = [block.reshape(len(block), -1).to(dtype) for block in blocks]
    return parts[0] if len(parts) == 1 else torch.cat(parts, 1)


def _identity(
    tensors: Sequence[tuple[torch.Size, torch.dtype]], device: torch.device
) -> list[Tensor]:
    """For each tensor its part of the identity, (count, *shape)."""
    sizes = [shape.numel() for shape, _ in tensors]
    count, start, parts = sum(sizes), 0, []
    for (shape, dtype), size in zip(tensors, sizes, strict=True):
        part = torch.zeros(count, size, dtype=dtype, device=device)
        part[start : start + size] = torch.eye(size, dtype=dtype, device=device)
        parts.append(part.reshape(count, *shape))
        start += size
    return parts
