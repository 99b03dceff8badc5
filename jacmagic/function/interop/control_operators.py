"""torch's control flow (`torch.cond`, `torch.while_loop`, `map`) run by Python.

torch hands them to its compiler, which knows no dispatch or function modes: under those that count
calls, keep random numbers apart or trace, they fail. An `if` and a `while` compute the same, and
what they read is recorded as the branch that was taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from jacmagic.function.torch_internals import (
    is_batched,
    torch_map,
    tree_flatten,
    tree_map,
    tree_unflatten,
)


def conditional(
    pred: Any,
    true_fn: Callable[..., Any],
    false_fn: Callable[..., Any],
    operands: Sequence[Any] = (),
) -> Any:
    """`torch.cond`; under `vmap` both branches are run and entries are chosen."""
    if isinstance(pred, torch.Tensor) and is_batched(pred):
        pred = pred.reshape(())
        return tree_map(
            lambda a, b: torch.where(pred, a, b), true_fn(*operands), false_fn(*operands)
        )
    return true_fn(*operands) if pred else false_fn(*operands)


def repeated(
    cond_fn: Callable[..., Any], body_fn: Callable[..., Any], carried_inputs: Sequence[Any]
) -> Any:
    """`torch.while_loop`."""
    carried = tuple(carried_inputs)
    while cond_fn(*carried):
        carried = tuple(body_fn(*carried))
    return carried


def mapped_over(f: Callable[..., Any], xs: Any, *args: Any) -> Any:
    """`functorch.experimental.control_flow.map`: results of all slices, stacked."""
    leaves, nest = tree_flatten(xs)
    slices = zip(*(leaf.unbind() for leaf in leaves), strict=True)
    results = [f(tree_unflatten(list(parts), nest), *args) for parts in slices]
    return tree_map(lambda *parts: torch.stack(parts), *results)


IN_PYTHON: dict[Callable[..., Any], Callable[..., Any]] = {
    torch.cond: conditional,
    torch.while_loop: repeated,
    torch_map: mapped_over,
}
NAMES = frozenset(function.__name__ for function in IN_PYTHON) - {"map"}
