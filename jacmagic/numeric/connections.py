"""Traverse autograd's graph: which outputs reach which inputs, widest tensor.

NOTE [Bounded traversal]: Python sees a node of the graph through an object of its own, and once
very many nodes have had one, freeing the graph recurses in C++ until the stack is full. So no
traversal meets more than `MAX_NODES`; of a larger graph backward passes show the connections.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor

from jacmagic.function.torch_internals import output_sizes
from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.modes.mode import Blocks
from jacmagic.numeric.torch_errors import TORCH_ERRORS

Connections = tuple[tuple[bool, ...], ...]

MAX_NODES = 2000  # that one traversal meets


def connections(evaluation: Evaluation, blocks: Blocks | None = None) -> Connections:
    """Whether torch's graph leads from each output back to each input.

    Args:
        evaluation: the plain run.
        blocks: the Jacobian by backward passes, if it is known; what is not zero is connected.

    Returns:
        One row per output, one entry per input.
    """
    leaves, inputs = evaluation.outputs.leaves, evaluation.inputs
    traversed = _inputs_below(leaves, inputs)
    if traversed is not None:
        return traversed
    return tuple(
        _reached(leaf, inputs, () if blocks is None else blocks[index])
        for index, leaf in enumerate(leaves)
    )


def everywhere_connected(evaluation: Evaluation) -> Connections:
    """Return connections of every output to every input."""
    return ((True,) * len(evaluation.inputs),) * len(evaluation.outputs.leaves)


def structure_of(evaluation: Evaluation) -> tuple[Any, ...] | None:
    """Return the operations of torch's graph and their edges, to be compared.

    None where there are too many, see NOTE [Bounded traversal], or where one is a custom
    `autograd.Function`, whose inside may change.
    """
    by_hand: Any = torch.autograd.function.BackwardCFunction
    nodes: list[Any] = []
    structure: list[Any] = []
    indices: dict[Any, int] = {None: -1}
    edges: Any = [(leaf.grad_fn, 0) for leaf in evaluation.outputs.leaves]
    unvisited = iter(nodes)  # those that are found on the way included
    while True:
        for child, output in edges:
            if (index := indices.get(child)) is None:
                index = indices[child] = len(nodes)
                nodes.append(child)
            structure += index, output
        if (node := next(unvisited, None)) is None:
            return tuple(structure)
        if len(nodes) > MAX_NODES or isinstance(node, by_hand):
            return None
        structure.append(node.name())
        edges = node.next_functions


def widest(evaluation: Evaluation) -> int:
    """Scalars of the largest tensor that a bounded traversal of the graph meets."""
    roots = [leaf.grad_fn for leaf in evaluation.outputs.leaves]
    return max((size for node in _nodes(roots) for size in output_sizes(node)), default=1)


def is_longer(evaluation: Evaluation, nodes: int) -> bool:
    """Whether the graph has more nodes than these."""
    roots = [leaf.grad_fn for leaf in evaluation.outputs.leaves]
    return next(itertools.islice(_nodes(roots), nodes, None), None) is not None


def written_by_hand(evaluation: Evaluation) -> bool:
    """Whether a traversal meets a custom `autograd.Function` or a compiled one.

    Torch shows neither's inside: what runs forwards need not be what is differentiated.
    """
    by_hand: Any = torch.autograd.function.BackwardCFunction
    roots = [leaf.grad_fn for leaf in evaluation.outputs.leaves]
    return any(isinstance(node, by_hand) for node in _nodes(roots))


def _nodes(roots: Iterable[Any]) -> Iterator[Any]:
    """Nodes of the graph below `roots`, nearest first; see NOTE [Bounded traversal]."""
    pending = [root for root in roots if root is not None]
    seen = set(pending)
    for node in pending:
        yield node
        if len(seen) >= MAX_NODES:
            continue
        for child, _ in node.next_functions:
            if child is not None and child not in seen:
                seen.add(child)
                pending.append(child)


def _inputs_below(leaves: Iterable[Tensor], inputs: Iterable[Tensor]) -> Connections | None:
    """Return the inputs below each leaf by one traversal; None if too large.

    Every node carries the set of inputs below it as bits; children are finished before parents.
    """
    below: dict[Any, int] = {_node_of(one): 1 << bit for bit, one in enumerate(inputs)}
    count, rows = len(below), []
    for leaf in leaves:
        stack = [_node_of(leaf)] if leaf.requires_grad else []
        root = stack[0] if stack else None
        while stack:
            node = stack[-1]
            children = [] if node in below else [c for c, _ in node.next_functions if c is not None]
            missing = [child for child in children if child not in below]
            if len(below) + len(stack) + len(missing) > MAX_NODES:
                return None
            stack += missing
            if not missing:
                if node not in below:
                    below[node] = 0
                    for child in children:
                        below[node] |= below[child]
                stack.pop()
        mask = 0 if root is None else below[root]
        rows.append(tuple([mask >> bit & 1 == 1 for bit in range(count)]))
    return tuple(rows)


def _reached(
    leaf: Tensor, inputs: tuple[Tensor, ...], blocks: Iterable[Tensor]
) -> tuple[bool, ...]:
    """Whether a backward pass from a leaf reaches each input."""
    if not leaf.requires_grad:
        return (False,) * len(inputs)
    if blocks and all(bool(block.any()) for block in blocks):
        return (True,) * len(inputs)
    zeros = torch.zeros_like(leaf)
    try:
        rows = torch.autograd.grad(leaf, inputs, zeros, retain_graph=True, allow_unused=True)
    except TORCH_ERRORS:  # torch would go there, and cannot
        return (True,) * len(inputs)
    return tuple(row is not None for row in rows)


def _node_of(tensor: Tensor) -> Any:
    """Return the node of autograd's graph in which a tensor's gradient arrives."""
    node = tensor.grad_fn
    if node is None:  # a leaf shows its node to its views only
        view: Any = tensor.view_as(tensor).grad_fn
        node = view.next_functions[0][0]
    return node
