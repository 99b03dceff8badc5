"""Autograd's graph behind the outputs of a run: operations, edges, widest tensor.

NOTE [Bounded traversal]: Python sees a node of the graph through an object of its own, and once
very many nodes have had one, freeing the graph recurses in C++ until the stack is full. So no
traversal meets more than `MAX_NODES`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from jacmagic.function.torch_internals import output_sizes

MAX_NODES = 2000  # that one traversal meets

_BY_HAND: Any = torch.autograd.function.BackwardCFunction


class AutogradGraph:
    """The nodes below some outputs, nearest first, by one bounded traversal.

    Attributes:
        nodes: those that the traversal met.
    """

    def __init__(self, outputs: Iterable[Tensor]) -> None:
        """Traverse the graph, see NOTE [Bounded traversal]."""
        nodes, written, visited = list[Any](), list[Any](), 0
        indices: dict[Any, int] = {None: -1}
        edges: Any = [(leaf.grad_fn, 0) for leaf in outputs]
        while True:
            for child, output in edges:
                if (index := indices.get(child)) is None:
                    index = indices[child] = len(nodes)
                    nodes.append(child)
                written += index, output
            if visited == len(nodes) or len(nodes) > MAX_NODES:
                break
            written.append(nodes[visited].name())
            edges = nodes[visited].next_functions
            visited += 1
        self.nodes, self._written = nodes, written

    def count(self, names: Collection[str]) -> int:
        """Return how many of the operations have one of these names."""
        return sum([part in names for part in self._written])

    @cached_property
    def structure(self) -> tuple[Any, ...] | None:
        """The operations and their edges, to be compared with those of another run.

        None where there are too many, or where one is a custom `autograd.Function`, whose inside
        may change.
        """
        if len(self.nodes) > MAX_NODES or self.written_by_hand:
            return None
        return tuple(self._written)

    @cached_property
    def written_by_hand(self) -> bool:
        """Whether a node is a custom `autograd.Function` or a compiled one.

        Torch shows neither's inside: what runs forwards need not be what is differentiated.
        """
        return any(issubclass(kind, _BY_HAND) for kind in set(map(type, self.nodes)))

    @cached_property
    def widest(self) -> int:
        """Scalars of the largest tensor among the nodes' outputs."""
        return max((size for node in self.nodes for size in output_sizes(node)), default=1)
