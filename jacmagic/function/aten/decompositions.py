"""Decomposition of an operation into simpler ones, by torch's own tables."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch

from jacmagic.function.torch_internals import (
    core_aten_decompositions,
    decomposition_of_composite,
    decomposition_table,
    overload_of,
    schema_of,
    tree_map,
)


@cache
def _core() -> dict:
    return dict(core_aten_decompositions())


def decomposition_of(func: Any) -> Callable[..., Any] | None:
    """Return a function that computes an ATen operation by others; None without one."""
    return (
        _core().get(func)
        or decomposition_table.get(func)
        or decomposition_of_composite(func)
        or _copied_view(func)
    )


def _copied_view(func: Any) -> Callable[..., Any] | None:
    """`slice_copy` and its like as the view `slice` and copies of its results."""
    name, _, copied = schema_of(func).name.partition("::")[2].rpartition("_")
    packet = getattr(torch.ops.aten, name, None) if copied == "copy" and name else None
    view = getattr(packet, overload_of(func), None)
    if view is None or not any(result.alias_info for result in schema_of(view).returns):
        return None
    return lambda *args, **kwargs: tree_map(torch.clone, view(*args, **kwargs))
