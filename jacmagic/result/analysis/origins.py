"""Where nan and infinity begin: in the forward run, or in torch's backward pass.

NOTE [The node at fault]
Several nodes of a backward pass may turn finite gradients into others, in different branches. The
one at fault is found by experiment: the pass runs again with that node's result made finite; where
the entry then is finite, the node was the origin.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from jacmagic.function.aten.operation import signature_of
from jacmagic.function.components import flat
from jacmagic.function.outputs import flatten
from jacmagic.function.problem import Problem
from jacmagic.function.silent_rerun import random_states, silent_rerun
from jacmagic.function.torch_internals import InterceptingMode, tree_flatten, tree_map
from jacmagic.symbolic.trace.source_lines import is_users, users_line

_FRAME = re.compile(r'File "([^"]+)", line (\d+)')


@dataclass(frozen=True)
class Origin:
    """An operation whose result is not finite although its operands are.

    Attributes:
        operation: its name in torch, such as "sqrt".
        line: the line of the user's code, or None.
        operands: numbers it was given where the result is not finite, tensors' entries in order.
        result: the first such number.
        discarded: in a backward pass, whether the gradient that arrived was 0: what is multiplied
            by infinity is then a branch that the result does not use.
    """

    operation: str
    line: int | None
    operands: tuple[float, ...]
    result: float
    discarded: bool = False


# ── forward ───────────────────────────────────────────────────────────────────────────────────


class _Recorder(InterceptingMode):
    """Record operations that give nan or infinity from finite operands; repair one of them."""

    def __init__(self, repaired: int | None = None) -> None:
        super().__init__()
        self.origins: list[Origin] = []
        self.repaired = repaired

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        operands = [operand for operand in tree_flatten((args, kwargs))[0] if _is_number(operand)]
        bad = list(filter(_is_bad, tree_flatten(result)[0]))
        if bad and all(map(_is_finite, operands)):
            name = signature_of(func).functional_name
            self.origins.append(_origin(name, users_line(), operands, bad[0]))
            if len(self.origins) - 1 == self.repaired:
                return tree_map(_finite, result)
        return result


def forward_origin(problem: Problem, i: int) -> Origin | None:
    """Return the operation at which an output that is not finite stops being finite.

    It is found as NOTE [The node at fault] says; where no operation alone explains the output, it
    is the first of all. None where no operation gives nan or infinity from finite numbers.
    """
    origins, _ = _run(problem, i, None)
    for k, origin in enumerate(origins):
        if _run(problem, i, k)[1]:
            return origin
    return origins[0] if origins else None


def _run(problem: Problem, i: int, repaired: int | None) -> tuple[list[Origin], bool]:
    """Run a function; return the origins, and whether its output i is finite."""
    tensors = [tensor.detach() for tensor in problem.tensors]
    random = random_states(tensors, problem.function)
    with silent_rerun(tensors, random), torch.no_grad(), _Recorder(repaired) as recorder:
        value = problem.function(*(tensor.clone() for tensor in tensors))
    return recorder.origins, _is_finite(_component(flatten(value).leaves, i))


def _finite(value: Any) -> Any:
    return torch.nan_to_num(value, 0.0, 0.0, 0.0) if _is_real(value) else value


def _is_real(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point() and value.numel() > 0


def _is_number(value: Any) -> bool:
    return _is_real(value) or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _is_finite(value: Any) -> bool:
    return bool(torch.isfinite(torch.as_tensor(value)).all())


def _is_bad(value: Any) -> bool:
    return _is_real(value) and not _is_finite(value)


def _origin(name: str, line: int | None, operands: list[Any], result: Tensor) -> Origin:
    """Return an origin with the operands' entries at the first one that is not finite."""
    where = (~torch.isfinite(result)).nonzero()[0]
    texts = []
    for operand in operands:
        tensor = torch.as_tensor(operand)
        try:
            texts.append(float(torch.broadcast_to(tensor, result.shape)[tuple(where)]))
        except RuntimeError:  # a reduction or a product: entries do not correspond
            continue
    return Origin(name, line, tuple(texts), float(result[tuple(where)]))


# ── backward ──────────────────────────────────────────────────────────────────────────────────


def backward_origin(problem: Problem, i: int, j: int) -> Origin | None:
    """Return the node of torch's backward pass at which an entry stops being finite.

    None where the entry is finite in this pass, or no single node explains it.
    """
    tensors = [tensor.detach().clone().requires_grad_() for tensor in problem.tensors]
    random = random_states(tensors, problem.function)
    with (
        warnings.catch_warnings(),
        torch.inference_mode(False),
        torch.enable_grad(),
        silent_rerun(tensors, random),
    ):
        warnings.simplefilter("ignore")  # that anomaly detection is slow
        with torch.autograd.set_detect_anomaly(True, check_nan=False):
            leaves = flatten(problem.function(*(tensor.clone() for tensor in tensors))).leaves
            output = _component(leaves, i)
            return _at_fault(output, tensors, j) if output.requires_grad else None


def _component(leaves: Sequence[Tensor], i: int) -> Tensor:
    """Return one output, whose backward pass meets no other leaf's."""
    for leaf in leaves:
        if i < leaf.numel():
            return leaf.reshape(-1)[i]
        i -= leaf.numel()
    raise IndexError(i)


def _at_fault(output: Tensor, tensors: list[Tensor], j: int) -> Origin | None:
    """Return the first node whose result, made finite, makes the entry finite."""
    nodes = list(_nodes(output.grad_fn))
    origins: list[tuple[Any, Origin]] = []

    def observe(node: Any) -> Callable[..., None]:
        def hook(ahead: tuple[Any, ...], arrived: tuple[Any, ...]) -> None:
            bad = next(filter(_is_bad, ahead), None)
            if bad is not None and not any(map(_is_bad, arrived)):
                origins.append((node, _of_node(node, bad, arrived)))

        return hook

    if _is_finite(_entry(output, tensors, j, nodes, observe)):
        return None
    for node, origin in origins:
        mended = _entry(output, tensors, j, [node], lambda _: lambda g, _: tuple(map(_finite, g)))
        if _is_finite(mended):
            return origin
    return None


def _entry(
    output: Tensor, tensors: list[Tensor], j: int, nodes: list[Any], hook_of: Callable[[Any], Any]
) -> Tensor:
    """Run the backward pass with a hook at some nodes; return its entry j."""
    handles = [node.register_hook(hook_of(node)) for node in nodes]
    try:
        parts = torch.autograd.grad(output, tensors, retain_graph=True, allow_unused=True)
    finally:
        for handle in handles:
            handle.remove()
    zeros = [
        torch.zeros_like(tensor) if part is None else part
        for part, tensor in zip(parts, tensors, strict=True)
    ]
    return flat(zeros)[j]


def _nodes(root: Any) -> Iterator[Any]:
    """Yield the nodes of a backward graph."""
    seen, waiting = set[Any](), [root]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            yield node
            waiting += [ahead for ahead, _ in node.next_functions]


def _of_node(node: Any, bad: Tensor, arrived: tuple[Any, ...]) -> Origin:
    name = re.sub(r"Backward\d*$", "", node.name().rpartition("::")[2])
    where = tuple((~torch.isfinite(bad)).nonzero()[0])
    numbers = [
        gradient[where]
        for gradient in arrived
        if _is_real(gradient) and gradient.shape == bad.shape
    ]
    discarded = bool(numbers) and all(float(number) == 0 for number in numbers)
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    operands = tuple(map(float, numbers))
    return Origin(snake, _line_of(node), operands, float(bad[where]), discarded)


def _line_of(node: Any) -> int | None:
    """Return the line of the user's code that created a node, or its node in the first pass."""
    while node is not None:
        text = "".join(node.metadata.get("traceback_", ()))
        lines = [int(line) for name, line in _FRAME.findall(text) if is_users(name)]
        if lines:
            return lines[-1]
        node = node.metadata.get("parent_")
    return None
