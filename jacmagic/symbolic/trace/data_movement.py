"""Operations that are run once more, on the nodes instead of the numbers: see `rules.movement`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils._pytree import tree_flatten, tree_map

from jacmagic.symbolic.trace.rules import ComplexNodes, Unsupported, pair_of
from jacmagic.symbolic.trace.shadows import Shadows


def named_arguments(func: Any, args: tuple, kwargs: dict) -> dict[str, Any]:
    """Return an operation's arguments by the names of its schema, `self` included."""
    return {func._schema.arguments[i].name: value for i, value in enumerate(args)} | kwargs


def in_order(func: Any, named: dict[str, Any]) -> dict[str, Any]:
    """Named arguments in the order of the schema."""
    return {a.name: named[a.name] for a in func._schema.arguments if a.name in named}


def moved(
    shadows: Shadows,
    data: Sequence[str],
    func: Any,
    named: dict[str, Any],
    still: Callable[[Any], Any],
) -> list[Any]:
    """Return the nodes of a movement's results.

    Args:
        shadows: the nodes of its data.
        data: names of the arguments whose elements move.
        func: the operation; in-place ones write to copies of the nodes.
        named: its arguments.
        still: prepares what does not move (an index, a mask).
    """
    carried = {
        k: tree_map(lambda leaf: _carried(shadows, leaf), v) for k, v in named.items() if k in data
    }
    rest = {k: tree_map(still, v) for k, v in named.items() if k not in data}
    is_complex = any(isinstance(leaf, ComplexNodes) for leaf in tree_flatten(carried)[0])
    made = []
    for part in ("re", "im")[: 1 + is_complex]:
        tensors = tree_map(lambda leaf, part=part: _as_tensor(leaf, part), carried)
        result = func(**in_order(func, rest | tensors))
        results = result if isinstance(result, tuple | list) else (result,)
        made.append([tensor.numpy().astype(np.int64) for tensor in results])
    return [ComplexNodes(*parts) for parts in zip(*made, strict=True)] if is_complex else made[0]


def _carried(shadows: Shadows, value: Any) -> Any:
    """Return what is moved, as nodes; a plain number as the node of a constant."""
    if isinstance(value, torch.Tensor):
        return shadows.read(value)
    if isinstance(value, complex):
        return pair_of(shadows.graph, value)
    return shadows.graph.number(value) if isinstance(value, bool | int | float) else value


def _as_tensor(value: Any, part: str) -> Any:
    """Nodes as a tensor that every operation can move: float64 holds them exactly."""
    if isinstance(value, ComplexNodes):
        value = getattr(value, part)
    elif part == "im" and isinstance(value, np.ndarray):
        value = np.zeros_like(value)
    if isinstance(value, np.ndarray):
        return torch.from_numpy(np.array(value, dtype=np.float64))
    return value


def writes_by_rule(name: str, args: tuple, kwargs: dict) -> bool:
    """Whether a write through indices is no movement: it adds, or follows a mask with one value."""
    if name == "put":
        return bool(kwargs.get("accumulate", len(args) > 3 and args[3]))
    if name not in ("index_put", "_index_put_impl"):
        return False
    indices, values = args[1], args[2]
    masks = [index for index in indices if index is not None and index.dtype == torch.bool]
    if kwargs.get("accumulate", len(args) > 3 and args[3]):
        if masks:
            raise Unsupported(name, "that adds through a mask has no rule; use torch.where")
        return True
    return len(indices) == 1 and bool(masks) and values.numel() == 1
