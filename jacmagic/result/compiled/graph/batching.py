"""A traced computation at many points: by `vmap`, confirmed at some, or by a loop.

NOTE [Batching rules] The rules by which `vmap` runs an operation at many points are separate code
in torch, and some are wrong: that of `linalg_lu_solve` pairs pivots with other points where the
right-hand side has more dimensions than the factors. The factors are expanded for that one; of all
others, three points are computed alone and compared.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor, fx

MAX_SCALARS_AT_ONCE = 2**22  # scalars of entries computed at once in a batch
MAX_ORDER_EXPANDED = 16  # rows of factors that are expanded: of 24, a loop is twice as quick
_EXPAND = torch.ops.aten.expand.default


class Batching:
    """One traced computation, run at many points.

    Args:
        module: from a point's inputs to entries and values.
    """

    def __init__(self, module: fx.GraphModule) -> None:
        self._module, self._mapped = module, _with_expanded_factors(module)

    def __call__(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Entries (k, entries) and values (k, m) at k points, k at least 1."""
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # vmap's remarks on its speed
            if self._mapped is not None:
                if (mapped := self._by_vmap(self._mapped, tensors)) is not None:
                    return mapped
                self._mapped = None
            points = [self._module.forward(*x) for x in zip(*tensors, strict=True)]
        entries, values = map(torch.stack, zip(*points, strict=True))
        return entries, values

    def _by_vmap(
        self, module: fx.GraphModule, tensors: Sequence[Tensor]
    ) -> tuple[Tensor, Tensor] | None:
        """Return both by `vmap`; None where it cannot or is wrong."""
        middle = len(tensors[0]) // 2
        alone = {k: self._module.forward(*[t[k] for t in tensors]) for k in (0, middle, -1)}
        chunk = max(1, MAX_SCALARS_AT_ONCE // max(1, alone[0][0].numel()))
        try:
            mapped = torch.func.vmap(module.forward, chunk_size=chunk)
            entries, values = mapped(*tensors)
        except (RuntimeError, NotImplementedError, TypeError):  # no batched form of some step
            return None
        agree = all(_near(entries[k], e) and _near(values[k], v) for k, (e, v) in alone.items())
        return (entries, values) if agree else None


def _near(mapped: Tensor, true: Tensor) -> bool:
    """Whether half of the digits of the largest entry agree, which rounding leaves."""
    sizes = true.abs().nan_to_num(0, 0, 0)
    allowed = torch.finfo(true.dtype).eps ** 0.5 * sizes.max() if true.numel() else 0.0
    near = ((mapped - true).abs() <= allowed) | (mapped == true) | (mapped.isnan() & true.isnan())
    return bool(near.all())


def _with_expanded_factors(module: fx.GraphModule) -> fx.GraphModule | None:
    """Return a copy in which LU factors and pivots have the dimensions of the right-hand side.

    None where they are so large that a loop over the points takes less time than copies of them.
    """
    graph = fx.Graph()
    graph.output(graph.graph_copy(module.graph, {}))
    for node in graph.find_nodes(op="call_function", target=torch.ops.aten.linalg_lu_solve.default):
        factors, pivots, right, *rest = node.args
        shapes = [operand.meta["val"].shape for operand in (factors, right)]
        if shapes[0][-1] > MAX_ORDER_EXPANDED:
            return None
        leading = torch.broadcast_shapes(*[shape[:-2] for shape in shapes])
        with graph.inserting_before(node):
            factors = graph.call_function(_EXPAND, (factors, [*leading, *shapes[0][-2:]]))
            pivots = graph.call_function(_EXPAND, (pivots, [*leading, shapes[0][-1]]))
        node.args = (factors, pivots, right, *rest)
    return fx.GraphModule(module, graph)
