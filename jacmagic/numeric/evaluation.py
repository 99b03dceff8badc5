"""One plain run of the user's function under autograd, from which every road starts.

An error in the function surfaces here, as the user's own. The graph that the run leaves behind is
what reverse mode goes back along; it also tells which outputs torch can reach from which inputs.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from jacmagic.errors import FunctionError
from jacmagic.numeric.quiet import quiet, random_states
from jacmagic.structure import Outputs, flatten


@dataclass(frozen=True)
class Evaluation:
    """The function's value at the point, with the graph that leads to it.

    Attributes:
        function: the user's function, of positional tensors.
        inputs: the tensors it was called with; they require gradients.
        outputs: its value, attached to `inputs`.
        seconds: how long the run took; the measure for how much is done in one batch.
        random: the generators' states before the run, for running it again.
        before: seconds that the whole Jacobian took at an earlier point, if that is known.
    """

    function: Callable[..., Any]
    inputs: tuple[Tensor, ...]
    outputs: Outputs
    seconds: float
    random: tuple[Tensor, ...] = field(repr=False)
    before: float = math.inf

    @property
    def size(self) -> tuple[int, int]:
        """(m, n): scalar components of the outputs and of the inputs."""
        return self.outputs.numel, sum(tensor.numel() for tensor in self.inputs)

    def leaves(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Run the function again on other tensors; only the flat outputs are of interest."""
        return flatten(self.function(*inputs)).leaves

    def again(self) -> contextlib.AbstractContextManager[None]:
        """Within this context the function may run again, unnoticed."""
        return quiet(self.inputs, self.random)


def evaluate(
    function: Callable[..., Any], tensors: Sequence[Tensor], *, create_graph: bool
) -> Evaluation:
    """Run the function once on fresh tensors that require gradients.

    Must be called with gradients enabled. The tensors are new objects even where the user's already
    require gradients, so that what the function captures is told from what it is given.

    Raises:
        FunctionError: an input is not a real floating tensor, or an output has no Jacobian.
    """
    for position, tensor in enumerate(tensors):
        if not isinstance(tensor, Tensor):
            raise FunctionError(
                "The inputs given to jacobian must be either a Tensor or a tuple of Tensors; found "
                f"{type(tensor).__name__} at index {position}; write torch.tensor(...) around it"
            )
        if not tensor.is_floating_point():
            raise FunctionError(
                f"real floating inputs were expected; found {tensor.dtype} at index {position}; "
                + (
                    "write its real and imaginary parts"
                    if tensor.is_complex()
                    else "write .double()"
                )
            )
    inputs = tuple(_fresh(tensor, create_graph) for tensor in tensors)
    random = random_states(inputs)
    start = time.perf_counter()
    outputs = flatten(function(*inputs))
    return Evaluation(function, inputs, outputs, time.perf_counter() - start, random)


def _fresh(tensor: Tensor, create_graph: bool) -> Tensor:
    if tensor.is_inference():
        tensor = tensor.clone()  # inference tensors cannot be saved for the backward pass
    if create_graph and tensor.requires_grad:
        return tensor.view_as(tensor)
    return tensor.detach().requires_grad_()


def connections(evaluation: Evaluation) -> tuple[tuple[bool, ...], ...]:
    """Whether torch's graph leads from each output back to each input.

    Returns:
        One row per output, one entry per input. One walk over the graph serves all of them: every
        node carries the set of inputs below it as bits.
    """
    nodes = [_node_of(tensor) for tensor in evaluation.inputs]
    leaves = evaluation.outputs.leaves
    if len(leaves) == 1:
        return (_reached(leaves[0], nodes),)
    below = {node: 1 << bit for bit, node in enumerate(nodes)}
    rows = []
    for leaf in leaves:
        mask = 0
        if leaf.requires_grad:
            root = _node_of(leaf)
            _collect(root, below)
            mask = below[root]
        rows.append(tuple([mask >> bit & 1 == 1 for bit in range(len(nodes))]))
    return tuple(rows)


def _reached(leaf: Tensor, nodes: Sequence[Any]) -> tuple[bool, ...]:
    """Which nodes a single output leads to; the search ends as soon as it has met them all."""
    missing = set(nodes)
    stack = [_node_of(leaf)] if leaf.requires_grad else []
    seen = set(stack)
    while stack and missing:
        node = stack.pop()
        missing.discard(node)
        for child, _ in node.next_functions:
            if child is not None and child not in seen:
                seen.add(child)
                stack.append(child)
    return tuple([node not in missing for node in nodes])


def _node_of(tensor: Tensor) -> Any:
    """The node of autograd's graph in which a tensor's gradient arrives."""
    node = tensor.grad_fn
    if node is None:  # a leaf shows its node to its views only
        view: Any = tensor.view_as(tensor).grad_fn
        node = view.next_functions[0][0]
    return node


def written_by_hand(evaluation: Evaluation) -> bool:
    """Whether the value comes through a custom `autograd.Function` or a compiled one.

    Torch shows neither's inside: what runs forwards need not be what is differentiated.
    """
    by_hand: Any = torch.autograd.function.BackwardCFunction
    leaves = [leaf for leaf in evaluation.outputs.leaves if leaf.grad_fn is not None]
    stack, seen = [leaf.grad_fn for leaf in leaves], set[Any]()
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        if isinstance(node, by_hand):
            return True
        seen.add(node)
        stack += [child for child, _ in node.next_functions]
    return False


def _collect(root: Any, below: dict[Any, int]) -> None:
    """Fill in `below` for everything under `root`, children first, without recursion."""
    stack = [root]
    while stack:
        node = stack[-1]
        if node in below:
            stack.pop()
            continue
        children = [child for child, _ in node.next_functions if child is not None]
        missing = [child for child in children if child not in below]
        if missing:
            stack += missing
        else:
            mask = 0
            for child in children:
                mask |= below[child]
            below[node] = mask
            stack.pop()
