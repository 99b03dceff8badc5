"""Calls of torch's counterparts with arguments as `math` and NumPy take them."""

from __future__ import annotations

from typing import Any

import numpy
import torch

from jacmagic.function.aten.operation import tensors_in
from jacmagic.function.interop.adapters import dtype_of, tensor
from jacmagic.function.interop.counterparts import counterpart

KEYWORDS = {"axis": "dim", "keepdims": "keepdim", "axis1": "dim1", "axis2": "dim2"}
# What decides about memory or speed alone; `order` counts where a row takes it.
WITHOUT_MEANING = frozenset("casting subok like copy device kind stable order".split())
ORDERED = frozenset({"ravel", "reshape"})

# Their first argument is a sequence of arrays of any shapes, not one array.
SEQUENCES = frozenset(
    {
        "append", "column_stack", "concat", "concatenate", "dstack", "hstack",
        "block", "meshgrid", "multi_dot", "row_stack", "stack", "vstack",
    }
)  # fmt: skip


def call(module: str, name: str, values: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Call the counterpart of `module.name` with arguments as NumPy takes them."""
    function = counterpart(module, name)
    named = {
        KEYWORDS.get(key, key): _gathered(value)
        for key, value in named.items()
        if key not in WITHOUT_MEANING or (key == "order" and name in ORDERED)
    }
    cast = named.pop("dtype", None)
    if name not in SEQUENCES:
        values = tuple(map(_gathered, values))
    result = function(*values, **named)
    if _is_single(result) and all(map(_is_whole, tensors_in([*values, *named.values()]))):
        # torch divides integers in single precision, NumPy in double
        result = function(*map(_widened, values), **named)
    return result if cast is None else result.to(dtype_of(cast))


def _is_single(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.dtype == torch.float32


def _is_whole(value: torch.Tensor) -> bool:
    return not (value.is_floating_point() or value.is_complex())


def _widened(value: Any) -> Any:
    return value.double() if isinstance(value, torch.Tensor) else value


def _gathered(value: Any) -> Any:
    """Arrays, and lists that hold tensors, as one tensor; everything else as it is."""
    if isinstance(value, numpy.ndarray) or next(tensors_in(value), None) is not None:
        return tensor(value)
    return value
