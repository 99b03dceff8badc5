"""Conversion of a compiled Jacobian's inputs to tensors, and of its results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.errors import PointError


def as_tensor(value: Any, like: Tensor) -> Tensor:
    """Return an input as a floating tensor, on the example's device if a number.

    Raises:
        PointError: it is complex, or neither a tensor, an array nor a number.
    """
    if isinstance(value, Tensor):
        if value.is_complex():
            raise _no_real(value.dtype)
        tensor = value.detach().resolve_neg()
        tensor = tensor if type(tensor) is Tensor else tensor.as_subclass(Tensor)
        return (
            tensor
            if tensor.is_floating_point() or not like.is_floating_point()
            else tensor.double()
        )
    if isinstance(value, (int, float)) and not isinstance(value, np.generic):
        return torch.tensor(value, dtype=like.dtype, device=like.device)
    try:
        array = np.asarray(value)
        if array.dtype.kind == "c":
            raise _no_real(array.dtype)
        if array.dtype.kind not in "f":
            array = array.astype(np.float64)
        return torch.from_numpy(np.ascontiguousarray(array).reshape(array.shape)).to(like.device)
    except (TypeError, ValueError) as error:
        raise PointError(
            f"expected a tensor, an array or a number; found {type(value).__name__}; "
            "write jacmagic.jacobian(f, x).compile() for a nest; it takes a tensor for each leaf"
        ) from error


def _no_real(dtype: Any) -> PointError:
    return PointError(
        f"expected real values; found {dtype}; write real and imaginary parts as two inputs"
    )


def as_array(matrix: Tensor) -> np.ndarray | Tensor:
    """Return a dense matrix as a NumPy array; a sparse one stays a tensor."""
    return matrix.cpu().numpy() if matrix.layout == torch.strided else matrix


def kinds(tensors: Sequence[Tensor]) -> str:
    """Shapes, dtypes and devices in words."""
    return ", ".join(
        f"{str(x.dtype).removeprefix('torch.')} ({', '.join(map(str, x.shape))}) {x.device}"
        for x in tensors
    )
