"""Lookup of an operation's rule, by its dtypes and by the way it writes."""

from __future__ import annotations

import torch

from jacmagic.function.aten.data_movement import accumulates
from jacmagic.function.aten.operation import Operation
from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.symbolic.trace.rules import COMPLEX, RULES, Formula, Pullback, Rule

_PARTS = {torch.complex128: torch.float64, torch.complex64: torch.float32}


def rule_for(key: str, op: Operation) -> Rule | Formula | Pullback | None:
    """Return the rule for real or for complex arguments; None without one."""
    if key.startswith("bitwise") and any(t.dtype != torch.bool for t in op.tensors):
        raise Unsupported(key, "of integers has no closed form")
    dtype = op.kwargs.get("dtype")
    is_complex = has_complex(op) or (dtype is not None and dtype.is_complex)
    return COMPLEX.get(key) if is_complex or key not in RULES else RULES[key]


def has_complex(op: Operation) -> bool:
    """Whether any argument is complex, be it a tensor or a number."""
    numbers = (*op.args, *op.kwargs.values())
    return any(t.is_complex() for t in op.tensors) or any(isinstance(n, complex) for n in numbers)


def check_view(op: Operation) -> None:
    """Refuse a view as another dtype, but for complex numbers and their parts."""
    if isinstance(op.args[1], torch.dtype):
        dtype, new_dtype = op.args[0].dtype, op.args[1]
        if dtype != new_dtype and _PARTS.get(dtype) != new_dtype and _PARTS.get(new_dtype) != dtype:
            raise Unsupported("view", "of the same memory as another dtype has no closed form")


def writes_by_rule(key: str, op: Operation) -> bool:
    """Whether an indexed write is not a movement: it adds, or fills a mask."""
    if key not in ("index_put", "_index_put_impl"):
        return accumulates(op)
    indices, values = op.args[1], op.args[2]
    has_mask = any(index is not None and index.dtype == torch.bool for index in indices)
    if accumulates(op) and has_mask:
        raise Unsupported(key, "that adds through a mask has no rule; use torch.where")
    return accumulates(op) or (len(indices) == 1 and has_mask and values.numel() == 1)
