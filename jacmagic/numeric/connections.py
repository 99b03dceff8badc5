"""Read torch's graph: which outputs it joins to which inputs, and how wide it is.

NOTE [Bounded walks]: Python sees a node of the graph through an object of its own, and once very
many nodes have had one, freeing the graph recurses in C++ until the stack is full. So no walk meets
more than `MOST_NODES`; a larger graph is asked by backward passes instead, or only in part.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor

from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.modes.rows import Blocks
from jacmagic.numeric.modes.try_modes import TORCH_ERRORS

Connections = tuple[tuple[bool, ...], ...]

MOST_NODES = 2000  # that one walk meets


def connections(evaluation: Evaluation, blocks: Blocks | None = None) -> Connections:
    """Whether torch's graph leads from each output back to each input.

    Args:
        evaluation: the plain run.
        blocks: the Jacobian by backward passes, if it is known; what is not zero is connected.

    Returns:
        One row per output, one entry per input.
    """
    leaves, inputs = evaluation.outputs.leaves, evaluation.inputs
    by_walk = _below(leaves, inputs)
    if by_walk is not None:
        return by_walk
    return tuple(
        _asked(leaf, inputs, () if blocks is None else blocks[index])
        for index, leaf in enumerate(leaves)
    )


def everywhere_connected(evaluation: Evaluation) -> Connections:
    """No graph of torch's says that an output does not depend on an input."""
    return ((True,) * len(evaluation.inputs),) * len(evaluation.outputs.leaves)


def structure_of(evaluation: Evaluation) -> tuple[Any, ...] | None:
    """Return the operations of torch's graph and how they hang together, to be compared.

    None where a walk does not meet them all, see NOTE [Bounded walks], or where one is a custom
    `autograd.Function`, whose inside may change.
    """
    by_hand: Any = torch.autograd.function.BackwardCFunction
    places: dict[Any, int] = {None: -1}
    nodes: list[Any] = []
    found: list[Any] = []

    def place(node: Any) -> int:
        if node not in places:
            places[node] = len(nodes)
            nodes.append(node)
        return places[node]

    found += [place(leaf.grad_fn) for leaf in evaluation.outputs.leaves]
    for node in nodes:
        if len(nodes) > MOST_NODES or isinstance(node, by_hand):
            return None
        found.append(node.name())
        found += [(place(child), output) for child, output in node.next_functions]
    return tuple(found)


def widest(evaluation: Evaluation) -> int:
    """Scalars of the largest tensor in the part of the graph that a walk meets."""
    roots = [leaf.grad_fn for leaf in evaluation.outputs.leaves]
    return max((size for node in _nodes(roots) for size in _sizes(node)), default=1)


def written_by_hand(evaluation: Evaluation) -> bool:
    """Whether a walk meets a custom `autograd.Function` or a compiled one.

    Torch shows neither's inside: what runs forwards need not be what is differentiated.
    """
    by_hand: Any = torch.autograd.function.BackwardCFunction
    roots = [leaf.grad_fn for leaf in evaluation.outputs.leaves]
    return any(isinstance(node, by_hand) for node in _nodes(roots))


def _nodes(roots: Iterable[Any]) -> Iterator[Any]:
    """Nodes of the graph below `roots`, nearest first; see NOTE [Bounded walks]."""
    pending = [root for root in roots if root is not None]
    seen = set(pending)
    for node in pending:
        yield node
        if len(seen) >= MOST_NODES:
            continue
        for child, _ in node.next_functions:
            if child is not None and child not in seen:
                seen.add(child)
                pending.append(child)


def _below(leaves: Iterable[Tensor], inputs: Iterable[Tensor]) -> Connections | None:
    """Return the inputs below each leaf by one walk over the graph; None if that is too large.

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
            if len(below) + len(stack) + len(missing) > MOST_NODES:
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


def _asked(leaf: Tensor, inputs: tuple[Tensor, ...], known: Iterable[Tensor]) -> tuple[bool, ...]:
    """Which inputs a backward pass from a leaf gets to."""
    if not leaf.requires_grad:
        return (False,) * len(inputs)
    if known and all(bool(block.any()) for block in known):
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


def _sizes(node: Any) -> list[int]:
    """How large what an operation of the graph returned is; nothing where torch does not tell."""
    try:
        return [math.prod(map(int, one.shape)) for one in node._input_metadata]
    except (AttributeError, RuntimeError, TypeError):
        return []
