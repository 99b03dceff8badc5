"""Traverse autograd's graph: which outputs reach which inputs.

Of a graph with more than `MAX_NODES` nodes backward passes show the connections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from jacmagic.numeric.autograd_graph import MAX_NODES
from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.torch_errors import TORCH_ERRORS

Connections = tuple[tuple[bool, ...], ...]


def connections(evaluation: Evaluation, is_nonzero: Callable[[int], bool]) -> Connections:
    """Whether torch's graph leads from each output back to each input.

    Args:
        evaluation: the plain run.
        is_nonzero: whether an output's derivatives by each input are known not to be all zero,
            which shows the connection.

    Returns:
        One row per output, one entry per input.
    """
    leaves, inputs = evaluation.outputs.leaves, evaluation.inputs
    traversed = _inputs_below(leaves, inputs)
    if traversed is not None:
        return traversed
    return tuple(
        (True,) * len(inputs)
        if leaf.requires_grad and is_nonzero(index)
        else _reached(leaf, inputs)
        for index, leaf in enumerate(leaves)
    )


def everywhere_connected(evaluation: Evaluation) -> Connections:
    """Return connections of every output to every input."""
    return ((True,) * len(evaluation.inputs),) * len(evaluation.outputs.leaves)


def _inputs_below(leaves: Iterable[Tensor], inputs: Iterable[Tensor]) -> Connections | None:
    """Return the inputs below each leaf by one traversal; None if too large.

    Every node carries the set of inputs below it as bits; children are finished before parents.
    """
    below: dict[Any, int] = {_node_of(input_): 1 << bit for bit, input_ in enumerate(inputs)}
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


def _reached(leaf: Tensor, inputs: tuple[Tensor, ...]) -> tuple[bool, ...]:
    """Whether a backward pass from a leaf reaches each input."""
    if not leaf.requires_grad:
        return (False,) * len(inputs)
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
