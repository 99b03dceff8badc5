"""The user's function as it is written, run by `math` and NumPy themselves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from jacmagic.function.interop.call_limit import REFUSALS
from jacmagic.function.interop.silence import runs_within, silent
from jacmagic.function.pytree import map_leaves


class NothingToLift(Exception):
    """Raised for a function that is written with torch alone."""


_frames: set[int] = set()  # identities of those of the calls of `plain_value` under way


def plain_value(function: Callable[..., Any], tensors: Sequence[Tensor]) -> Any | None:
    """Return a lifted function's value for floats and ndarrays, run silently.

    Args:
        function: calls a lifted function with the tensors that it is given.
        tensors: the point.

    Returns:
        The value; None where the function is written with torch, or needs tensors.
    """
    frame = id(sys._getframe())
    _frames.add(frame)
    try:
        with silent():
            return function(*tensors)
    except REFUSALS:  # it may need tensors
        return None
    finally:
        _frames.discard(frame)


def is_plain() -> bool:
    """Whether the calling code runs within `plain_value`, in this thread."""
    return bool(_frames) and runs_within(_frames)


def plainly(values: Any) -> Any:
    """Return the same arguments with floats and ndarrays instead of tensors."""

    def one(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        array = value.detach().cpu().numpy().copy()
        return array if array.ndim else array[()]

    return map_leaves(one, values)
