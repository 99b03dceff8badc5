"""Decomposition of an operation into simpler ones, by torch's own tables."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import torch

from jacmagic.function.torch_internals import (
    decomposition_of_composite,
    decomposition_table,
    overload_of,
    schema_of,
    tree_map,
)


@cache
def decomposition_of(func: Any) -> Callable[..., Any] | None:
    """Return a function that computes an ATen operation by others; None without one.

    Torch's are taken out of the wrappers that load its compiler.
    """
    if composite := decomposition_of_composite(func):
        return composite
    decomposition = decomposition_table.get(func)
    return _copied_view(func) if decomposition is None else inspect.unwrap(decomposition)


def _copied_view(func: Any) -> Callable[..., Any] | None:
    """`slice_copy` and its like as the view `slice` and copies of its results."""
    name, _, copied = schema_of(func).name.partition("::")[2].rpartition("_")
    packet = getattr(torch.ops.aten, name, None) if copied == "copy" and name else None
    view = getattr(packet, overload_of(func), None)
    if view is None or not any(result.alias_info for result in schema_of(view).returns):
        return None
    return lambda *args, **kwargs: tree_map(torch.clone, view(*args, **kwargs))
