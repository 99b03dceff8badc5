"""Values of the point: texts evaluated in the user's namespace, and what they become as tensors."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from typing import Any

import numpy
import torch

from jacmagic.errors import PointError

FALLBACK: Mapping[str, Any] = {
    name: value for name, value in vars(math).items() if not name.startswith("_")
}


def evaluate(source: str, namespace: Mapping[str, Any]) -> Any:
    """The value of an expression; `pi`, `e`, `tau` and the names of `math` are known as well."""
    return eval(source.strip(), {**FALLBACK, **namespace})  # what the user typed


def as_tensor(value: Any, name: str, notes: list[str]) -> torch.Tensor:
    """A value of the point as a floating tensor.

    Bare numbers and nested lists of them become float64; tensors and arrays keep their dtype;
    integers and truth values are converted, and `notes` says so.

    Raises:
        PointError: the value is no real number, tensor or nest of these.
    """
    if isinstance(value, torch.Tensor):
        return as_float(value, name, notes)
    if isinstance(value, bool):
        return as_float(torch.tensor(value), name, notes)
    if isinstance(value, (list, tuple)):
        return _stacked([as_tensor(part, name, notes) for part in value], name)
    if type(value).__module__ == "numpy" or hasattr(value, "__array_interface__"):
        return as_float(_from_array(value, name), name, notes)
    if _is_real(value):
        return torch.tensor(float(value), dtype=torch.float64)
    raise PointError(
        f"expected a real number, a list of numbers or a tensor for {name}; found "
        f"{type(value).__name__}; write for example {name}=3 or {name}=[1, 2]"
    )


def as_float(value: torch.Tensor, name: str, notes: list[str]) -> torch.Tensor:
    """A copy of the tensor, which its owner may write into; integers and truth values as float64.

    A copy of a tensor that requires a gradient is attached to it.

    Raises:
        PointError: the tensor is complex or quantized.
    """
    if value.is_floating_point():
        return value.clone()
    if value.is_complex() or value.is_quantized:
        raise PointError(
            f"expected real values for {name}; found {value.dtype}; "
            f"write its real and imaginary parts as two inputs"
        )
    kind = "truth values" if value.dtype == torch.bool else "integers"
    note = f"{name}: {kind} converted to float64, as derivatives need real numbers"
    if note not in notes:
        notes.append(note)
    return value.to(torch.float64)


def is_real_valued(value: Any) -> bool:
    """Whether a default is a real number or a floating tensor, so that it can be varied."""
    if isinstance(value, torch.Tensor):
        return value.is_floating_point()
    if isinstance(value, (list, tuple)):
        return bool(value) and all(is_real_valued(part) for part in value)
    return isinstance(value, numbers.Real) and not isinstance(value, (bool, numbers.Integral))


def _is_real(value: Any) -> bool:
    """Real numbers of Python and of SymPy."""
    return isinstance(value, numbers.Real) or bool(getattr(value, "is_extended_real", False))


def _stacked(parts: list[torch.Tensor], name: str) -> torch.Tensor:
    if not parts:
        return torch.empty(0, dtype=torch.float64)
    shapes = {tuple(part.shape) for part in parts}
    if len(shapes) > 1:
        listed = ", ".join(str(list(shape)) for shape in sorted(shapes))
        raise PointError(
            f"expected rows of equal length for {name}; found shapes {listed}; "
            "write as many values in each row"
        )
    dtypes = {part.dtype for part in parts}
    common = dtypes.pop() if len(dtypes) == 1 else torch.float64
    return torch.stack([part.to(common) for part in parts])


def _from_array(value: Any, name: str) -> torch.Tensor:
    try:
        return torch.as_tensor(numpy.array(value))
    except (TypeError, ValueError, RuntimeError) as error:  # torch's words on odd dtypes
        raise PointError(
            f"expected an array of real numbers for {name}; found {type(value).__name__} "
            f"({error}); write for example {name}=[1, 2]"
        ) from None
