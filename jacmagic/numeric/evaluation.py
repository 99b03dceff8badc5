"""One plain run of the function under autograd, the start of every mode.

An error in the function surfaces here, as the user's own. The graph that the run leaves behind is
what reverse mode goes back along.
"""

from __future__ import annotations

import contextlib
import functools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from jacmagic.errors import FunctionError
from jacmagic.function.outputs import Outputs, flatten
from jacmagic.function.silent_rerun import drawn_from, random_states, silent_rerun
from jacmagic.function.torch_internals import recorded_between
from jacmagic.numeric.autograd_graph import AutogradGraph


@dataclass(frozen=True)
class Evaluation:
    """The function's value at the point, with the graph that leads to it.

    Attributes:
        function: the user's function, of positional tensors.
        inputs: the tensors it was called with; they require gradients.
        outputs: its value, attached to `inputs`.
        size: (m, n), scalar components of the outputs and of the inputs.
        seconds: how long the run took; the measure for how much is done in one batch.
        random: the generators' states before the run, for running it again; empty if it drew
            nothing, or ran as `alone`.
        before: seconds that the whole Jacobian took at an earlier point, if that is known.
        recorded: how many operations autograd recorded, up to the first output.
    """

    function: Callable[..., Any]
    inputs: tuple[Tensor, ...]
    outputs: Outputs
    size: tuple[int, int]
    seconds: float
    random: tuple[Tensor, ...] = field(repr=False)
    before: float = math.inf
    recorded: int = 0

    @functools.cached_property
    def graph(self) -> AutogradGraph:
        """The graph that leads from the outputs back to the inputs."""
        return AutogradGraph(self.outputs.leaves)

    def leaves(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Run the function again on other tensors and return the flat outputs."""
        return flatten(self.function(*writable(inputs))).leaves

    def again(self) -> silent_rerun:
        """Return a context for silent runs with the random numbers of the first one."""
        return silent_rerun(self.inputs, self.random)


@contextlib.contextmanager
def _recording() -> Iterator[None]:
    with torch.inference_mode(False), torch.enable_grad():
        yield


def recording() -> contextlib.AbstractContextManager[None]:
    """Return a context in which torch records graphs, whatever the caller disabled."""
    if torch.is_grad_enabled() and not torch.is_inference_mode_enabled():
        return contextlib.nullcontext()
    return _recording()


def evaluate(
    function: Callable[..., Any],
    tensors: Sequence[Tensor],
    *,
    create_graph: bool,
    before: float = math.inf,
    alone: bool = False,
) -> Evaluation:
    """Run the function once on fresh tensors that require gradients.

    Must be called within `recording`. The tensors are new objects even where the user's already
    require gradients, so that what the function captures differs from what it is given.

    Args:
        function: takes the tensors by position.
        tensors: real floating tensors.
        create_graph: keep the inputs' own graph.
        before: see `Evaluation`.
        alone: no other run is expected to follow, for which random numbers would be repeated.

    Raises:
        FunctionError: an input is not a real floating tensor, or an output has no Jacobian.
    """
    _require_floating(tensors)
    inputs = tuple([_fresh(tensor, create_graph) for tensor in tensors])
    random = () if alone else random_states(inputs)
    copies = writable(inputs)
    start = time.perf_counter()
    outputs = flatten(function(*copies))
    seconds = time.perf_counter() - start
    if random:
        random = drawn_from(function, inputs, random)
    size = outputs.numel, sum([tensor.numel() for tensor in inputs])
    recorded = recorded_between(copies[0], outputs.leaves[0]) if copies else 0
    return Evaluation(function, inputs, outputs, size, seconds, random, before, recorded)


def _require_floating(tensors: Sequence[Tensor]) -> None:
    """Refuse what torch cannot differentiate by, in its words and with a remedy."""
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


def writable(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Copy leaves, attached to them: a function may write to the copies."""
    return [tensor.clone() for tensor in tensors]


def _fresh(tensor: Tensor, create_graph: bool) -> Tensor:
    if tensor.is_inference():
        tensor = tensor.clone()  # inference tensors cannot be saved for the backward pass
    if create_graph and tensor.requires_grad:
        return tensor.view_as(tensor)
    return tensor.detach().requires_grad_()
