"""How torch itself takes an operation apart into simpler ones: its tables, asked in turn."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch._decomp import core_aten_decompositions, decomposition_table
from torch.utils._pytree import tree_map


@cache
def _core() -> dict:
    return dict(core_aten_decompositions())


def parts_of(operation: Any) -> Callable[..., Any] | None:
    """Return a function that computes an ATen operation by others, or None if torch has none."""
    parts = _core().get(operation) or decomposition_table.get(operation)
    if parts is None and operation._can_decompose():
        parts = operation.decompose
    return parts or _copied_view(operation)


def _copied_view(operation: Any) -> Callable[..., Any] | None:
    """`slice_copy` and its like as the view `slice` and copies of what it gives."""
    name, _, copied = operation._schema.name.partition("::")[2].rpartition("_")
    packet = getattr(torch.ops.aten, name, None) if copied == "copy" and name else None
    view = getattr(packet, operation._overloadname, None)
    if view is None or not any(result.alias_info for result in view._schema.returns):
        return None
    return lambda *args, **kwargs: tree_map(torch.clone, view(*args, **kwargs))
