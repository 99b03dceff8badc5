"""How torch itself takes an operation apart into simpler ones: its tables, asked in turn."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from torch._decomp import core_aten_decompositions, decomposition_table


@cache
def _core() -> dict:
    return dict(core_aten_decompositions())


def parts_of(operation: Any) -> Callable[..., Any] | None:
    """A function that computes an ATen operation by others, or None if torch has none."""
    parts = _core().get(operation) or decomposition_table.get(operation)
    if parts is None and operation._can_decompose():
        parts = operation.decompose
    return parts
